"""The condition, in automations that really run."""

from typing import Any

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers.condition import async_get_all_descriptions
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from tests.support.entry import load, scripted_entry
from tests.support.scripted_account import BOB
from tests.support.scripted_bridge import ScriptedBridge
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

ASKED = "is_it_connected"
YES = "it_is_connected"


async def _automate(hass: HomeAssistant, **options: Any) -> list[Event[Any]]:
    """Set up an automation that answers when the condition holds; return its answers."""
    condition: dict[str, Any] = {"condition": "whatsapp.is_connected"}
    if options:
        condition["options"] = options
    automation = {
        "alias": "Tested",
        "triggers": [{"trigger": "event", "event_type": ASKED}],
        "conditions": [condition],
        "actions": [{"event": YES}],
    }
    answers = async_capture_events(hass, YES)
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: automation})
    await hass.async_block_till_done()
    return answers


async def _ask(hass: HomeAssistant, answers: list[Event[Any]]) -> bool:
    answers.clear()
    hass.bus.async_fire(ASKED)
    await hass.async_block_till_done()
    return bool(answers)


async def test_real_account(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await _ask(hass, await _automate(hass))


async def test_follows_the_account(hass: HomeAssistant, scripted_bridge: ScriptedBridge, impatient: None) -> None:
    """The automation is there before the account, and while that is loaded again."""
    answers = await _automate(hass)
    assert not await _ask(hass, answers)
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    assert await _ask(hass, answers)

    account = entry.runtime_data
    await scripted_bridge.state("disconnected")
    await until(lambda: account.state["connection"]["status"] == "disconnected")
    assert not await _ask(hass, answers), "WhatsApp is away"
    await scripted_bridge.state("connected")
    await until(lambda: account.state["connection"]["status"] == "connected")
    assert await _ask(hass, answers)

    await scripted_bridge.stop()
    await until(lambda: not account.bridge_connected)
    assert not await _ask(hass, answers), "the bridge is away"
    await scripted_bridge.start()
    await until(lambda: account.bridge_connected)
    assert await _ask(hass, answers)

    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not await _ask(hass, answers)


@pytest.mark.parametrize(("account", "connected"), [("Owner", True), ("15550000001", True)])
async def test_account_by_name_and_number(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, account: str, connected: bool
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    assert await _ask(hass, await _automate(hass, account=account)) is connected


async def test_account_by_entry_id(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await _ask(hass, await _automate(hass, account=entry.entry_id))


async def test_which_account_has_to_be_clear(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: SharedHouse,
    scripted_bridge: ScriptedBridge,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mistake is said in the log, and is no yes."""
    await load(hass, scripted_entry(scripted_bridge, [BOB], "Other"))
    assert not await _ask(hass, await _automate(hass))
    assert "There is more than one such WhatsApp account" in caplog.text


async def test_account_that_there_is_not(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    assert not await _ask(hass, await _automate(hass, account="Nobody"))
    assert "No WhatsApp account has this entry id, phone number or name" in caplog.text


@pytest.mark.parametrize("options", [{"account": 1}, {"acount": "Owner"}])
async def test_what_makes_no_sense_is_refused(hass: HomeAssistant, options: dict[str, Any]) -> None:
    await _automate(hass, **options)
    state = hass.states.get("automation.tested")
    assert state is None or state.state == "unavailable"


async def test_it_is_offered_in_the_editor(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await async_setup_component(hass, AUTOMATION, {})
    description = (await async_get_all_descriptions(hass))["whatsapp.is_connected"]
    assert description
    assert set(description["fields"]) == {"account"}
