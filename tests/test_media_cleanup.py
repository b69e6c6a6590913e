"""Whatever happens: no file, no process and no thread stays, and nothing waits for them. See `_nothing_stays`."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
import os
from pathlib import Path
import tempfile
from threading import Event

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest

from custom_components.whatsapp.media import MediaRequest, async_prepare, ffmpeg as ffmpeg_module
from custom_components.whatsapp.media.workspace import workspace
from tests.support.media import PICTURE, SOUND, Sender, ffmpeg, picture, wrapped_ffmpeg
from tests.support.wait import until


def _temporary() -> list[Path]:
    return [path for path in Path(tempfile.gettempdir()).rglob("*") if path.is_file()]


def _is_running(pid: Path) -> bool:
    try:
        os.kill(int(pid.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


type Wrap = Callable[[str], Awaitable[Path]]


@pytest.fixture
async def wrap(hass: HomeAssistant, tmp_path: Path) -> Wrap:
    """Give Home Assistant an ffmpeg that runs a script."""

    async def wrap(script: str) -> Path:
        binary = wrapped_ffmpeg(tmp_path / "bin", script)
        assert await async_setup_component(hass, "ffmpeg", {"ffmpeg": {"ffmpeg_bin": str(binary)}})
        return binary

    return wrap


@pytest.fixture
async def hanging(wrap: Wrap, tmp_path: Path) -> Path:
    """Home Assistant has an ffmpeg that never ends, and writes its process's number here."""
    pid = tmp_path / "pid"
    await wrap(f"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600")
    return pid


@pytest.fixture
async def _talking(wrap: Wrap) -> None:
    await wrap("yes 'Invalid data' | head -n 2000000 >&2; echo 'Unknown encoder' >&2; exit 1")


async def test_files_are_there_while_they_are_needed(sender: Sender) -> None:
    request = MediaRequest(kind="image", file=str(picture(sender.folder / "a.png")))
    async with async_prepare(sender.hass, request) as prepared:
        assert [prepared.path] == _temporary()
    assert not prepared.path.exists()
    assert (sender.folder / "a.png").exists()


async def test_error_of_whoever_uses_it_is_its_own(sender: Sender) -> None:
    request = MediaRequest(kind="image", file=str(picture(sender.folder / "a.png")))
    with pytest.raises(OSError, match="upload failed"):
        async with async_prepare(sender.hass, request):
            raise OSError("upload failed")


async def test_cancelled_conversion_ends_its_process(hanging: Path, sender: Sender) -> None:
    source = ffmpeg(sender.folder / "a.wav", *SOUND, "-t", "1")
    task = asyncio.create_task(sender.prepare("audio", source))
    await until(hanging.exists)
    assert _is_running(hanging)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _is_running(hanging)


async def test_conversion_that_takes_too_long(hanging: Path, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg_module, "_SECONDS_MAX", 0.5)
    source = ffmpeg(sender.folder / "a.avi", *PICTURE, "-t", "1")
    error = await sender.refused("video", source)
    assert (type(error), error.translation_key) == (HomeAssistantError, "ffmpeg_timeout")


@pytest.mark.usefixtures("_talking")
async def test_ffmpeg_that_talks_a_lot(sender: Sender) -> None:
    error = await sender.refused("audio", ffmpeg(sender.folder / "a.wav", *SOUND, "-t", "1"))
    assert error.translation_key == "ffmpeg_failed"
    assert error.translation_placeholders == {"error": "Unknown encoder"}


@pytest.fixture(params=["ffmpeg", "ffprobe"])
async def missing(request: pytest.FixtureRequest, wrap: Wrap) -> Path:
    """Home Assistant has no such program."""
    program = (await wrap('exec ffmpeg "$@"')).with_name(request.param)
    program.unlink()
    return program


async def test_ffmpeg_is_missing(missing: Path, sender: Sender) -> None:
    folder = sender.folder
    for kind, source in (
        ("audio", ffmpeg(folder / "a.wav", *SOUND, "-t", "1")),
        ("video", ffmpeg(folder / "a.avi", *PICTURE, "-t", "1")),
    ):
        error = await sender.refused(kind, source)
        assert (type(error), error.translation_key) == (HomeAssistantError, "ffmpeg_missing")
        assert error.translation_placeholders == {"program": str(missing)}
        assert "ffmpeg_bin" in str(error)
        assert (await sender.prepare("document", source)).as_it_is
    for kind in ("image", "sticker"):
        assert await sender.prepare(kind, picture(folder / "a.png"))


async def test_cancelled_thread_is_waited_for(sender: Sender) -> None:
    """A thread cannot be cancelled: the folder goes after it, and what it makes in there goes along."""
    begun, go = Event(), Event()

    @asynccontextmanager
    async def working() -> AsyncGenerator[None]:
        async with workspace(sender.hass) as space:

            def work() -> None:
                begun.set()
                go.wait(10)
                (space.folder / "late").write_text("late")

            await space.async_run(work)
            yield

    task = asyncio.create_task(working().__aenter__())
    await until(begun.is_set)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _temporary() == []


async def test_no_job_begins_once_the_folder_is_gone(sender: Sender) -> None:
    async with workspace(sender.hass) as space:
        folder = space.folder
    with pytest.raises(RuntimeError):
        await space.async_run(folder.mkdir)
    assert not folder.exists()


async def test_no_room_for_temporary_files(sender: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = picture(sender.folder / "a.png")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    error = await sender.refused("image", source)
    assert (type(error), error.translation_key) == (HomeAssistantError, "media_io")
    assert error.translation_placeholders == {"error": "No such file or directory"}
