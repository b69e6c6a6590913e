"""The sensors of an account."""

from typing import Any, cast

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    mock_restore_cache_with_extra_data,
)

from custom_components.whatsapp.bridge.protocol import Account, ConnectionReason, ConnectionStatus
from demo.simulator import BEA, OWNER, Simulator
from tests.support.entry import load, scripted_entry
from tests.support.scripted_account import BOB, state_of
from tests.support.scripted_bridge import ACCOUNT_ID, ScriptedBridge, account
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")

DISABLED = ("failed", "received", "sent", "confirmation_time")


def connection(status: ConnectionStatus, reason: ConnectionReason | None = None, **changes: Any) -> Account:
    """Return an account that stands so with WhatsApp."""
    made = account(status)
    made["connection"]["reason"] = reason
    return cast("Account", {**made, **changes})


async def tell(bridge: ScriptedBridge, state: Account) -> None:
    """Have the bridge say how the account is."""
    bridge.account = state
    await bridge.event({"type": "account", "account": state})


def enable(entry: MockConfigEntry, registry: er.EntityRegistry, *keys: str) -> None:
    """Enable entities that are not, as a person does it before the entry is loaded again."""
    for key in keys:
        entity_id = registry.async_get_entity_id("sensor", "whatsapp", f"{entry.unique_id}_{key}")
        assert entity_id
        registry.async_update_entity(entity_id, disabled_by=None)


async def test_what_there_is(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, entity_registry: er.EntityRegistry
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    found = {
        entity.unique_id.removeprefix(f"{ACCOUNT_ID}_"): (entity.domain, entity.disabled, entity.entity_category)
        for entity in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
        if entity.domain in ("sensor", "binary_sensor")
    }
    assert found == {
        "chats": ("sensor", False, None),
        "connectivity": ("binary_sensor", False, "diagnostic"),
        "restriction": ("binary_sensor", False, "diagnostic"),
        **dict.fromkeys(("state", "reason", "queued", "last_sent", "last_received"), ("sensor", False, "diagnostic")),
        **dict.fromkeys(DISABLED, ("sensor", True, "diagnostic")),
    }


async def test_state_and_reason(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    assert state_of(hass, "sensor.owner_state") == "connected"
    assert state_of(hass, "sensor.owner_reason") == "none"
    await tell(scripted_bridge, connection("disconnected", "replaced", queued=3))
    await until(lambda: state_of(hass, "sensor.owner_state") == "disconnected")
    assert state_of(hass, "sensor.owner_reason") == "replaced"
    assert state_of(hass, "sensor.owner_waiting_messages") == "3"
    await tell(scripted_bridge, connection("unlinked", "logged_out"))
    await until(lambda: state_of(hass, "sensor.owner_state") == "unlinked")
    assert state_of(hass, "sensor.owner_reason") == "logged_out"
    assert state_of(hass, "sensor.owner_chats") == "unavailable"
    await scripted_bridge.stop()
    await until(lambda: state_of(hass, "sensor.owner_state") == "unavailable")


async def test_restriction(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge))
    assert state_of(hass, "binary_sensor.owner_restriction") == "off"
    await tell(scripted_bridge, connection("connected", restriction={"since": 1.0, "until": 1700000000.0}))
    await until(lambda: state_of(hass, "binary_sensor.owner_restriction") == "on")
    assert state_of(hass, "sensor.owner_state") == "restricted"
    assert state_of(hass, "binary_sensor.owner_connectivity") == "on"
    restriction = hass.states.get("binary_sensor.owner_restriction")
    assert restriction
    assert restriction.attributes["until"] == "2023-11-14T22:13:20+00:00"
    await tell(scripted_bridge, connection("connected", restriction={"since": 1.0, "until": None}))
    await until(lambda: hass.states.get("binary_sensor.owner_restriction") != restriction)
    assert (state := hass.states.get("binary_sensor.owner_restriction"))
    assert state.attributes["until"] is None
    await tell(scripted_bridge, connection("connected"))
    await until(lambda: state_of(hass, "binary_sensor.owner_restriction") == "off")


async def test_times_and_counts(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, entity_registry: er.EntityRegistry
) -> None:
    """What goes out and comes in, on a real bridge."""
    enable(entry, entity_registry, *DISABLED)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    before = {key: int(state_of(hass, f"sensor.alex_messages_{key}")) for key in ("sent", "received")}
    assert state_of(hass, "sensor.alex_time_to_confirmation") == "unknown"
    await hass.services.async_call("whatsapp", "send_message", {"target": "Bea", "message": "out"}, blocking=True)
    await until(lambda: state_of(hass, "sensor.alex_messages_sent") == str(before["sent"] + 1))
    assert 0 < float(state_of(hass, "sensor.alex_time_to_confirmation")) < 15
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="in")
    await until(lambda: state_of(hass, "sensor.alex_messages_received") == str(before["received"] + 1))
    assert state_of(hass, "sensor.alex_messages_failed") == "0"
    times = [state_of(hass, f"sensor.alex_last_message_{key}") for key in ("sent", "received")]
    assert all(time.endswith("+00:00") for time in times)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert [state_of(hass, f"sensor.alex_last_message_{key}") for key in ("sent", "received")] == times
    assert state_of(hass, "sensor.alex_messages_sent") == str(before["sent"] + 1)


