"""Sound as WhatsApp plays it."""

from base64 import b64encode
import math
from pathlib import Path
import re
from typing import Final

from ..errors import invalid
from .ffmpeg import Probe, async_convert
from .workspace import Workspace

WAVEFORM_BARS: Final = 64
_RATE: Final = 48_000
# Quieter than this, at its loudest, is drawn as silence would be: nothing of it is blown up.
_FLOOR: Final = 0.02
_LEVEL: Final = re.compile(rb"RMS_level=(-inf|-?[\d.]+)")
# What ffmpeg holds of it at once: more than an hour, which no voice note has room for, is not shown.
_BAR_SECONDS_MAX: Final = 60

# What WhatsApp plays as it is, each codec in its own container.
_PLAYED: Final = {"mp3": "mp3", "aac": "aac", "opus": "ogg", "amr_nb": "amr"}


async def async_voice_note(space: Workspace, source: Path, probe: Probe) -> Path:
    """Return the sound as a voice note: Opus in Ogg, one channel.

    Raises:
        HomeAssistantError: see `async_convert`.

    """
    if "ogg" in probe.formats and probe.audio == "opus" and probe.channels == 1 and not probe.video:
        return source
    target = space.folder / "voice.ogg"
    await async_convert(
        space, source, target,
        *("-map", "0:a:0", "-map_metadata", "-1", "-ac", "1", "-ar", str(_RATE)),
        *("-c:a", "libopus", "-b:a", "32k", "-application", "voip", "-avoid_negative_ts", "make_zero", "-f", "ogg"),
    )  # fmt: skip
    return target


async def async_playable(space: Workspace, source: Path, probe: Probe) -> Path:
    """Return sound that WhatsApp plays: as it is, or as AAC in MP4.

    Raises:
        HomeAssistantError: see `async_convert`.

    """
    # Sound in an MP4 that does not say so is taken for a video.
    is_m4a = probe.audio == "aac" and probe.brand.startswith("M4A")
    if not probe.video and (is_m4a or _PLAYED.get(probe.audio or "") in probe.formats):
        return source
    target = space.folder / "audio.m4a"
    codec = ("copy",) if probe.audio == "aac" else ("aac", "-b:a", "128k")
    await async_convert(space, source, target, "-map", "0:a:0", "-c:a", *codec, "-movflags", "+faststart", "-f", "ipod")
    return target


async def async_waveform(space: Workspace, source: Path, seconds: float) -> str:
    """Return how loud a sound is over its length: 64 bytes from 0 to 100, in base64.

    Raises:
        HomeAssistantError: see `async_convert`.

    """
    samples = max(math.ceil(min(seconds / WAVEFORM_BARS, _BAR_SECONDS_MAX) * _RATE), 1)
    measure = (
        f"aresample={_RATE},asetnsamples=n={samples}:p=0,astats=metadata=1:reset=1:measure_perchannel=none,"
        "ametadata=mode=print:key=lavfi.astats.Overall.RMS_level:file=-"
    )
    printed = await async_convert(space, source, None, "-map", "0:a:0", "-af", measure)
    levels = [10 ** (float(level) / 20) for level in _LEVEL.findall(printed)][:WAVEFORM_BARS]
    loudest = max(*levels, _FLOOR) if levels else _FLOOR
    bars = bytes(round(100 * level / loudest) for level in levels)
    return b64encode(bars.ljust(WAVEFORM_BARS, b"\0")).decode()


def check_audible(probe: Probe) -> None:
    """Check that there is sound in a file.

    Raises:
        ServiceValidationError: there is none.

    """
    if not probe.audio:
        raise invalid("not_audio")
