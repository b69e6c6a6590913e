"""Where a file comes from: a media source, a path, or an address."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from homeassistant.components import media_source
from homeassistant.components.media_player import async_process_play_media_url
from homeassistant.core import HomeAssistant

from ..errors import failed, invalid
from .fetch import Address, async_fetch, parsed
from .limits import DOWNLOAD_LIMITS
from .names import shown
from .request import MediaRequest
from .workspace import Workspace

_MEDIA_SOURCE: Final = "media-source://"
# A voice that is made in a cloud takes its time.
_SECONDS_MAX: Final = 120


@dataclass(frozen=True)
class Source:
    """A file as it was found, and under which name: nothing of either is trusted."""

    path: Path
    name: str | None


async def async_source(space: Workspace, request: MediaRequest) -> Source:
    """Return the file that a request names.

    Raises:
        ServiceValidationError: it names none or several, one that does not exist, or one that is not allowed.
        HomeAssistantError: it could not be had.

    """
    if sum(bool(named) for named in (request.media, request.file, request.url)) != 1:
        raise invalid("media_one_source")
    if request.file:
        return await space.async_run(_allowed_file, space.hass, request.file)
    limit = DOWNLOAD_LIMITS[request.kind]
    if request.url:
        address = Address.from_request(request)
        return Source(await async_fetch(space, address, limit), address.url.name)
    media = request.media if isinstance(request.media, str) else (request.media or {}).get("media_content_id")
    if not isinstance(media, str) or not media.startswith(_MEDIA_SOURCE):
        raise invalid("media_no_source", media=shown(str(media)))
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            found = await _async_from_media_source(space, media)
    except TimeoutError as err:
        raise failed("media_timeout", media=shown(media)) from err
    except Exception as err:
        # Each source says in its own way that it does not have it: Home Assistant's own files do so by an assertion.
        raise failed("media_unavailable", media=shown(media), error=shown(str(err) or type(err).__name__)) from err
    if isinstance(found, Source):
        return found
    return Source(await async_fetch(space, found, limit), found.url.name)


async def _async_from_media_source(space: Workspace, media: str) -> Source | Address:
    hass = space.hass
    domain, _, identifier = media.removeprefix(_MEDIA_SOURCE).partition("/")
    # These three give one picture, or the voice itself, where resolving would give an endless stream of pictures. They
    # are imported only where they are set up: what they need may not be installed.
    if domain in ("camera", "image", "tts") and domain in hass.config.components:
        content, extension = await _async_content(hass, domain, identifier, media)
        path = space.folder / "source"
        await space.async_run(path.write_bytes, content)
        return Source(path, f"{domain}{extension}")
    found = await media_source.async_resolve_media(hass, media, None)
    if found.path:
        return await space.async_run(_regular_file, found.path)
    url = parsed(async_process_play_media_url(hass, found.url))
    return Address(url=url, trusted=True)


async def _async_content(hass: HomeAssistant, domain: str, identifier: str, media: str) -> tuple[bytes, str]:
    """Return the bytes and an extension, empty where the bytes tell."""
    if domain == "camera":
        from homeassistant.components import camera  # noqa: PLC0415

        return (await camera.async_get_image(hass, identifier)).content, ""
    if domain == "image":
        from homeassistant.components import image  # noqa: PLC0415

        return (await image.async_get_image(hass, identifier)).content, ""
    from homeassistant.components import tts  # noqa: PLC0415

    extension, content = await tts.async_get_media_source_audio(hass, media)
    return content, f".{extension}"


def _allowed_file(hass: HomeAssistant, text: str) -> Source:
    try:
        # Where it really is, so that no link leads out of what is allowed.
        path = Path(text).resolve()
        allowed = hass.config.is_allowed_path(str(path))
    except (OSError, RuntimeError, ValueError) as err:
        raise invalid("file_not_found", path=shown(text)) from err
    if not allowed:
        raise invalid("file_not_allowed", path=shown(text), folder=shown(str(path.parent)))
    return _regular_file(path, Path(text).name)


def _regular_file(path: Path, name: str | None = None) -> Source:
    if not path.exists():
        raise invalid("file_not_found", path=shown(str(path)))
    if not path.is_file():
        raise invalid("file_not_regular", path=shown(str(path)))
    return Source(path, name or path.name)
