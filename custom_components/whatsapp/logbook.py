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

    @callback
    def received(event: Event[dict[str, Any]]) -> dict[str, str]:
        did, icon = _DID[event.data["type"]]
        if event.data["is_group"]:
            return _line(event.data["sender_name"], f"{did} in {_chat(event)}", icon)
        return _line(_chat(event), did, icon)

    @callback
    def sent(event: Event[dict[str, Any]]) -> dict[str, str]:
        return _line(_chat(event), "was sent a message from another device of the account", "mdi:message-arrow-right")

    @callback
    def status(event: Event[dict[str, Any]]) -> dict[str, str]:
        became, icon = _BECAME[event.data["status"]]
        by = event.data["by_name"] if event.data["is_group"] else None
        return _line(_chat(event), f"{became} by {by}" if by else became, icon)

    async_describe_event(DOMAIN, EVENT_MESSAGE_RECEIVED, received)
    async_describe_event(DOMAIN, EVENT_MESSAGE_SENT, sent)
    async_describe_event(DOMAIN, EVENT_MESSAGE_STATUS, status)


def _line(name: str | None, message: str, icon: str) -> dict[str, str]:
    return {LOGBOOK_ENTRY_NAME: name or "Somebody", LOGBOOK_ENTRY_MESSAGE: message, LOGBOOK_ENTRY_ICON: icon}


def _chat(event: Event[dict[str, Any]]) -> str:
    return event.data["chat_name"] or "a chat"