async def test_what_is_known_after_a_restart(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, entity_registry: er.EntityRegistry
) -> None:
    stored = {
        "last_message_received": ("2026-01-02T03:04:05+00:00", {"__type": "<class 'datetime.datetime'>"}),
        "messages_received": ("41", None),
    }
    mock_restore_cache_with_extra_data(
        hass,
        [
            (
                State(f"sensor.owner_{name}", "unavailable"),
                {
                    "native_value": {**kind, "isoformat": value} if kind else int(value),
                    "native_unit_of_measurement": None,
                },
            )
            for name, (value, kind) in stored.items()
        ],
    )
    entry = scripted_entry(scripted_bridge, [BOB])
    entity_registry.async_get_or_create(
        "sensor", "whatsapp", f"{ACCOUNT_ID}_received", suggested_object_id="owner_messages_received"
    )
    await load(hass, entry)
    assert state_of(hass, "sensor.owner_last_message_received") == "2026-01-02T03:04:05+00:00"
    assert state_of(hass, "sensor.owner_messages_received") == "41"
    assert state_of(hass, "sensor.owner_last_message_sent") == "unknown"

    changes = async_capture_events(hass, "state_changed")
    await scripted_bridge.message(1, BOB)
    await until(lambda: state_of(hass, "sensor.owner_messages_received") == "42")
    assert state_of(hass, "sensor.owner_last_message_received") == "2023-11-14T22:13:21+00:00"
    assert {change.data["entity_id"] for change in changes} == {
        "event.bob",
        "sensor.owner_messages_received",
        "sensor.owner_last_message_received",
    }, "nothing else has anything to tell"


async def test_clock_of_others_does_not_lead_into_the_future(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    await scripted_bridge.message(1, BOB, timestamp=1e18)
    await until(lambda: state_of(hass, "sensor.owner_last_message_received") != "unknown")
    assert state_of(hass, "sensor.owner_last_message_received").startswith("20")


async def test_failures_are_counted_and_leave_the_time_alone(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, entity_registry: er.EntityRegistry
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    enable(entry, entity_registry, *DISABLED)
    scripted_bridge.answers["send"] = {
        "message_id": "m1", "chat_id": BOB["id"], "status": "queued", "sent_as": "text", "timestamp": None
    }  # fmt: skip
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.services.async_call("whatsapp", "send_message", {"target": "Bob", "message": "late"}, blocking=True)
    receipt = {
        "type": "receipt", "message_id": "m1", "chat": BOB, "status": "failed", "error": "expired", "by": None,
        "timestamp": 1.0,
    }  # fmt: skip
    await scripted_bridge.event(receipt, seq=1, replayed=False, age=0.1)
    await until(lambda: state_of(hass, "sensor.owner_messages_failed") == "1")
    assert state_of(hass, "sensor.owner_time_to_confirmation") == "unknown"
    assert state_of(hass, "sensor.owner_messages_sent") == "0"
