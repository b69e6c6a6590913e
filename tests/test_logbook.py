"""What the logbook shows: who did what and where, what caused it, and nothing of what was said."""

from datetime import timedelta
from typing import Any

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, FAMILY, OWNER, Simulator
from tests.support.entry import load, scripted_entry
from tests.support.happenings import ANSWER, MESSAGE, RECEIPT, VOTE, happen, person
from tests.support.scripted_account import BOB, FAMILY as SCRIPTED_FAMILY
from tests.support.scripted_bridge import ScriptedBridge, chat
from tests.support.wait import until


class Logbook:
    """The logbook as the frontend asks for it."""

    def __init__(self, hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> None:
        self._hass = hass
        self._connect = hass_ws_client

    async def entries(self, domain: str = DOMAIN) -> list[dict[str, Any]]:
        """Return what it says of WhatsApp or of another integration, oldest first."""
        await async_wait_recording_done(self._hass)
        client = await self._connect(self._hass)
        start = (dt_util.utcnow() - timedelta(hours=1)).isoformat()
        await client.send_json_auto_id({"type": "logbook/get_events", "start_time": start})
        answer = await client.receive_json()
        assert answer["success"], answer
        return [entry for entry in answer["result"] if entry.get("domain") == domain]

    async def lines(self) -> list[str]:
        return [f"{entry['name']} {entry['message']}" for entry in await self.entries()]


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: object) -> None:
    """The recorder begins before Home Assistant, as it does in a house."""


@pytest.fixture
async def logbook(recorder_mock: Recorder, hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Logbook:
    # The logbook wants it to be there; where tests run it is not installed, and nobody looks.
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "logbook", {})
    return Logbook(hass, hass_ws_client)


async def test_lines(hass: HomeAssistant, logbook: Logbook, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB, SCRIPTED_FAMILY], reach="everyone"))
    received = async_capture_events(hass, "whatsapp_message_received")
    bob = person(BOB)
    await happen(scripted_bridge, MESSAGE, BOB, text="a secret")
    await happen(scripted_bridge, MESSAGE, SCRIPTED_FAMILY, who=bob, text="a secret")
    await happen(scripted_bridge, VOTE, SCRIPTED_FAMILY, who=bob)
    await happen(scripted_bridge, ANSWER, BOB)
    poll = {"question": "a secret", "options": ["a secret"], "selectable": 1}
    await happen(scripted_bridge, MESSAGE, BOB, kind="poll", text=None, poll=poll)
    await happen(scripted_bridge, MESSAGE, chat("somebody"), text="a secret")
    await happen(scripted_bridge, MESSAGE, BOB, from_me=True, text="a secret")
    for status in ("sent", "delivered", "read", "played", "failed"):
        await happen(scripted_bridge, RECEIPT, BOB, status=status)
    await happen(scripted_bridge, RECEIPT, SCRIPTED_FAMILY, by=bob)
    await until(lambda: scripted_bridge.of("ack")[-1:] and scripted_bridge.of("ack")[-1]["seq"] == scripted_bridge.seq)
    assert len(received) == 6
    assert await logbook.lines() == [
        "Bob sent a message",
        "Bob sent a message in Family",
        "Bob voted in a poll in Family",
        "Bob chose an answer",
        "Bob sent a poll",
        "Somebody sent a message",
        "Bob was sent a message from another device of the account",
        "Bob a message was sent",
        "Bob a message was delivered",
        "Bob a message was read",
        "Bob a message was played",
        "Bob a message was not sent",
        "Family a message was read by Bob",
    ]


