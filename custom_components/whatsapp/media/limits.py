"""How large a file may be, in bytes and by kind."""

from pathlib import Path
from typing import Final

from ..bridge.protocol import LIMIT_MEDIA_BYTES_MAX
from ..errors import invalid

MEBIBYTE: Final = 1024 * 1024

# What WhatsApp takes from linked devices: its phones refuse more, or show nothing.
LIMITS: Final[dict[str, int]] = {
    "image": 16 * MEBIBYTE,
    "video": 64 * MEBIBYTE,
    "audio": 16 * MEBIBYTE,
    "document": LIMIT_MEDIA_BYTES_MAX,
    "sticker": MEBIBYTE,
}
# What is fetched to become a file of the kind. A sticker is made of a picture of any size, and `auto` may be anything.
DOWNLOAD_LIMITS: Final[dict[str, int]] = {**LIMITS, "sticker": LIMITS["image"], "auto": LIMIT_MEDIA_BYTES_MAX}


def checked_size(path: Path, limit: int) -> int:
    """Return the size of a file.

    Raises:
        ServiceValidationError: it is empty, or too large.

    """
    size = path.stat().st_size
    if not size:
        raise invalid("media_empty")
    if size > limit:
        raise invalid("media_too_large", limit=mebibytes(limit))
    return size


def mebibytes(size: int) -> str:
    """Return a size in MiB, for a text."""
    return f"{size / MEBIBYTE:g}"
