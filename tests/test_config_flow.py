"""The config flow: which bridge, which account, which chats."""

import json
from pathlib import Path
import socket
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.whatsapp import link_flow
from custom_components.whatsapp.bridge import BridgeError, CannotConnect, InvalidToken, SchemaIncompatible
from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, FAMILY, OWNER, Simulator
from tests.support.dialog import Dialog
from tests.support.house import RealBridge
from tests.support.scripted_bridge import TOKEN, Fail, ScriptedBridge

TEXTS = json.loads(Path("custom_components/whatsapp/translations/en.json").read_text())


async def _finish(dialog: Dialog) -> Any:
    """Take the account that is linked already, without chats. Returns the entry."""
    await dialog.choose("existing")
    await dialog.submit()
    assert dialog.step["type"] is FlowResultType.CREATE_ENTRY
    return dialog.step["result"]


async def test_the_bridge_is_asked_for_first(dialog: Dialog) -> None:
    await dialog.open(DOMAIN, source="user")
    assert dialog.step["step_id"] == "user"
    assert not dialog.step["errors"]
    assert dialog.step["data_schema"]({"token": "t"}) == {"url": "ws://127.0.0.1:3000", "token": "t"}


async def test_link_by_qr_code_and_choose_chats(dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> None:
    await dialog.add(bridge)
    assert dialog.step["menu_options"] == ["qr", "phone"]
    await dialog.choose("qr")
    assert dialog.step["progress_action"] == "connecting"
    await dialog.scan(simulator)
    await dialog.until_step("chats")
    assert dialog.offers("groups") == ["Family", "Neighbours"]
    await dialog.submit(groups=["Family"], numbers=["+1 (555) 000-0002", " "])

    assert dialog.step["type"] is FlowResultType.CREATE_ENTRY
    entry = dialog.step["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.title == f"+{OWNER}"
    [account_id] = await bridge.accounts()
    assert entry.unique_id == account_id
    assert entry.data == {
        "url": bridge.url,
        "token": bridge.token,
        "bridge_id": await bridge.bridge_id(),
        "account_id": account_id,
        "phone": OWNER,
    }
    family, bea = entry.subentries.values()
    assert (family.subentry_type, family.title, family.unique_id) == ("chat", "Family", FAMILY)
    assert family.data == {"chat_id": FAMILY, "kind": "group", "phone": None, "lid": None}
    assert (bea.title, bea.unique_id, bea.data["phone"]) == (f"+{BEA}", bea.data["chat_id"], BEA)


@pytest.mark.parametrize("url", ["ftp://bridge", "http://", ""])
async def test_an_address_that_is_none(dialog: Dialog, simulator: Simulator, bridge: RealBridge, url: str) -> None:
    await bridge.link(simulator)
    await dialog.open(DOMAIN, source="user")
    await dialog.submit(url=url, token=bridge.token)
    assert dialog.step["errors"] == {"url": "invalid_url"}
    await dialog.submit(url=f" {bridge.url} ", token=f" {bridge.token}\n")
    await _finish(dialog)


async def test_no_bridge_there(dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> None:
    await bridge.link(simulator)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        await dialog.open(DOMAIN, source="user")
        await dialog.submit(url=f"127.0.0.1:{nobody.getsockname()[1]}", token=bridge.token)
    assert dialog.step["errors"] == {"base": "cannot_connect"}
    await dialog.submit(url=bridge.url, token=bridge.token)
    await _finish(dialog)


async def test_something_else_than_a_bridge_there(dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> None:
    await bridge.link(simulator)
    await dialog.open(DOMAIN, source="user")
    await dialog.submit(url=simulator.control_url, token=bridge.token)
    assert dialog.step["errors"] == {"base": "cannot_connect"}
    await dialog.submit(url=bridge.url, token=bridge.token)
    await _finish(dialog)


async def test_a_wrong_token(dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> None:
    await bridge.link(simulator)
    await dialog.open(DOMAIN, source="user")
    await dialog.submit(url=bridge.url, token="guessed")
    assert dialog.step["errors"] == {"token": "invalid_token"}
    await dialog.submit(url=bridge.url, token=bridge.token)
    assert (await _finish(dialog)).data["token"] == bridge.token


@pytest.mark.parametrize(("spoken", "error"), [((0, 0), "bridge_too_old"), ((2, 3), "bridge_too_new")])
async def test_a_bridge_of_another_time(
    dialog: Dialog, scripted_bridge: ScriptedBridge, spoken: tuple[int, int], error: str
) -> None:
    hello = scripted_bridge.hello
    assert isinstance(hello, dict)
    scripted_bridge.hello = hello | {"schema": {"min": spoken[0], "max": spoken[1]}}
    await dialog.open(DOMAIN, source="user")
    await dialog.submit(url=scripted_bridge.url, token=TOKEN)
    assert dialog.step["errors"] == {"base": error}
    scripted_bridge.hello = hello
    scripted_bridge.answers["groups"] = {"groups": []}
    await dialog.submit(url=scripted_bridge.url, token=TOKEN)
    await _finish(dialog)


async def test_a_fault_of_the_bridge(
    dialog: Dialog, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    working = scripted_bridge.answers["accounts"]

    def fail(_: Any) -> dict[str, Any]:
        raise Fail("internal")

    scripted_bridge.answers |= {"accounts": fail, "groups": {"groups": []}}
    await dialog.open(DOMAIN, source="user")
    await dialog.submit(url=scripted_bridge.url, token=TOKEN)
    assert dialog.step["errors"] == {"base": "unknown"}
    assert "Unexpected error of the bridge: internal" in caplog.text
    scripted_bridge.answers["accounts"] = working
    await dialog.submit(url=scripted_bridge.url, token=TOKEN)
    await _finish(dialog)


async def test_one_of_several_accounts_that_are_linked_already(
    dialog: Dialog, other_dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    owner = await bridge.link(simulator, OWNER)
    bea = await bridge.link(simulator, BEA)
    await dialog.add(bridge)
    assert dialog.step["menu_options"] == ["existing", "qr", "phone"]
    assert dialog.step["description_placeholders"] == {"accounts": f"+{OWNER}, +{BEA}"}
    await dialog.choose("existing")
    assert dialog.step["step_id"] == "existing"
    assert dialog.offers("account") == [f"+{OWNER}", f"+{BEA}"]
    await dialog.submit(account=bea["account_id"])
    await dialog.submit()
    assert dialog.step["result"].unique_id == bea["account_id"]

    await other_dialog.add(bridge)
    assert other_dialog.step["description_placeholders"] == {"accounts": f"+{OWNER}"}
    assert (await _finish(other_dialog)).unique_id == owner["account_id"]


async def test_an_account_that_was_logged_out_is_not_offered(
    dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    account = await bridge.link(simulator)
    async with bridge.client() as client:
        await client.unlink(account["account_id"])
    await dialog.add(bridge)
    assert dialog.step["menu_options"] == ["qr", "phone"]
    await dialog.choose("qr")
    await dialog.scan(simulator)
    await dialog.until_step("chats")
    await dialog.submit()
    assert dialog.step["result"].unique_id == account["account_id"]


async def test_an_account_is_added_once(dialog: Dialog, other_dialog: Dialog, scripted_bridge: ScriptedBridge) -> None:
    scripted_bridge.answers["groups"] = {"groups": []}
    await dialog.add(scripted_bridge)
    await other_dialog.add(scripted_bridge)
    await _finish(dialog)
    await other_dialog.choose("existing")
    assert other_dialog.step["type"] is FlowResultType.ABORT
    assert other_dialog.step["reason"] == "already_configured"


def _fields(dialog: Dialog) -> set[str]:
    return {str(key) for key in dialog.step["data_schema"].schema}


async def test_every_field_is_explained(dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> None:
    await bridge.link(simulator)
    steps = TEXTS["config"]["step"]
    await dialog.open(DOMAIN, source="user")
    assert set(steps["user"]["data"]) == set(steps["user"]["data_description"]) == _fields(dialog)
    await dialog.submit(url=bridge.url, token=bridge.token)
    await dialog.choose("existing")
    assert _fields(dialog) <= set(steps["chats"]["data"]) == set(steps["chats"]["data_description"])
    await dialog.submit()


@pytest.mark.parametrize("texts", [TEXTS["config"], TEXTS["config_subentries"]["chat"]])
def test_every_error_has_a_text(texts: Any) -> None:
    errors = [
        *(BridgeError("", code=code) for code in link_flow.TOLD),
        InvalidToken(),
        SchemaIncompatible(bridge_is_older=True),
        SchemaIncompatible(bridge_is_older=False),
        CannotConnect("", code="unreachable"),
        BridgeError("", code="internal"),
    ]
    of_linking = {"invalid_url", "link_conflict", "link_expired", "passkey_required"}
    keys = {link_flow.error_key(error) for error in errors}
    assert keys <= set(texts["error"]) | (of_linking if "entry_type" in texts else set())
