"""Setting up, staying connected, acknowledging, taking down: against a bridge that does as the test says."""

import asyncio
from collections.abc import Generator
import logging
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.whatsapp import account as account_module
from custom_components.whatsapp.bridge import connection
from custom_components.whatsapp.bridge.protocol import LIMIT_LISTED_CHATS
from custom_components.whatsapp.const import DOMAIN
from tests.support.entry import load, scripted_entry, search_groups
from tests.support.scripted_bridge import ACCOUNT_ID, Fail, ScriptedBridge, account, chat
from tests.support.wait import until

BOB = chat("15550000002@s.whatsapp.net", "Bob")
FAMILY = chat("120363000000000001@g.us", "Family")
STRANGER = chat("15550000099@s.whatsapp.net", "Stranger")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for seconds."""
    monkeypatch.setattr(account_module, "RECONNECT_MIN", 0.02)
    monkeypatch.setattr(account_module, "RECONNECT_MAX", 0.1)
    monkeypatch.setattr(connection, "CLOSE_TIMEOUT", 0.1)


@pytest.fixture
def info_log(caplog: pytest.LogCaptureFixture) -> Generator[list[str]]:
    """Return what the integration has logged for people."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Handler(logging.INFO)
    logger = logging.getLogger("custom_components.whatsapp")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def _state(hass: HomeAssistant, entity_id: str) -> str:
    state = hass.states.get(entity_id)
    assert state, entity_id
    return state.state


def _reauth_flows(hass: HomeAssistant) -> list[Any]:
    return [flow for flow in hass.config_entries.flow.async_progress() if flow["context"]["source"] == SOURCE_REAUTH]


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
    scripted_bridge.answers["authenticate"] = _fail("unauthorized")
    assert await _fails(hass, entry) == (ConfigEntryState.SETUP_ERROR, "invalid_token")
    assert len(_reauth_flows(hass)) == 1


async def test_account_that_the_bridge_does_not_have_is_linked_again(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.answers["accounts"] = {"accounts": [account() | {"account_id": "another"}]}
    assert await _fails(hass, entry) == (ConfigEntryState.SETUP_ERROR, "account_not_found")
    assert len(_reauth_flows(hass)) == 1


async def test_account_that_is_logged_out_is_linked_again(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.account = account("unlinked")
    assert await _fails(hass, entry) == (ConfigEntryState.SETUP_ERROR, "not_linked")
    assert len(_reauth_flows(hass)) == 1


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
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"schema_{entry.entry_id}")
    assert issue
    assert issue.translation_key == key
    assert issue.translation_placeholders == {"name": "Owner"}

    scripted_bridge.hello["schema"] = good
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, f"schema_{entry.entry_id}")


async def test_other_fault_of_the_bridge_is_tried_again(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.answers["chats"] = _fail("internal")
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
    assert entities == {
        "binary_sensor.owner_connectivity": (f"{ACCOUNT_ID}_connectivity", False, "diagnostic"),
        "sensor.owner_chats": (f"{ACCOUNT_ID}_chats", False, None),
        "event.bob": (f"{ACCOUNT_ID}_{BOB['id']}", True, None),
        "notify.bob": (f"{ACCOUNT_ID}_{BOB['id']}", True, None),
        "event.family": (f"{ACCOUNT_ID}_{FAMILY['id']}", True, None),
        "notify.family": (f"{ACCOUNT_ID}_{FAMILY['id']}", True, None),
    }
    chats = hass.states.get("sensor.owner_chats")
    assert chats
    assert chats.state == "3"
    assert chats.attributes["groups"] == [{"id": FAMILY["id"], "name": "Family"}]
    assert _state(hass, "binary_sensor.owner_connectivity") == "on"
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in warnings if "not been tested" not in record.getMessage()] == []


