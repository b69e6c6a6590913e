"""A file in the data of an action: its fields, and the request that comes of them."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .bridge.protocol import LIMIT_NAME_CHARS
from .contents import Fields, filled, seconds
from .media import MediaKind, MediaRequest

_DAY: Final = 86_400
_MEDIA: Final = vol.Schema({vol.Required("media_content_id"): cv.string}, extra=vol.ALLOW_EXTRA)
# Where the file is: one of the first three, and how to get it when it is an address.
SOURCE_FIELDS: Final[Fields] = {
    vol.Optional("media"): vol.Any(_MEDIA, cv.string),
    vol.Optional("file"): cv.string,
    vol.Optional("url"): cv.string,
    vol.Optional("authentication"): vol.In(["basic", "digest", "bearer"]),
    vol.Optional("username"): cv.string,
    vol.Optional("password"): cv.string,
    vol.Optional("token"): cv.string,
    vol.Optional("headers"): {cv.string: cv.string},
    vol.Optional("verify_ssl"): cv.boolean,
}
CAPTION_FIELD: Final[Fields] = {vol.Optional("caption"): cv.string}
FILE_NAME_FIELDS: Final[Fields] = {
    vol.Optional("file_name"): cv.string,
    vol.Optional("mimetype"): filled(LIMIT_NAME_CHARS),
}
VIEW_ONCE_FIELD: Final[Fields] = {vol.Optional("view_once"): cv.boolean}
VOICE_FIELD: Final[Fields] = {vol.Optional("ptt"): cv.boolean}
SECONDS_FIELD: Final[Fields] = {vol.Optional("seconds"): seconds(_DAY)}
GIF_FIELD: Final[Fields] = {vol.Optional("gif"): cv.boolean}

_SOURCES: Final = ("media", "file", "url")
_REST: Final = (
    "authentication",
    "username",
    "password",
    "token",
    "headers",
    "verify_ssl",
    "caption",
    "file_name",
    "mimetype",
    "view_once",
    "gif",
    "seconds",
)


def media_request(data: Mapping[str, Any], kind: MediaKind | None = None) -> MediaRequest:
    """Return the request for a file; without a kind it is what its bytes are.

    `url` alone may also be the id of a media source, or a path: older automations have those there.
    """
    fields: dict[str, Any] = {"kind": kind or "auto", **{key: data[key] for key in _REST if key in data}}
    if "ptt" in data:
        fields["voice"] = data["ptt"]
    sources = {key: data[key] for key in _SOURCES if data.get(key)}
    if list(sources) == ["url"]:
        return MediaRequest.from_reference(sources["url"], **fields)
    return MediaRequest(**sources, **fields)
