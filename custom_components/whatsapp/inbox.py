"""What of an account's journal reaches automations, and which of them."""

from collections.abc import Callable, Mapping
import logging
from typing import Any, Final, cast

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .bridge.protocol import EventFrame, JournalEvent
from .const import CONF_CHAT_ID, CONF_LID, CONF_MEMBERS, CONF_PHONE, SUBENTRY_TYPE_CHAT
from .options import Options
from .payloads import Happening, bus_events
from .receipts import Receipts

_LOGGER = logging.getLogger(__name__)

# What is about the account or about trust in somebody, and nothing that was said.
_NOTICES: Final = {"identity_changed", "own_devices_changed", "undecryptable"}
# What each event calls the person who did it.
_ACTORS: Final = ("sender", "voter", "caller")
# What each event calls the message that it answers: perhaps one of ours.
_CAUSES: Final = {
    "message": "quoted_message_id",
    "poll_vote": "poll_id",
    "answer": "question_id",
    "reaction": "message_id",
    "receipt": "message_id",
}

type Listener = Callable[[Happening], None]


def is_same(known: Mapping[str, Any], whom: Mapping[str, Any], *, id_key: str = "id") -> bool:
    """Return whether two are the same chat or person: by id, phone or lid. What is not known is never the same."""
    return known[id_key] == whom["id"] or any(
        known.get(key) and known[key] == whom[key] for key in (CONF_PHONE, CONF_LID)
    )


class Inbox:
    """Decides what reaches automations, tells the bus, then those who listen."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any], options: Options, receipts: Receipts) -> None:
        self._hass = hass
        self._entry = entry
        self._options = options
        self._receipts = receipts
        self._chat_listeners: dict[str, list[Listener]] = {}
        self._account_listeners: list[Listener] = []
        self._listeners: list[Listener] = []

    @property
    def added_chats(self) -> list[ConfigSubentry]:
        """The chats that were added to the account."""
        return list(self._entry.get_subentries_of_type(SUBENTRY_TYPE_CHAT))

    def added_chat(self, chat: Mapping[str, Any]) -> ConfigSubentry | None:
        """Return the added chat that has the id, the phone or the lid of this one."""
        return next((added for added in self.added_chats if is_same(added.data, chat, id_key=CONF_CHAT_ID)), None)

    @callback
    def on_chat_event(self, subentry_id: str, listener: Listener) -> CALLBACK_TYPE:
        """Call back with everything that happens in an added chat. Returns what ends it."""
        return _add(self._chat_listeners.setdefault(subentry_id, []), listener)

    @callback
    def on_account_event(self, listener: Listener) -> CALLBACK_TYPE:
        """Call back with everything that belongs to no added chat, and with notices. Returns what ends it."""
        return _add(self._account_listeners, listener)

    @callback
    def on_event(self, listener: Listener) -> CALLBACK_TYPE:
        """Call back with everything that reaches automations. Returns what ends it."""
        return _add(self._listeners, listener)

    @callback
    def deliver(self, frame: EventFrame, event: JournalEvent) -> None:
        """Pass on what may reach automations."""
        added = None if event["type"] == "own_devices_changed" else self.added_chat(event["chat"])
        if event["type"] == "receipt":
            # Also of chats that were not added: whoever wrote to one wants to know.
            self._receipts.note(event)
        elif not self._may_reach(event, added):
            return
        fields = cast("Mapping[str, Any]", event)
        happening = Happening(
            frame,
            event,
            self._entry.entry_id,
            added,
            self._receipts.context(fields.get(_CAUSES.get(event["type"], ""))),
            is_received=self._is_received(fields),
        )
        for listener in [self._tell_bus, *self._entity_listeners(happening), *self._listeners]:
            try:
                listener(happening)
            except Exception:
                # What one cannot handle is no reason for the others not to hear of it.
                _LOGGER.exception("Unexpected error in a listener")

    @callback
    def _tell_bus(self, happening: Happening) -> None:
        for event_type, data in bus_events(happening):
            self._hass.bus.async_fire(event_type, data, context=happening.context)

    def _entity_listeners(self, happening: Happening) -> list[Listener]:
        if not happening.is_received:
            return []
        if happening.added and happening.event["type"] not in _NOTICES:
            return self._chat_listeners.get(happening.added.subentry_id, [])
        return self._account_listeners

    def _is_received(self, fields: Mapping[str, Any]) -> bool:
        """Return whether it counts as others' doing. The chat with oneself is there to talk to the house."""
        return not fields.get("from_me") or fields["chat"]["kind"] == "self" or self._options.own_messages

    def _may_reach(self, event: JournalEvent, added: ConfigSubentry | None) -> bool:
        if event["type"] == "own_devices_changed":
            return True
        if event["type"] == "message" and event["origin"]["source"] == "bridge":
            # A house that hears itself answers itself: of what it sends the receipts tell.
            return False
        if added is None:
            return self._options.reach == "everyone"
        members = added.data.get(CONF_MEMBERS)
        fields = cast("Mapping[str, Any]", event)
        actor = next((fields[key] for key in _ACTORS if key in fields), None)
        if members is None or actor is None or fields.get("from_me"):
            return True
        return any(is_same(member, actor) for member in members)


def _add(listeners: list[Listener], listener: Listener) -> CALLBACK_TYPE:
    listeners.append(listener)
    return lambda: listeners.remove(listener)
