"""What is said of a bridge whose disk fails."""

from pathlib import Path

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from tests.support.entry import load, scripted_entry
from tests.support.house import RealBridge
from tests.support.repairs import issues
from tests.support.scripted_account import fail, state_of
from tests.support.scripted_bridge import ScriptedBridge
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.mark.parametrize("storage", ["full", "read_only", "corrupt"])
async def test_disk_that_fails_while_the_bridge_runs(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, storage: str
) -> None:
    await load(hass, scripted_entry(scripted_bridge))
    health = {"version": "1.2.3", "uptime": 1.0, "clients": 1, "storage": storage, "accounts": []}
    scripted_bridge.answers["health"] = health
    await scripted_bridge.state("disconnected", "storage")
    await until(lambda: set(issues(hass)) == {f"storage_{storage}"})
    scripted_bridge.answers["health"] = fail("internal")
    await scripted_bridge.state("disconnected", "storage")
    await until(lambda: len(scripted_bridge.of("health")) == 2)
    assert set(issues(hass)) == {f"storage_{storage}"}, "as it was known last"
    await scripted_bridge.state("connected")
    await until(lambda: not issues(hass))


async def test_database_that_is_found_damaged(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    """Nothing of the account can be read then, after a reconnect and at the start."""
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    good = scripted_bridge.answers["accounts"]
    scripted_bridge.answers["accounts"] = fail("storage_corrupt")
    await scripted_bridge.drop()
    await until(lambda: set(issues(hass)) == {"storage_corrupt"})
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert set(issues(hass)) == {"storage_corrupt"}
    scripted_bridge.answers["accounts"] = good
    await hass.config_entries.async_reload(entry.entry_id)
    assert not issues(hass)


@pytest.mark.usefixtures("home")
async def test_database_that_was_damaged_on_the_disk(hass: HomeAssistant, bridge: RealBridge, tmp_path: Path) -> None:
    """The real bridge, while nobody looks and back from a copy."""
    await bridge.stop()
    database = tmp_path / "data" / "bridge.db"
    good = await hass.async_add_executor_job(_damage, database)
    await bridge.start()
    await until(lambda: set(issues(hass)) == {"storage_corrupt"})
    assert not issues(hass)["storage_corrupt"].is_fixable
    await bridge.stop()
    await hass.async_add_executor_job(database.write_bytes, good)
    await bridge.start()
    await until(lambda: not issues(hass))
    await until(lambda: state_of(hass, "sensor.alex_state") == "connected")


def _damage(path: Path) -> bytes:
    """Write nonsense over a database, and return what it was."""
    good = path.read_bytes()
    path.write_bytes(good[:4096] + b"\xff" * (len(good) - 4096))
    return good
