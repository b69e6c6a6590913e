"""What the logbook says of WhatsApp: who and where, and nothing of what was said.

A vote and an answer have bus events of their own, and come as a received message too: that one is described, so that
each is one line.
"""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.components.logbook import LOGBOOK_ENTRY_ICON, LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN
from .payloads import EVENT_MESSAGE_RECEIVED, EVENT_MESSAGE_SENT, EVENT_MESSAGE_STATUS

# By the type of the message: what its sender did.
_DID: Final = {
    "message": ("sent a message", "mdi:message-text"),
    "poll": ("sent a poll", "mdi:poll"),
    "poll_update": ("voted in a poll", "mdi:poll"),
    "button_reply": ("chose an answer", "mdi:gesture-tap-button"),
}
_BECAME: Final = {
    "sent": ("a message was sent", "mdi:check"),
    "delivered": ("a message was delivered", "mdi:check-all"),
    "read": ("a message was read", "mdi:check-all"),
    "played": ("a message was played", "mdi:play-circle"),
    "failed": ("a message was not sent", "mdi:message-alert"),
}

type _Describe = Callable[[Event[dict[str, Any]]], dict[str, str]]


@callback
def async_describe_events(hass: HomeAssistant, async_describe_event: Callable[[str, str, _Describe], None]) -> None:
    """Tell the logbook of the events that it can show."""
    async_describe_event(DOMAIN, EVENT_MESSAGE_RECEIVED, _received)
    async_describe_event(DOMAIN, EVENT_MESSAGE_SENT, _sent)
    async_describe_event(DOMAIN, EVENT_MESSAGE_STATUS, _status)


# The recorder may hold events without data, where there was too much for it, and those of another product: any key may
# be missing.


@callback
def _received(event: Event[dict[str, Any]]) -> dict[str, str]:
    did, icon = _DID.get(event.data.get("type", ""), _DID["message"])
    if event.data.get("is_group"):
        return _line(event.data.get("sender_name"), f"{did} in {_chat(event) or 'a group'}", icon)
    return _line(_chat(event), did, icon)


@callback
def _sent(event: Event[dict[str, Any]]) -> dict[str, str]:
    return _line(_chat(event), "was sent a message from another device of the account", "mdi:message-arrow-right")


@callback
def _status(event: Event[dict[str, Any]]) -> dict[str, str]:
    became, icon = _BECAME.get(event.data.get("status", ""), _BECAME["sent"])
    by = event.data.get("by_name") if event.data.get("is_group") else None
    return _line(_chat(event), f"{became} by {by}" if by else became, icon)


def _line(name: str | None, message: str, icon: str) -> dict[str, str]:
    return {LOGBOOK_ENTRY_NAME: name or "Somebody", LOGBOOK_ENTRY_MESSAGE: message, LOGBOOK_ENTRY_ICON: icon}


def _chat(event: Event[dict[str, Any]]) -> str | None:
    name: str | None = event.data.get("chat_name")
    return name
