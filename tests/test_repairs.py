"""What somebody has to put right: when it is shown, how it is put right, and when it is over."""

import itertools
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsapp import repairs
from custom_components.whatsapp.bridge.protocol import Account, ConnectionReason, ConnectionStatus
from custom_components.whatsapp.issues import async_raise
from demo.simulator import OWNER, Simulator
from tests.support.dialog import Dialog
from tests.support.entry import load, scripted_entry
from tests.support.house import RealBridge
from tests.support.repairs import Repair, issues
from tests.support.scripted_account import fail, reauth_flows, state_of
from tests.support.scripted_bridge import ACCOUNT_ID, ScriptedBridge, account
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")

_CLOCK = itertools.count(2.0)


@pytest.fixture
def repair(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Repair:
    """Return the dialog of an issue, not open yet."""
    return Repair(hass, hass_client)


async def _tell(
    bridge: ScriptedBridge,
    status: ConnectionStatus,
    reason: ConnectionReason | None = None,
    restriction: Any = None,
) -> None:
    """Have the bridge say how the account is."""
    state: Account = account(status)
    state["connection"]["reason"] = reason
    state["connection"]["since"] = next(_CLOCK)
    state["restriction"] = restriction
    bridge.account = state
    await bridge.event({"type": "account", "account": state})


async def test_replaced_by_another_program(
    hass: HomeAssistant, home: MockConfigEntry, simulator: Simulator, repair: Repair
) -> None:
    await simulator.do("server.disconnect", number=OWNER, reason="replaced")
    await until(lambda: "replaced" in issues(hass))
    await repair.open("replaced")
    assert repair.step["description_placeholders"] == {"name": "Alex"}
    fault = await simulator.do("fault.set", kind="login_failure", code=403)
    await repair.submit()
    assert repair.step["errors"] == {"base": "not_connected"}
    assert set(issues(hass)) == {"banned"}, "that is another matter now"
    await simulator.do("fault.clear", id=fault["id"])
    await repair.submit()
    assert repair.step["type"] == "create_entry"
    assert state_of(hass, "sensor.alex_state") == "connected"
    assert not issues(hass)


async def test_locked_out(hass: HomeAssistant, home: MockConfigEntry, simulator: Simulator, repair: Repair) -> None:
    await simulator.do("server.disconnect", number=OWNER, reason="failure_403")
    await until(lambda: "banned" in issues(hass))
    await repair.open("banned")
    await repair.submit()
    assert repair.step["type"] == "create_entry"
    assert not issues(hass)


async def test_version_that_whatsapp_does_not_take(
    hass: HomeAssistant, home: MockConfigEntry, bridge: RealBridge, simulator: Simulator
) -> None:
    await simulator.do("server.disconnect", number=OWNER, reason="failure_405")
    await until(lambda: "client_outdated" in issues(hass))
    assert not issues(hass)["client_outdated"].is_fixable
    # As an update does.
    await bridge.stop()
    await bridge.start()
    await until(lambda: not issues(hass))
    assert state_of(hass, "sensor.alex_state") == "connected"


async def test_nothing_is_said_in_vain(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge))
    await _tell(scripted_bridge, "disconnected", "network")
    await until(lambda: state_of(hass, "sensor.owner_reason") == "network")
    assert not issues(hass)
    await _tell(scripted_bridge, "disconnected", "replaced")
    await until(lambda: "replaced" in issues(hass))
    await _tell(scripted_bridge, "connecting")
    await until(lambda: state_of(hass, "sensor.owner_state") == "connecting")
    assert set(issues(hass)) == {"replaced"}, "nobody knows yet whether it is over"
    await scripted_bridge.drop()
    await until(lambda: scripted_bridge.connections == 2)
    assert set(issues(hass)) == {"replaced"}
    await _tell(scripted_bridge, "connected")
    await until(lambda: not issues(hass))


