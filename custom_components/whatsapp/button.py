"""Connecting again, and logging out."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account import WhatsAppConfigEntry
from .entity import AccountEntity

# One after the other: each changes how the account stands with WhatsApp.
PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of the account."""
    async_add_entities([ReconnectButton(entry, "reconnect"), UnlinkButton(entry, "unlink")])


class ReconnectButton(AccountEntity, ButtonEntity):
    """Connects to WhatsApp from the beginning, also when the bridge has given that up."""

    _attr_translation_key = "reconnect"
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @override
    async def async_press(self) -> None:
        """Have the bridge connect."""
        await self.account.async_ask(lambda client: client.reconnect(self.account.account_id))


class UnlinkButton(AccountEntity, ButtonEntity):
    """Logs the device out on WhatsApp. Home Assistant then asks to link it again."""

    _attr_translation_key = "unlink"
    _attr_entity_category = EntityCategory.CONFIG
    _attr_entity_registry_enabled_default = False

    @override
    async def async_press(self) -> None:
        """Have the bridge log out."""
        await self.account.async_ask(lambda client: client.unlink(self.account.account_id))
