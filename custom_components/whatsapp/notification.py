"""What a notification is made of: its message, its title and its data."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from . import contents
from .attachments import (
    CAPTION_FIELD,
    FILE_NAME_FIELDS,
    GIF_FIELD,
    SECONDS_FIELD,
    SOURCE_FIELDS,
    VIEW_ONCE_FIELD,
    VOICE_FIELD,
    media_request,
)
from .bridge.protocol import LIMIT_NAME_CHARS, Content
from .contents import MENTIONS, Fields, filled, mentioning, renamed
from .delivery import EXPIRATION_FIELD, QUOTE_FIELD, REQUEST_ID_FIELD, URGENCY_FIELDS
from .errors import invalid
from .media import MediaKind, MediaRequest
from .targets import ATTR_ACCOUNT, ATTR_TARGET

type Part = Content | MediaRequest

_FILE: Final = vol.All(
    lambda value: value if isinstance(value, Mapping) else {"url": value},
    vol.Schema(
        {
            **SOURCE_FIELDS,
            **CAPTION_FIELD,
            **FILE_NAME_FIELDS,
            **GIF_FIELD,
            **SECONDS_FIELD,
            **VIEW_ONCE_FIELD,
            **VOICE_FIELD,
        }
    ),
)
_KINDS: Final[tuple[MediaKind, ...]] = ("image", "video", "document", "audio", "sticker")
# What may stand beside a file instead of inside it.
_BESIDE: Final = ("file_name", "mimetype", "ptt", "seconds", "view_once")
_SPEECHLESS: Final = ("audio", "sticker")
_OTHER_NAMES: Final = {"reply_to": "quote", "attachment": "attachments"}

_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_TARGET): vol.All(cv.ensure_list, [cv.string]),
        vol.Optional(ATTR_ACCOUNT): cv.string,
        **{vol.Optional(kind): _FILE for kind in _KINDS},
        vol.Optional("attachments"): vol.All(cv.ensure_list, [_FILE]),
        **FILE_NAME_FIELDS,
        **SECONDS_FIELD,
        **VIEW_ONCE_FIELD,
        **VOICE_FIELD,
        vol.Optional("poll"): dict,
        vol.Optional("location"): dict,
        vol.Optional("reaction"): vol.Any(dict, cv.string),
        vol.Optional("message_id"): filled(LIMIT_NAME_CHARS),
        vol.Optional("buttons"): cv.ensure_list,
        vol.Optional("footer"): cv.string,
        vol.Optional("inline_keyboard"): cv.ensure_list,
        **MENTIONS,
        **QUOTE_FIELD,
        **EXPIRATION_FIELD,
        **REQUEST_ID_FIELD,
        **URGENCY_FIELDS,
    }
)
_KNOWN: Final = {*map(str, _SCHEMA.schema), *_OTHER_NAMES}


def checked_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a notification as its schema has them.

    Raises:
        ServiceValidationError: there are keys that nobody knows, or one has a value that cannot be.

    """
    if unknown := [str(key) for key in data if key not in _KNOWN]:
        raise invalid("unsupported_data", keys=", ".join(unknown))
    return _checked(_SCHEMA, renamed(_OTHER_NAMES)(dict(data)))


def parts_of(message: str, title: str | None, data: Mapping[str, Any]) -> list[Part]:
    """Return the messages that a notification becomes, in their order.

    Text and title go with the first that has room for them: as the caption of a file (`captioned`), the text over
    buttons, the question of a poll or the name of a place that have none. What has no room goes without.

    Raises:
        ServiceValidationError: something is wrong with the data.

    """
    plain = ": ".join(filter(None, (contents.heading_of(title), message.strip())))
    parts: list[Part] = [*_files(data)]
    if "location" in data:
        place = {"name": plain[:LIMIT_NAME_CHARS], **data["location"]}
        parts.append(contents.location(_checked_fields(contents.LOCATION_FIELDS, place)))
    if "poll" in data:
        poll = {"question": plain, **data["poll"]}
        parts.append(contents.poll(_checked_fields(contents.POLL_FIELDS, poll)))
    if choices := [*data.get("buttons", []), *_keyboard(data.get("inline_keyboard", []))]:
        question = {"message": contents.with_title(message, title), "buttons": choices}
        question |= {key: data[key] for key in ("footer",) if key in data}
        parts.append(contents.buttons(_checked_fields(contents.BUTTONS_FIELDS, question)))
    if "reaction" in data:
        given = data["reaction"] if isinstance(data["reaction"], dict) else {"reaction": data["reaction"]}
        about = {key: data[key] for key in ("message_id",) if key in data} | given
        parts.append(contents.reaction(_checked_fields(contents.REACTION_FIELDS, about)))
    return parts or [mentioning(contents.text_content(message, title), data)]


def captioned(part: MediaRequest, caption: str | None) -> MediaRequest:
    """Return the request with a caption, unless it has one or cannot have any."""
    if part.caption is not None or part.kind in _SPEECHLESS:
        return part
    return replace(part, caption=caption)


def _files(data: Mapping[str, Any]) -> list[MediaRequest]:
    beside = {key: data[key] for key in _BESIDE if key in data}
    named = [media_request(beside | data[kind], kind) for kind in _KINDS if kind in data]
    return [*named, *(media_request(beside | each) for each in data.get("attachments", []))]


def _keyboard(rows: list[Any]) -> list[Any]:
    """Return the buttons of rows as other messengers have them. An address is shown: WhatsApp has no such buttons."""
    keys = [key for row in rows for key in cv.ensure_list(row)]
    return [
        {"id": key["url"], "description": key["url"], "text": key.get("text")}
        if isinstance(key, dict) and "url" in key
        else renamed({"callback_data": "id"})(key)
        for key in keys
    ]


def _checked_fields(fields: Fields, data: Mapping[str, Any]) -> dict[str, Any]:
    return _checked(vol.Schema(fields), data)


def _checked(schema: vol.Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        checked: dict[str, Any] = schema(data)
    except vol.Invalid as err:
        raise invalid("invalid_data", error=str(err)) from err
    return checked
