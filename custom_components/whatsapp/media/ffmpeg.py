"""ffmpeg, as Home Assistant has it: what is in a file, and making another of it."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any, Final

from homeassistant.components.ffmpeg import get_ffmpeg_manager

from ..errors import failed
from .names import shown
from .workspace import Workspace

_SECONDS_MAX: Final = 300
_OUTPUT_BYTES: Final = 1024 * 1024
_ERROR_BYTES: Final = 512
# What ffmpeg reads as a file of sound or video, and nothing that is a list of other files.
_FORMATS: Final = "aac,ac3,aiff,amr,asf,avi,caf,eac3,flac,flv,gif,matroska,mov,mp3,mp4,mpeg,mpegts,ogg,w64,wav,webm"
_INPUT: Final = ("-protocol_whitelist", "file,pipe", "-format_whitelist", _FORMATS)
# More makes ffmpeg take more memory than a small machine has.
_PIXELS_MAX: Final = ("-max_pixels", "64000000")
# No more than this is asked for: what else a file says of itself may be of any length.
_ENTRIES: Final = (
    *("-show_entries", "format=format_name,duration:format_tags=major_brand"),
    *("-show_entries", "stream=codec_type,codec_name,pix_fmt,width,height,channels"),
    *("-show_entries", "stream_disposition=attached_pic:stream_side_data=rotation"),
)

_HALF_TURN: Final = 180


class NotReadableError(Exception):
    """There is no sound or video in a file that ffmpeg can read."""


@dataclass(frozen=True)
class Probe:
    """What is in a file; `video` and `audio` are the names of the codecs, `width` and `height` as it is shown."""

    formats: frozenset[str]
    brand: str
    seconds: float | None
    video: str | None
    pixels: str | None
    width: int
    height: int
    audio: str | None
    channels: int


async def async_probe(space: Workspace, path: Path) -> Probe:
    """Return what is in a file.

    Raises:
        NotReadableError: there is nothing of sound or video in it.
        HomeAssistantError: ffmpeg is missing, or takes too long.

    """
    try:
        output = await _async_run(
            space, "ffprobe", "-v", "error", *_PIXELS_MAX, *_INPUT, *_ENTRIES, "-of", "json", "-i", _named(path)
        )
        found = json.loads(output)
    except (_ExitError, ValueError) as err:
        raise NotReadableError from err
    streams: list[dict[str, Any]] = found.get("streams", [])
    video = next((stream for stream in streams if _is_video(stream)), {})
    audio = next((stream for stream in streams if stream.get("codec_type") == "audio"), {})
    width, height = int(video.get("width", 0)), int(video.get("height", 0))
    if any(int(side.get("rotation", 0)) % _HALF_TURN for side in video.get("side_data_list", [])):
        width, height = height, width
    about: dict[str, Any] = found.get("format", {})
    return Probe(
        formats=frozenset(str(about.get("format_name", "")).split(",")),
        brand=str(about.get("tags", {}).get("major_brand", "")).strip(),
        seconds=_seconds(about.get("duration")),
        video=video.get("codec_name"),
        pixels=video.get("pix_fmt"),
        width=width,
        height=height,
        audio=audio.get("codec_name"),
        channels=int(audio.get("channels", 0)),
    )


async def async_convert(space: Workspace, source: Path, target: Path | None, *args: str, seek: float = 0) -> bytes:
    """Make a file of another, by these options, and return what ffmpeg prints; without `target` no file is made.

    Raises:
        HomeAssistantError: ffmpeg is missing, takes too long, or fails.

    """
    start = ("-ss", f"{seek:.3f}") if seek else ()
    output = ("-y", _named(target)) if target else ("-f", "null", "-")
    try:
        return await _async_run(
            space,
            "ffmpeg",
            "-nostdin",
            "-v",
            "error",
            *_PIXELS_MAX,
            *start,
            *_INPUT,
            "-i",
            _named(source),
            *args,
            *output,
        )
    except _ExitError as err:
        raise failed("ffmpeg_failed", error=shown(str(err))) from err


class _ExitError(Exception):
    """A program ended with an error, of which this is the last line."""


async def _async_run(space: Workspace, program: str, *args: str) -> bytes:
    """Return what a program prints. It is gone afterwards, whatever happens."""
    binary = Path(get_ffmpeg_manager(space.hass).binary)
    command = str(binary.with_name(binary.name.replace("ffmpeg", program)))
    try:
        process = await asyncio.create_subprocess_exec(command, *args, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    except OSError as err:
        raise failed("ffmpeg_missing", program=command) from err
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            output, errors, code = await asyncio.gather(
                _last(process.stdout, _OUTPUT_BYTES), _last(process.stderr, _ERROR_BYTES), process.wait()
            )
    except TimeoutError as err:
        raise failed("ffmpeg_timeout", minutes=str(_SECONDS_MAX // 60)) from err
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise _ExitError(lines[-1] if lines else f"{program}: {code}")
    return output


async def _last(stream: asyncio.StreamReader | None, size: int) -> bytes:
    """Return the end of what comes: a damaged file makes ffmpeg say more than anybody wants to keep."""
    kept = b""
    while stream and (chunk := await stream.read(65536)):
        kept = (kept + chunk)[-size:]
    return kept


def _named(path: Path) -> str:
    """Return a path as ffmpeg takes it for a file, whatever its name."""
    return f"file:{path}"


def _is_video(stream: dict[str, Any]) -> bool:
    # The cover of a song is a picture, and no video.
    return stream.get("codec_type") == "video" and not stream.get("disposition", {}).get("attached_pic")


def _seconds(text: object) -> float | None:
    try:
        return max(float(str(text)), 0.0)
    except ValueError:
        return None
