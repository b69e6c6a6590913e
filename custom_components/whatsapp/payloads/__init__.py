"""What automations see of WhatsApp's events: the data of bus events and the attributes of event entities.

Names and texts in here were chosen by strangers: they are data, and nothing may render them as a template or log them.
"""

from .bus import (
    EVENT_BUTTON_PRESSED,
    EVENT_MESSAGE_RECEIVED,
    EVENT_MESSAGE_SENT,
    EVENT_MESSAGE_STATUS,
    EVENT_POLL_VOTE,
    bus_events,
    media_url,
)
from .entity import CHAT_EVENT_TYPES, ENTITY_ATTRIBUTES, NOTICE_EVENT_TYPES, entity_event
from .happening import Happening
from .people import jid

__all__ = [
    "CHAT_EVENT_TYPES",
    "ENTITY_ATTRIBUTES",
    "EVENT_BUTTON_PRESSED",
    "EVENT_MESSAGE_RECEIVED",
    "EVENT_MESSAGE_SENT",
    "EVENT_MESSAGE_STATUS",
    "EVENT_POLL_VOTE",
    "NOTICE_EVENT_TYPES",
    "Happening",
    "bus_events",
    "entity_event",
    "jid",
    "media_url",
]
