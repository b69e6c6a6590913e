"""Texts that go along with a file: its name, its caption, and what errors show of either."""

import mimetypes
from pathlib import PurePosixPath
import re
from typing import Final

from ..bridge.protocol import LIMIT_CAPTION_CHARS, LIMIT_NAME_CHARS
from ..errors import invalid

# What file systems refuse or take for a path, and what is not printed: control characters, marks of direction.
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*]')
_EXTENSION_CHARS: Final = 16
_SHOWN_CHARS: Final = 128


def file_name(wanted: str | None, found: str | None, mime: str | None) -> str:
    """Return a name that is safe on the receiver's device: the wanted one, or the one that the file was found under.

    Raises:
        ServiceValidationError: the wanted one is too long, or nothing of it is left.

    """
    if wanted is not None:
        if len(wanted) > LIMIT_NAME_CHARS:
            raise invalid("file_name_too_long", limit=str(LIMIT_NAME_CHARS))
        name = _cleaned(wanted)
        if not name:
            raise invalid("file_name_invalid")
    else:
        name = _cleaned(found or "") or "document"
    if not PurePosixPath(name).suffix and mime:
        name += mimetypes.guess_extension(mime) or ""
    return _shortened(name)


def checked_caption(caption: str | None) -> str | None:
    """Return the caption, or None where there is none.

    Raises:
        ServiceValidationError: it is too long.

    """
    if caption is None or not caption.strip():
        return None
    if len(caption) > LIMIT_CAPTION_CHARS:
        raise invalid("caption_too_long", limit=str(LIMIT_CAPTION_CHARS))
    return caption


def shown(text: str) -> str:
    """Return a text for an error, which ends up in a log: nothing that breaks a line, and not too much of it."""
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _cleaned(name: str) -> str:
    name = "".join(char for char in name if char.isprintable())
    return _FORBIDDEN.sub("_", name).strip(" .")


def _shortened(name: str) -> str:
    if len(name) <= LIMIT_NAME_CHARS:
        return name
    suffix = PurePosixPath(name).suffix[:_EXTENSION_CHARS]
    return name[: LIMIT_NAME_CHARS - len(suffix)] + suffix
