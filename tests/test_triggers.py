"""Triggers, in automations that really run."""

import asyncio
import logging
from typing import Any

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from homeassistant.helpers.trigger import async_get_all_descriptions
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.whatsapp.bridge.protocol import ButtonsContent, Choice
from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, OWNER, Simulator
from tests.support.entry import load, scripted_entry
from tests.support.happenings import ANSWER, MESSAGE, RECEIPT, VOTE, happen
from tests.support.scripted_account import BOB, FAMILY as SCRIPTED_FAMILY, STRANGER
from tests.support.scripted_bridge import ScriptedBridge, chat
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

RAN = "it_ran"


async def _automate(hass: HomeAssistant, *triggers: dict[str, Any]) -> list[Event[Any]]:
    """Set up an automation with these triggers; return the events that it fires, with what it was told."""
    ran = async_capture_events(hass, RAN)
    automation = {
        "id": "tested",
        "alias": "Tested",
        "mode": "queued",
        "max": 100,
        "triggers": list(triggers),
        "actions": [{"event": RAN, "event_data_template": {"trigger": "{{ trigger }}"}}],
    }
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: automation})
    await hass.async_block_till_done()
    return ran


def _is_on(hass: HomeAssistant) -> bool:
    """Return whether Home Assistant has taken the automation as it is."""
    state = hass.states.get("automation.tested")
    return state is not None and state.state == "on"


