"""Handling events and acknowledging them: against a bridge that does as the test says."""

import asyncio
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.whatsapp.const import DOMAIN
from tests.support.entry import load, scripted_entry
from tests.support.scripted_account import BOB, FAMILY, STRANGER, fail, state_of
from tests.support.scripted_bridge import ACCOUNT_ID, ScriptedBridge, chat, never
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")


def _ack(hass: HomeAssistant, seq: int) -> dict[str, Any]:
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    return {"account_id": ACCOUNT_ID, "consumer": entry.entry_id, "seq": seq}


async def test_acknowledges_after_handling_and_all_at_once(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    received = async_capture_events(hass, "whatsapp_message_received")
    go_on = asyncio.Event()

    async def slow(args: dict[str, Any]) -> dict[str, Any]:
        assert len(received) >= args["seq"], "acknowledged before it was handled"
        await go_on.wait()
        return {}

    scripted_bridge.answers["ack"] = slow
    for seq in range(1, 51):
        await scripted_bridge.message(seq, BOB, str(seq))
    await until(lambda: len(received) == 50)
    assert [event.data["content"] for event in received] == [str(seq) for seq in range(1, 51)]
    await until(lambda: scripted_bridge.of("ack"))
    assert len(scripted_bridge.of("ack")) == 1
    go_on.set()
    await until(lambda: scripted_bridge.of("ack")[-1]["seq"] == 50)
    assert len(scripted_bridge.of("ack")) == 2
    await scripted_bridge.message(51, BOB)
    await until(lambda: scripted_bridge.of("ack")[-1]["seq"] == 51)


async def test_chats_that_were_not_added_are_acknowledged_and_dropped(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    received = async_capture_events(hass, "whatsapp_message_received")
    await scripted_bridge.message(1, STRANGER)
    await scripted_bridge.message(2, FAMILY)
    await until(lambda: scripted_bridge.of("ack")[-1:] == [_ack(hass, 2)])
    assert not received


async def test_chat_is_known_by_any_of_its_names(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    lid = chat("9990000000002@lid", "Bob")
    await load(hass, scripted_entry(scripted_bridge, [BOB, lid | {"id": "x", "name": "Carol"}]))
    received = async_capture_events(hass, "whatsapp_message_received")
    await scripted_bridge.message(1, chat("some other id") | {"phone": BOB["phone"]})
    await scripted_bridge.message(2, chat("yet another id") | {"lid": lid["lid"]})
    await scripted_bridge.message(3, chat("a third id"))
    await until(lambda: scripted_bridge.of("ack")[-1:] == [_ack(hass, 3)])
    assert [event.data["id"] for event in received] == ["message-1", "message-2"]


async def test_what_comes_again_is_acknowledged_but_not_handled_again(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    received = async_capture_events(hass, "whatsapp_message_received")
    scripted_bridge.answers["ack"] = fail("internal")
    await scripted_bridge.message(1, BOB)
    await scripted_bridge.message(2, BOB)
    await until(lambda: len(received) == 2)
    await scripted_bridge.drop()
    await until(lambda: len(scripted_bridge.of("listen")) == 2)
    scripted_bridge.answers["ack"] = {}
    scripted_bridge.requests.clear()
    await scripted_bridge.message(1, BOB)
    await until(lambda: scripted_bridge.of("ack") == [_ack(hass, 2)])
    await scripted_bridge.message(2, BOB)
    await scripted_bridge.message(3, BOB)
    await until(lambda: scripted_bridge.of("ack")[-1] == _ack(hass, 3))
    assert [event.data["id"] for event in received] == ["message-1", "message-2", "message-3"]


async def test_new_journal_begins_anew(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    received = async_capture_events(hass, "whatsapp_message_received")
    await scripted_bridge.message(40, BOB)
    await until(lambda: scripted_bridge.of("ack"))
    scripted_bridge.seq = 3
    await scripted_bridge.drop()
    await until(lambda: len(scripted_bridge.of("listen")) == 2)
    await scripted_bridge.message(4, BOB)
    await until(lambda: scripted_bridge.of("ack")[-1]["seq"] == 4)
    assert [event.data["id"] for event in received] == ["message-40", "message-4"]


async def test_event_that_we_cannot_handle_does_not_hold_up_the_others(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    received = async_capture_events(hass, "whatsapp_message_received")
    await scripted_bridge.event({"type": "message", "chat": BOB, "from_me": False}, seq=1)
    await scripted_bridge.message(2, BOB)
    await until(lambda: scripted_bridge.of("ack")[-1:] == [_ack(hass, 2)])
    assert len(received) == 1
    assert "Unexpected error in a listener for message events" in caplog.text


async def test_reload_leaves_nothing_behind_and_loses_nothing(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    received = async_capture_events(hass, "whatsapp_message_received")
    scripted_bridge.answers["ack"] = never
    await scripted_bridge.message(1, BOB)
    await scripted_bridge.message(2, BOB)
    await until(lambda: len(received) == 2)
    scripted_bridge.answers["ack"] = {}
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert scripted_bridge.of("ack")[-1]["seq"] == 2, "handled, but the bridge would send it again"
    await until(lambda: scripted_bridge.close_codes == [1000])
    assert state_of(hass, "event.bob") == "unavailable"

    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: len(scripted_bridge.of("listen")) == 2)
    await scripted_bridge.message(3, BOB)
    await until(lambda: len(received) == 3)
    assert scripted_bridge.connections == 2


async def test_unload_does_not_wait_for_a_bridge_that_is_stuck(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.whatsapp.cursor.LAST_ACK_TIMEOUT", 0.05)
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    received = async_capture_events(hass, "whatsapp_message_received")
    scripted_bridge.answers["ack"] = never
    await scripted_bridge.message(1, BOB)
    await until(lambda: received)
    async with asyncio.timeout(5):
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_last_event_outlives_a_reload(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    await scripted_bridge.message(1, BOB, "remember me")
    await until(lambda: state_of(hass, "event.bob") != "unknown")
    before = hass.states.get("event.bob")
    assert before
    assert await hass.config_entries.async_reload(entry.entry_id)
    after = hass.states.get("event.bob")
    assert after
    assert (after.state, after.attributes["text"]) == (before.state, "remember me")
