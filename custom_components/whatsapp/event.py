"""Events of the chats that were added."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account import WhatsAppConfigEntry
from .entity import ChatEntity
from .inbox import Happening
from .payloads import ENTITY_ATTRIBUTES, entity_attributes

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add an event entity for every chat."""
    for chat in entry.runtime_data.inbox.added_chats:
        async_add_entities([ChatEvent(entry, chat)], config_subentry_id=chat.subentry_id)


class ChatEvent(ChatEntity, EventEntity):
    """What happens in one chat. The owner's own messages count only in the chat with themselves."""

    _attr_translation_key = "chat"
    _attr_event_types = ["message", "poll_vote", "receipt"]
    # Who wrote what is nothing for a database that other people read.
    _unrecorded_attributes = ENTITY_ATTRIBUTES

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the chat."""
        await super().async_added_to_hass()
        self.async_on_remove(self.account.inbox.on_chat_event(self.chat.subentry_id, self._handle))

    @callback
    def _handle(self, happening: Happening) -> None:
        frame, event = happening.frame, happening.event
        if event["type"] not in ("message", "poll_vote", "receipt"):
            return
        own = event["type"] == "message" and event["from_me"] and event["chat"]["kind"] != "self"
        if own and not self.account.options.own_messages:
            return
        self.async_set_context(happening.context)
        self._trigger_event(event["type"], entity_attributes(frame, event))
        self.async_write_ha_state()
