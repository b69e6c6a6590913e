"""From a request to a file that WhatsApp takes, kind by kind."""

from pathlib import Path
from typing import Final

from homeassistant.exceptions import ServiceValidationError

from ..bridge.protocol import (
    LIMIT_MEDIA_BYTES_MAX,
    AudioContent,
    DocumentContent,
    ImageContent,
    StickerContent,
    VideoContent,
)
from ..errors import invalid
from . import audio, video
from .ffmpeg import NotReadableError, Probe, async_probe
from .image import is_animated, prepare_image, thumbnail_of
from .limits import LIMITS, checked_size
from .names import checked_caption, file_name
from .request import MediaContent, MediaRequest, PreparedMedia
from .sniff import sniff
from .source import Source, async_source
from .sticker import SIDE, prepare_sticker
from .workspace import Workspace

_SECONDS_MAX: Final = 86_400
_HEIC: Final = "image/heic"


async def async_prepared(space: Workspace, request: MediaRequest) -> PreparedMedia:
    """Return the file to upload, which stands in the workspace or where it was found.

    Raises:
        ServiceValidationError: the caller asked for something that cannot be.
        HomeAssistantError: it could not be fetched or converted.

    """
    _check(request)
    source = await async_source(space, request)
    size = await space.async_run(checked_size, source.path, LIMIT_MEDIA_BYTES_MAX)
    mime = await space.async_run(sniff, source.path)
    match await _async_kind(space, request, source, mime):
        case "image":
            return await _async_image(space, request, source, mime)
        case "sticker":
            return await _async_sticker(space, source, mime)
        case "document":
            return await _async_document(space, request, source, mime)
        case kind:
            return await _async_playable(space, request, source, size, kind)


def _check(request: MediaRequest) -> None:
    if checked_caption(request.caption) and request.kind in ("audio", "sticker"):
        raise invalid("caption_not_possible")
    if request.view_once and request.kind in ("document", "sticker"):
        raise invalid("view_once_not_possible")
    if request.seconds is not None and not 0 <= request.seconds <= _SECONDS_MAX:
        raise invalid("seconds_invalid", limit=str(_SECONDS_MAX))


async def _async_kind(space: Workspace, request: MediaRequest, source: Source, mime: str | None) -> str:
    """Return what it goes as; `gif` is a picture that moves and was not asked for as one that does not."""
    if request.kind != "auto":
        return request.kind
    family = (mime or "").partition("/")[0]
    if mime == _HEIC or family not in ("image", "video", "audio"):
        return "document"
    if mime == "image/gif" and await space.async_run(is_animated, source.path):
        return "gif"
    return family


async def _async_image(space: Workspace, request: MediaRequest, source: Source, mime: str | None) -> PreparedMedia:
    _check_readable(mime)
    picture = await space.async_run(prepare_image, source.path, space.folder)
    content = ImageContent(kind="image", ticket="", width=picture.width, height=picture.height)
    if request.view_once:
        content["view_once"] = True
    else:
        content["thumbnail"] = picture.thumbnail
    _add_caption(content, request)
    return await _async_finished(space, picture.path, content)


async def _async_sticker(space: Workspace, source: Source, mime: str | None) -> PreparedMedia:
    _check_readable(mime)
    sticker = await space.async_run(prepare_sticker, source.path, space.folder)
    content = StickerContent(kind="sticker", ticket="", width=SIDE, height=SIDE, animated=sticker.animated)
    return await _async_finished(space, sticker.path, content)


async def _async_document(space: Workspace, request: MediaRequest, source: Source, mime: str | None) -> PreparedMedia:
    if request.view_once:
        raise invalid("view_once_not_possible")
    name = file_name(request.file_name, source.name, request.mimetype or mime)
    content = DocumentContent(kind="document", ticket="", file_name=name)
    thumbnail = await space.async_run(_preview, source.path, mime)
    if thumbnail:
        content["thumbnail"] = thumbnail
    _add_caption(content, request)
    return await _async_finished(space, source.path, content)


async def _async_playable(
    space: Workspace, request: MediaRequest, source: Source, size: int, kind: str
) -> PreparedMedia:
    """Return sound or video. What should be found out, and turns out to be neither, is a document."""
    try:
        probe = await async_probe(space, source.path)
    except NotReadableError as err:
        if request.kind == "auto":
            return await _async_document(space, request, source, None)
        wanted = invalid("not_audio") if kind == "audio" else invalid("not_a_video")
        raise wanted from err
    if kind == "audio" or (request.kind == "auto" and not probe.video):
        return await _async_audio(space, request, source.path, probe)
    return await _async_video(space, request, source.path, probe, size, gif=request.gif or kind == "gif")


async def _async_audio(space: Workspace, request: MediaRequest, source: Path, probe: Probe) -> PreparedMedia:
    audio.check_audible(probe)
    made = await (audio.async_voice_note if request.voice else audio.async_playable)(space, source, probe)
    seconds = (await async_probe(space, made)).seconds
    content = AudioContent(kind="audio", ticket="", voice=request.voice)
    if request.voice:
        content["waveform"] = await audio.async_waveform(space, made, seconds or 0)
    if request.view_once:
        content["view_once"] = True
    _add_seconds(content, request, seconds)
    return await _async_finished(space, made, content)


async def _async_video(
    space: Workspace, request: MediaRequest, source: Path, probe: Probe, size: int, *, gif: bool
) -> PreparedMedia:
    video.check_visible(probe)
    made = await video.async_playable(space, source, probe, size, gif=gif)
    shown = await async_probe(space, made)
    content = VideoContent(kind="video", ticket="", width=shown.width, height=shown.height, gif=gif)
    if request.view_once:
        content["view_once"] = True
    else:
        still = await video.async_still(space, made, shown)
        content["thumbnail"] = await space.async_run(thumbnail_of, still)
    _add_caption(content, request)
    _add_seconds(content, request, shown.seconds)
    return await _async_finished(space, made, content)


async def _async_finished(space: Workspace, path: Path, content: MediaContent) -> PreparedMedia:
    size = await space.async_run(checked_size, path, LIMITS[content["kind"]])
    return PreparedMedia(path, size, content)


def _check_readable(mime: str | None) -> None:
    if mime == _HEIC:
        raise invalid("image_heic")


def _preview(path: Path, mime: str | None) -> str | None:
    """Return the thumbnail of a document that is a picture; one that cannot be read is still a document."""
    if not mime or not mime.startswith("image/") or path.stat().st_size > LIMITS["image"]:
        return None
    try:
        return thumbnail_of(path)
    except ServiceValidationError:
        return None


def _add_caption(content: ImageContent | VideoContent | DocumentContent, request: MediaRequest) -> None:
    if caption := checked_caption(request.caption):
        content["caption"] = caption


def _add_seconds(content: AudioContent | VideoContent, request: MediaRequest, measured: float | None) -> None:
    seconds = measured if request.seconds is None else request.seconds
    if seconds is not None and seconds <= _SECONDS_MAX:
        content["seconds"] = round(seconds, 3)
