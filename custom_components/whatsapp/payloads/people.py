"""Who, where and when: what all events have in common."""

from typing import Any

from ..bridge.protocol import Chat, Person
from .happening import Happening


def jid(whom: Chat | Person) -> str:
    """Return the address that WhatsApp knows somebody by: the one of the phone number when that is known."""
    if whom["phone"] is not None:
        return f"{whom['phone']}@s.whatsapp.net"
    return whom["id"]


def person(role: str, whom: Person | None) -> dict[str, Any]:
    """Return somebody's address, name, number (digits) and LID under the name of their role; None where not known."""
    if whom is None:
        return {role: None, f"{role}_name": None, f"{role}_number": None, f"{role}_lid": None}
    return {
        role: jid(whom),
        f"{role}_name": whom["name"],
        f"{role}_number": whom["phone"],
        f"{role}_lid": whom["lid"],
    }


def place(happening: Happening, chat: Chat) -> dict[str, Any]:
    """Return which chat it is: `chat_id`, `chat_name`, `is_group`, and `subentry_id` when it was added."""
    added = happening.added
    return {
        "chat_id": chat["id"],
        "chat_name": added.title if added else chat["name"],
        "is_group": chat["kind"] == "group",
        "subentry_id": added.subentry_id if added else None,
    }


def freshness(happening: Happening) -> dict[str, Any]:
    """Return `timestamp` (seconds since 1970, by WhatsApp's clock), `replayed`, and `age` in seconds."""
    frame = happening.frame
    return {
        "timestamp": happening.event["timestamp"],
        "replayed": frame.get("replayed", False),
        "age": round(frame.get("age", 0), 3),
    }