def _trigger(name: str, target: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    trigger: dict[str, Any] = {"trigger": f"whatsapp.{name}"}
    if target is not None:
        trigger["target"] = target
    if options:
        trigger["options"] = options
    return trigger


def _contents(ran: list[Event[Any]]) -> list[str]:
    return [event.data["trigger"]["data"]["content"] for event in ran]


class Loaded:
    """An account on a scripted bridge, with an automation."""

    def __init__(self, hass: HomeAssistant, bridge: ScriptedBridge) -> None:
        self._hass = hass
        self._bridge = bridge

    async def automate(self, name: str, target: dict[str, Any] | None = None, **options: Any) -> list[Event[Any]]:
        ran = await _automate(self._hass, _trigger(name, target, **options))
        assert _is_on(self._hass)
        return ran

    async def happen(self, *args: Any, **changes: Any) -> None:
        await happen(self._bridge, *args, **changes)

    async def handled(self) -> None:
        """Return when all that has happened was handled, by the automation too."""
        await until(lambda: self._bridge.of("ack") and self._bridge.of("ack")[-1]["seq"] == self._bridge.seq)
        await self._hass.async_block_till_done()


@pytest.fixture
async def loaded(hass: HomeAssistant, scripted_bridge: ScriptedBridge, impatient: None) -> Loaded:
    hass.config.country = "US"
    await load(hass, scripted_entry(scripted_bridge, [BOB, SCRIPTED_FAMILY], reach="everyone"))
    return Loaded(hass, scripted_bridge)


async def test_message(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    ran = await _automate(hass, _trigger("message_received"))
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="{{ 6 * 7 }}")
    await until(lambda: ran)
    trigger = ran[0].data["trigger"]
    assert trigger["data"] == received[0].data, "with the keys of the bus event, and not rendered"
    assert trigger["data"]["content"] == "{{ 6 * 7 }}"
    assert (trigger["platform"], trigger["description"]) == ("whatsapp.message_received", "WhatsApp message received")
    assert ran[0].context.parent_id == received[0].context.id


@pytest.mark.parametrize(
    ("options", "texts", "triggering"),
    [
        ({"text": "gate"}, ["open the GATE!", "open the door"], ["open the GATE!"]),
        ({"text": ["gate", "door"]}, ["the gate", "the door", "the roof"], ["the gate", "the door"]),
        ({"text": "gate", "match": "equals"}, [" Gate\n", "the gate"], [" Gate\n"]),
        ({"text": "Straße", "match": "equals"}, ["STRASSE", "Strasse 1"], ["STRASSE"]),
        ({"text": "Gate", "match": "equals", "case_sensitive": True}, ["gate", "Gate"], ["Gate"]),
        ({"text": "Gate", "case_sensitive": True}, ["the gate", "the Gate"], ["the Gate"]),
        (
            {"text": r"^turn (on|off) \w+$", "match": "regex"},
            ["Turn on tv", "turn on", "please turn on tv"],
            ["Turn on tv"],
        ),
        ({"text": r"\bON\b", "match": "regex", "case_sensitive": True}, ["turn ON", "turn on"], ["turn ON"]),
        ({"text": "(", "match": "contains"}, ["a (b)", "a b"], ["a (b)"]),
        ({"text": 42, "match": "equals"}, ["42", "420"], ["42"]),
        ({}, ["anything", ""], ["anything", ""]),
    ],
)
async def test_text(loaded: Loaded, options: dict[str, Any], texts: list[str], triggering: list[str]) -> None:
    ran = await loaded.automate("message_received", **options)
    for text in texts:
        await loaded.happen(MESSAGE, BOB, text=text)
    await loaded.handled()
    assert _contents(ran) == triggering


@pytest.mark.parametrize(
    ("target", "triggering"),
    [
        ({"entity_id": "event.bob"}, ["Bob"]),
        ({"entity_id": "notify.bob"}, ["Bob"]),
        ({"entity_id": ["event.bob", "notify.family"]}, ["Bob", "Family"]),
        ({"entity_id": "event.owner_other_events"}, ["Stranger"]),
        ({"entity_id": "event.somebody_else"}, []),
        ({"area_id": "kitchen"}, ["Family"]),
        ({"device_id": "bob"}, ["Bob"]),
        ({}, ["Bob", "Family", "Stranger"]),
    ],
)
async def test_target(hass: HomeAssistant, loaded: Loaded, target: dict[str, Any], triggering: list[str]) -> None:
    bob, family = (er.async_get(hass).async_get(entity_id) for entity_id in ("event.bob", "event.family"))
    assert bob
    assert family
    assert family.device_id
    ar.async_get(hass).async_create("Kitchen")
    dr.async_get(hass).async_update_device(family.device_id, area_id="kitchen")
    if target.get("device_id") == "bob":
        target = {"device_id": bob.device_id}
    ran = await loaded.automate("message_received", target)
    for where in (BOB, SCRIPTED_FAMILY, STRANGER):
        await loaded.happen(MESSAGE, where, text=where["name"])
    await loaded.handled()
    assert _contents(ran) == triggering


BY_LID = chat("9990000000002@lid", "Lid")


@pytest.mark.parametrize(
    ("sender", "triggering"),
    [
        ("+1 555 000 0002", ["Bob"]),
        ("15550000002", ["Bob"]),
        ("15550000002@s.whatsapp.net", ["Bob"]),
        ("9990000000002@lid", ["Lid", "Lid with number"]),
        (["+1 555 000 0002", "9990000000002@lid"], ["Bob", "Lid", "Lid with number"]),
        ("+1 555 000 0003", ["Lid with number"]),
        ("Bob@example", []),
    ],
)
async def test_sender(loaded: Loaded, sender: Any, triggering: list[str]) -> None:
    """By number however it is written, or by LID, also when the number becomes known later; never by name."""
    ran = await loaded.automate("message_received", sender=sender)
    await loaded.happen(MESSAGE, SCRIPTED_FAMILY, text="Bob", who={**BOB, "id": BOB["id"], "lid": None})
    await loaded.happen(MESSAGE, BY_LID, text="Lid")
    known: Any = {**BY_LID, "phone": "15550000003"}
    await loaded.happen(MESSAGE, known, text="Lid with number")
    await loaded.happen(MESSAGE, STRANGER, text="Stranger")
    nobody = {"id": "nobody", "phone": None, "lid": None, "name": "+1 555 000 0002"}
    await loaded.happen(MESSAGE, SCRIPTED_FAMILY, text="Nobody", who=nobody)
    await loaded.handled()
    assert _contents(ran) == triggering


@pytest.mark.parametrize(
    ("where", "triggering"),
    [
        (SCRIPTED_FAMILY["id"], ["Family"]),
        ("+1 555 000 0002", ["Bob"]),
        ([SCRIPTED_FAMILY["id"], STRANGER["id"]], ["Family", "Stranger"]),
    ],
)
async def test_chat(loaded: Loaded, where: Any, triggering: list[str]) -> None:
    ran = await loaded.automate("message_received", chat=where)
    for there in (BOB, SCRIPTED_FAMILY, STRANGER):
        await loaded.happen(MESSAGE, there, text=there["name"], who={**BOB, "id": BOB["id"]})
    await loaded.handled()
    assert _contents(ran) == triggering


@pytest.mark.parametrize(
    ("options", "triggering"),
    [
        ({}, ["at once"]),
        ({"include_replayed": True}, ["at once", "replayed", "at WhatsApp", "long ago"]),
        ({"include_replayed": True, "max_age": 60}, ["at once", "replayed"]),
        ({"max_age": 1000}, ["at once", "at WhatsApp"]),
        ({"max_age": 0}, []),
    ],
)
async def test_late_ones(loaded: Loaded, options: dict[str, Any], triggering: list[str]) -> None:
    """Nobody wants the door to open that was asked for an hour ago."""
    ran = await loaded.automate("message_received", **options)
    await loaded.happen(MESSAGE, BOB, text="at once", age=1)
    await loaded.happen(MESSAGE, BOB, text="replayed", replayed=True, age=20)
    await loaded.happen(MESSAGE, BOB, text="at WhatsApp", age=600)
    await loaded.happen(MESSAGE, BOB, text="long ago", replayed=True, age=4000)
    await loaded.handled()
    assert _contents(ran) == triggering


async def test_trace_says_that_it_was_too_late(
    hass: HomeAssistant, loaded: Loaded, hass_ws_client: WebSocketGenerator
) -> None:
    ran = await loaded.automate("message_received")
    await loaded.happen(MESSAGE, BOB, replayed=True, age=3600)
    await loaded.handled()
    assert not ran
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "trace/list", "domain": AUTOMATION, "item_id": "tested"})
    traces = (await client.receive_json())["result"]
    await client.send_json_auto_id(
        {"type": "trace/get", "domain": AUTOMATION, "item_id": "tested", "run_id": traces[0]["run_id"]}
    )
    trace = (await client.receive_json())["result"]
    assert "'reason': 'late'" in str(trace)