async def test_unload_takes_the_issues_along(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    await _tell(scripted_bridge, "disconnected", "replaced")
    await until(lambda: issues(hass))
    await hass.config_entries.async_unload(entry.entry_id)
    assert not issues(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert set(issues(hass)) == {"replaced"}


async def test_reconnecting_that_does_not_work(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, repair: Repair, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    await _tell(scripted_bridge, "disconnected", "replaced")
    await until(lambda: issues(hass))
    await repair.open("replaced")
    scripted_bridge.answers["reconnect"] = fail("internal")
    await repair.submit()
    assert repair.step["errors"] == {"base": "bridge_unreachable"}
    monkeypatch.setattr(repairs, "CONNECT_TIMEOUT", 0.1)
    scripted_bridge.answers["reconnect"] = {}
    await repair.submit()
    assert repair.step["errors"] == {"base": "not_connected"}
    await hass.config_entries.async_unload(entry.entry_id)
    await repair.submit()
    assert repair.step["errors"] == {"base": "not_loaded"}
    await hass.config_entries.async_remove(entry.entry_id)
    await repair.submit()
    assert repair.step["type"] == "create_entry"


async def test_restricted(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await hass.config.async_set_time_zone("Europe/Zurich")
    await load(hass, scripted_entry(scripted_bridge))
    await _tell(scripted_bridge, "connected", restriction={"since": 1.0, "until": None})
    await until(lambda: set(issues(hass)) == {"restricted"})
    await _tell(scripted_bridge, "connected", restriction={"since": 1.0, "until": 1700000000.0})
    await until(lambda: set(issues(hass)) == {"restricted_until"})
    issue = issues(hass)["restricted_until"]
    assert issue.translation_placeholders == {"name": "Owner", "until": "2023-11-14 23:13"}
    assert (issue.is_fixable, issue.severity) == (False, ir.IssueSeverity.WARNING)
    await _tell(scripted_bridge, "disconnected", "banned", restriction={"since": 1.0, "until": 1e30})
    await until(lambda: set(issues(hass)) == {"restricted_until", "banned"})
    await _tell(scripted_bridge, "connected")
    await until(lambda: not issues(hass))


@pytest.mark.parametrize(
    ("schema", "key"), [({"min": 0, "max": 0}, "bridge_too_old"), ({"min": 2, "max": 2}, "bridge_too_new")]
)
async def test_bridge_and_integration_that_do_not_fit(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, schema: dict[str, int], key: str, repair: Repair
) -> None:
    entry = scripted_entry(scripted_bridge)
    assert isinstance(scripted_bridge.hello, dict)
    good, scripted_bridge.hello["schema"] = scripted_bridge.hello["schema"], schema
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await repair.open(key)
    await repair.submit()
    assert repair.step["errors"] == {"base": "still_there"}
    await scripted_bridge.stop()
    await repair.submit()
    assert repair.step["errors"] == {"base": "bridge_unreachable"}
    await scripted_bridge.start()
    scripted_bridge.hello["schema"] = good
    await repair.submit()
    assert repair.step["type"] == "create_entry"
    assert entry.state is ConfigEntryState.LOADED
    assert not issues(hass)


@pytest.mark.usefixtures("home")
async def test_passkey(
    hass: HomeAssistant,
    simulator: Simulator,
    dialog: Dialog,
    other_dialog: Dialog,
    repair: Repair,
) -> None:
    await simulator.do("phone.unlink", number=OWNER)
    await until(lambda: reauth_flows(hass))
    fault = await simulator.do("fault.set", kind="passkey")
    await dialog.reopen(reauth_flows(hass)[0]["flow_id"])
    await dialog.choose("phone")
    await dialog.submit(phone=f"+{OWNER}")
    with pytest.raises(Exception, match="passkey"):
        await simulator.do("phone.enter_code", number=OWNER, code=await dialog.code())
    await dialog.until_step("phone")
    assert dialog.step["errors"] == {"base": "passkey_required"}
    assert set(issues(hass)) == {"passkey_required"}
    dialog.cancel()

    await simulator.do("fault.clear", id=fault["id"])
    await repair.open("passkey_required")
    await repair.submit()
    assert repair.step["type"] == "create_entry"
    kind, flow_id = repair.step["next_flow"]
    assert kind == "config_flow"
    assert reauth_flows(hass)[0]["flow_id"] == flow_id
    await other_dialog.reopen(flow_id)
    await other_dialog.choose("qr")
    await other_dialog.scan(simulator)
    await other_dialog.until(lambda step: step["type"] == "abort")
    assert other_dialog.step["reason"] == "reauth_successful"
    assert not issues(hass)


async def test_passkey_while_the_dialog_is_open(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, repair: Repair
) -> None:
    entry = scripted_entry(scripted_bridge)
    scripted_bridge.account = account("unlinked")
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    [flow] = reauth_flows(hass)
    async_raise(hass, "passkey_required", entry.entry_id, name=entry.title)
    await repair.open("passkey_required")
    await repair.submit()
    assert repair.step["next_flow"] == ["config_flow", flow["flow_id"]]
    assert [flow["context"]["source"] for flow in reauth_flows(hass)] == [SOURCE_REAUTH]


async def test_passkey_of_an_account_that_is_linked_again(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, repair: Repair
) -> None:
    """By somebody else, such as a second Home Assistant: then there is nothing to ask."""
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    async_raise(hass, "passkey_required", entry.entry_id, name=entry.title)
    await repair.open("passkey_required")
    await repair.submit()
    assert repair.step["type"] == "create_entry"
    assert "next_flow" not in repair.step
    assert not reauth_flows(hass)
    await hass.async_block_till_done()


async def test_device_that_is_still_linked(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, repair: Repair
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    await scripted_bridge.stop()
    await hass.config_entries.async_remove(entry.entry_id)
    issue = issues(hass)["unlink_failed"]
    assert issue.is_persistent, "nothing else remembers it"
    await repair.open("unlink_failed")
    await repair.submit()
    assert repair.step["type"] == "create_entry"
    assert not issues(hass)


async def test_account_that_comes_back_is_not_a_leftover(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    scripted_bridge.answers["unlink"] = fail("internal")
    await hass.config_entries.async_remove(entry.entry_id)
    issue = issues(hass)["unlink_failed"]
    assert not {secret for secret in (ACCOUNT_ID, "Owner", "1555") if secret in str(issue)}, (
        "diagnostics have all of it"
    )
    await load(hass, scripted_entry(scripted_bridge))
    assert not issues(hass)
