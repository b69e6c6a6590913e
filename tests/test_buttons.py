"""The buttons of an account."""

from homeassistant.components.button import DOMAIN as BUTTON, SERVICE_PRESS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from demo.simulator import OWNER, Simulator
from tests.support.entry import load, scripted_entry
from tests.support.scripted_account import fail, reauth_flows, state_of
from tests.support.scripted_bridge import ACCOUNT_ID, ScriptedBridge
from tests.support.wait import until


async def _press(hass: HomeAssistant, entity_id: str) -> None:
    await hass.services.async_call(BUTTON, SERVICE_PRESS, {"entity_id": entity_id}, blocking=True)


async def test_reconnect_after_another_program_took_over(
    hass: HomeAssistant, home: MockConfigEntry, simulator: Simulator
) -> None:
    await simulator.do("server.disconnect", number=OWNER, reason="replaced")
    await until(lambda: state_of(hass, "sensor.alex_reason") == "replaced")
    await _press(hass, "button.alex_reconnect")
    await until(lambda: state_of(hass, "sensor.alex_state") == "connected")
    assert state_of(hass, "sensor.alex_reason") == "none"
    await simulator.do("phone.wait_device", number=OWNER, state="ready")


async def test_log_out_asks_to_link_again(
    hass: HomeAssistant, home: MockConfigEntry, simulator: Simulator, entity_registry: er.EntityRegistry
) -> None:
    [unlink] = [
        entity
        for entity in er.async_entries_for_config_entry(entity_registry, home.entry_id)
        if entity.unique_id == f"{home.unique_id}_unlink"
    ]
    assert unlink.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    entity_registry.async_update_entity(unlink.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(home.entry_id)
    await _press(hass, unlink.entity_id)
    await simulator.do("phone.wait_device", number=OWNER, state="unlinked")
    await until(lambda: state_of(hass, "sensor.alex_state") == "unlinked")
    assert state_of(hass, unlink.entity_id) == "unavailable"
    await until(lambda: len(reauth_flows(hass)) == 1)


@pytest.mark.usefixtures("impatient")
async def test_press_that_fails_says_why(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    scripted_bridge.answers["reconnect"] = fail("storage_full")
    await load(hass, scripted_entry(scripted_bridge))
    with pytest.raises(HomeAssistantError) as caught:
        await _press(hass, "button.owner_reconnect")
    assert caught.value.translation_key == "storage_full"
    assert scripted_bridge.of("reconnect") == [{"account_id": ACCOUNT_ID}]