async def test_text_is_in_no_log(loaded: Loaded, caplog: pytest.LogCaptureFixture) -> None:
    """Neither when it triggers, nor when it does not."""
    ran = await loaded.automate("message_received", text="^xyzzy", match="regex")
    caplog.clear()
    for text in ("xyzzy {{ 1 / 0 }}", "no xyzzy\r\n"):
        await loaded.happen(MESSAGE, BOB, text=text, who={**BOB, "id": BOB["id"], "name": "xyzzy"})
    await loaded.handled()
    assert len(ran) == 1
    loud = [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components.whatsapp")]
    assert not [line for line in loud + ours if "xyzzy" in line]


async def test_script_that_waits(hass: HomeAssistant, loaded: Loaded) -> None:
    sequence = [{"wait_for_trigger": [_trigger("message_received")]}, {"event": RAN}]
    assert await async_setup_component(hass, "script", {"script": {"waits": {"sequence": sequence}}})
    ran = async_capture_events(hass, RAN)
    await hass.services.async_call("script", "turn_on", {"entity_id": "script.waits"}, blocking=True)
    await loaded.happen(MESSAGE, BOB, replayed=True)
    await until(lambda: hass.states.is_state("event.bob", "unknown") is False)
    assert not ran
    await loaded.happen(MESSAGE, BOB)
    await until(lambda: ran)


async def test_votes_and_answers_are_no_messages_here(loaded: Loaded) -> None:
    ran = await loaded.automate("message_received")
    await loaded.happen(VOTE, BOB)
    await loaded.happen(ANSWER, BOB)
    await loaded.happen(MESSAGE, BOB, kind="poll", text=None, poll={"question": "Q?", "options": [], "selectable": 1})
    await loaded.handled()
    assert _contents(ran) == ["Q?"]


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ({}, 1),
        ({"button_id": "open"}, 1),
        ({"button_id": ["shut", "open"], "question_id": "question-1", "sender": "+15550000002"}, 1),
        ({"button_id": "shut"}, 0),
        ({"question_id": "question-2"}, 0),
        ({"sender": "+15550000003"}, 0),
    ],
)
async def test_answered(loaded: Loaded, options: dict[str, Any], runs: int) -> None:
    ran = await loaded.automate("answered", **options)
    await loaded.happen(ANSWER, BOB)
    await loaded.happen(ANSWER, BOB, replayed=True)
    await loaded.handled()
    assert len(ran) == runs


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ({}, 2),
        ({"option": "Now"}, 1),
        ({"option": ["Later", "Now"], "poll_id": "poll-1", "sender": "+15550000002"}, 1),
        ({"option": "Later"}, 0),
        ({"poll_id": "poll-2"}, 0),
        ({"sender": "+15550000003"}, 0),
    ],
)
async def test_poll_voted(loaded: Loaded, options: dict[str, Any], runs: int) -> None:
    ran = await loaded.automate("poll_voted", **options)
    await loaded.happen(VOTE, BOB)
    await loaded.happen(VOTE, BOB, options=[])
    await loaded.happen(VOTE, BOB, replayed=True)
    await loaded.handled()
    assert len(ran) == runs


