"""Notifications: `notify.whatsapp` for any chat, and a notify entity for every chat that was added."""

from typing import Any, override

from homeassistant.components.notify import (
    ATTR_DATA,
    ATTR_TARGET,
    ATTR_TITLE,
    BaseNotificationService,
    NotifyEntity,
    NotifyEntityFeature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType

from .account import WhatsAppConfigEntry
from .const import CONF_CHAT_ID
from .entity import ChatEntity
from .targets import ATTR_ACCOUNT, Delivery, find_account, invalid, text_content

# One after the other: whoever writes to many at once looks like spam to WhatsApp.
PARALLEL_UPDATES = 1


async def async_get_service(
    hass: HomeAssistant, config: ConfigType, discovery_info: DiscoveryInfoType | None = None
) -> WhatsAppNotificationService | None:
    """Return `notify.whatsapp`; nothing for YAML, which cannot set up an account."""
    return WhatsAppNotificationService() if discovery_info else None


async def async_setup_entry(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a notify entity for every chat."""
    for chat in entry.runtime_data.inbox.added_chats:
        async_add_entities([ChatNotify(entry, chat)], config_subentry_id=chat.subentry_id)


class WhatsAppNotificationService(BaseNotificationService):
    """`notify.whatsapp`: of all accounts, which it picks by `data.account`."""

    @override
    async def async_send_message(self, message: str, **kwargs: Any) -> None:
        """Send to every target."""
        data: dict[str, Any] = kwargs.get(ATTR_DATA) or {}
        if unsupported := [str(key) for key in data if key != ATTR_ACCOUNT]:
            raise invalid("unsupported_data", keys=", ".join(unsupported))
        content = text_content(message, kwargs.get(ATTR_TITLE))
        wanted = data.get(ATTR_ACCOUNT)
        delivery = Delivery()
        delivery.add_named(
            find_account(self.hass, None if wanted is None else str(wanted)), kwargs.get(ATTR_TARGET) or []
        )
        await delivery.async_send(content)
        delivery.raise_errors()


class ChatNotify(ChatEntity, NotifyEntity):
    """Sends to one chat."""

    _attr_supported_features = NotifyEntityFeature.TITLE

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Send to the chat."""
        await self.account.async_send(self.chat.data[CONF_CHAT_ID], text_content(message, title))
