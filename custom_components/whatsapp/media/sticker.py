"""Stickers: any picture as WebP of 512 by 512. All of this blocks, and belongs into a thread."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps, ImageSequence

from ..errors import invalid
from .image import PIXELS_MAX, opened, too_many_pixels

SIDE: Final = 512
_STILL_BYTES_MAX: Final = 100_000
_MOVING_BYTES_MAX: Final = 500_000
# WhatsApp plays no more of it.
_MILLISECONDS_MAX: Final = 10_000
# Frames that follow faster are left out: nobody sees them, and they cost memory, time and size.
_FRAME_MILLISECONDS: Final = 100
_FRAMES_MAX: Final = 50
# What is decoded of all frames together.
_PIXELS_MAX: Final = 8 * PIXELS_MAX
# Quality, and one frame of how many, until it fits.
_STILL_STEPS: Final = (90, 75, 50, 25, 5)
_MOVING_STEPS: Final = ((70, 1), (40, 1), (30, 2), (10, 4))


@dataclass(frozen=True)
class Sticker:
    """A file that WhatsApp shows as a sticker."""

    path: Path
    animated: bool


@dataclass
class _Frame:
    image: Image.Image
    milliseconds: int


def prepare_sticker(source: Path, folder: Path) -> Sticker:
    """Return the sticker that a picture makes: on a transparent square, moving when the picture does.

    Raises:
        ServiceValidationError: see `opened`; or it does not fit, however it is made.

    """
    with opened(source) as image:
        frames = _frames(image)
    target = folder / "sticker.webp"
    if len(frames) == 1:
        for quality in _STILL_STEPS:
            frames[0].image.save(target, "WEBP", quality=quality, method=6)
            if target.stat().st_size <= _STILL_BYTES_MAX:
                return Sticker(target, animated=False)
    for quality, step in _MOVING_STEPS if len(frames) > 1 else ():
        _save_moving(_thinned(frames, step), target, quality)
        if target.stat().st_size <= _MOVING_BYTES_MAX:
            return Sticker(target, animated=True)
    raise invalid("sticker_too_large")


def _frames(image: Image.Image) -> list[_Frame]:
    frames: list[_Frame] = []
    pixels = milliseconds = 0
    interval = _FRAME_MILLISECONDS
    for frame in ImageSequence.Iterator(image):
        pixels += frame.width * frame.height
        if pixels > _PIXELS_MAX:
            raise too_many_pixels()
        # Players take a frame of no length for one of a tenth of a second, and so is it meant.
        shown = int(frame.info.get("duration") or 0) or _FRAME_MILLISECONDS
        if frames and frames[-1].milliseconds < interval:
            frames[-1].milliseconds += shown
        else:
            frames.append(_Frame(_squared(frame), shown))
        if len(frames) > _FRAMES_MAX:
            frames, interval = _thinned(frames, 2), 2 * interval
        milliseconds += shown
        if milliseconds >= _MILLISECONDS_MAX:
            break
    return frames


def _squared(frame: Image.Image) -> Image.Image:
    frame.load()
    whole = ImageOps.exif_transpose(frame).convert("RGBA")
    fitted = ImageOps.contain(whole, (SIDE, SIDE))
    square = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    square.paste(fitted, ((SIDE - fitted.width) // 2, (SIDE - fitted.height) // 2))
    return square


def _thinned(frames: list[_Frame], step: int) -> list[_Frame]:
    groups = [frames[start : start + step] for start in range(0, len(frames), step)]
    return [_Frame(group[0].image, sum(frame.milliseconds for frame in group)) for group in groups]


def _save_moving(frames: list[_Frame], target: Path, quality: int) -> None:
    first, *rest = [frame.image for frame in frames]
    durations = [frame.milliseconds for frame in frames]
    first.save(target, "WEBP", save_all=True, append_images=rest, duration=durations, loop=0, quality=quality, method=4)
