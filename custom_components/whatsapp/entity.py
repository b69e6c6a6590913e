"""What the entities of accounts and of chats have in common."""

from typing import override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity

from .account import WhatsAppConfigEntry
from .const import CONF_CHAT_ID, DOMAIN


def account_identifier(account_id: str) -> tuple[str, str]:
    """Return what the device registry knows an account by."""
    return (DOMAIN, account_id)


def chat_identifier(account_id: str, chat: ConfigSubentry) -> tuple[str, str]:
    """Return what the device registry knows an added chat by."""
    return (DOMAIN, f"{account_id}_{chat.data[CONF_CHAT_ID]}")


class AccountEntity(Entity):
    """An entity of an account; its unique id is the account's with `key`."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    # Whether it has something to tell of an account that is logged out.
    _known_without_link = False

    def __init__(self, entry: WhatsAppConfigEntry, key: str) -> None:
        self.account = entry.runtime_data
        self._attr_unique_id = f"{self.account.account_id}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={account_identifier(self.account.account_id)})

    @property
    @override
    def available(self) -> bool:
        """Whether the bridge is there and the account is linked."""
        return self.account.bridge_connected if self._known_without_link else self.account.available

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the account."""
        await super().async_added_to_hass()
        self.async_on_remove(self.account.on_change(self.async_write_ha_state))


class ChatEntity(AccountEntity):
    """The one entity of its platform for a chat that was added."""

    _attr_name = None

    def __init__(self, entry: WhatsAppConfigEntry, chat: ConfigSubentry) -> None:
        super().__init__(entry, chat.data[CONF_CHAT_ID])
        self.chat = chat
        self._attr_device_info = DeviceInfo(
            identifiers={chat_identifier(self.account.account_id, chat)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer="WhatsApp",
            name=chat.title,
            via_device_id=dr.async_get_device_id_by_identifier(
                self.account.hass, account_identifier(self.account.account_id), config_entry_id=entry.entry_id
            ),
        )
