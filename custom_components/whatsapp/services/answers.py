"""What actions answer about chats and people."""

from typing import Any

from ..bridge.protocol import Chat, Person
from ..payloads import jid


def chat_answer(chat: Chat) -> dict[str, Any]:
    """Return `{id, jid, kind, name, number, lid, participants, is_admin}`.

    `jid`: the address that WhatsApp knows it by. `kind`: `person`, `group` or `self`. `number`: digits with country
    code. `participants`: how many. What is not known, or not of this kind, is None.
    """
    return {
        "id": chat["id"],
        "jid": jid(chat),
        "kind": chat["kind"],
        "name": chat["name"],
        "number": chat["phone"],
        "lid": chat["lid"],
        "participants": chat["participants"],
        "is_admin": chat["is_admin"],
    }


def person_answer(person: Person) -> dict[str, Any]:
    """Return `{id, jid, name, number, lid}`, as of a chat."""
    return {
        "id": person["id"],
        "jid": jid(person),
        "name": person["name"],
        "number": person["phone"],
        "lid": person["lid"],
    }
