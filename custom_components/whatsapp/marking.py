"""Showing others that their messages were read, once automations have had them."""

import asyncio
import logging
from operator import methodcaller

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from .account import Account, WhatsAppConfigEntry
from .const import CONF_MEMBERS
from .payloads import Happening

_LOGGER = logging.getLogger(__name__)


@callback
def async_mark_as_read(entry: WhatsAppConfigEntry) -> None:
    """Mark what others write as read from now on, when that is chosen, until the entry is unloaded."""
    account = entry.runtime_data
    if not account.options.mark_as_read:
        return
    # The newest message that is to be marked, by chat: WhatsApp marks what came before it too.
    pending: dict[str, str] = {}
    task: asyncio.Task[None] | None = None

    @callback
    def handle(happening: Happening) -> None:
        nonlocal task
        event = happening.event
        if event["type"] != "message" or event["from_me"]:
            return
        if happening.added and happening.added.data.get(CONF_MEMBERS) is not None:
            # Those of the other members came before it, and nobody here has seen them.
            return
        pending[event["chat"]["id"]] = event["message_id"]
        if task is None or task.done():
            task = entry.async_create_background_task(account.hass, _mark(account, pending), "WhatsApp read receipts")

    entry.async_on_unload(account.inbox.on_event(handle))


async def _mark(account: Account, pending: dict[str, str]) -> None:
    while pending:
        chat, message_id = pending.popitem()
        mark = methodcaller("mark_read", account.account_id, chat, message_id)
        try:
            await account.async_ask(mark)
        except HomeAssistantError as err:
            _LOGGER.debug("Could not mark a message as read: %s", err)
