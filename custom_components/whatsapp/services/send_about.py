"""Actions that send something about a message that is there already."""

from collections.abc import Callable
from typing import Any, Final, Literal, cast

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, callback
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .. import contents
from ..bridge.protocol import (
    LIMIT_NAME_CHARS,
    Content,
    DeleteContent,
    EditContent,
    ForwardContent,
    PinContent,
    UnpinContent,
)
from ..contents import MENTIONS, Fields, filled, mentioning, period
from ..delivery import DELIVERY_FIELDS, EXPIRATION_FIELD
from ..targets import async_find_named
from .addressed import async_one_chat
from .send import async_finish, delivery_of, register, sends

ATTR_DESTINATION: Final = "destination"
ATTR_DURATION: Final = "duration"
ATTR_MESSAGE: Final = "message"
ATTR_MESSAGE_ID: Final = "message_id"

type _Days = Literal["1d", "7d", "30d"]

_DAY: Final = 86_400
_DURATIONS: Final[dict[float, _Days]] = {_DAY: "1d", 7 * _DAY: "7d", 30 * _DAY: "30d"}


def _days(value: Any) -> _Days:
    if value in _DURATIONS.values():
        return cast("_Days", value)
    try:
        return _DURATIONS[period(value).total_seconds()]
    except KeyError, vol.Invalid:
        raise vol.Invalid("WhatsApp pins messages for 1, 7 or 30 days: use 1d, 7d or 30d") from None


_MESSAGE_ID_FIELD: Final[Fields] = {vol.Required(ATTR_MESSAGE_ID): filled(LIMIT_NAME_CHARS)}
_EDIT_FIELDS: Final[Fields] = {**_MESSAGE_ID_FIELD, vol.Required(ATTR_MESSAGE): cv.string, **MENTIONS}
_FORWARD_FIELDS: Final[Fields] = {
    **_MESSAGE_ID_FIELD,
    vol.Required(ATTR_DESTINATION): vol.All(cv.ensure_list, [cv.string], vol.Length(min=1)),
    **EXPIRATION_FIELD,
}
_PIN_FIELDS: Final[Fields] = {**_MESSAGE_ID_FIELD, vol.Optional(ATTR_DURATION, default="7d"): _days}


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    actions: dict[str, tuple[Fields, Callable[[Any], Content]]] = {
        "send_reaction": (contents.REACTION_FIELDS, contents.reaction),
        "edit_message": (_EDIT_FIELDS, _edit),
        "revoke_message": (_MESSAGE_ID_FIELD, lambda data: DeleteContent(kind="delete", message_id=data["message_id"])),
        "pin_message": (_PIN_FIELDS, _pin),
        "unpin_message": (_MESSAGE_ID_FIELD, lambda data: UnpinContent(kind="unpin", message_id=data["message_id"])),
    }
    for name, (fields, content) in actions.items():
        register(hass, name, sends(content), {**fields, **DELIVERY_FIELDS})
    register(hass, "forward_message", _forward_message, {**_FORWARD_FIELDS, **DELIVERY_FIELDS})


def _edit(data: Any) -> EditContent:
    text = contents.checked_text(data[ATTR_MESSAGE])
    return mentioning(EditContent(kind="edit", message_id=data[ATTR_MESSAGE_ID], text=text), data)


def _pin(data: Any) -> PinContent:
    return PinContent(kind="pin", message_id=data[ATTR_MESSAGE_ID], duration=data[ATTR_DURATION])


async def _forward_message(call: ServiceCall) -> ServiceResponse:
    """Send a message of the chat that the call targets to the chats that it names as destination."""
    account, source = await async_one_chat(call)
    content = ForwardContent(kind="forward", message_id=call.data[ATTR_MESSAGE_ID], source_chat=source)
    delivery = delivery_of(call, await async_find_named(call.hass, account, call.data[ATTR_DESTINATION]))
    await delivery.async_send(content)
    return await async_finish(call, delivery)
