"""Staying connected and telling what is wrong: against a bridge that does as the test says."""

import asyncio
from collections.abc import Generator
import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.whatsapp import account as account_module
from tests.support.entry import load, scripted_entry, search_groups
from tests.support.scripted_account import BOB, FAMILY, fail, reauth_flows, state_of
from tests.support.scripted_bridge import ScriptedBridge, account
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")


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


async def _set_up_before_start(hass: HomeAssistant, bridge: ScriptedBridge) -> None:
    hass.set_state(CoreState.not_running)
    entry = scripted_entry(bridge, [BOB])
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)


def _start(hass: HomeAssistant) -> None:
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)


async def test_events_wait_until_home_assistant_has_started(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    """Automations are armed only then, and what is acknowledged does not come again."""
    await _set_up_before_start(hass, scripted_bridge)
    await hass.async_block_till_done()
    assert state_of(hass, "binary_sensor.owner_connectivity") == "on"
    assert not scripted_bridge.of("listen")
    _start(hass)
    await until(lambda: scripted_bridge.of("listen"))


async def test_connection_that_dies_before_home_assistant_has_started(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    await _set_up_before_start(hass, scripted_bridge)
    await scripted_bridge.drop()
    _start(hass)
    await until(lambda: scripted_bridge.of("listen"))
    assert scripted_bridge.connections == 2


async def test_reconnects_and_says_so_once(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, info_log: list[str]
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    assert state_of(hass, "notify.bob") != "unavailable"
    await scripted_bridge.stop()
    entity_ids = ("binary_sensor.owner_connectivity", "sensor.owner_chats", "event.bob", "notify.bob")
    await until(lambda: all(state_of(hass, entity_id) == "unavailable" for entity_id in entity_ids))
    # It comes back for a moment, but not well enough to listen to it.
    scripted_bridge.answers["listen"] = fail("internal")
    connections = scripted_bridge.connections
    await scripted_bridge.start()
    await until(lambda: scripted_bridge.connections >= connections + 3)
    scripted_bridge.answers["listen"] = {"account": account("connecting"), "chats": [BOB], "seq": 0}
    await until(lambda: state_of(hass, "binary_sensor.owner_connectivity") == "off")
    assert state_of(hass, "sensor.owner_chats") == "1"
    assert state_of(hass, "event.bob") != "unavailable"
    assert info_log == ["The connection to the bridge is lost", "The connection to the bridge is back"]


async def test_goes_on_after_an_answer_that_nobody_understands(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    understood = scripted_bridge.answers["listen"]
    scripted_bridge.answers["listen"] = {"chats": None}
    await scripted_bridge.drop()
    await until(lambda: "Unexpected error with the connection to the bridge" in caplog.text)
    scripted_bridge.answers["listen"] = understood
    await until(lambda: state_of(hass, "binary_sensor.owner_connectivity") == "on")


async def test_state_events(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    await scripted_bridge.state("disconnected")
    await until(lambda: state_of(hass, "binary_sensor.owner_connectivity") == "off")
    assert state_of(hass, "notify.bob") != "unavailable", "messages wait in the bridge meanwhile"
    await scripted_bridge.state("connected")
    await until(lambda: state_of(hass, "binary_sensor.owner_connectivity") == "on")

    await scripted_bridge.event({"type": "chats", "chats": [FAMILY, BOB], "removed": []})
    await until(lambda: state_of(hass, "sensor.owner_chats") == "2")
    await scripted_bridge.event({"type": "chats", "chats": [], "removed": [FAMILY["id"], "unheard of"]})
    await until(lambda: state_of(hass, "sensor.owner_chats") == "1")

    other = account("disconnected") | {"account_id": "another"}
    await scripted_bridge.send(
        {"type": "event", "account_id": "another", "event": {"type": "account", "account": other}}
    )
    await scripted_bridge.event({"type": "link", "link_id": "l", "status": "connecting"})
    await scripted_bridge.event({"type": "chats", "chats": [FAMILY], "removed": []})
    await until(lambda: state_of(hass, "sensor.owner_chats") == "2")
    assert state_of(hass, "binary_sensor.owner_connectivity") == "on"


async def test_logged_out_while_running_starts_one_reauth(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    await scripted_bridge.state("unlinked")
    await until(lambda: state_of(hass, "notify.bob") == "unavailable")
    assert state_of(hass, "binary_sensor.owner_connectivity") == "off", "that is known, as the bridge is there"
    await scripted_bridge.state("unlinked")
    await scripted_bridge.event({"type": "chats", "chats": [FAMILY], "removed": []})
    await hass.async_block_till_done()
    assert len(reauth_flows(hass)) == 1
    assert entry.state is ConfigEntryState.LOADED
    await scripted_bridge.state("connected")
    await until(lambda: state_of(hass, "notify.bob") != "unavailable")


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
        scripted_bridge.answers["authenticate"] = fail("unauthorized")
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
    assert len(reauth_flows(hass)) == (change != "schema")


async def test_closes_when_home_assistant_stops(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    await scripted_bridge.message(1, BOB)
    await until(lambda: scripted_bridge.of("ack"))
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await until(lambda: scripted_bridge.close_codes == [1000])
    await hass.async_block_till_done()
    assert scripted_bridge.connections == 1
    assert state_of(hass, "event.bob") != "unavailable", "it would be saved so"


async def test_action_waits_for_the_bridge_for_a_while(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next try would come after a minute; who waits has it come at once."""
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.chats = [FAMILY]
    await load(hass, entry)
    await scripted_bridge.stop()
    await until(lambda: state_of(hass, "sensor.owner_chats") == "unavailable")
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
    await until(lambda: state_of(hass, "sensor.owner_chats") == "unavailable")
    waiting = hass.async_create_task(search_groups(hass))
    await asyncio.sleep(0)
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(HomeAssistantError) as caught:
        await waiting
    assert caught.value.translation_key == "bridge_unreachable"
