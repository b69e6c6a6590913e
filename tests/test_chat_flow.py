"""The flow that adds a chat to an account."""

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
import pytest

from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.dialog import Dialog
from tests.support.entry import load, make_entry, scripted_entry
from tests.support.house import RealBridge
from tests.support.scripted_bridge import ScriptedBridge, chat

DORA = "15550000004"
NOBODY = "15559999999"


@pytest.fixture
async def entry(hass: HomeAssistant, simulator: Simulator, bridge: RealBridge) -> ConfigEntry:
    """Return the entry of the owner's account, without chats."""
    entry = make_entry(bridge.url, bridge.token, await bridge.link(simulator))
    await load(hass, entry)
    # After the link: the phone tells a new device whom it knows.
    await simulator.do("phone.create", number=DORA, name="Dora")
    return entry


async def _open(dialog: Dialog, entry: ConfigEntry) -> None:
    await dialog.open((entry.entry_id, "chat"), source="user")


async def _added(hass: HomeAssistant, dialog: Dialog, entry: ConfigEntry, titles: list[str]) -> None:
    """Check that the chats are there, with a device for each."""
    assert dialog.step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert [subentry.title for subentry in entry.subentries.values()] == titles
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert set(titles) < {device.name for device in devices}


async def test_pick_a_group(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await _open(chat_dialog, entry)
    assert chat_dialog.step["step_id"] == "user"
    assert {"Family", "Neighbours"} < set(chat_dialog.offers("chat"))
    await chat_dialog.submit(chat="Family")
    await _added(hass, chat_dialog, entry, ["Family"])
    [family] = entry.subentries.values()
    assert family.unique_id == FAMILY
    assert family.data == {"chat_id": FAMILY, "kind": "group", "phone": None, "lid": None}

    await _open(chat_dialog, entry)
    assert "Family" not in chat_dialog.offers("chat")
    await chat_dialog.submit(chat="Neighbours")
    await _added(hass, chat_dialog, entry, ["Family", "Neighbours"])


@pytest.mark.parametrize("typed", [DORA, "+1 (555) 000-0004", "001-555-000-0004"])
async def test_type_a_number(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, typed: str) -> None:
    await _open(chat_dialog, entry)
    await chat_dialog.submit(number=typed)
    await _added(hass, chat_dialog, entry, [f"+{DORA}"])
    [dora] = entry.subentries.values()
    assert dora.data["phone"] == DORA


@pytest.mark.parametrize(
    ("typed", "error"),
    [(NOBODY, "not_on_whatsapp"), ("Dora", "chat_not_found"), ("123@g.us", "chat_not_found")],
)
async def test_what_leads_nowhere(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, typed: str, error: str
) -> None:
    await _open(chat_dialog, entry)
    await chat_dialog.submit(number=typed)
    assert chat_dialog.step["errors"] == {"number": error}
    assert chat_dialog.suggests("number") == typed
    await chat_dialog.submit(chat="Family")
    await _added(hass, chat_dialog, entry, ["Family"])


async def test_one_chat_at_a_time(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await _open(chat_dialog, entry)
    for given in ({}, {"number": " "}, {"chat": "Family", "number": BEA}):
        await chat_dialog.submit(**given)
        assert chat_dialog.step["errors"] == {"base": "choose_one"}
    await chat_dialog.submit(chat="Family", number="")
    await _added(hass, chat_dialog, entry, ["Family"])


@pytest.mark.parametrize(("typed", "title"), [(FAMILY, "Family"), (BEA, f"+{BEA}")])
async def test_type_into_the_list(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, typed: str, title: str
) -> None:
    await _open(chat_dialog, entry)
    await chat_dialog.submit(chat="Nobody I know")
    assert chat_dialog.step["errors"] == {"chat": "chat_not_found"}
    await chat_dialog.submit(chat=typed)
    await _added(hass, chat_dialog, entry, [title])


async def test_a_chat_is_added_once(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await _open(chat_dialog, entry)
    await chat_dialog.submit(number=BEA)
    await _added(hass, chat_dialog, entry, [f"+{BEA}"])
    await _open(chat_dialog, entry)
    await chat_dialog.submit(number=f"+{BEA}")
    assert chat_dialog.step["errors"] == {"number": "already_configured"}
    await chat_dialog.submit(number=CARLOS)
    await _added(hass, chat_dialog, entry, [f"+{BEA}", f"+{CARLOS}"])


async def test_a_chat_is_known_by_any_of_its_names(
    hass: HomeAssistant, chat_dialog: Dialog, scripted_bridge: ScriptedBridge
) -> None:
    before = chat("77@lid", "Zoe") | {"phone": "15550000009"}
    entry = scripted_entry(scripted_bridge, [before])
    await load(hass, entry)
    scripted_bridge.answers["resolve"] = {"chat": chat("15550000009@s.whatsapp.net", "Zoe")}
    await _open(chat_dialog, entry)
    assert "chat" not in chat_dialog.step["data_schema"].schema
    await chat_dialog.submit(number="+15550000009")
    assert chat_dialog.step["errors"] == {"number": "already_configured"}
    scripted_bridge.answers["resolve"] = {"chat": chat("15550000008@s.whatsapp.net", "Bea")}
    await chat_dialog.submit(number="+15550000008")
    await _added(hass, chat_dialog, entry, ["Zoe", "Bea"])


async def test_whatsapp_is_away(
    hass: HomeAssistant, chat_dialog: Dialog, simulator: Simulator, bridge: RealBridge, entry: ConfigEntry
) -> None:
    await _open(chat_dialog, entry)
    fault = await simulator.do("fault.set", kind="http_status", code=503)
    await simulator.do("server.disconnect", number=OWNER, reason="drop")
    await bridge.until_account("disconnected")
    await chat_dialog.submit(number=DORA)
    assert chat_dialog.step["errors"] == {"number": "not_connected"}
    await simulator.do("fault.clear", id=fault["id"])
    await bridge.until_account("connected")
    await chat_dialog.submit(number=DORA)
    await _added(hass, chat_dialog, entry, [f"+{DORA}"])


async def test_the_bridge_is_away(
    hass: HomeAssistant, chat_dialog: Dialog, bridge: RealBridge, entry: ConfigEntry
) -> None:
    await _open(chat_dialog, entry)
    await bridge.stop()
    await chat_dialog.submit(chat="Family")
    assert chat_dialog.step["errors"] == {"chat": "cannot_connect"}
    await bridge.start()
    await chat_dialog.submit(chat="Family")
    await _added(hass, chat_dialog, entry, ["Family"])


async def test_an_account_that_is_not_loaded(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    assert await hass.config_entries.async_unload(entry.entry_id)
    await _open(chat_dialog, entry)
    assert chat_dialog.step["type"] is FlowResultType.ABORT
    assert chat_dialog.step["reason"] == "entry_not_loaded"
    assert await hass.config_entries.async_setup(entry.entry_id)
    await _open(chat_dialog, entry)
    await chat_dialog.submit(chat="Family")
    await _added(hass, chat_dialog, entry, ["Family"])


async def test_rename(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await _open(chat_dialog, entry)
    await chat_dialog.submit(chat="Family")
    await _added(hass, chat_dialog, entry, ["Family"])
    [family] = entry.subentries
    await chat_dialog.open((entry.entry_id, "chat"), source="reconfigure", subentry_id=family)
    assert chat_dialog.suggests("name") == "Family"
    await chat_dialog.submit(name="All of us")
    assert chat_dialog.step["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.subentries[family].title == "All of us"
    names = {device.name for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)}
    assert "All of us" in names
