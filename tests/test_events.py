"""What automations see when something happens on the phones."""

from base64 import b64encode
import logging
from typing import Any
from uuid import uuid4

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.whatsapp.bridge.protocol import ButtonsContent, Choice
from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.event_docs import bus_event_keys
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

BEA_JID = f"{BEA}@s.whatsapp.net"
OWNER_JID = f"{OWNER}@s.whatsapp.net"

# What a message has that is a text and nothing else.
NOTHING_MORE: dict[str, Any] = {
    **dict.fromkeys(("caption", "media_type", "media_mimetype", "media_size", "file_name", "seconds")),
    **dict.fromkeys(("media_url", "media_path", "location", "quoted_message_id", "poll", "vote", "poll_id")),
    **dict.fromkeys(("question", "vote_error", "selected_id", "button_text")),
    "contacts": [],
    "mentions": [],
}
ORIGIN = {"source": "person", "e2e": True, "offline": False, "forwarded": False, "view_once": False}


def _subentry_id(entry: MockConfigEntry, title: str) -> str:
    return next(chat.subentry_id for chat in entry.subentries.values() if chat.title == title)


async def _send(hass: HomeAssistant, action: str, **data: Any) -> str:
    """Send something and return its message id."""
    answer = await hass.services.async_call("whatsapp", action, data, blocking=True, return_response=True)
    assert answer
    return str(answer["message_id"])


async def test_message_of_a_person(
    hass: HomeAssistant, entry: MockConfigEntry, house: SharedHouse, whatsapp: Simulator
) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    said = await whatsapp.do("phone.say", number=BEA, to=OWNER, text="{{ states('sun.sun') }}\nhello")
    await until(lambda: received)
    data = dict(received[0].data)
    assert set(data) == bus_event_keys("whatsapp_message_received")
    bea = await house.chat(BEA)
    age, timestamp = data.pop("age"), data.pop("timestamp")
    assert 0 <= age < 60
    assert isinstance(timestamp, int | float)
    assert data == {
        "id": said["id"],
        "type": "message",
        "content": "{{ states('sun.sun') }}\nhello",
        "sender": BEA_JID,
        "person_jid": BEA_JID,
        "raw_sender": bea["id"],
        "sender_name": "Bea",
        "sender_number": BEA,
        "sender_lid": bea["lid"],
        "from": BEA_JID,
        "from_me": False,
        "chat_id": bea["id"],
        "chat_name": "Bea",
        "is_group": False,
        "is_forwarded": False,
        "origin": ORIGIN,
        **NOTHING_MORE,
        "session_id": house.account["account_id"],
        "entry_id": entry.entry_id,
        "subentry_id": _subentry_id(entry, "Bea"),
        "raw": {"key": {"id": said["id"], "remoteJid": BEA_JID, "fromMe": False, "participant": None}},
        "replayed": False,
    }


