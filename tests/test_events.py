"""What automations see when something happens on the phones."""

import logging
from typing import Any

from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.entry import load
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

BEA_JID = f"{BEA}@s.whatsapp.net"
OWNER_JID = f"{OWNER}@s.whatsapp.net"

NO_MEDIA = {"caption": None, "media_type": None, "media_url": None, "media_path": None, "media_mimetype": None}


def _event(hass: HomeAssistant, entity_id: str = "event.bea") -> State:
    state = hass.states.get(entity_id)
    assert state
    return state


def _recorded(hass: HomeAssistant, entity_id: str = "event.bea") -> set[str]:
    """Return the attributes that go to the database."""
    state = _event(hass, entity_id)
    assert state.state_info
    return set(state.attributes) - state.state_info["unrecorded_attributes"]


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
    age, timestamp = data.pop("age"), data.pop("timestamp")
    assert 0 <= age < 60
    assert isinstance(timestamp, int | float)
    assert data == {
        "id": said["id"],
        "type": "message",
        "content": "{{ states('sun.sun') }}\nhello",
        "vote": None,
        "poll": None,
        "quoted_message_id": None,
        "sender": BEA_JID,
        "person_jid": BEA_JID,
        "raw_sender": data["raw_sender"],
        "sender_name": "Bea",
        "sender_number": BEA,
        "from": BEA_JID,
        "is_group": False,
        "is_forwarded": False,
        **NO_MEDIA,
        "session_id": house.account["account_id"],
        "entry_id": entry.entry_id,
        "raw": {"key": {"id": said["id"], "remoteJid": BEA_JID, "fromMe": False, "participant": None}},
        "replayed": False,
    }

    attributes = {key: value for key, value in _event(hass).attributes.items() if key not in ("age", "timestamp")}
    assert attributes == {
        "event_types": ["message", "poll_vote", "receipt"],
        "event_type": "message",
        "friendly_name": "Bea",
        "message_id": said["id"],
        "kind": "text",
        "text": "{{ states('sun.sun') }}\nhello",
        "from_me": False,
        "poll": None,
        "quoted_message_id": None,
        "sender": BEA_JID,
        "sender_name": "Bea",
        "sender_number": BEA,
        "replayed": False,
    }
    assert _recorded(hass) == {"event_type", "friendly_name"}


async def test_message_in_a_group_names_the_group_and_the_person(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    said = await whatsapp.do("phone.say", number=BEA, to=FAMILY, text="dinner")
    await until(lambda: received)
    data = received[0].data
    assert (data["from"], data["sender"], data["is_group"], data["content"]) == (FAMILY, BEA_JID, True, "dinner")
    assert data["raw"] == {"key": {"id": said["id"], "remoteJid": FAMILY, "fromMe": False, "participant": BEA_JID}}
    assert _event(hass, "event.family").attributes["sender_number"] == BEA
    assert _event(hass, "event.bea").state == "unknown"


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
    await hass.async_block_till_done()
    assert not received
    assert _event(hass).state == "unknown", "an automation would take it for Bea's"


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


async def test_note_to_oneself(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator) -> None:
    """The chat with oneself is how people without a second number command their house."""
    await load(hass, await house.entry({OWNER: "Me"}))
    sent = async_capture_events(hass, "whatsapp_message_sent")
    await whatsapp.do("phone.type", number=OWNER, to=OWNER, text="lights off")
    await until(lambda: sent)
    assert sent[0].data["content"] == "lights off"
    await until(lambda: _event(hass, "event.me").state != "unknown")
    assert _event(hass, "event.me").attributes["text"] == "lights off"


async def test_poll_of_somebody_else(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    await whatsapp.do("phone.poll", number=BEA, to=FAMILY, question="Pizza?", options=["Yes", "No"])
    await until(lambda: received)
    data = received[0].data
    assert (data["type"], data["content"]) == ("poll", "Pizza?")
    assert data["poll"] == {"question": "Pizza?", "options": ["Yes", "No"], "selectable": 1}


async def test_votes(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
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
    assert 0 <= first.pop("age") < 60
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
        "chat": FAMILY,
        "is_group": True,
        "entry_id": entry.entry_id,
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
    assert (
        messages[0].data.items()
        >= {
            "id": first["id"],
            "poll_id": poll,
            "from": FAMILY,
            "sender": BEA_JID,
            "person_jid": BEA_JID,
            "sender_name": "Bea",
            "vote_error": None,
            **NO_MEDIA,
        }.items()
    )
    attributes = _event(hass, "event.family").attributes
    assert attributes["event_type"] == "poll_vote"
    assert _recorded(hass, "event.family") == {"event_type", "friendly_name"}
    assert attributes.items() >= {"poll_id": poll, "options": [], "voter": BEA_JID, "vote_error": None}.items()


async def test_receipts(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    message = await _send(hass, "send_message", target="Bea", message="read me")
    await whatsapp.do("phone.read", number=BEA, id=message)
    await until(lambda: _event(hass).attributes.get("status") == "read")
    attributes = _event(hass).attributes
    assert attributes.items() >= {"event_type": "receipt", "message_id": message, "error": None}.items()
    assert _recorded(hass) == {"event_type", "friendly_name"}


async def test_what_became_of_a_message_to_a_chat_that_was_not_added(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    told = async_capture_events(hass, "whatsapp_message_status")
    message = await _send(hass, "send_message", target=f"+{CARLOS}", message="on its way")
    await whatsapp.do("phone.read", number=CARLOS, id=message)
    await until(lambda: [event.data["status"] for event in told] == ["sent", "delivered", "read"])
    assert {event.data["id"] for event in told} == {message}
    assert {event.data["chat"] for event in told} == {f"{CARLOS}@s.whatsapp.net"}
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
    assert _event(hass, "event.family").attributes["text"] == hostile
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components.whatsapp")]
    loud = [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]
    for line in ours + loud:
        assert "script" not in line
        assert BEA not in line
