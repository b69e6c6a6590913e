"""An event of the bridge on its way to automations."""

from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Context

from ..bridge.protocol import EventFrame, JournalEvent


@dataclass(frozen=True)
class Happening:
    """Something that happened, and what Home Assistant knows about it."""

    # Both hold what strangers wrote, which is nothing for a traceback.
    frame: EventFrame = field(repr=False)
    event: JournalEvent = field(repr=False)
    entry_id: str
    # The chat that it belongs to, if that was added.
    added: ConfigSubentry | None = field(repr=False)
    # In which everything is told that comes of it.
    context: Context
    # Whether it counts as something that came in: not what the owner does in chats with others.
    is_received: bool
