"""Whether WhatsApp is connected, and whether it restricts the account."""

from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account import WhatsAppConfigEntry
from .entity import AccountEntity
from .figures import as_time

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add what is so or not so of the account."""
    async_add_entities([ConnectivitySensor(entry, "connectivity"), RestrictionSensor(entry, "restriction")])


class ConnectivitySensor(AccountEntity, BinarySensorEntity):
    """On while WhatsApp itself is connected, not merely the bridge. A logged-out account is known to be off."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _known_without_link = True

    @property
    @override
    def is_on(self) -> bool:
        """Whether WhatsApp is connected."""
        return self.account.state["connection"]["status"] == "connected"


class RestrictionSensor(AccountEntity, BinarySensorEntity):
    """On while WhatsApp does not let the account start new chats."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = "restriction"

    @property
    @override
    def is_on(self) -> bool:
        """Whether the account is restricted."""
        return self.account.state["restriction"] is not None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Until when, as far as WhatsApp has said so."""
        restriction = self.account.state["restriction"]
        until = restriction["until"] if restriction else None
        return {"until": as_time(until).isoformat() if until is not None else None}
