"""What an automation names, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from ..bridge.protocol import AudioContent, DocumentContent, ImageContent, StickerContent, VideoContent

type MediaKind = Literal["image", "video", "audio", "document", "sticker"]
type MediaContent = ImageContent | VideoContent | AudioContent | DocumentContent | StickerContent

_MEDIA_SOURCE = "media-source://"
_WEB = ("http://", "https://")


@dataclass(frozen=True, kw_only=True)
class MediaRequest:
    """One file to send: exactly one of `media`, `file` and `url`."""

    # `auto`: what the bytes are; what is neither picture, video nor sound goes as a document.
    kind: MediaKind | Literal["auto"] = "auto"
    # What a media selector gives (`media_content_id`, `media_content_type`), or the id alone.
    media: Mapping[str, Any] | str | None = None
    # A path on this machine.
    file: str | None = None
    # http or https.
    url: str | None = None
    # For pictures, videos and documents. Sound and stickers have none: with `auto` it is left out of the content.
    caption: str | None = None
    # The name that the receiver of a document sees.
    file_name: str | None = None
    # Only gives a document an extension whose name has none: what a file is, its bytes say.
    mimetype: str | None = None
    # Sound: a voice note rather than a file of music.
    voice: bool = True
    # Video: plays in a loop, without sound.
    gif: bool = False
    # Pictures, videos and sound.
    view_once: bool = False
    # Shown as the length of sound or video; measured when it is not given.
    seconds: float | None = None
    # Of `url` only. Basic and digest go with name and password, bearer with `token`.
    authentication: Literal["basic", "digest", "bearer"] | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    verify_ssl: bool = True

    @classmethod
    def from_reference(cls, reference: str, **fields: Any) -> Self:
        """Return the request for a text that is the id of a media source, an address or a path."""
        reference = reference.strip()
        if reference.startswith(_MEDIA_SOURCE):
            return cls(media=reference, **fields)
        if reference.lower().startswith(_WEB):
            return cls(url=reference, **fields)
        return cls(file=reference, **fields)


@dataclass(frozen=True)
class PreparedMedia:
    """A file that WhatsApp takes; `size` in bytes. `content` lacks its ticket, which is empty."""

    path: Path
    size: int
    content: MediaContent
