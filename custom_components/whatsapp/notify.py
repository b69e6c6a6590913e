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
from .contents import mentioning, text_content, with_title
from .delivery import Delivery, Terms
from .entity import ChatEntity
from .media import MediaRequest, async_prepare
from .notification import captioned, checked_data, parts_of
from .targets import async_find_targets

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
        data = checked_data(kwargs.get(ATTR_DATA) or {})
        title: str | None = kwargs.get(ATTR_TITLE)
        parts = parts_of(message, title, data)
        names = [*(kwargs.get(ATTR_TARGET) or []), *data.get(ATTR_TARGET, [])]
        targets = await async_find_targets(self.hass, {**data, ATTR_TARGET: names})
        delivery = Delivery(self.hass, targets, Terms.from_data(data))
        caption: str | None = with_title(message, title)
        for number, part in enumerate(parts):
            if delivery.is_hopeless:
                break
            if not isinstance(part, MediaRequest):
                await delivery.async_send(part, part=number)
                continue
            async with async_prepare(self.hass, captioned(part, caption)) as media:
                content = mentioning(media.content, data) if "caption" in media.content else media.content
                await delivery.async_send(content, media, part=number)
                if "caption" in media.content:
                    caption = None
        delivery.raise_errors(told=False)


class ChatNotify(ChatEntity, NotifyEntity):
    """Sends to one chat."""

    _attr_supported_features = NotifyEntityFeature.TITLE

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Send to the chat."""
        content = text_content(message, title)
        await self.account.async_send(self.chat.data[CONF_CHAT_ID], content, context=self._context)
