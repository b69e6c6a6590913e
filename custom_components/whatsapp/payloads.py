"""What automations see of WhatsApp's events: the data of bus events and the attributes of event entities.

Names and texts in here were chosen by strangers: they are data, and nothing may render them as a template or log them.
"""

from collections.abc import Iterator
from typing import Any, Final

from .bridge.protocol import Chat, EventFrame, MessageEvent, Person, PollVoteEvent, ReceiptEvent

EVENT_MESSAGE_RECEIVED: Final = "whatsapp_message_received"
EVENT_MESSAGE_STATUS: Final = "whatsapp_message_status"
EVENT_MESSAGE_SENT: Final = "whatsapp_message_sent"
EVENT_POLL_VOTE: Final = "whatsapp_poll_vote"

# All that `entity_attributes` returns.
ENTITY_ATTRIBUTES: Final = frozenset(
    {
        *("message_id", "timestamp", "replayed", "age"),
        *("kind", "text", "from_me", "quoted_message_id", "poll", "sender", "sender_name", "sender_number"),
        *("poll_id", "question", "options", "tally", "vote_error", "voter", "voter_name", "voter_number"),
        *("status", "error", "by", "by_name", "by_number"),
    }
)

_MEDIA_KINDS: Final = {"image", "video", "audio", "document", "sticker"}


