"""Pictures as WhatsApp shows them. All of this blocks, and belongs into a thread."""

from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from homeassistant.exceptions import HomeAssistantError
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import invalid
from .limits import LIMITS

# A picture of more is decoded into more memory than a small machine has; cameras of phones have 50 million.
PIXELS_MAX: Final = 64_000_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
# The side of what WhatsApp itself sends as "HD".
_SIDE_MAX: Final = 4096
_THUMBNAIL_SIDE: Final = 160
_QUALITIES: Final = (90, 80, 60, 40)
# What may tell where a picture was taken.
_PRIVATE: Final = {"exif", "xmp", "photoshop", "comment"}


@dataclass(frozen=True)
class Picture:
    """A file that WhatsApp shows; `thumbnail` is a JPEG in base64."""

    path: Path
    width: int
    height: int
    thumbnail: str


@contextmanager
def opened(path: Path) -> Generator[Image.Image]:
    """Yield a picture, not yet decoded.

    Raises:
        ServiceValidationError: it is none, none that can be read here, too large, or damaged.

    """
    try:
        with Image.open(path, formats=_FORMATS) as image:
            _check_pixels(image)
            yield image
    except HomeAssistantError:
        raise
    except Image.DecompressionBombError as err:
        raise too_many_pixels() from err
    except UnidentifiedImageError as err:
        raise invalid("not_an_image") from err
    except Exception as err:
        # Pillow's decoders fail in any way on a damaged file.
        raise invalid("image_damaged") from err


def prepare_image(source: Path, folder: Path) -> Picture:
    """Return the picture upright, without what tells where it was taken, as JPEG of a size that WhatsApp takes.

    A JPEG that is all this is left as it is.

    Raises:
        ServiceValidationError: see `opened`.

    """
    with opened(source) as image:
        as_it_is = (
            image.format == "JPEG"
            and image.mode in ("RGB", "L")
            and not _PRIVATE & image.info.keys()
            and max(image.size) <= _SIDE_MAX
            and source.stat().st_size <= LIMITS["image"]
        )
        width, height = image.size
        flat = _flat(image, _THUMBNAIL_SIDE if as_it_is else _SIDE_MAX)
    if as_it_is:
        return Picture(source, width, height, encoded_thumbnail(flat))
    target = folder / "image.jpg"
    _save_jpeg(flat, target)
    return Picture(target, flat.width, flat.height, encoded_thumbnail(flat))


def thumbnail_of(path: Path) -> str:
    """Return the thumbnail of a picture.

    Raises:
        ServiceValidationError: see `opened`.

    """
    with opened(path) as image:
        return encoded_thumbnail(_flat(image, _THUMBNAIL_SIDE))


def is_animated(path: Path) -> bool:
    """Return whether a picture moves.

    Raises:
        ServiceValidationError: see `opened`.

    """
    with opened(path) as image:
        return bool(getattr(image, "is_animated", False))


def encoded_thumbnail(image: Image.Image) -> str:
    """Return a small JPEG in base64, far below what the wire takes: its side bounds its size."""
    small = image.copy()
    small.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=60, optimize=True)
    return b64encode(buffer.getvalue()).decode()


def _flat(image: Image.Image, side: int) -> Image.Image:
    """Return the first frame, upright, without transparency, in colours that JPEG has, at most so large."""
    if image.format in ("JPEG", "MPO"):
        # Decodes at a fraction of the size where that is enough.
        image.draft("RGB", (side, side))
    profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
    if image.mode.startswith("I"):
        # 16 bits of grey, of which the upper half shows.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    flat = image.convert("L" if image.mode in ("1", "L") else "RGB")
    flat.thumbnail((side, side))
    flat = ImageOps.exif_transpose(flat)
    flat.info = {"icc_profile": profile} if profile else {}
    return flat


def _save_jpeg(image: Image.Image, target: Path) -> None:
    for quality in _QUALITIES:
        image.save(target, "JPEG", quality=quality, optimize=True, icc_profile=image.info.get("icc_profile"))
        if target.stat().st_size <= LIMITS["image"]:
            return


def _check_pixels(image: Image.Image) -> None:
    if image.width * image.height > PIXELS_MAX:
        raise too_many_pixels()


def too_many_pixels() -> HomeAssistantError:
    """Return the error for a picture that is decoded into more memory than there may be."""
    return invalid("image_too_many_pixels", limit=str(PIXELS_MAX // 1_000_000))
