"""What Settings, System, Repairs, System information says."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.whatsapp.const import DOMAIN
from tests.support.entry import load, scripted_entry
from tests.support.package import EN
from tests.support.scripted_account import fail
from tests.support.scripted_bridge import ScriptedBridge
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")


async def _info(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> dict[str, Any]:
    """Return what the page shows when nothing is pending any more."""
    assert await async_setup_component(hass, "system_health", {})
    client: Any = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "system_health/info"})
    assert (await client.receive_json())["success"]
    info: dict[str, Any] = {}
    while True:
        event = (await client.receive_json())["event"]
        if event["type"] == "initial":
            info = event["data"][DOMAIN]["info"]
        elif event["type"] == "update" and event["domain"] == DOMAIN:
            info[event["key"]] = event["data"] if event["success"] else event["error"]
        elif event["type"] == "finish":
            assert set(info) == set(EN["system_health"]["info"])
            return info


async def test_all_accounts_in_one(
    hass: HomeAssistant, house: SharedHouse, scripted_bridge: ScriptedBridge, hass_ws_client: WebSocketGenerator
) -> None:
    await load(hass, await house.entry({}))
    scripted_bridge.account["queued"] = 3
    scripted_bridge.answers["health"] = {
        "version": "1.2.3",
        "uptime": 1.0,
        "clients": 1,
        "storage": "full",
        "accounts": [],
    }
    other = scripted_entry(scripted_bridge)
    other.add_to_hass(hass)
    hass.config_entries.async_update_entry(other, data={**other.data, "bridge_id": "other"})
    await load(hass, other)
    async with house.client() as client:
        version = (await client.health())["version"]
    assert await _info(hass, hass_ws_client) == {
        "bridge_version": ", ".join(sorted([version, "1.2.3"])),
        "schema": "1",
        "accounts_connected": "2/2",
        "queued": 3,
        "storage": {"type": "failed", "error": "full"},
    }
    await scripted_bridge.stop()
    await until(lambda: not other.runtime_data.bridge_connected)
    assert await _info(hass, hass_ws_client) == {
        "bridge_version": version,
        "schema": "1",
        "accounts_connected": "1/2",
        "queued": 0,
        "storage": "ok",
    }


async def test_bridge_that_does_not_answer(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, hass_ws_client: WebSocketGenerator
) -> None:
    await load(hass, scripted_entry(scripted_bridge))
    scripted_bridge.answers["health"] = fail("internal")
    info = await _info(hass, hass_ws_client)
    assert info["storage"] == {"type": "failed", "error": "unreachable"}
    await scripted_bridge.stop()
