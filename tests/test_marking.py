"""Marking as read: what reached automations, and nothing else."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.entry import load, scripted_entry
from tests.support.happenings import EDIT, MESSAGE, VOTE, happen, person
from tests.support.scripted_account import BOB, FAMILY as SCRIPTED_FAMILY, STRANGER, fail
from tests.support.scripted_bridge import ACCOUNT_ID, ScriptedBridge, never
from tests.support.shared_house import SharedHouse
from tests.support.wait import until, until_told


async def _handled(bridge: ScriptedBridge) -> None:
    await until(lambda: bridge.of("ack") and bridge.of("ack")[-1]["seq"] == bridge.seq)


def _marked(bridge: ScriptedBridge) -> list[tuple[str, str]]:
    return [(args["chat"], args["message_id"]) for args in bridge.of("mark_read")]


async def _read(whatsapp: Simulator, number: str) -> set[str]:
    """Return what this phone was told to be read."""
    receipts = (await whatsapp.do("phone.receipts", number=number))["receipts"]
    return {receipt["id"] for receipt in receipts if receipt["type"] == "read"}


async def test_phone_sees_that_it_was_read(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator) -> None:
    await load(hass, await house.entry({BEA: "Bea", FAMILY: "Family"}, mark_as_read=True))
    ids = set()
    other = await whatsapp.do("phone.say", number=CARLOS, to=OWNER, text="not for the house")
    for to in (OWNER, FAMILY):
        ids.add((await whatsapp.do("phone.say", number=BEA, to=to, text="for the house"))["id"])
    await until_told(lambda: _read(whatsapp, BEA), lambda read: ids <= read)
    assert other["id"] not in await _read(whatsapp, CARLOS)


async def test_nothing_is_marked_unless_chosen(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    await happen(scripted_bridge, MESSAGE, BOB)
    await _handled(scripted_bridge)
    await hass.async_block_till_done()
    assert not _marked(scripted_bridge)


async def test_only_messages_of_others_that_reached_automations(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    scripted_bridge.answers["mark_read"] = {}
    await load(hass, scripted_entry(scripted_bridge, [BOB, SCRIPTED_FAMILY], mark_as_read=True, own_messages=True))
    await happen(scripted_bridge, MESSAGE, STRANGER)
    await happen(scripted_bridge, MESSAGE, SCRIPTED_FAMILY, from_me=True)
    await happen(scripted_bridge, EDIT, SCRIPTED_FAMILY)
    await happen(scripted_bridge, VOTE, SCRIPTED_FAMILY)
    await happen(scripted_bridge, MESSAGE, BOB)
    await until(lambda: _marked(scripted_bridge))
    await _handled(scripted_bridge)
    await hass.async_block_till_done()
    assert scripted_bridge.of("mark_read") == [{"account_id": ACCOUNT_ID, "chat": BOB["id"], "message_id": "message-5"}]


async def test_group_of_which_only_some_count_is_left_alone(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, impatient: None
) -> None:
    """WhatsApp would mark what the others wrote before as well."""
    scripted_bridge.answers["mark_read"] = {}
    entry = scripted_entry(scripted_bridge, [BOB, SCRIPTED_FAMILY], mark_as_read=True)
    await load(hass, entry)
    family = next(each for each in entry.subentries.values() if each.title == "Family")
    hass.config_entries.async_update_subentry(entry, family, data={**family.data, "members": [person(BOB)]})
    await until(lambda: len(scripted_bridge.of("listen")) == 2 and entry.state is ConfigEntryState.LOADED)
    received = async_capture_events(hass, "whatsapp_message_received")
    await happen(scripted_bridge, MESSAGE, SCRIPTED_FAMILY, who=person(BOB))
    await happen(scripted_bridge, MESSAGE, BOB)
    await until(lambda: _marked(scripted_bridge))
    assert len(received) == 2
    assert [where for where, _ in _marked(scripted_bridge)] == [BOB["id"]]


async def test_many_are_marked_together(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    go_on = asyncio.Event()

    async def slow(_: dict[str, Any]) -> dict[str, Any]:
        await go_on.wait()
        return {}

    scripted_bridge.answers["mark_read"] = slow
    await load(hass, scripted_entry(scripted_bridge, [BOB, SCRIPTED_FAMILY], mark_as_read=True))
    await happen(scripted_bridge, MESSAGE, BOB)
    await until(lambda: _marked(scripted_bridge))
    for _ in range(20):
        await happen(scripted_bridge, MESSAGE, BOB)
        await happen(scripted_bridge, MESSAGE, SCRIPTED_FAMILY)
    await _handled(scripted_bridge)
    go_on.set()
    await until(lambda: len(_marked(scripted_bridge)) == 3)
    await hass.async_block_till_done()
    assert sorted(_marked(scripted_bridge)) == sorted(
        [(BOB["id"], "message-1"), (BOB["id"], "message-40"), (SCRIPTED_FAMILY["id"], "message-41")]
    )


async def test_errors_are_nobodys_business(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    scripted_bridge.answers["mark_read"] = fail("not_connected")
    await load(hass, scripted_entry(scripted_bridge, [BOB], mark_as_read=True))
    caplog.clear()
    await happen(scripted_bridge, MESSAGE, BOB)
    await until(lambda: _marked(scripted_bridge))
    await hass.async_block_till_done()
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    scripted_bridge.answers["mark_read"] = {}
    await happen(scripted_bridge, MESSAGE, BOB)
    await until(lambda: len(_marked(scripted_bridge)) == 2)


async def test_unload_does_not_wait_for_it(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    scripted_bridge.answers["mark_read"] = never
    entry = scripted_entry(scripted_bridge, [BOB], mark_as_read=True)
    await load(hass, entry)
    await happen(scripted_bridge, MESSAGE, BOB)
    await until(lambda: _marked(scripted_bridge))
    async with asyncio.timeout(5):
        assert await hass.config_entries.async_unload(entry.entry_id)