@pytest.mark.parametrize(
    ("options", "statuses"),
    [
        ({}, ["sent", "read", "failed"]),
        ({"status": "read"}, ["read"]),
        ({"status": ["read", "failed"]}, ["read", "failed"]),
        ({"message_id": "mine"}, ["failed"]),
        ({"chat": STRANGER["id"]}, ["failed"]),
        ({"target": {"entity_id": "notify.bob"}}, ["sent", "read"]),
    ],
)
async def test_message_status(loaded: Loaded, options: dict[str, Any], statuses: list[str]) -> None:
    ran = await loaded.automate("message_status", **options)
    await loaded.happen(RECEIPT, BOB, status="sent")
    await loaded.happen(RECEIPT, BOB, status="read", replayed=True, age=4000)
    await loaded.happen(RECEIPT, STRANGER, status="failed", error="expired", message_id="mine")
    await loaded.handled()
    assert [event.data["trigger"]["data"]["status"] for event in ran] == statuses


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("message_received", {"txt": "x"}),
        ("message_received", {"text": ""}),
        ("message_received", {"text": []}),
        ("message_received", {"text": {"a": 1}}),
        ("message_received", {"text": True}),
        ("message_received", {"text": "x", "match": "like"}),
        ("message_received", {"text": "(", "match": "regex"}),
        ("message_received", {"text": "(a+)+$", "match": "regex"}),
        ("message_received", {"text": ["fine", "x" * 129], "match": "regex"}),
        ("message_received", {"sender": []}),
        ("message_received", {"sender": "Bob"}),
        ("message_received", {"sender": "12"}),
        ("message_received", {"chat": "Family"}),
        ("message_received", {"max_age": -1}),
        ("message_received", {"include_replayed": "perhaps"}),
        ("message_status", {"status": "lost"}),
        ("message_status", {"sender": "+15550000002"}),
        ("no_such_trigger", {}),
    ],
)
async def test_what_makes_no_sense_is_refused(hass: HomeAssistant, name: str, options: dict[str, Any]) -> None:
    """An automation that would wait for the wrong thing, or for everything, does not start."""
    hass.config.country = "US"
    await _automate(hass, _trigger(name, **options))
    assert not _is_on(hass)


