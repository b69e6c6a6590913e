"""The config flow, by the doors that the frontend uses, against the real bridge and a simulated WhatsApp."""

from collections.abc import Generator
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.whatsapp import link
from custom_components.whatsapp.const import DOMAIN
from demo.camera import read_qr
from demo.simulator import BEA, CARLOS, FAMILY, NEIGHBOURS, OWNER, Simulator, SimulatorError
from tests.support.dialog import Dialog
from tests.support.house import RealBridge
from tests.support.scripted_bridge import ACCOUNT_ID, TOKEN, Fail, ScriptedBridge, account, chat
from tests.support.wait import until

NOBODY = "15559999999"


@pytest.fixture
async def dialog(hass: HomeAssistant) -> Any:
    """Return the dialog that adds the integration."""
    with Dialog(hass, hass.config_entries.flow) as opened:
        await opened.open(DOMAIN, source=SOURCE_USER)
        yield opened


async def _reach(dialog: Dialog, bridge: RealBridge | ScriptedBridge) -> None:
    await dialog.submit(url=bridge.url, token=TOKEN if isinstance(bridge, ScriptedBridge) else bridge.token)
    assert dialog.step["step_id"] == "link"


async def _scan(dialog: Dialog, simulator: Simulator, number: str = OWNER) -> None:
    await simulator.do("phone.scan", number=number, qr=read_qr(await dialog.picture()))


def _options(dialog: Dialog, field: str) -> dict[str, str]:
    """Return what a list offers: labels by value."""
    selector = dialog.step["data_schema"].schema[field]
    return {option["value"]: option["label"] for option in selector.config["options"]}


async def test_link_by_qr_code_and_choose_chats(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    assert dialog.step["step_id"] == "user"
    await _reach(dialog, bridge)
    assert dialog.step["menu_options"] == ["qr", "phone"]
    await dialog.choose("qr")
    assert dialog.step["progress_action"] == "connecting"
    await _scan(dialog, simulator)
    await dialog.until_step("chats")
    assert _options(dialog, "groups") == {FAMILY: "Family", NEIGHBOURS: "Neighbours"}
    await dialog.submit(groups=[FAMILY], numbers=["+1 (555) 000-0002"])

    assert dialog.step["type"] is FlowResultType.CREATE_ENTRY
    entry = dialog.step["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.title == f"+{OWNER}"
    [account] = await _accounts(bridge)
    assert entry.unique_id == account["account_id"]
    assert entry.data == {
        "url": bridge.url,
        "token": bridge.token,
        "bridge_id": await bridge.bridge_id(),
        "account_id": account["account_id"],
        "phone": OWNER,
    }
    family, bea = entry.subentries.values()
    assert (family.subentry_type, family.title, family.unique_id) == ("chat", "Family", FAMILY)
    assert family.data == {"chat_id": FAMILY, "kind": "group", "phone": None, "lid": None}
    assert (bea.title, bea.unique_id, bea.data["phone"]) == (f"+{BEA}", bea.data["chat_id"], BEA)


async def _accounts(bridge: RealBridge) -> list[Any]:
    async with bridge.client() as client:
        return await client.accounts()
