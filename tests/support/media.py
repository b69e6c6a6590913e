"""Files of every kind, made by Pillow and ffmpeg, and looking at what becomes of them."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
import json
from pathlib import Path
from random import Random
import shutil
import subprocess
import tempfile
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from PIL import Image
import pytest

from custom_components.whatsapp.const import DOMAIN
from custom_components.whatsapp.media import MediaRequest, PreparedMedia, async_prepare

SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100")
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10")


def ffmpeg(target: Path, *args: str) -> Path:
    """Return a file that ffmpeg has made."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *args, str(target)], check=True)
    return target


def ffprobe(path: Path) -> dict[str, Any]:
    """Return what ffmpeg says of a file: `format`, and `video` and `audio` where they are in there."""
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {"format": found["format"]} | {stream["codec_type"]: stream for stream in found["streams"]}


def picture(target: Path, size: tuple[int, int] = (320, 240), mode: str = "RGB", **options: Any) -> Path:
    """Return a picture, black on its left half and white on its right."""
    image = Image.new("L", size, "black")
    image.paste("white", (size[0] // 2, 0, *size))
    image.convert(mode).save(target, **options)
    return target


def noise(target: Path, size: tuple[int, int], **options: Any) -> Path:
    """Return a picture that nothing makes small."""
    image = Image.frombytes("RGB", size, Random(1).randbytes(size[0] * size[1] * 3))  # noqa: S311
    image.save(target, **options)
    return target


def thumbnail(content: Any) -> Image.Image:
    """Return the thumbnail of a content."""
    return Image.open(BytesIO(b64decode(content["thumbnail"], validate=True)), formats=["JPEG"])


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """Return red, green, blue and opacity of a pixel."""
    found = image.convert("RGBA").getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def grey(image: Image.Image, x: int, y: int) -> int:
    """Return how light a pixel is, from 0 to 255."""
    return sum(pixel(image, x, y)[:3]) // 3


def children() -> set[int]:
    """Return the processes that this one has started."""
    listed = []
    for task in Path("/proc/self/task").iterdir():
        # A thread may end meanwhile.
        with suppress(FileNotFoundError, ProcessLookupError):
            listed += task.joinpath("children").read_text().split()
    return {int(pid) for pid in listed}


class Sender:
    """Prepares files out of a folder that Home Assistant may read."""

    def __init__(self, hass: HomeAssistant, folder: Path) -> None:
        self.hass = hass
        self.folder = folder

    async def prepare(self, kind: Any, source: Path | None = None, **fields: Any) -> Prepared:
        """Return what is made of a file, with a copy of it."""
        if source:
            fields["file"] = str(source)
        async with async_prepare(self.hass, MediaRequest(kind=kind, **fields)) as prepared:
            assert prepared.path.stat().st_size == prepared.size
            assert prepared.content["ticket"] == ""
            return Prepared(prepared, source)

    async def refused(self, kind: Any = "auto", source: Path | None = None, **fields: Any) -> HomeAssistantError:
        """Return why a file is refused."""
        with pytest.raises(HomeAssistantError) as refusal:
            await self.prepare(kind, source, **fields)
        return refusal.value


class Prepared:
    """What was made of a file: `as_it_is` when nothing was."""

    def __init__(self, prepared: PreparedMedia, source: Path | None) -> None:
        self.content: Any = prepared.content
        self.size = prepared.size
        self.as_it_is = source is not None and prepared.path == source.resolve()
        self.data = prepared.path.read_bytes()

    @property
    def image(self) -> Image.Image:
        """The file as a picture."""
        return Image.open(BytesIO(self.data))

    def probe(self, folder: Path) -> dict[str, Any]:
        """Return what ffmpeg says of the file."""
        path = folder / "prepared"
        path.write_bytes(self.data)
        return ffprobe(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that Home Assistant may read."""
    folder = tmp_path / "allowed"
    folder.mkdir()
    return folder


@pytest.fixture
def _nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a temporary file or a process."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = children()
    yield
    assert list(temporary.iterdir()) == []
    assert children() <= before


@pytest.fixture
async def sender(hass: HomeAssistant, folder: Path, _nothing_stays: None) -> Sender:
    """The integration, set up without an account, and the folder."""
    hass.config.allowlist_external_dirs = {str(folder)}
    hass.config.media_dirs = {"local": str(folder)}
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    return Sender(hass, folder)


def wrapped_ffmpeg(folder: Path, script: str) -> Path:
    """Return the path of an ffmpeg that runs a script, if it is not asked for its version, beside the real ffprobe."""
    folder.mkdir()
    real = {program: shutil.which(program) for program in ("ffmpeg", "ffprobe")}
    (folder / "ffprobe").symlink_to(str(real["ffprobe"]))
    wrapper = folder / "ffmpeg"
    wrapper.write_text(f'#!/bin/sh\nif [ "$1" = -version ]; then exec {real["ffmpeg"]} -version; fi\n{script}\n')
    wrapper.chmod(0o755)
    return wrapper