async def test_goes_on_when_the_entry_is_loaded_again(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, impatient: None
) -> None:
    """The automation is there first, as when Home Assistant starts."""
    ran = await _automate(hass, _trigger("message_received", {"entity_id": "event.bob"}))
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    await happen(scripted_bridge, MESSAGE, BOB, text="one")
    await until(lambda: len(ran) == 1)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: len(scripted_bridge.of("listen")) == 2 and entry.state is ConfigEntryState.LOADED)
    await happen(scripted_bridge, MESSAGE, BOB, text="two")
    await until(lambda: len(ran) == 2)
    assert _contents(ran) == ["one", "two"]


async def test_automation_that_is_off_hears_nothing(hass: HomeAssistant, loaded: Loaded) -> None:
    ran = await loaded.automate("message_received")
    await hass.services.async_call(AUTOMATION, "turn_off", {"entity_id": "automation.tested"}, blocking=True)
    await loaded.happen(MESSAGE, BOB)
    await loaded.handled()
    assert not ran


async def test_real_votes_answers_and_receipts(
    hass: HomeAssistant, entry: MockConfigEntry, house: SharedHouse, whatsapp: Simulator
) -> None:
    ran = await _automate(
        hass,
        {**_trigger("poll_voted", {"entity_id": "event.family"}, option="Pizza"), "id": "vote"},
        {**_trigger("answered", button_id="open", sender=f"+{BEA}"), "id": "answer"},
        {**_trigger("message_status", status="read"), "id": "read"},
    )
    poll = await hass.services.async_call(
        DOMAIN,
        "send_poll",
        {"target": "Family", "question": "Dinner?", "options": ["Pizza", "Soup"]},
        blocking=True,
        return_response=True,
    )
    assert poll
    await whatsapp.do("phone.wait", number=BEA, kind="poll", timeout_ms=5000)
    await whatsapp.do("phone.vote", number=BEA, poll=poll["message_id"], options=["Soup"])
    await whatsapp.do("phone.vote", number=BEA, poll=poll["message_id"], options=["Pizza"])
    await until(lambda: len(ran) == 1)
    async with house.client() as client:
        buttons = [Choice(id="open", title="Open it"), Choice(id="shut", title="Keep it shut")]
        content = ButtonsContent(kind="buttons", text="Somebody is at the gate", buttons=buttons)
        sent = await client.send(house.account["account_id"], BEA, content, "trigger-test")
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="Open it", quote=sent["message_id"])
    await until(lambda: len(ran) == 2)
    await whatsapp.do("phone.read", number=BEA, id=sent["message_id"])
    await until(lambda: len(ran) == 3)
    assert [event.data["trigger"]["id"] for event in ran] == ["vote", "answer", "read"]
    assert ran[0].data["trigger"]["data"]["options"] == ["Pizza"]
    assert ran[1].data["trigger"]["data"]["form"] == "title"


async def test_they_are_offered_in_the_editor(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, AUTOMATION, {})
    descriptions = await async_get_all_descriptions(hass)
    names = ("message_received", "answered", "poll_voted", "message_status")
    assert {f"whatsapp.{name}" for name in names} <= set(descriptions)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "trigger_platforms/subscribe"})
    assert (await client.receive_json())["success"]
    offered: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while "whatsapp.message_received" not in offered:
            offered |= (await client.receive_json())["event"]
    assert set(offered["whatsapp.message_received"]["fields"]) >= {"text", "sender", "include_replayed"}
    assert offered["whatsapp.message_received"]["target"]
