"""What a file is, by its first bytes: what it is called, and what its server says of it, may be wrong."""

from pathlib import Path
import re
from typing import Final

_HEAD_BYTES: Final = 4096

# The first that fits counts. What is neither picture, video nor sound is here only to get an extension.
_HEADS: Final = tuple(
    (re.compile(pattern, re.DOTALL), mime)
    for pattern, mime in (
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"II\*\0|MM\0\*", "image/tiff"),
        (rb"BM.{4}\0{4}", "image/bmp"),
        (rb"RIFF.{4}WEBP", "image/webp"),
        (rb"RIFF.{4}WAVE", "audio/wav"),
        (rb"RIFF.{4}AVI ", "video/x-msvideo"),
        (rb".{4}ftypavi", "image/avif"),
        (rb".{4}ftyp(?:hei|hev|mif|msf)", "image/heic"),
        (rb".{4}ftypM4[AB]", "audio/mp4"),
        (rb".{4}ftypqt ", "video/quicktime"),
        (rb".{4}ftyp3g", "video/3gpp"),
        (rb".{4}ftyp", "video/mp4"),
        (rb"\x1aE\xdf\xa3", "video/x-matroska"),
        (rb"FLV\x01", "video/x-flv"),
        (rb"\0\0\x01[\xb3\xba]", "video/mpeg"),
        (rb"G.{187}G.{187}G", "video/mp2t"),
        (rb"0&\xb2u\x8ef\xcf\x11", "video/x-ms-asf"),
        (rb"OggS.{25}theora", "video/ogg"),
        (rb"OggS", "audio/ogg"),
        (rb"ID3", "audio/mpeg"),
        (rb"\xff[\xe2\xe3\xf2-\xf5\xfa-\xfd]", "audio/mpeg"),
        (rb"\xff[\xf0\xf1\xf8\xf9]", "audio/aac"),
        (rb"fLaC", "audio/flac"),
        (rb"#!AMR", "audio/amr"),
        (rb"FORM.{4}AIF[FC]", "audio/aiff"),
        (rb"%PDF-", "application/pdf"),
    )
)


def sniff(path: Path) -> str | None:
    """Return the mime type of a file; None for what is not known here."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return next((mime for pattern, mime in _HEADS if pattern.match(head)), None)
