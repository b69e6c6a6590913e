"""Whether WhatsApp is connected."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account import WhatsAppConfigEntry
from .entity import AccountEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the connectivity of the account."""
    async_add_entities([ConnectivitySensor(entry, "connectivity")])


class ConnectivitySensor(AccountEntity, BinarySensorEntity):
    """On while WhatsApp itself is connected, not merely the bridge."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    @override
    def available(self) -> bool:
        """Whether the bridge is there: a logged-out account is known to be off."""
        return self.account.bridge_connected

    @property
    @override
    def is_on(self) -> bool:
        """Whether WhatsApp is connected."""
        return self.account.state["connection"]["status"] == "connected"
