"""The data of the bus events; docs/events.md has a row for each key."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from ..bridge.protocol import AnswerEvent, MessageEvent, Origin, Person, PollVoteEvent, ReceiptEvent
from .happening import Happening
from .people import freshness, jid, person, place

EVENT_BUTTON_PRESSED: Final = "whatsapp_button_pressed"
EVENT_MESSAGE_RECEIVED: Final = "whatsapp_message_received"
EVENT_MESSAGE_SENT: Final = "whatsapp_message_sent"
EVENT_MESSAGE_STATUS: Final = "whatsapp_message_status"
EVENT_POLL_VOTE: Final = "whatsapp_poll_vote"

_MEDIA_KINDS: Final = {"image", "video", "audio", "document", "sticker"}

# Keys that every `whatsapp_message_received` has, whatever it is: templates need not ask whether they are there.
_NOTHING_MORE: Final[dict[str, Any]] = {
    "caption": None,
    "media_type": None,
    "media_mimetype": None,
    "media_size": None,
    "file_name": None,
    "seconds": None,
    "media_url": None,
    "media_path": None,
    "location": None,
    "contacts": [],
    "mentions": [],
    "quoted_message_id": None,
    "poll": None,
    "vote": None,
    "poll_id": None,
    "question": None,
    "vote_error": None,
    "selected_id": None,
    "button_text": None,
}


def bus_events(happening: Happening) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the type and data of every bus event for something that happened."""
    event = happening.event
    if event["type"] == "message":
        if event["from_me"]:
            yield EVENT_MESSAGE_SENT, _message_sent(happening, event)
        if happening.is_received:
            yield EVENT_MESSAGE_RECEIVED, _message(happening, event)
    elif event["type"] == "receipt":
        yield EVENT_MESSAGE_STATUS, _message_status(happening, event)
    elif not happening.is_received:
        return
    # The one that the logbook describes comes first, so that it can say what the other one starts goes back to.
    elif event["type"] == "poll_vote":
        yield EVENT_MESSAGE_RECEIVED, _vote_as_message(happening, event)
        yield EVENT_POLL_VOTE, _poll_vote(happening, event)
    elif event["type"] == "answer":
        yield EVENT_MESSAGE_RECEIVED, _answer_as_message(happening, event)
        yield EVENT_BUTTON_PRESSED, _button_pressed(happening, event)


def media_url(entry_id: str, message_id: str) -> str:
    """Return where Home Assistant shows the file of a message to who is logged in. The id was chosen by its sender."""
    return f"/api/whatsapp/media/{entry_id}/{quote(message_id, safe='')}"


def _message(happening: Happening, event: MessageEvent) -> dict[str, Any]:
    poll, media = event["poll"], event["media"]
    data = _envelope(happening, event, event["sender"]) | {
        "type": "poll" if poll else "message",
        "content": (poll["question"] if poll else event["text"]) or "",
        "location": event["location"],
        "contacts": event["contacts"],
        "mentions": [jid(mentioned) for mentioned in event["mentions"]],
        "quoted_message_id": event["quoted_message_id"],
        "poll": poll,
    }
    if event["kind"] in _MEDIA_KINDS:
        data |= {"media_type": event["kind"], "caption": event["text"]}
    if media:
        data |= {
            "media_mimetype": media["mime"],
            "media_size": media["size"],
            "file_name": media["file_name"],
            "seconds": media["seconds"],
            "media_url": media_url(happening.entry_id, event["message_id"]),
        }
    return data


def _message_sent(happening: Happening, event: MessageEvent) -> dict[str, Any]:
    return _message(happening, event) | {
        "to": jid(event["chat"]),
        "recipient": jid(event["chat"]),
        "recipient_number": event["chat"]["phone"],
    }


def _poll_vote(happening: Happening, event: PollVoteEvent) -> dict[str, Any]:
    return {
        "id": event["message_id"],
        "poll_id": event["poll_id"],
        "question": event["question"],
        "options": event["options"],
        "tally": event["tally"],
        "vote_error": event["error"],
        **person("voter", event["voter"]),
        "from_me": event["from_me"],
        "chat": jid(event["chat"]),
        **place(happening, event["chat"]),
        "entry_id": happening.entry_id,
        "origin": _origin(event["origin"]),
        **freshness(happening),
    }


def _vote_as_message(happening: Happening, event: PollVoteEvent) -> dict[str, Any]:
    # People match on the words of the unresolved one.
    said = f"(Resolution failed: {event['error']})" if event["error"] else ", ".join(event["options"])
    return _envelope(happening, event, event["voter"]) | {
        "type": "poll_update",
        "content": f"[Poll Vote] {said}".rstrip(),
        "vote": event["options"],
        "poll_id": event["poll_id"],
        "question": event["question"],
        "vote_error": event["error"],
    }


def _answer_as_message(happening: Happening, event: AnswerEvent) -> dict[str, Any]:
    return _envelope(happening, event, event["sender"]) | {
        "type": "button_reply",
        "content": event["option_title"],
        "poll_id": event["question_id"],
        "selected_id": event["option_id"],
        "button_text": event["option_title"],
    }


def _button_pressed(happening: Happening, event: AnswerEvent) -> dict[str, Any]:
    return _answer_as_message(happening, event) | {
        "button_id": event["option_id"],
        "selected_text": event["option_title"],
        "message_id": event["question_id"],
        "form": event["form"],
    }


def _message_status(happening: Happening, event: ReceiptEvent) -> dict[str, Any]:
    return {
        "id": event["message_id"],
        "status": event["status"],
        "error": event["error"],
        "chat": jid(event["chat"]),
        **place(happening, event["chat"]),
        **person("by", event["by"]),
        "entry_id": happening.entry_id,
        **freshness(happening),
    }


def _envelope(
    happening: Happening, event: MessageEvent | PollVoteEvent | AnswerEvent, sender: Person
) -> dict[str, Any]:
    chat = event["chat"]
    return {
        "id": event["message_id"],
        **person("sender", sender),
        "person_jid": jid(sender),
        "raw_sender": sender["id"],
        "from": jid(chat),
        **place(happening, chat),
        "from_me": event["from_me"],
        "is_forwarded": event["origin"]["forwarded"],
        "origin": _origin(event["origin"]),
        **freshness(happening),
        "session_id": happening.frame["account_id"],
        "entry_id": happening.entry_id,
        "raw": {
            "key": {
                "id": event["message_id"],
                "remoteJid": jid(chat),
                "fromMe": event["from_me"],
                "participant": jid(sender) if chat["kind"] == "group" else None,
            }
        },
        **_NOTHING_MORE,
    }


def _origin(origin: Origin) -> dict[str, Any]:
    """Return what a careful automation asks before it acts."""
    return {
        "source": origin["source"],
        "e2e": origin["e2e"],
        "offline": origin["offline"],
        "forwarded": origin["forwarded"],
        "view_once": origin["view_once"],
    }
