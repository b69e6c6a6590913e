"""The config flow of an account that is there already: reauthentication and reconfiguration."""

from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.whatsapp.bridge.protocol import ConnectionReason
from demo.simulator import BEA, OWNER, Simulator
from tests.support.dialog import Dialog
from tests.support.entry import load, scripted_entry
from tests.support.house import RealBridge
from tests.support.links import link_moves, script_links
from tests.support.scripted_bridge import ACCOUNT_ID, ScriptedBridge, account
from tests.support.wait import until


@pytest.fixture
async def entry(hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> ConfigEntry:
    """Return the entry of the owner's account, with a group."""
    await bridge.link(simulator)
    await dialog.add(bridge)
    await dialog.choose("existing")
    await dialog.submit(groups=["Family"])
    added: ConfigEntry = dialog.step["result"]
    assert added.state is ConfigEntryState.LOADED
    return added


@pytest.fixture
async def beas(other_dialog: Dialog, simulator: Simulator, bridge: RealBridge, entry: ConfigEntry) -> ConfigEntry:
    """Return the entry of Bea's account, in the bridge of the owner's."""
    await bridge.link(simulator, BEA)
    await other_dialog.add(bridge)
    await other_dialog.choose("existing")
    await other_dialog.submit()
    added: ConfigEntry = other_dialog.step["result"]
    return added


def _is_reauth(flow: Any, entry: ConfigEntry) -> bool:
    return bool(flow["context"]["source"] == "reauth" and flow["context"]["entry_id"] == entry.entry_id)


async def _reauth(hass: HomeAssistant, dialog: Dialog, entry: ConfigEntry) -> None:
    """Open the reauthentication that Home Assistant has begun."""
    [flow] = await until(
        lambda: [flow for flow in hass.config_entries.flow.async_progress() if _is_reauth(flow, entry)]
    )
    await dialog.reopen(flow["flow_id"])


async def _renewed(hass: HomeAssistant, dialog: Dialog, entry: ConfigEntry, reason: str = "reauth_successful") -> None:
    await dialog.until(lambda step: step["type"] is FlowResultType.ABORT)
    assert dialog.step["reason"] == reason
    await hass.async_block_till_done()
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    await until(lambda: entry.runtime_data.state["connection"]["status"] == "connected")
    assert [subentry.title for subentry in entry.subentries.values()] == ["Family"]


async def _change_token(bridge: RealBridge) -> None:
    await bridge.stop()
    bridge.forget_token()
    await bridge.start()


async def test_a_token_that_was_changed(
    hass: HomeAssistant, dialog: Dialog, bridge: RealBridge, entry: ConfigEntry
) -> None:
    await _change_token(bridge)
    await _reauth(hass, dialog, entry)
    assert dialog.step["step_id"] == "reauth_confirm"
    assert dialog.step["errors"] == {"token": "invalid_token"}
    await dialog.submit(token="guessed")
    assert dialog.step["errors"] == {"token": "invalid_token"}
    await dialog.submit(token=bridge.token)
    await _renewed(hass, dialog, entry)
    assert entry.data["token"] == bridge.token


async def test_the_bridge_is_away_during_reauthentication(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge, entry: ConfigEntry
) -> None:
    await _change_token(bridge)
    await _reauth(hass, dialog, entry)
    token = bridge.token
    await bridge.stop()
    await dialog.submit(token=token)
    assert dialog.step["errors"] == {"base": "cannot_connect"}
    assert not dialog.step["data_schema"].schema
    await bridge.start()
    await dialog.submit()
    assert dialog.step["errors"] == {"token": "invalid_token"}
    await dialog.submit(token=token)
    await _renewed(hass, dialog, entry)


@pytest.mark.parametrize("reason", ["replaced", "banned", "client_outdated"])
async def test_a_session_that_whatsapp_has_ended_without_a_logout(
    hass: HomeAssistant, dialog: Dialog, scripted_bridge: ScriptedBridge, reason: ConnectionReason
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    scripted_bridge.account = account("disconnected")
    scripted_bridge.account["connection"]["reason"] = reason
    entry.async_start_reauth(hass)
    await _reauth(hass, dialog, entry)
    assert dialog.step["step_id"] == "reauth_confirm"
    assert dialog.step["errors"] == {"base": reason}
    assert not dialog.step["data_schema"].schema
    await dialog.submit()
    assert dialog.step["errors"] == {"base": reason}
    scripted_bridge.account = account()
    await dialog.submit()
    assert dialog.step["reason"] == "reauth_successful"


async def test_another_client_has_taken_the_session(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge, entry: ConfigEntry
) -> None:
    await simulator.do("server.disconnect", number=OWNER, reason="replaced")
    await bridge.until_account("disconnected")
    entry.async_start_reauth(hass)
    await _reauth(hass, dialog, entry)
    assert dialog.step["errors"] == {"base": "replaced"}
    # As the text says.
    await bridge.stop()
    await bridge.start()
    await bridge.until_account("connected")
    await dialog.submit()
    await _renewed(hass, dialog, entry)


async def test_a_bridge_that_only_cannot_reach_whatsapp_needs_nobody(
    hass: HomeAssistant, dialog: Dialog, scripted_bridge: ScriptedBridge
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    scripted_bridge.account = account("disconnected")
    scripted_bridge.account["connection"]["reason"] = "network"
    await dialog.open("whatsapp", source="reauth", entry_id=entry.entry_id)
    assert dialog.step["reason"] == "reauth_successful"


async def test_an_account_that_was_logged_out_is_linked_again(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge, entry: ConfigEntry
) -> None:
    await simulator.do("phone.unlink", number=OWNER)
    await _reauth(hass, dialog, entry)
    assert dialog.step["step_id"] == "relink"
    assert dialog.step["menu_options"] == ["qr", "phone"]
    await dialog.choose("qr")
    await dialog.scan(simulator)
    await _renewed(hass, dialog, entry)
    assert list(await bridge.accounts()) == [entry.unique_id]


async def test_an_account_is_linked_again_by_a_code(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, entry: ConfigEntry
) -> None:
    await simulator.do("phone.unlink", number=OWNER)
    await _reauth(hass, dialog, entry)
    await dialog.choose("phone")
    await dialog.submit(phone=OWNER)
    await simulator.do("phone.enter_code", number=OWNER, code=await dialog.code())
    await _renewed(hass, dialog, entry)


async def test_another_phone_cannot_take_the_place_of_the_account(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge, entry: ConfigEntry
) -> None:
    await simulator.do("phone.unlink", number=OWNER)
    await _reauth(hass, dialog, entry)
    await dialog.choose("qr")
    await dialog.scan(simulator, BEA)
    await dialog.until_step("qr_failed")
    assert dialog.step["errors"] == {"base": "other_phone"}
    assert not (await simulator.do("phone.devices", number=BEA))["devices"]
    await dialog.submit()
    await dialog.scan(simulator, OWNER)
    await _renewed(hass, dialog, entry)


async def test_an_account_that_the_bridge_has_lost(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge, entry: ConfigEntry
) -> None:
    token = bridge.token
    await bridge.stop()
    bridge.forget_everything()
    await bridge.start()
    await _reauth(hass, dialog, entry)
    assert dialog.step["errors"] == {"token": "invalid_token"}
    await dialog.submit(token=bridge.token)
    assert token != bridge.token
    assert dialog.step["step_id"] == "link_anew"
    await dialog.choose("qr")
    await dialog.scan(simulator)
    await _renewed(hass, dialog, entry)
    assert entry.data["bridge_id"] == await bridge.bridge_id()


async def test_a_bridge_that_links_another_account(
    hass: HomeAssistant, dialog: Dialog, scripted_bridge: ScriptedBridge
) -> None:
    scripted_bridge.answers["groups"] = {"groups": []}
    await dialog.add(scripted_bridge)
    await dialog.choose("existing")
    await dialog.submit()
    entry = dialog.step["result"]
    script_links(scripted_bridge)
    scripted_bridge.account = account("unlinked")
    await scripted_bridge.event({"type": "account", "account": scripted_bridge.account})
    await _reauth(hass, dialog, entry)
    await dialog.choose("qr")
    await link_moves(scripted_bridge, "linked", account=account() | {"account_id": "another"})
    await dialog.until(lambda step: step["type"] is FlowResultType.ABORT)
    assert dialog.step["reason"] == "wrong_account"
    await hass.async_block_till_done()
    assert scripted_bridge.of("link") == [{"method": "qr", "account_id": ACCOUNT_ID}]
    assert scripted_bridge.of("unlink") == [{"account_id": "another"}]


async def test_the_bridge_has_moved(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge, entry: ConfigEntry
) -> None:
    old = bridge.url
    await bridge.move()
    await dialog.open("whatsapp", source="reconfigure", entry_id=entry.entry_id)
    assert dialog.step["step_id"] == "reconfigure"
    assert dialog.suggests("url") == old
    await dialog.submit(url=old)
    assert dialog.step["errors"] == {"base": "cannot_connect"}
    await dialog.submit(url=bridge.url, token="guessed")
    assert dialog.step["errors"] == {"token": "invalid_token"}
    await dialog.submit(url=bridge.url)
    await _renewed(hass, dialog, entry, "reconfigure_successful")
    assert entry.data["url"] == bridge.url
    assert entry.data["token"] == bridge.token


@pytest.mark.parametrize("loaded", [True, False])
async def test_accounts_that_share_a_bridge_move_with_it(
    hass: HomeAssistant,
    dialog: Dialog,
    bridge: RealBridge,
    entry: ConfigEntry,
    beas: ConfigEntry,
    *,
    scripted_bridge: ScriptedBridge,
    loaded: bool,
) -> None:
    elsewhere = scripted_entry(scripted_bridge)
    await load(hass, elsewhere)
    untouched = dict(elsewhere.data)

    await bridge.move()
    if not loaded:
        # Set up while the bridge is away, the entry has no listener that would reload it.
        await hass.config_entries.async_reload(beas.entry_id)
        assert beas.state is ConfigEntryState.SETUP_RETRY
    await dialog.open("whatsapp", source="reconfigure", entry_id=entry.entry_id)
    await dialog.submit(url=bridge.url)
    await _renewed(hass, dialog, entry, "reconfigure_successful")
    await until(lambda: beas.state is ConfigEntryState.LOADED and beas.runtime_data.bridge_connected)
    assert beas.data["url"] == bridge.url
    assert beas.data["phone"] == BEA
    assert elsewhere.data == untouched


async def test_a_new_token_is_for_all_accounts_of_the_bridge(
    hass: HomeAssistant, dialog: Dialog, bridge: RealBridge, entry: ConfigEntry, beas: ConfigEntry
) -> None:
    await _change_token(bridge)
    await _reauth(hass, dialog, entry)
    await dialog.submit(token=bridge.token)
    await _renewed(hass, dialog, entry)
    await until(lambda: beas.state is ConfigEntryState.LOADED)
    assert beas.data["token"] == bridge.token


async def test_another_bridge_does_not_have_the_account(
    hass: HomeAssistant, dialog: Dialog, bridge: RealBridge, entry: ConfigEntry, scripted_bridge: ScriptedBridge
) -> None:
    scripted_bridge.answers["accounts"] = {"accounts": []}
    await dialog.open("whatsapp", source="reconfigure", entry_id=entry.entry_id)
    await dialog.submit(url=scripted_bridge.url, token=scripted_bridge.token)
    assert dialog.step["errors"] == {"url": "account_not_found"}
    await dialog.submit(url=bridge.url, token=bridge.token)
    await _renewed(hass, dialog, entry, "reconfigure_successful")
