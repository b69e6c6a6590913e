"""The config flow: how linking goes, and how it fails."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.whatsapp import config_flow, link
from custom_components.whatsapp.const import DOMAIN
from demo.camera import read_qr
from demo.simulator import BEA, OWNER, Simulator, SimulatorError
from tests.support.dialog import Dialog
from tests.support.house import RealBridge
from tests.support.links import link_moves, script_links
from tests.support.scripted_bridge import ACCOUNT_ID, Fail, ScriptedBridge, account
from tests.support.wait import until


async def _finish(dialog: Dialog) -> Any:
    """Add the account that is linked now, without chats. Returns the entry."""
    await dialog.until_step("chats")
    await dialog.submit()
    assert dialog.step["type"] is FlowResultType.CREATE_ENTRY
    return dialog.step["result"]


async def _qr(dialog: Dialog, bridge: RealBridge | ScriptedBridge) -> None:
    await dialog.add(bridge)
    await dialog.choose("qr")


async def test_qr_codes_follow_one_another(dialog: Dialog, scripted_bridge: ScriptedBridge) -> None:
    script_links(scripted_bridge)
    await _qr(dialog, scripted_bridge)
    await link_moves(scripted_bridge, "connecting")
    await link_moves(scripted_bridge, "qr", qr="the first", number=1, total=6)
    first = await dialog.picture()
    assert read_qr(first) == "the first"
    assert dialog.step["description_placeholders"]["number"] == "1"
    await link_moves(scripted_bridge, "qr", qr="the second", number=2, total=6)
    assert read_qr(await dialog.picture(other_than=first)) == "the second"
    # What belongs to another link changes nothing, and neither does what is about an account.
    await scripted_bridge.state("connected")
    await scripted_bridge.event({"type": "link", "link_id": "another", "status": "failed", "error": "internal"})
    await link_moves(scripted_bridge, "linking")
    await dialog.until(lambda step: step["progress_action"] == "linking")
    await link_moves(scripted_bridge, "linked", account=account())
    await _finish(dialog)


async def test_groups_that_come_a_moment_after_the_link(dialog: Dialog, scripted_bridge: ScriptedBridge) -> None:
    script_links(scripted_bridge)
    family = scripted_bridge.answers["groups"]

    def not_yet(_: Any) -> dict[str, Any]:
        scripted_bridge.answers["groups"] = family
        return {"groups": []}

    scripted_bridge.answers["groups"] = not_yet
    await _qr(dialog, scripted_bridge)
    await link_moves(scripted_bridge, "linked", account=account())
    await dialog.until_step("chats")
    assert dialog.offers("groups") == ["Family"]
    await _finish(dialog)


async def test_a_phone_without_groups(
    dialog: Dialog, scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_flow, "FIRST_GROUPS_WITHIN", 0.1)
    script_links(scripted_bridge)
    scripted_bridge.answers["groups"] = {"groups": []}
    await _qr(dialog, scripted_bridge)
    await link_moves(scripted_bridge, "linked", account=account())
    await dialog.until_step("chats")
    assert "groups" not in dialog.step["data_schema"].schema
    await _finish(dialog)


@pytest.mark.parametrize(
    "error",
    ["link_expired", "link_conflict", "not_connected", "passkey_required", "rejected", "restricted", "storage_full"],
)
async def test_a_link_that_fails_says_why_and_starts_over(
    dialog: Dialog, scripted_bridge: ScriptedBridge, error: str
) -> None:
    script_links(scripted_bridge)
    await _qr(dialog, scripted_bridge)
    await link_moves(scripted_bridge, "failed", error=error)
    await dialog.until_step("qr_failed")
    assert dialog.step["errors"] == {"base": error}
    await dialog.submit()
    assert dialog.step["step_id"] == "qr"
    await until(lambda: len(scripted_bridge.of("link")) == 2)
    await link_moves(scripted_bridge, "linked", account=account())
    await _finish(dialog)


async def test_a_phone_that_is_linked_already(dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> None:
    await bridge.link(simulator, OWNER)
    await _qr(dialog, bridge)
    await dialog.scan(simulator, OWNER)
    await dialog.until_step("qr_failed")
    assert dialog.step["errors"] == {"base": "link_conflict"}
    await dialog.submit()
    await dialog.scan(simulator, BEA)
    assert (await _finish(dialog)).data["phone"] == BEA


async def test_whatsapp_cannot_be_reached(dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> None:
    fault = await simulator.do("fault.set", kind="http_status", code=503)
    await _qr(dialog, bridge)
    await dialog.until_step("qr_failed")
    assert dialog.step["errors"] == {"base": "not_connected"}
    await simulator.do("fault.clear", id=fault["id"])
    await dialog.submit()
    await dialog.scan(simulator)
    await _finish(dialog)


async def test_the_bridge_goes_away_while_a_code_is_shown(
    dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await _qr(dialog, bridge)
    await dialog.picture()
    await bridge.kill()
    await dialog.until_step("qr_failed")
    assert dialog.step["errors"] == {"base": "connection_lost"}
    await dialog.submit()
    await dialog.until_step("qr_failed")
    assert dialog.step["errors"] == {"base": "cannot_connect"}
    await bridge.start()
    await dialog.submit()
    await dialog.scan(simulator)
    await _finish(dialog)


async def test_a_link_that_nobody_answers_ends_by_itself(
    dialog: Dialog, scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "LINK_TIMEOUT", 0.2)
    script_links(scripted_bridge)
    await _qr(dialog, scripted_bridge)
    await dialog.until_step("qr_failed")
    assert dialog.step["errors"] == {"base": "timeout"}
    assert scripted_bridge.of("link_cancel") == [{"link_id": "link-1"}]
    monkeypatch.undo()
    await dialog.submit()
    await until(lambda: len(scripted_bridge.of("link")) == 2)
    await link_moves(scripted_bridge, "linked", account=account())
    await _finish(dialog)


async def test_a_code_that_cannot_be_drawn(
    dialog: Dialog, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    script_links(scripted_bridge)
    await _qr(dialog, scripted_bridge)
    await link_moves(scripted_bridge, "qr", qr="x" * 4000, number=1, total=6)
    await dialog.until_step("qr_failed")
    assert dialog.step["errors"] == {"base": "unknown"}
    assert "Unexpected error while linking" in caplog.text
    await dialog.submit()
    await until(lambda: len(scripted_bridge.of("link")) == 2)
    await link_moves(scripted_bridge, "linked", account=account())
    await _finish(dialog)


async def test_cancel_ends_the_link_on_the_bridge(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await _qr(dialog, bridge)
    qr = read_qr(await dialog.picture())
    dialog.cancel()
    await hass.async_block_till_done()
    with pytest.raises(SimulatorError):
        await simulator.do("phone.scan", number=OWNER, qr=qr)
    assert not await bridge.accounts()


async def test_cancel_after_the_link_logs_the_device_out_again(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await _qr(dialog, bridge)
    await dialog.scan(simulator)
    await dialog.until_step("chats")
    dialog.cancel()
    await simulator.do("phone.wait_device", number=OWNER, state="unlinked", timeout_ms=10_000)
    await hass.async_block_till_done()
    assert [known["connection"]["status"] for known in (await bridge.accounts()).values()] == ["unlinked"]


async def test_cancel_while_the_phone_links_logs_it_out_again(
    hass: HomeAssistant, dialog: Dialog, scripted_bridge: ScriptedBridge
) -> None:
    script_links(scripted_bridge)
    await _qr(dialog, scripted_bridge)
    await link_moves(scripted_bridge, "linking")
    await dialog.until(lambda step: step["progress_action"] == "linking")
    dialog.cancel()
    await link_moves(scripted_bridge, "linked", account=account())
    await hass.async_block_till_done()
    assert scripted_bridge.of("unlink") == [{"account_id": ACCOUNT_ID}]
    assert not scripted_bridge.of("link_cancel")


async def test_cancel_when_the_device_cannot_be_logged_out(
    hass: HomeAssistant, dialog: Dialog, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Any) -> dict[str, Any]:
        raise Fail("not_connected")

    script_links(scripted_bridge)
    scripted_bridge.answers["unlink"] = fail
    await _qr(dialog, scripted_bridge)
    await link_moves(scripted_bridge, "linked", account=account())
    await dialog.until_step("chats")
    dialog.cancel()
    await hass.async_block_till_done()
    assert "Remove it on the phone" in caplog.text


async def test_a_link_that_ended_with_nobody_looking_is_offered_again(
    hass: HomeAssistant, dialog: Dialog, other_dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await _qr(dialog, bridge)
    picture = await dialog.picture()
    dialog.close_tab()
    await simulator.do("phone.scan", number=OWNER, qr=read_qr(picture))
    await bridge.until_account("connected")

    await other_dialog.add(bridge)
    assert other_dialog.step["description_placeholders"] == {"accounts": f"+{OWNER}"}
    await other_dialog.choose("existing")
    entry = await _finish(other_dialog)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert [known["connection"]["status"] for known in (await bridge.accounts()).values()] == ["connected"]


async def test_the_flow_left_open_in_another_tab_does_not_log_the_account_out(
    hass: HomeAssistant, dialog: Dialog, other_dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await _qr(dialog, bridge)
    await dialog.scan(simulator)
    await dialog.until_step("chats")
    await other_dialog.add(bridge)
    await other_dialog.choose("existing")
    entry = await _finish(other_dialog)
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert entry.state is ConfigEntryState.LOADED
    assert [known["connection"]["status"] for known in (await bridge.accounts()).values()] == ["connected"]


async def test_adding_an_account_again_that_was_logged_out(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await _qr(dialog, bridge)
    await dialog.scan(simulator)
    entry = await _finish(dialog)
    await simulator.do("phone.unlink", number=OWNER)
    await until(lambda: list(entry.async_get_active_flows(hass, {"reauth"})))
    await _qr(dialog, bridge)
    await dialog.scan(simulator)
    await dialog.until(lambda step: step["type"] is FlowResultType.ABORT)
    assert dialog.step["reason"] == "already_configured"
    await hass.async_block_till_done()
    assert [known["connection"]["status"] for known in (await bridge.accounts()).values()] == ["connected"]
