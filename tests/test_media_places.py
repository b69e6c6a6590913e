"""Where the integration writes, whatever a sender calls a file: only into folders that the user allowed."""

from collections.abc import Generator
from contextlib import contextmanager
import os
from pathlib import Path
import sys
from types import FrameType
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, Simulator
from tests.support.entry import load
from tests.support.incoming import JPEG, receive_file
from tests.support.package import PACKAGE
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# Events of Python's auditing, and which of their arguments are paths that change.
_CHANGES = {"os.rename": (0, 1), "os.remove": (0,), "os.mkdir": (0,), "os.link": (1,), "os.symlink": (1,)}


class _Watch:
    """Notes what code of ours writes to. A hook cannot be taken away again, so it is there once."""

    written: set[Path] | None = None
    is_installed = False

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Something is about to happen."""
        if self.written is None or not (event == "open" or event in _CHANGES):
            return
        if event == "open" and not args[2] & _WRITING:
            return
        paths = [args[0]] if event == "open" else [args[index] for index in _CHANGES[event]]
        if self._is_ours():
            self.written |= {Path(os.fsdecode(path)) for path in paths if isinstance(path, str | bytes | os.PathLike)}

    @staticmethod
    def _is_ours() -> bool:
        frame: FrameType | None = sys._getframe(2)
        while frame and not frame.f_code.co_filename.startswith(str(PACKAGE)):
            frame = frame.f_back
        return frame is not None


_WATCH = _Watch()


@contextmanager
def _written() -> Generator[set[Path]]:
    if not _WATCH.is_installed:
        sys.addaudithook(_WATCH.hear)
        _WATCH.is_installed = True
    written: set[Path] = set()
    _WATCH.written = written
    try:
        yield written
    finally:
        _WATCH.written = None


@pytest.mark.usefixtures("hass_storage")
async def test_writes_only_where_it_may(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, tmp_path: Path
) -> None:
    allowed = tmp_path / "allowed"
    hass.config.allowlist_external_dirs = {str(allowed)}
    entry = await house.entry({BEA: "Bea"}, media_folder=str(allowed / "kept"))
    await load(hass, entry)
    saved = async_capture_events(hass, "whatsapp_media_saved")
    names = [
        "../../etc/passwd",
        "/etc/cron.d/job",
        "..",
        "a\x00b",
        "\uff0e\uff0e\uff0fup",
        "C:\\Windows\\x",
        "~/.ssh/id",
    ]
    with _written() as written:
        for name in names:
            message_id = await receive_file(hass, whatsapp, JPEG, "document", file_name=name)
            data = {"message_id": message_id, "folder": str(allowed / "asked"), "file_name": name}
            await hass.services.async_call(DOMAIN, "download_media", data | {"overwrite": True}, blocking=True)
        await until(lambda: len(saved) == len(names))
    assert len(written) > 3 * len(names)
    assert {path for path in written if not path.is_relative_to(allowed)} <= {tmp_path}
    assert os.listdir(tmp_path) == ["allowed"]  # noqa: PTH208


def test_the_watch_sees(tmp_path: Path) -> None:
    """Code that claims to be of the package, at its place, and writes."""
    with _written() as written:
        code = compile("open(path, 'w').close()", str(PACKAGE / "somewhere.py"), "exec")
        exec(code, {"path": str(tmp_path / "file")})  # noqa: S102
        (tmp_path / "not ours").write_text("x")
    assert written == {tmp_path / "file"}
