"""How many chats there are, and which of them are groups."""

from typing import Any, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account import WhatsAppConfigEntry
from .entity import AccountEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the chats of the account."""
    async_add_entities([ChatsSensor(entry, "chats")])


class ChatsSensor(AccountEntity, SensorEntity):
    """The number of chats, with the ids of the groups for those who write automations."""

    _attr_translation_key = "chats"
    _unrecorded_attributes = frozenset({"groups"})

    @property
    @override
    def native_value(self) -> int:
        """The number of chats."""
        return len(self.account.chats)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """The groups."""
        groups = [chat for chat in self.account.chats.values() if chat["kind"] == "group"]
        return {"groups": [{"id": group["id"], "name": group["name"]} for group in groups]}