async def test_message_in_a_group_names_the_group_and_the_person(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    said = await whatsapp.do("phone.say", number=BEA, to=FAMILY, text="dinner")
    await until(lambda: received)
    data = received[0].data
    assert (data["from"], data["sender"], data["is_group"], data["content"]) == (FAMILY, BEA_JID, True, "dinner")
    assert data["raw"] == {"key": {"id": said["id"], "remoteJid": FAMILY, "fromMe": False, "participant": BEA_JID}}
    assert (data["chat_name"], data["subentry_id"]) == ("Family", _subentry_id(entry, "Family"))


async def test_chat_that_was_not_added_is_silent(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    await whatsapp.do("phone.say", number=CARLOS, to=OWNER, text="open the door")
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="after Carlos")
    await until(lambda: received)
    assert [event.data["content"] for event in received] == ["after Carlos"]


async def test_message_typed_on_the_own_phone(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    sent = async_capture_events(hass, "whatsapp_message_sent")
    received = async_capture_events(hass, "whatsapp_message_received")
    said = await whatsapp.do("phone.type", number=OWNER, to=BEA, text="by hand")
    await until(lambda: sent)
    data = sent[0].data
    assert (data["id"], data["type"], data["content"], data["from_me"]) == (said["id"], "message", "by hand", True)
    assert (data["from"], data["to"], data["recipient"]) == (BEA_JID, BEA_JID, BEA_JID)
    assert (data["recipient_number"], data["sender"], data["sender_number"]) == (BEA, OWNER_JID, OWNER)
    assert data["raw"]["key"]["fromMe"] is True
    assert set(data) == bus_event_keys("whatsapp_message_sent")
    await hass.async_block_till_done()
    assert not received, "an automation would take it for Bea's"


async def test_what_the_house_sends_is_not_an_event(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    sent = async_capture_events(hass, "whatsapp_message_sent")
    received = async_capture_events(hass, "whatsapp_message_received")
    await _send(hass, "send_message", target=BEA, message="from the house")
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="thanks")
    await until(lambda: received)
    assert not sent
    assert [event.data["content"] for event in received] == ["thanks"]


async def test_poll_of_somebody_else(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    await whatsapp.do("phone.poll", number=BEA, to=FAMILY, question="Pizza?", options=["Yes", "No"])
    await until(lambda: received)
    data = received[0].data
    assert (data["type"], data["content"]) == ("poll", "Pizza?")
    assert data["poll"] == {"question": "Pizza?", "options": ["Yes", "No"], "selectable": 1}


async def test_votes(hass: HomeAssistant, entry: MockConfigEntry, house: SharedHouse, whatsapp: Simulator) -> None:
    votes = async_capture_events(hass, "whatsapp_poll_vote")
    messages = async_capture_events(hass, "whatsapp_message_received")
    poll = await _send(
        hass, "send_poll", target="Family", question="Heat?", options=["Now", "Later"], allow_multiple_responses=True
    )
    await whatsapp.do("phone.wait", number=BEA, kind="poll", timeout_ms=5000)
    await whatsapp.do("phone.vote", number=BEA, poll=poll, options=["Now", "Later"])
    await until(lambda: len(votes) == 1)
    await whatsapp.do("phone.vote", number=BEA, poll=poll, options=[])
    await until(lambda: len(votes) == 2)
    first, second = (dict(vote.data) for vote in votes)
    assert set(first) == bus_event_keys("whatsapp_poll_vote")
    assert 0 <= first.pop("age") < 60
    bea, family = await house.chat(BEA), await house.chat(FAMILY)
    assert first == {
        "id": first["id"],
        "poll_id": poll,
        "question": "Heat?",
        "options": ["Now", "Later"],
        "tally": [{"option": "Now", "votes": 1}, {"option": "Later", "votes": 1}],
        "vote_error": None,
        "voter": BEA_JID,
        "voter_name": "Bea",
        "voter_number": BEA,
        "voter_lid": bea["lid"],
        "from_me": False,
        "chat": FAMILY,
        "chat_id": family["id"],
        "chat_name": "Family",
        "is_group": True,
        "entry_id": entry.entry_id,
        "subentry_id": _subentry_id(entry, "Family"),
        "origin": ORIGIN,
        "timestamp": first["timestamp"],
        "replayed": False,
    }
    assert (second["options"], second["tally"]) == (
        [],
        [{"option": "Now", "votes": 0}, {"option": "Later", "votes": 0}],
    )

    assert [(event.data["type"], event.data["vote"], event.data["content"]) for event in messages] == [
        ("poll_update", ["Now", "Later"], "[Poll Vote] Now, Later"),
        ("poll_update", [], "[Poll Vote]"),
    ]
    as_message = messages[0].data
    assert set(as_message) == bus_event_keys("whatsapp_message_received")
    assert (as_message["id"], as_message["poll_id"], as_message["from"]) == (first["id"], poll, FAMILY)
    assert (as_message["sender"], as_message["sender_name"], as_message["vote_error"]) == (BEA_JID, "Bea", None)


async def test_answer_to_buttons(
    hass: HomeAssistant, entry: MockConfigEntry, house: SharedHouse, whatsapp: Simulator
) -> None:
    """Buttons become a poll, and votes for it answers; and so does the number of a button."""
    pressed = async_capture_events(hass, "whatsapp_button_pressed")
    messages = async_capture_events(hass, "whatsapp_message_received")
    buttons = [Choice(id="open", title="Open it"), Choice(id="shut", title="Keep it shut")]
    async with house.client() as client:
        content = ButtonsContent(kind="buttons", text="Somebody is at the gate", buttons=buttons)
        sent = await client.send(house.account["account_id"], BEA, content, uuid4().hex)
    question = sent["message_id"]
    await whatsapp.do("phone.wait", number=BEA, kind="poll", timeout_ms=5000)
    await whatsapp.do("phone.vote", number=BEA, poll=question, options=["Open it"])
    await until(lambda: pressed and len(messages) == 2)
    data = pressed[0].data
    assert set(data) == bus_event_keys("whatsapp_button_pressed")
    assert (data["button_id"], data["selected_text"], data["poll_id"]) == ("open", "Open it", question)
    assert (data["message_id"], data["form"], data["sender"], data["from"]) == (question, "vote", BEA_JID, BEA_JID)
    assert [message.data["type"] for message in messages] == ["poll_update", "button_reply"]
    reply = messages[1].data
    assert (reply["content"], reply["selected_id"], reply["button_text"]) == ("Open it", "open", "Open it")
    assert reply["poll_id"] == question
    assert set(reply) == bus_event_keys("whatsapp_message_received")

    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="2", quote=question)
    await until(lambda: len(pressed) == 2)
    assert (pressed[1].data["button_id"], pressed[1].data["form"]) == ("shut", "number")


async def test_picture(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    photo = b"\xff\xd8\xff\xe0" + bytes(100)
    sent = await whatsapp.do(
        "phone.send_media",
        number=BEA,
        to=OWNER,
        kind="image",
        base64=b64encode(photo).decode(),
        mime="image/jpeg",
        caption="the gate",
    )
    await until(lambda: received)
    data = received[0].data
    assert (data["type"], data["content"], data["caption"]) == ("message", "the gate", "the gate")
    assert (data["media_type"], data["media_mimetype"], data["media_size"]) == ("image", "image/jpeg", len(photo))
    assert (data["media_url"], data["media_path"]) == (f"/api/whatsapp/media/{entry.entry_id}/{sent['id']}", None)
    assert set(data) == bus_event_keys("whatsapp_message_received")


async def test_document_place_and_card(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    await whatsapp.do(
        "phone.send_media",
        number=BEA,
        to=OWNER,
        kind="document",
        base64=b64encode(b"%PDF-1.7").decode(),
        mime="application/pdf",
        file_name="../../plan.pdf",
    )
    await whatsapp.do("phone.locate", number=BEA, to=OWNER, latitude=47.37, longitude=8.54, name="Gate")
    await whatsapp.do("phone.contact", number=BEA, to=OWNER, contacts=[{"name": "Doc", "phones": ["+1 555 0000009"]}])
    await until(lambda: len(received) == 3)
    document, place, card = (event.data for event in received)
    assert (document["media_type"], document["file_name"]) == ("document", "plan.pdf")
    assert place["location"] == {
        "latitude": 47.37,
        "longitude": 8.54,
        "name": "Gate",
        "address": None,
        "live": False,
    }
    assert card["contacts"] == [{"name": "Doc", "phones": ["+1 555 0000009"]}]


async def test_mentions_and_quotes(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    message = await _send(hass, "send_message", target="Family", message="dinner at eight")
    await whatsapp.do("phone.wait", number=BEA, text="dinner at eight", timeout_ms=5000)
    await whatsapp.do("phone.say", number=BEA, to=FAMILY, text="fine", quote=message, mentions=[OWNER], forwarded=1)
    await until(lambda: received)
    data = received[0].data
    assert (data["quoted_message_id"], data["mentions"]) == (message, [OWNER_JID])
    assert (data["is_forwarded"], data["origin"]["forwarded"]) == (True, True)


async def test_what_became_of_a_message_to_a_chat_that_was_not_added(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    told = async_capture_events(hass, "whatsapp_message_status")
    message = await _send(hass, "send_message", target=f"+{CARLOS}", message="on its way")
    await whatsapp.do("phone.read", number=CARLOS, id=message)
    await until(lambda: [event.data["status"] for event in told] == ["sent", "delivered", "read"])
    assert {event.data["id"] for event in told} == {message}
    assert {event.data["chat"] for event in told} == {f"{CARLOS}@s.whatsapp.net"}
    assert {event.data["subentry_id"] for event in told} == {None}
    assert {frozenset(event.data) for event in told} == {frozenset(bus_event_keys("whatsapp_message_status"))}
    told.clear()

    await whatsapp.do("fault.set", kind="ack_error", code=463, times=1)
    with pytest.raises(HomeAssistantError) as caught:
        await _send(hass, "send_message", target=f"+{CARLOS}", message="refused")
    assert caught.value.translation_key == "restricted"
    await until(lambda: told)
    assert told[0].data.items() >= {"status": "failed", "error": "restricted", "entry_id": entry.entry_id}.items()


async def test_hostile_names_and_texts_are_never_logged(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = "{{ 7 * 191 }}\x1b[31m\r\n<script>alert('x')</script> 🦄"
    received = async_capture_events(hass, "whatsapp_message_received")
    caplog.clear()
    await whatsapp.do("phone.say", number=BEA, to=FAMILY, text=hostile)
    await until(lambda: received)
    assert received[0].data["content"] == hostile
    state = hass.states.get("event.family")
    assert state
    assert state.attributes["text"] == hostile
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components.whatsapp")]
    loud = [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]
    for line in ours + loud:
        assert "script" not in line
        assert BEA not in line
