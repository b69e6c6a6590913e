"""Actions that send a file."""

from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, callback

from ..attachments import (
    CAPTION_FIELD,
    FILE_NAME_FIELDS,
    GIF_FIELD,
    SECONDS_FIELD,
    SOURCE_FIELDS,
    VIEW_ONCE_FIELD,
    VOICE_FIELD,
    media_request,
)
from ..contents import MENTIONS, Fields, mentioning
from ..delivery import DEGRADE_FIELD
from ..media import MediaKind, async_prepare
from ..targets import async_find_targets
from .send import MESSAGE_FIELDS, async_finish, delivery_of, register

_CAPTIONED: Final[Fields] = {**CAPTION_FIELD, **MENTIONS}
# What older automations call a caption.
_CAPTION: Final = {"message": "caption"}

_FIELDS: Final[dict[MediaKind, Fields]] = {
    "image": {**_CAPTIONED, **VIEW_ONCE_FIELD, **DEGRADE_FIELD},
    "video": {**_CAPTIONED, **VIEW_ONCE_FIELD, **SECONDS_FIELD, **GIF_FIELD, **DEGRADE_FIELD},
    "audio": {**VOICE_FIELD, **VIEW_ONCE_FIELD, **SECONDS_FIELD, **DEGRADE_FIELD},
    "document": {**_CAPTIONED, **FILE_NAME_FIELDS},
    "sticker": {},
}


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    for kind, fields in _FIELDS.items():
        _register(hass, kind, fields)


def _register(hass: HomeAssistant, kind: MediaKind, fields: Fields) -> None:
    async def send(call: ServiceCall) -> ServiceResponse:
        return await _async_send_file(call, kind)

    names = _CAPTION if "caption" in fields else {}
    register(hass, f"send_{kind}", send, {**SOURCE_FIELDS, **fields, **MESSAGE_FIELDS}, names)


async def _async_send_file(call: ServiceCall, kind: MediaKind) -> ServiceResponse:
    delivery = delivery_of(call, await async_find_targets(call.hass, call.data))
    if not delivery.is_hopeless:
        # Once for all: only the upload is each one's own.
        async with async_prepare(call.hass, media_request(call.data, kind)) as media:
            await delivery.async_send(mentioning(media.content, call.data), media)
    return await async_finish(call, delivery)
