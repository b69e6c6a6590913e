"""Events of the chats that were added, and of the account itself."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account import WhatsAppConfigEntry
from .entity import AccountEntity, ChatEntity
from .payloads import CHAT_EVENT_TYPES, ENTITY_ATTRIBUTES, NOTICE_EVENT_TYPES, Happening, entity_event

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add an event entity for every chat, and one for all that belongs to none."""
    async_add_entities([OtherEvents(entry)])
    for chat in entry.runtime_data.inbox.added_chats:
        async_add_entities([ChatEvents(entry, chat)], config_subentry_id=chat.subentry_id)


class _Events(AccountEntity, EventEntity):
    # Who wrote what is nothing for a database that other people read.
    _unrecorded_attributes = ENTITY_ATTRIBUTES

    @callback
    def _handle(self, happening: Happening) -> None:
        self.async_set_context(happening.context)
        self._trigger_event(*entity_event(happening))
        self.async_write_ha_state()


class ChatEvents(ChatEntity, _Events):
    """What happens in one chat. What the owner does counts in the chat with themselves, or when chosen so."""

    _attr_translation_key = "chat"
    _attr_event_types = CHAT_EVENT_TYPES

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the chat."""
        await super().async_added_to_hass()
        self.async_on_remove(self.account.inbox.on_chat_event(self.chat.subentry_id, self._handle))


class OtherEvents(_Events):
    """What happens in chats that were not added, as far as it reaches Home Assistant, and notices about trust."""

    _attr_translation_key = "other"
    _attr_event_types = [*CHAT_EVENT_TYPES, *NOTICE_EVENT_TYPES]

    def __init__(self, entry: WhatsAppConfigEntry) -> None:
        super().__init__(entry, "events")

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the account."""
        await super().async_added_to_hass()
        self.async_on_remove(self.account.inbox.on_account_event(self._handle))