def bus_events(frame: EventFrame, entry_id: str, *, own: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the type and data of every bus event for an event of the bridge, as the functions below describe them.

    `own`: what the owner writes counts as received, too.
    """
    event = frame["event"]
    if event["type"] == "message":
        if event["from_me"]:
            yield EVENT_MESSAGE_SENT, _message_sent(frame, event, entry_id)
        if own or not event["from_me"]:
            yield EVENT_MESSAGE_RECEIVED, _message(frame, event, entry_id)
    elif event["type"] == "poll_vote":
        yield EVENT_POLL_VOTE, _poll_vote(frame, event, entry_id)
        yield EVENT_MESSAGE_RECEIVED, _vote_as_message(frame, event, entry_id)
    elif event["type"] == "receipt":
        yield EVENT_MESSAGE_STATUS, _message_status(frame, event, entry_id)


def entity_attributes(frame: EventFrame, event: MessageEvent | PollVoteEvent | ReceiptEvent) -> dict[str, Any]:
    """Return the attributes of a chat's event entity.

    All: `message_id`, `timestamp` (seconds since 1970, by WhatsApp's clock), `replayed`, `age`.
    `message`: `kind`, `text`, `from_me`, `quoted_message_id`, `poll`, `sender`, `sender_name`, `sender_number`.
    `poll_vote`: `poll_id`, `question`, `options`, `tally`, `vote_error`, `voter`, `voter_name`, `voter_number`.
    `receipt`: `status`, `error`, `by`, `by_name`, `by_number`.
    """
    attributes: dict[str, Any] = {
        "message_id": event["message_id"],
        "timestamp": event["timestamp"],
        **_freshness(frame),
    }
    if event["type"] == "message":
        attributes |= {key: event[key] for key in ("kind", "text", "from_me", "quoted_message_id", "poll")}
        return attributes | _person("sender", event["sender"])
    if event["type"] == "poll_vote":
        attributes |= {key: event[key] for key in ("poll_id", "question", "options", "tally")}
        return attributes | {"vote_error": event["error"], **_person("voter", event["voter"])}
    return attributes | {"status": event["status"], "error": event["error"], **_person("by", event["by"])}


def jid(whom: Chat | Person) -> str:
    """Return the address that WhatsApp knows somebody by: the one of the phone number when that is known."""
    if whom["phone"] is not None:
        return f"{whom['phone']}@s.whatsapp.net"
    return whom["id"]


def _message(frame: EventFrame, event: MessageEvent, entry_id: str) -> dict[str, Any]:
    """Return the data of `whatsapp_message_received`.

    `id`: the message's. `type`: `message` or `poll`. `content`: the text, caption or question.
    `sender`, `person_jid`: the person's address, in a group the member's. `raw_sender`: the bridge's own id of them.
    `sender_name`: what the person calls themselves. `sender_number`: digits, None when WhatsApp hides it.
    `from`: the chat's address, where an answer goes. `is_group`, `is_forwarded`. `timestamp`: seconds since 1970.
    `media_type`: `image`, `video`, `audio`, `document` or `sticker`; `media_url`, `media_path`, `media_mimetype`: None.
    `caption`: of media only. `poll`: `{question, options, selectable}` of a poll. `vote`: None.
    `quoted_message_id`: the message that this one answers. `session_id`: the account's id. `entry_id`: the entry's.
    `raw`: `{key: {id, remoteJid, fromMe, participant}}`.
    `replayed`: it was waiting in the bridge. `age`: seconds since it happened.
    """
    media_type = event["kind"] if event["kind"] in _MEDIA_KINDS else None
    return _envelope(frame, event, event["sender"], entry_id, from_me=event["from_me"]) | {
        "type": "poll" if event["poll"] else "message",
        "content": (event["poll"]["question"] if event["poll"] else event["text"]) or "",
        "caption": event["text"] if media_type else None,
        "vote": None,
        "poll": event["poll"],
        "quoted_message_id": event["quoted_message_id"],
        "is_forwarded": event["origin"]["forwarded"],
        "media_type": media_type,
        "media_url": None,
        "media_path": None,
        "media_mimetype": None,
    }


def _message_sent(frame: EventFrame, event: MessageEvent, entry_id: str) -> dict[str, Any]:
    """Return the data of `whatsapp_message_sent`: written by the owner on another device.

    The keys of `whatsapp_message_received`, and `from_me`: True, `to`, `recipient`: the chat's address,
    `recipient_number`: digits.
    """
    return _message(frame, event, entry_id) | {
        "from_me": True,
        "to": jid(event["chat"]),
        "recipient": jid(event["chat"]),
        "recipient_number": event["chat"]["phone"],
    }


def _poll_vote(frame: EventFrame, event: PollVoteEvent, entry_id: str) -> dict[str, Any]:
    """Return the data of `whatsapp_poll_vote`.

    `id`: the vote's. `poll_id`: the `message_id` that sending the poll answered. `question`: None when unknown.
    `options`: all that this voter has chosen now, by name; empty when withdrawn.
    `tally`: `[{option, votes}]` over all voters.
    `vote_error`: None, or why `options` is unknown: `poll_unknown`, `secret_missing` or `decrypt_failed`.
    `voter`: the person's address. `voter_name`, `voter_number`: as for a sender. `chat`: the chat's. `is_group`.
    `entry_id`, `timestamp`, `replayed`, `age`: as in `whatsapp_message_received`.
    """
    return {
        "id": event["message_id"],
        "poll_id": event["poll_id"],
        "question": event["question"],
        "options": event["options"],
        "tally": event["tally"],
        "vote_error": event["error"],
        **_person("voter", event["voter"]),
        "chat": jid(event["chat"]),
        "is_group": event["chat"]["kind"] == "group",
        "entry_id": entry_id,
        "timestamp": event["timestamp"],
        **_freshness(frame),
    }


def _vote_as_message(frame: EventFrame, event: PollVoteEvent, entry_id: str) -> dict[str, Any]:
    """Return the data of a vote in the form of `whatsapp_message_received`, where older automations look for it.

    The keys of every message, with `type`: `poll_update`, `vote`: the options chosen, and `poll_id`, `question` and
    `vote_error` as in `whatsapp_poll_vote`. `content` says it in words that such automations match on.
    """
    said = f"(Resolution failed: {event['error']})" if event["error"] else ", ".join(event["options"])
    return _envelope(frame, event, event["voter"], entry_id, from_me=False) | {
        "type": "poll_update",
        "content": f"[Poll Vote] {said}".rstrip(),
        "vote": event["options"],
        "poll_id": event["poll_id"],
        "question": event["question"],
        "vote_error": event["error"],
        "caption": None,
        "poll": None,
        "quoted_message_id": None,
        "is_forwarded": False,
        "media_type": None,
        "media_url": None,
        "media_path": None,
        "media_mimetype": None,
    }


def _message_status(frame: EventFrame, event: ReceiptEvent, entry_id: str) -> dict[str, Any]:
    """Return the data of `whatsapp_message_status`: what became of a message that Home Assistant sent.

    `id`: the `message_id` that the action answered. `status`: `sent`, `delivered`,
    `read`, `played` or `failed`. `error`: why it failed, a code of the wire. `chat`: the chat's address.
    `by`, `by_name`, `by_number`: who received or read it, where WhatsApp tells.
    `entry_id`, `timestamp`, `replayed`, `age`: as in `whatsapp_message_received`.
    """
    return {
        "id": event["message_id"],
        "status": event["status"],
        "error": event["error"],
        "chat": jid(event["chat"]),
        **_person("by", event["by"]),
        "entry_id": entry_id,
        "timestamp": event["timestamp"],
        **_freshness(frame),
    }


def _envelope(
    frame: EventFrame, event: MessageEvent | PollVoteEvent, sender: Person, entry_id: str, *, from_me: bool
) -> dict[str, Any]:
    is_group = event["chat"]["kind"] == "group"
    return {
        "id": event["message_id"],
        **_person("sender", sender),
        "person_jid": jid(sender),
        "raw_sender": sender["id"],
        "from": jid(event["chat"]),
        "is_group": is_group,
        "session_id": frame["account_id"],
        "entry_id": entry_id,
        "timestamp": event["timestamp"],
        "raw": {
            "key": {
                "id": event["message_id"],
                "remoteJid": jid(event["chat"]),
                "fromMe": from_me,
                "participant": jid(sender) if is_group else None,
            }
        },
        **_freshness(frame),
    }


def _person(role: str, person: Person | None) -> dict[str, Any]:
    if person is None:
        return {role: None, f"{role}_name": None, f"{role}_number": None}
    return {role: jid(person), f"{role}_name": person["name"], f"{role}_number": person["phone"]}


def _freshness(frame: EventFrame) -> dict[str, Any]:
    return {"replayed": frame.get("replayed", False), "age": frame.get("age", 0)}
