"""What a file that came in may be called and taken for: its bytes say what it is, and its sender next to nothing."""

from hashlib import sha256
import re
from typing import Final
import unicodedata

# What no program runs or shows as a page, and what it is called at the end.
_EXTENSIONS: Final = {
    "application/pdf": ".pdf",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/zip": ".zip",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/wav": ".wav",
    "audio/x-m4a": ".m4a",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "video/3gpp": ".3gp",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}
_SAME: Final = {".jpeg": ".jpg"}
UNKNOWN: Final = "application/octet-stream"
_UNKNOWN_EXTENSION: Final = ".bin"
_FAMILIES: Final = {"audio", "image", "video"}

# Of the part before the extension: file systems take 255 bytes for the whole name, some of them less.
_STEM_BYTES: Final = 120
_TAG_CHARS: Final = 8
_SUFFIX: Final = re.compile(r"\.\w{1,5}$")
# What Windows, and so a share of it, takes for a device.
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|conin|conout|com\d|lpt\d)", re.IGNORECASE)


def shown_type(mime: str) -> tuple[str, bool]:
    """Return the content type to hand a file out with, and whether a browser may show it."""
    family = mime.partition("/")[0]
    if mime in _EXTENSIONS and family in _FAMILIES:
        return mime, True
    # A browser shows PDF in a viewer of its own, which a sandbox does not let it open.
    return (mime if mime == "application/pdf" else UNKNOWN), False


def made_name(name: str | None, mime: str, account_id: str, message_id: str) -> str:
    """Return a name for a file that its sender calls so, or not at all.

    Part of it is made of the message: no sender can choose the whole of it, and so take that of another file.
    """
    tag = sha256(f"{account_id}/{message_id}".encode()).hexdigest()[:_TAG_CHARS]
    return f"{_stem(name, mime)}_{tag}{_extension(mime)}"


def named_by_user(name: str, mime: str) -> str:
    """Return a name for a file that the user calls so."""
    return f"{_stem(name, mime)}{_extension(mime)}"


def _extension(mime: str) -> str:
    return _EXTENSIONS.get(mime, _UNKNOWN_EXTENSION)


def _stem(name: str | None, mime: str) -> str:
    """Return a name's letters and digits, what else there is as underscores, and never a dot."""
    # First, since it makes usual slashes and dots of those of other scripts.
    text = unicodedata.normalize("NFKC", name or "").strip()
    suffix = _SUFFIX.search(text)
    if suffix and _SAME.get(suffix[0].lower(), suffix[0].lower()) == _extension(mime):
        text = text[: suffix.start()]
    text = re.sub(r"_+", "_", "".join(map(_plain, text))).strip("_-")
    text = text.encode(errors="ignore")[:_STEM_BYTES].decode(errors="ignore").rstrip("_-")
    if not text:
        family = mime.partition("/")[0]
        return family if family in _FAMILIES else "file"
    return f"_{text}" if _RESERVED.fullmatch(text) else text


def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] in "LMN" or char == "-":
        return char
    # What is not seen, such as a change of the direction of writing, or half of a character.
    return "" if category[0] == "C" else "_"
