"""What an entry leaves behind when it is unloaded, loaded again and removed: nothing."""

import asyncio
from functools import partial
import gc
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsapp import backup
from custom_components.whatsapp.account import Account
from custom_components.whatsapp.const import CONF_BRIDGE_ID
from tests.support.entry import load, scripted_entry
from tests.support.repairs import issues
from tests.support.scripted_account import BOB, FAMILY
from tests.support.scripted_bridge import ScriptedBridge
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")

TIMES = 20
# What Home Assistant keeps for itself when something happens for the first time is there by then.
WARM_UP = 3


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Have a configuration folder of one's own."""
    return hass_tmp_config_dir


def _leftovers(hass: HomeAssistant, bridge: ScriptedBridge) -> dict[str, Any]:
    """Return what could be left of an entry that is not loaded."""
    gc.collect()
    return {
        # Home Assistant itself has something to write now and then.
        "listeners": {**hass.bus.async_listeners(), EVENT_HOMEASSISTANT_FINAL_WRITE: None},
        "tasks": sorted(task.get_name() for task in asyncio.all_tasks() if "WhatsApp" in task.get_name()),
        "data": sorted(map(str, hass.data)),
        "states": sorted(hass.states.async_entity_ids()),
        "issues": set(issues(hass)),
        "accounts": sum(type(found) is Account for found in gc.get_objects()),
        "sockets": bridge.open_sockets,
    }


def _has_listened(bridge: ScriptedBridge, times: int) -> bool:
    return len(bridge.of("listen")) == times


async def test_load_and_unload_leave_nothing_behind(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge, [BOB, FAMILY])
    scripted_bridge.account["connection"] |= {"status": "disconnected", "reason": "replaced"}
    await load(hass, entry)
    loaded: dict[str, Any] = {}
    unloaded: dict[str, Any] = {}
    for number in range(1, TIMES + 1):
        await hass.config_entries.async_unload(entry.entry_id)
        assert entry.state is ConfigEntryState.NOT_LOADED
        await until(lambda: scripted_bridge.open_sockets == 0)
        await hass.async_block_till_done()
        found = _leftovers(hass, scripted_bridge)
        unloaded = unloaded if number > WARM_UP else found
        assert found == unloaded, f"after {number} times"
        assert not found["tasks"]
        assert not found["issues"]
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        await until(partial(_has_listened, scripted_bridge, number + 1))
        found = _leftovers(hass, scripted_bridge)
        loaded = loaded if number > WARM_UP else found
        assert found == loaded, f"after {number} times"
        assert found["accounts"] == 1


async def test_removing_leaves_nothing_behind(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    copy = backup.copy_path(hass, entry)
    await hass.async_add_executor_job(_write, copy)
    await hass.config_entries.async_remove(entry.entry_id)
    assert scripted_bridge.of("unlink")
    await hass.async_block_till_done()
    assert not dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert not er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    assert not await hass.async_add_executor_job(copy.exists)
    assert not issues(hass)
    await until(lambda: scripted_bridge.open_sockets == 0)


async def test_copy_of_a_bridge_that_others_use_stays(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    other = MockConfigEntry(
        domain="whatsapp", data={**entry.data, "account_id": "acc-2"}, unique_id="acc-2", title="Other"
    )
    other.add_to_hass(hass)
    assert other.data[CONF_BRIDGE_ID] == entry.data[CONF_BRIDGE_ID]
    copy = backup.copy_path(hass, entry)
    await hass.async_add_executor_job(_write, copy)
    await hass.config_entries.async_remove(entry.entry_id)
    assert await hass.async_add_executor_job(copy.exists)


def _write(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"SQLite")