async def test_events_wait_until_home_assistant_has_started(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    """Automations are armed only then, and what is acknowledged does not come again."""
    hass.set_state(CoreState.not_running)
    entry = scripted_entry(scripted_bridge, [BOB])
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert _state(hass, "binary_sensor.owner_connectivity") == "on"
    assert not scripted_bridge.of("listen")
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await until(lambda: scripted_bridge.of("listen"))


async def test_connection_that_dies_before_home_assistant_has_started(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    hass.set_state(CoreState.not_running)
    entry = scripted_entry(scripted_bridge, [BOB])
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await scripted_bridge.drop()
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await until(lambda: scripted_bridge.of("listen"))
    assert scripted_bridge.connections == 2


async def test_reconnects_and_says_so_once(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, info_log: list[str]
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    assert _state(hass, "notify.bob") != "unavailable"
    await scripted_bridge.stop()
    entity_ids = ("binary_sensor.owner_connectivity", "sensor.owner_chats", "event.bob", "notify.bob")
    await until(lambda: all(_state(hass, entity_id) == "unavailable" for entity_id in entity_ids))
    # It comes back for a moment, but not well enough to listen to it.
    scripted_bridge.answers["listen"] = _fail("internal")
    connections = scripted_bridge.connections
    await scripted_bridge.start()
    await until(lambda: scripted_bridge.connections >= connections + 3)
    scripted_bridge.answers["listen"] = {"account": account("connecting"), "chats": [BOB], "seq": 0}
    await until(lambda: _state(hass, "binary_sensor.owner_connectivity") == "off")
    assert _state(hass, "sensor.owner_chats") == "1"
    assert _state(hass, "event.bob") != "unavailable"
    assert info_log == ["The connection to the bridge is lost", "The connection to the bridge is back"]


async def test_state_events(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    await scripted_bridge.state("disconnected")
    await until(lambda: _state(hass, "binary_sensor.owner_connectivity") == "off")
    assert _state(hass, "notify.bob") != "unavailable", "messages wait in the bridge meanwhile"
    await scripted_bridge.state("connected")
    await until(lambda: _state(hass, "binary_sensor.owner_connectivity") == "on")

    await scripted_bridge.event({"type": "chats", "chats": [FAMILY, BOB], "removed": []})
    await until(lambda: _state(hass, "sensor.owner_chats") == "2")
    await scripted_bridge.event({"type": "chats", "chats": [], "removed": [FAMILY["id"], "unheard of"]})
    await until(lambda: _state(hass, "sensor.owner_chats") == "1")

    other = account("disconnected") | {"account_id": "another"}
    await scripted_bridge.send(
        {"type": "event", "account_id": "another", "event": {"type": "account", "account": other}}
    )
    await scripted_bridge.event({"type": "link", "link_id": "l", "status": "connecting"})
    await scripted_bridge.event({"type": "chats", "chats": [FAMILY], "removed": []})
    await until(lambda: _state(hass, "sensor.owner_chats") == "2")
    assert _state(hass, "binary_sensor.owner_connectivity") == "on"


async def test_logged_out_while_running_starts_one_reauth(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    await scripted_bridge.state("unlinked")
    await until(lambda: _state(hass, "notify.bob") == "unavailable")
    assert _state(hass, "binary_sensor.owner_connectivity") == "off", "that is known, as the bridge is there"
    await scripted_bridge.state("unlinked")
    await scripted_bridge.event({"type": "chats", "chats": [FAMILY], "removed": []})
    await hass.async_block_till_done()
    assert len(_reauth_flows(hass)) == 1
    assert entry.state is ConfigEntryState.LOADED
    await scripted_bridge.state("connected")
    await until(lambda: _state(hass, "notify.bob") != "unavailable")


@pytest.mark.parametrize(
    ("change", "state", "key"),
    [
        ("token", ConfigEntryState.SETUP_ERROR, "invalid_token"),
        ("account", ConfigEntryState.SETUP_ERROR, "account_not_found"),
        ("linked", ConfigEntryState.SETUP_ERROR, "not_linked"),
        ("schema", ConfigEntryState.SETUP_ERROR, "bridge_too_new"),
    ],
)
async def test_what_somebody_must_put_right_after_a_reconnect(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, change: str, state: ConfigEntryState, key: str
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    assert isinstance(scripted_bridge.hello, dict)
    if change == "token":
        scripted_bridge.answers["authenticate"] = _fail("unauthorized")
    elif change == "account":
        scripted_bridge.answers["accounts"] = {"accounts": []}
    elif change == "linked":
        scripted_bridge.account = account("unlinked")
    else:
        scripted_bridge.hello["schema"] = {"min": 7, "max": 7}
    await scripted_bridge.drop()
    await until(lambda: entry.state is state)
    await hass.async_block_till_done()
    assert entry.error_reason_translation_key == key
    assert len(_reauth_flows(hass)) == (change != "schema")


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
    scripted_bridge.answers["ack"] = _fail("internal")
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
    never = asyncio.Event()

    async def stuck(_: dict[str, Any]) -> dict[str, Any]:
        await never.wait()
        return {}

    scripted_bridge.answers["ack"] = stuck
    await scripted_bridge.message(1, BOB)
    await scripted_bridge.message(2, BOB)
    await until(lambda: len(received) == 2)
    scripted_bridge.answers["ack"] = {}
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert scripted_bridge.of("ack")[-1]["seq"] == 2, "handled, but the bridge would send it again"
    await until(lambda: scripted_bridge.close_codes == [1000])
    assert _state(hass, "event.bob") == "unavailable"

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
    never = asyncio.Event()

    async def stuck(_: dict[str, Any]) -> dict[str, Any]:
        await never.wait()
        return {}

    scripted_bridge.answers["ack"] = stuck
    await scripted_bridge.message(1, BOB)
    await until(lambda: received)
    async with asyncio.timeout(5):
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_last_event_outlives_a_reload(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    await scripted_bridge.message(1, BOB, "remember me")
    await until(lambda: _state(hass, "event.bob") != "unknown")
    before = hass.states.get("event.bob")
    assert before
    assert await hass.config_entries.async_reload(entry.entry_id)
    after = hass.states.get("event.bob")
    assert after
    assert (after.state, after.attributes["text"]) == (before.state, "remember me")


async def test_closes_when_home_assistant_stops(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    await scripted_bridge.message(1, BOB)
    await until(lambda: scripted_bridge.of("ack"))
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await until(lambda: scripted_bridge.close_codes == [1000])
    await hass.async_block_till_done()
    assert scripted_bridge.connections == 1
    assert _state(hass, "event.bob") != "unavailable", "it would be saved so"


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
    assert _state(hass, "event.bob") == "unknown"


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
    scripted_bridge.answers["unlink"] = _fail(code)
    await hass.config_entries.async_remove(entry.entry_id)
    assert not ir.async_get(hass).issues


async def test_removing_without_the_bridge_says_what_to_do(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    await scripted_bridge.stop()
    await hass.config_entries.async_remove(entry.entry_id)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"unlink_{entry.entry_id}")
    assert issue
    assert issue.translation_key == "unlink_failed"
    assert "Remove it on the phone" in caplog.text


async def test_action_waits_for_the_bridge_for_a_while(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next try would come after a minute; who waits has it come at once."""
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.chats = [FAMILY]
    await load(hass, entry)
    await scripted_bridge.stop()
    await until(lambda: _state(hass, "sensor.owner_chats") == "unavailable")
    monkeypatch.setattr(account_module, "WAIT_FOR_BRIDGE", 0.2)
    with pytest.raises(HomeAssistantError) as caught:
        await search_groups(hass)
    assert caught.value.translation_key == "bridge_unreachable"
    monkeypatch.setattr(account_module, "WAIT_FOR_BRIDGE", 10)
    waiting = hass.async_create_task(search_groups(hass))
    await asyncio.sleep(0)
    await scripted_bridge.start()
    assert [group["name"] for group in await waiting] == ["Family"]


async def test_whoever_waits_is_told_when_the_entry_is_unloaded(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    await scripted_bridge.stop()
    await until(lambda: _state(hass, "sensor.owner_chats") == "unavailable")
    waiting = hass.async_create_task(search_groups(hass))
    await asyncio.sleep(0)
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(HomeAssistantError) as caught:
        await waiting
    assert caught.value.translation_key == "bridge_unreachable"


def _fail(code: str) -> Any:
    def answer(_: dict[str, Any]) -> dict[str, Any]:
        raise Fail(code)

    return answer


def _ack(hass: HomeAssistant, seq: int) -> dict[str, Any]:
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    return {"account_id": ACCOUNT_ID, "consumer": entry.entry_id, "seq": seq}
