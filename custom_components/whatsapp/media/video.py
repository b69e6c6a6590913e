"""Video as WhatsApp plays it."""

from pathlib import Path
from typing import Final

from ..errors import invalid
from .ffmpeg import Probe, async_convert
from .limits import LIMITS, MEBIBYTE, mebibytes
from .workspace import Workspace

# What has to be made anew gets this size where the video is short enough to look well in it: every phone loads it by
# itself, and it is sent in no time. Longer ones get all that WhatsApp takes.
_SIZES: Final = (16 * MEBIBYTE, LIMITS["video"])
_SIDE_MAX: Final = 1280
# Bits a second: of the picture at best, at worst, where its length is not known, and of the sound.
_BEST: Final = 3_000_000
_DECENT: Final = 500_000
_WORST: Final = 120_000
_UNKNOWN: Final = 1_000_000
_SOUND: Final = 96_000
# What is left of the size after the container, and a rate that is kept only in the mean.
_SHARE: Final = 0.88

_SCALE: Final = (
    f"scale=w='min({_SIDE_MAX},iw)':h='min({_SIDE_MAX},ih)':force_original_aspect_ratio=decrease"
    ":force_divisible_by=2,setsar=1,format=yuv420p"
)


async def async_playable(space: Workspace, source: Path, probe: Probe, size: int, *, gif: bool) -> Path:
    """Return a video that WhatsApp plays, at most as large as it takes; `gif`: without sound.

    H.264 and AAC in MP4 stay as they are. What is right of something else is only put into an MP4.

    Raises:
        ServiceValidationError: it is too long to fit.
        HomeAssistantError: see `async_convert`.

    """
    picture_fits = probe.video == "h264" and probe.pixels in ("yuv420p", "yuvj420p") and size <= LIMITS["video"]
    sound_fits = probe.audio in (None, "aac")
    if picture_fits and _is_mp4(probe) and (not probe.audio if gif else sound_fits):
        return source
    target = space.folder / "video.mp4"
    sound = ["-an"]
    if probe.audio and not gif:
        copied = picture_fits and sound_fits
        sound = ["-map", "0:a:0", *(("-c:a", "copy") if copied else ("-c:a", "aac", "-b:a", str(_SOUND), "-ac", "2"))]
    picture = ["-c:v", "copy"] if picture_fits else _encoded(probe.seconds)
    await async_convert(
        space, source, target,
        *("-map", "0:V:0", *picture, *sound, "-map_metadata", "-1", "-sn", "-dn"),
        # One byte more than it may have: the size then says that something was cut off.
        *("-fs", str(LIMITS["video"] + 1), "-movflags", "+faststart", "-f", "mp4"),
    )  # fmt: skip
    return target


async def async_still(space: Workspace, source: Path, probe: Probe) -> Path:
    """Return a picture out of a video: not its first, which is often black, where it has another.

    Raises:
        HomeAssistantError: see `async_convert`.

    """
    target = space.folder / "still.png"
    args = ("-map", "0:V:0", "-frames:v", "1", "-c:v", "png", "-f", "image2", "-update", "1")
    await async_convert(space, source, target, *args, seek=min(1.0, (probe.seconds or 0) / 3))
    if not await space.async_run(target.exists):
        await async_convert(space, source, target, *args)
    return target


def _is_mp4(probe: Probe) -> bool:
    return "mp4" in probe.formats and probe.brand not in ("qt", "")


def _encoded(seconds: float | None) -> list[str]:
    """Return the options that fit the picture into one of the sizes.

    Raises:
        ServiceValidationError: it is too long for the largest.

    """
    rate = _UNKNOWN
    if seconds:
        rates = [int(size * 8 * _SHARE / seconds) - _SOUND for size in _SIZES]
        rate = min(next((rate for rate in rates if rate >= _DECENT), rates[-1]), _BEST)
    if rate < _WORST:
        raise invalid("video_too_long", limit=mebibytes(LIMITS["video"]))
    return [
        *("-vf", _SCALE, "-fpsmax", "30", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main"),
        *("-crf", "25", "-maxrate", str(rate), "-bufsize", str(rate)),
    ]


def check_visible(probe: Probe) -> None:
    """Check that there is a picture in a file.

    Raises:
        ServiceValidationError: there is none.

    """
    if not probe.video or not probe.width or not probe.height:
        raise invalid("not_a_video")
