"""Events of the wire, for a scripted bridge to send."""

from typing import Any

from custom_components.whatsapp.bridge.protocol import Chat, Person
from tests.support.scripted_bridge import ORIGIN, OWNER, ScriptedBridge

ME: Person = {"id": f"{OWNER}@s.whatsapp.net", "phone": OWNER, "lid": None, "name": "Owner"}


def person(chat: Chat) -> Person:
    """Return who is at the other end of a chat."""
    return {"id": chat["id"], "phone": chat["phone"], "lid": chat["lid"], "name": chat["name"]}


MESSAGE: dict[str, Any] = {
    "type": "message",
    "kind": "text",
    "text": "hello",
    "poll": None,
    "media": None,
    "location": None,
    "contacts": [],
    "mentions": [],
    "quoted_message_id": None,
}
EDIT: dict[str, Any] = {"type": "edit", "text": "hello!"}
REVOKE: dict[str, Any] = {"type": "revoke"}
REACTION: dict[str, Any] = {"type": "reaction", "emoji": "👍"}
VOTE: dict[str, Any] = {
    "type": "poll_vote",
    "poll_id": "poll-1",
    "question": "Heat?",
    "options": ["Now"],
    "tally": [{"option": "Now", "votes": 1}],
    "error": None,
}
ANSWER: dict[str, Any] = {
    "type": "answer",
    "question_id": "question-1",
    "option_id": "open",
    "option_title": "Open it",
    "form": "vote",
}
RECEIPT: dict[str, Any] = {"type": "receipt", "status": "read", "by": None, "error": None}
GROUP_CHANGE: dict[str, Any] = {"type": "group_change", "change": "add", "by": None, "members": [], "value": None}
CALL: dict[str, Any] = {"type": "call", "call_id": "call-1", "status": "offered", "video": False}
UNDECRYPTABLE: dict[str, Any] = {"type": "undecryptable", "reason": "no_session"}
IDENTITY_CHANGED: dict[str, Any] = {"type": "identity_changed"}
DEVICES_CHANGED: dict[str, Any] = {"type": "own_devices_changed", "added": [3], "removed": []}

# What each event calls who did it; the others do not say.
_ROLES = {
    **dict.fromkeys(("message", "edit", "revoke", "reaction", "answer", "undecryptable"), "sender"),
    "poll_vote": "voter",
    "call": "caller",
}


async def happen(bridge: ScriptedBridge, what: dict[str, Any], where: Chat, **changes: Any) -> int:
    """Let something happen in a chat, by the person there unless told; return its number in the journal."""
    bridge.seq += 1
    envelope = {"replayed": False, "age": 0.5} | {
        key: changes.pop(key) for key in ("replayed", "age") if key in changes
    }
    who = changes.pop("who", ME if changes.get("from_me") else person(where))
    event: dict[str, Any] = {
        "message_id": f"message-{bridge.seq}",
        "chat": where,
        **({_ROLES[what["type"]]: who, "from_me": False} if what["type"] in _ROLES else {}),
        "timestamp": 1700000000.0 + bridge.seq,
    }
    if what["type"] in _ROLES or what["type"] == "group_change":
        event["origin"] = ORIGIN | {"source": "phone" if changes.get("from_me") else "person"}
    await bridge.event(event | what | changes, seq=bridge.seq, **envelope)
    return bridge.seq
