"""Setting an account up and taking it down: against a bridge that does as the test says."""

import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.whatsapp.bridge.protocol import LIMIT_LISTED_CHATS
from custom_components.whatsapp.const import DOMAIN
from tests.support.entry import load, scripted_entry
from tests.support.repairs import issues
from tests.support.scripted_account import BOB, FAMILY, STRANGER, fail, reauth_flows, state_of
from tests.support.scripted_bridge import ACCOUNT_ID, ScriptedBridge, account
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")


async def _fails(hass: HomeAssistant, entry: MockConfigEntry) -> tuple[ConfigEntryState, str | None]:
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry.state, entry.error_reason_translation_key


async def test_bridge_that_is_not_there_is_tried_again(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge)
    await scripted_bridge.stop()
    assert await _fails(hass, entry) == (ConfigEntryState.SETUP_RETRY, "bridge_unreachable")
    await scripted_bridge.start()
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED


async def test_wrong_token_asks_for_another(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.answers["authenticate"] = fail("unauthorized")
    assert await _fails(hass, entry) == (ConfigEntryState.SETUP_ERROR, "invalid_token")
    assert len(reauth_flows(hass)) == 1


async def test_account_that_the_bridge_does_not_have_is_linked_again(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.answers["accounts"] = {"accounts": [account() | {"account_id": "another"}]}
    assert await _fails(hass, entry) == (ConfigEntryState.SETUP_ERROR, "account_not_found")
    assert len(reauth_flows(hass)) == 1


async def test_account_that_is_logged_out_is_linked_again(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.account = account("unlinked")
    assert await _fails(hass, entry) == (ConfigEntryState.SETUP_ERROR, "not_linked")
    assert len(reauth_flows(hass)) == 1


@pytest.mark.parametrize(
    ("schema", "key"), [({"min": 0, "max": 0}, "bridge_too_old"), ({"min": 2, "max": 2}, "bridge_too_new")]
)
async def test_schema_says_which_side_to_update(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, schema: dict[str, int], key: str
) -> None:
    entry = scripted_entry(scripted_bridge)
    assert isinstance(scripted_bridge.hello, dict)
    good, scripted_bridge.hello["schema"] = scripted_bridge.hello["schema"], schema
    assert await _fails(hass, entry) == (ConfigEntryState.SETUP_ERROR, key)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")
    assert issue
    assert issue.translation_key == key
    assert issue.translation_placeholders == {"name": "Owner"}

    scripted_bridge.hello["schema"] = good
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")


async def test_other_fault_of_the_bridge_is_tried_again(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.answers["chats"] = fail("internal")
    assert await _fails(hass, entry) == (ConfigEntryState.SETUP_RETRY, "bridge_error")
    assert entry.error_reason_translation_placeholders == {"code": "internal"}
    await until(lambda: scripted_bridge.close_codes, 5)


async def test_what_is_there_after_setup(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB, FAMILY])
    scripted_bridge.chats = [BOB, FAMILY, STRANGER]
    await load(hass, entry)

    assert scripted_bridge.of("chats") == [{"account_id": ACCOUNT_ID, "limit": LIMIT_LISTED_CHATS}]
    assert scripted_bridge.of("listen") == [{"account_id": ACCOUNT_ID, "consumer": entry.entry_id}]
    assert scripted_bridge.connections == 1
    owner = device_registry.async_get_device_by_identifier((DOMAIN, ACCOUNT_ID), entry.entry_id)
    assert owner
    assert (owner.name, owner.entry_type, owner.sw_version) == ("Owner", dr.DeviceEntryType.SERVICE, "1.2.3")
    for subentry in entry.subentries.values():
        device = device_registry.async_get_device_by_identifier(
            (DOMAIN, f"{ACCOUNT_ID}_{subentry.data['chat_id']}"), entry.entry_id
        )
        assert device
        assert (device.name, device.via_device_id) == (subentry.title, owner.id)
    entities = {
        entity.entity_id: (entity.unique_id, entity.config_subentry_id is not None, entity.entity_category)
        for entity in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    }
    expected = {
        "binary_sensor.owner_connectivity": (f"{ACCOUNT_ID}_connectivity", False, "diagnostic"),
        "sensor.owner_chats": (f"{ACCOUNT_ID}_chats", False, None),
        "event.owner_other_events": (f"{ACCOUNT_ID}_events", False, None),
        "event.bob": (f"{ACCOUNT_ID}_{BOB['id']}", True, None),
        "notify.bob": (f"{ACCOUNT_ID}_{BOB['id']}", True, None),
        "event.family": (f"{ACCOUNT_ID}_{FAMILY['id']}", True, None),
        "notify.family": (f"{ACCOUNT_ID}_{FAMILY['id']}", True, None),
    }
    # The account has more: tests/test_sensors.py and tests/test_buttons.py.
    assert {entity_id: entity for entity_id, entity in entities.items() if entity_id in expected or entity[1]} == (
        expected
    )
    chats = hass.states.get("sensor.owner_chats")
    assert chats
    assert chats.state == "3"
    assert chats.attributes["groups"] == [{"id": FAMILY["id"], "name": "Family"}]
    assert state_of(hass, "binary_sensor.owner_connectivity") == "on"
    # How long something took on a busy machine is another matter.
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING and record.name != "asyncio"]
    assert [record.getMessage() for record in warnings if "not been tested" not in record.getMessage()] == []


async def test_chats_come_and_go_without_a_restart(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, device_registry: dr.DeviceRegistry
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB, FAMILY])
    await load(hass, entry)
    subentry_id = next(key for key, subentry in entry.subentries.items() if subentry.title == "Family")
    hass.config_entries.async_remove_subentry(entry, subentry_id)
    await until(lambda: len(scripted_bridge.of("listen")) == 2)
    await hass.async_block_till_done()
    assert hass.states.get("event.family") is None
    identifier = (DOMAIN, f"{ACCOUNT_ID}_{FAMILY['id']}")
    assert device_registry.async_get_device_by_identifier(identifier, entry.entry_id) is None
    assert state_of(hass, "event.bob") == "unknown"


async def test_only_leftover_devices_can_be_removed(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    device_registry: dr.DeviceRegistry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    leftover = device_registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, f"{ACCOUNT_ID}_gone")}
    )
    for device in dr.async_entries_for_config_entry(device_registry, entry.entry_id):
        response = await client.remove_device(device.id)
        assert response["success"] is (device.id == leftover.id)


async def test_removing_the_entry_logs_the_device_out(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    assert scripted_bridge.of("unlink") == [{"account_id": ACCOUNT_ID}]
    assert not ir.async_get(hass).issues


@pytest.mark.parametrize("code", ["account_not_found", "not_linked"])
async def test_removing_what_is_logged_out_already(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, code: str
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    scripted_bridge.answers["unlink"] = fail(code)
    await hass.config_entries.async_remove(entry.entry_id)
    assert not ir.async_get(hass).issues


async def test_removing_without_the_bridge_says_what_to_do(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    await scripted_bridge.stop()
    await hass.config_entries.async_remove(entry.entry_id)
    assert set(issues(hass)) == {"unlink_failed"}
    assert "Remove it on the phone" in caplog.text
