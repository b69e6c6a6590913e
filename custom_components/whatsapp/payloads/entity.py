"""The types and attributes of the event entities; docs/events.md has a row for each type."""

from typing import Any, Final, cast

from ..bridge.protocol import JournalEvent
from .bus import media_url
from .happening import Happening
from .people import freshness, jid, person, place

# What the entity calls each event of the wire.
_CHAT_TYPES: Final = {
    "message": "message",
    "edit": "edited",
    "revoke": "deleted",
    "reaction": "reaction",
    "poll_vote": "poll_vote",
    "answer": "answer",
    "receipt": "receipt",
    "group_change": "group_changed",
    "call": "call",
}
_NOTICE_TYPES: Final = {
    "undecryptable": "undecryptable",
    "identity_changed": "identity_changed",
    "own_devices_changed": "devices_changed",
}
CHAT_EVENT_TYPES: Final = list(_CHAT_TYPES.values())
# What is about the account or about trust in somebody, and nothing that was said.
NOTICE_EVENT_TYPES: Final = list(_NOTICE_TYPES.values())

# What an attribute is called, and the field of the wire that it shows.
_SHOWN: Final[dict[str, dict[str, str]]] = {
    "message": {
        **{key: key for key in ("message_id", "kind", "text", "from_me", "quoted_message_id")},
        **{key: key for key in ("poll", "media", "location", "contacts")},
    },
    "edit": {key: key for key in ("message_id", "text", "from_me")},
    "revoke": {key: key for key in ("message_id", "from_me")},
    "reaction": {key: key for key in ("message_id", "emoji", "from_me")},
    "poll_vote": {
        **{key: key for key in ("message_id", "poll_id", "question", "options", "tally", "from_me")},
        "vote_error": "error",
    },
    "answer": {
        **{key: key for key in ("message_id", "question_id", "form", "from_me")},
        "button_id": "option_id",
        "selected_text": "option_title",
    },
    "receipt": {key: key for key in ("message_id", "status", "error")},
    "group_change": {key: key for key in ("change", "value")},
    "call": {key: key for key in ("call_id", "status", "video")},
    "undecryptable": {key: key for key in ("message_id", "reason", "from_me")},
    "identity_changed": {},
    "own_devices_changed": {key: key for key in ("added", "removed")},
}
_ROLES: Final = ("sender", "voter", "caller", "by")

# All that `entity_event` returns, of whatever type.
ENTITY_ATTRIBUTES: Final = frozenset(
    {
        *("timestamp", "replayed", "age", "source"),
        *("chat", "chat_id", "chat_name", "is_group", "subentry_id"),
        *(f"{role}{part}" for role in _ROLES for part in ("", "_name", "_number", "_lid")),
        *("media_url", "mentions", "members"),
        *(attribute for shown in _SHOWN.values() for attribute in shown),
    }
)


def entity_event(happening: Happening) -> tuple[str, dict[str, Any]]:
    """Return the type and attributes of an event entity's event.

    All types: `timestamp` (seconds since 1970), `replayed`, `age` (seconds), and `source` where the wire has an origin.
    All but `devices_changed`: `chat` (an address), `chat_id`, `chat_name`, `is_group`, `subentry_id`.
    The person has `sender`, `voter`, `caller` or `by`, with `_name`, `_number` and `_lid`; `members` are
    `[{id, name, number, lid}]`.
    """
    event = happening.event
    fields = cast("dict[str, Any]", event)
    attributes = {name: fields[field] for name, field in _SHOWN[event["type"]].items()}
    for role in _ROLES:
        if role in fields:
            attributes |= person(role, fields[role])
    if event["type"] != "own_devices_changed":
        attributes |= {"chat": jid(event["chat"]), **place(happening, event["chat"])}
    if "origin" in fields:
        attributes["source"] = fields["origin"]["source"]
    return _type(event), attributes | _more(happening) | freshness(happening)


def _type(event: JournalEvent) -> str:
    return (_CHAT_TYPES | _NOTICE_TYPES)[event["type"]]


def _more(happening: Happening) -> dict[str, Any]:
    event = happening.event
    if event["type"] == "message":
        url = media_url(happening.entry_id, event["message_id"]) if event["media"] else None
        return {"media_url": url, "mentions": [jid(mentioned) for mentioned in event["mentions"]]}
    if event["type"] == "group_change":
        return {
            "members": [
                {"id": jid(member), "name": member["name"], "number": member["phone"], "lid": member["lid"]}
                for member in event["members"]
            ]
        }
    return {}