async def test_what_the_recorder_has_not_kept(
    hass: HomeAssistant, logbook: Logbook, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a very long message it keeps no data; and before this integration there may have been another."""
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    received = async_capture_events(hass, "whatsapp_message_received")
    await happen(scripted_bridge, MESSAGE, BOB, text="x" * 40_000)
    await until(lambda: received)
    hass.bus.async_fire("whatsapp_message_received", {"sender": "x@s.whatsapp.net", "type": "chat", "is_group": True})
    hass.bus.async_fire("whatsapp_message_sent", {"to": "x@s.whatsapp.net"})
    hass.bus.async_fire("whatsapp_message_status", {})
    assert await logbook.lines() == [
        "Somebody sent a message",
        "Somebody sent a message in a group",
        "Somebody was sent a message from another device of the account",
        "Somebody a message was sent",
    ]
    assert "describe event" not in caplog.text


async def test_nothing_of_what_was_said(
    hass: HomeAssistant, logbook: Logbook, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    await whatsapp.do("phone.say", number=BEA, to=FAMILY, text="the code is 4711")
    await until(lambda: received)
    entries = await logbook.entries()
    assert [entry["message"] for entry in entries] == ["sent a message in Family"]
    assert "4711" not in str(entries)


async def test_automation_that_answers(
    hass: HomeAssistant, logbook: Logbook, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    """The message caused the automation, and that caused what became of its answer."""
    automation = {
        "alias": "Answer Bea",
        "triggers": [{"trigger": "whatsapp.message_received", "target": {"entity_id": "event.bea"}}],
        "actions": [{"action": "whatsapp.send_message", "data": {"target": "Bea", "message": "Yes?"}}],
    }
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: automation})
    told = async_capture_events(hass, "whatsapp_message_status")
    triggered = async_capture_events(hass, "automation_triggered")
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="Anybody there?")
    await until(lambda: len(told) >= 2)
    assert {event.context.parent_id for event in told} == {triggered[0].context.id}

    entries = await logbook.entries()
    statuses = [entry for entry in entries if entry["message"].startswith("a message was")]
    assert len(statuses) >= 2
    for status in statuses:
        assert status["context_event_type"] == "automation_triggered"
        assert status["context_name"] == "Answer Bea"
        assert status["context_source"] == "WhatsApp message received"


@pytest.mark.parametrize(("happening", "trigger"), [(VOTE, "poll_voted"), (ANSWER, "answered")])
async def test_what_a_vote_or_an_answer_starts_goes_back_to_it(
    hass: HomeAssistant, logbook: Logbook, scripted_bridge: ScriptedBridge, happening: dict[str, Any], trigger: str
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    automation = {"alias": "Act", "triggers": [{"trigger": f"whatsapp.{trigger}"}], "actions": [{"event": "it_acts"}]}
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: automation})
    acts = async_capture_events(hass, "it_acts")
    await happen(scripted_bridge, happening, BOB)
    await until(lambda: acts)
    (started,) = await logbook.entries(AUTOMATION)
    assert started["context_event_type"] == "whatsapp_message_received"
    assert started["context_name"] == "Bob"


async def test_vote_and_reply_go_back_to_who_asked(
    hass: HomeAssistant, logbook: Logbook, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    script = {
        "ask": {
            "alias": "Ask the family",
            "sequence": [
                {
                    "action": "whatsapp.send_poll",
                    "data": {"target": "Family", "question": "Heat?", "options": ["Now", "Later"]},
                    "response_variable": "poll",
                },
                {"stop": "sent", "response_variable": "poll"},
            ],
        }
    }
    assert await async_setup_component(hass, "script", {"script": script})
    votes = async_capture_events(hass, "whatsapp_poll_vote")
    replies = async_capture_events(hass, "whatsapp_message_received")
    started = async_capture_events(hass, "script_started")
    answer = await hass.services.async_call("script", "ask", {}, blocking=True, return_response=True)
    assert answer
    poll = answer["message_id"]
    await whatsapp.do("phone.wait", number=BEA, kind="poll", timeout_ms=5000)
    await whatsapp.do("phone.vote", number=BEA, poll=poll, options=["Now"])
    await until(lambda: votes)
    await whatsapp.do("phone.say", number=BEA, to=FAMILY, text="It is cold.", quote=poll)
    await until(lambda: len(replies) == 2)
    asked = started[0].context.id
    assert [event.context.parent_id for event in (votes[0], *replies)] == [asked, asked, asked]

    entries = await logbook.entries()
    back = {entry["message"]: entry for entry in entries if not entry["message"].startswith("a message was")}
    assert set(back) == {"voted in a poll in Family", "sent a message in Family"}
    for each in back.values():
        assert (each["context_domain"], each["context_service"]) == ("script", "ask")


async def test_automation_that_was_started_by_a_message_says_so(
    hass: HomeAssistant, logbook: Logbook, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    automation = {
        "alias": "Light",
        "triggers": [{"trigger": "event", "event_type": "whatsapp_message_received"}],
        "actions": [{"event": "light_is_on"}],
    }
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: automation})
    done = async_capture_events(hass, "light_is_on")
    received = async_capture_events(hass, "whatsapp_message_received")
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="light")
    await until(lambda: done)
    assert done[0].context.parent_id == received[0].context.id
