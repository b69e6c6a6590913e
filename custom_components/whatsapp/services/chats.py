"""Actions that show others what the account does."""

from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError
import voluptuous as vol

from ..account import Account
from ..bridge.protocol import LIMIT_NAME_CHARS, Presence
from ..const import DOMAIN
from ..errors import failed
from ..targets import ATTR_ACCOUNT, Place, find_account
from .addressed import ADDRESSED_SCHEMA, addresses_chats, async_for_each
from .common import filled

SERVICE_MARK_AS_READ: Final = "mark_as_read"
SERVICE_UPDATE_PRESENCE: Final = "update_presence"

ATTR_MESSAGE_ID: Final = "message_id"
ATTR_PRESENCE: Final = "presence"

# What all contacts see, and what is seen in one chat.
_FOR_ALL: Final = ["available", "unavailable"]
_IN_CHAT: Final = ["composing", "recording", "paused"]
_LAST: Final = "last"

_MARK_AS_READ_SCHEMA: Final = ADDRESSED_SCHEMA.extend(
    {vol.Optional(ATTR_MESSAGE_ID, default=_LAST): filled(LIMIT_NAME_CHARS)}
)
_UPDATE_PRESENCE_SCHEMA: Final = ADDRESSED_SCHEMA.extend({vol.Required(ATTR_PRESENCE): vol.In([*_FOR_ALL, *_IN_CHAT])})


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, act, schema in (
        (SERVICE_MARK_AS_READ, _mark_as_read, _MARK_AS_READ_SCHEMA),
        (SERVICE_UPDATE_PRESENCE, _update_presence, _UPDATE_PRESENCE_SCHEMA),
    ):
        hass.services.async_register(DOMAIN, name, act, schema, supports_response=SupportsResponse.OPTIONAL)


async def _mark_as_read(call: ServiceCall) -> ServiceResponse:
    """Show the senders that their messages were read, up to the given one. Answer as `async_for_each`."""
    message_id = None if call.data[ATTR_MESSAGE_ID] == _LAST else call.data[ATTR_MESSAGE_ID]

    async def mark(place: Place) -> None:
        account, chat = place
        await account.async_ask(lambda client: client.mark_read(account.account_id, chat, message_id))

    return await async_for_each(call, mark)


async def _update_presence(call: ServiceCall) -> ServiceResponse:
    """Show a presence in chats, or to all contacts of their accounts. Answer as `async_for_each`."""
    presence = call.data[ATTR_PRESENCE]
    if presence in _IN_CHAT:

        async def show(place: Place) -> None:
            account, chat = place
            await account.async_ask(lambda client: client.presence(account.account_id, presence, chat))

        return await async_for_each(call, show)
    if addresses_chats(call):
        return await async_for_each(call, lambda place: _show_to_all(place.account, presence))
    await _show_to_all(find_account(call.hass, call.data.get(ATTR_ACCOUNT)), presence)
    return {"results": []}


async def _show_to_all(account: Account, presence: Presence) -> None:
    try:
        await account.async_ask(lambda client: client.presence(account.account_id, presence))
    except HomeAssistantError as err:
        if err.translation_key != "rejected":
            raise
        # It shows nobody whose name it has not told yet, which is so for a while after linking.
        raise failed("presence_not_possible") from err
