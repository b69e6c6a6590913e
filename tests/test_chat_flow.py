"""The flow that adds a chat to an account, and renames it later."""

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
import pytest

from demo.simulator import BEA, FAMILY, NEIGHBOURS, OWNER, Simulator
from tests.support.dialog import Dialog, added, open_chats
from tests.support.entry import load, make_entry, scripted_entry
from tests.support.house import RealBridge
from tests.support.scripted_account import fail
from tests.support.scripted_bridge import ScriptedBridge, chat
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

NOBODY = "15559999999"
# People who have never written. Of those who have, in whichever test, the account of the shared house knows the name.
EVA = "15550000038"
FINN = "15550000039"


@pytest.fixture
async def entry(hass: HomeAssistant, house: SharedHouse) -> ConfigEntry:
    """Return the entry of the owner's account, without chats."""
    made = await house.entry({})
    await load(hass, made)
    return made


@pytest.fixture(autouse=True)
async def _silent_people(whatsapp: Simulator) -> None:
    there = {phone["number"] for phone in (await whatsapp.do("phone.list"))["phones"]}
    for number in {EVA, FINN} - there:
        await whatsapp.do("phone.create", number=number, name="Silent")


async def _newcomer(whatsapp: Simulator, number: str, name: str) -> str:
    """Return somebody whom the account has never heard of: the phone tells a new device whom it knows."""
    await whatsapp.do("phone.create", number=number, name=name)
    return number


async def test_pick_a_group(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await open_chats(chat_dialog, entry)
    assert chat_dialog.step["step_id"] == "user"
    assert {"Family", "Neighbours"} < set(chat_dialog.offers("chat"))
    await chat_dialog.submit(chat="Family")
    assert chat_dialog.step["step_id"] == "group"
    assert chat_dialog.step["description_placeholders"] == {"name": "Family"}
    assert chat_dialog.suggests("whose") == "everyone"
    await chat_dialog.submit(whose="everyone")
    await added(hass, chat_dialog, entry, ["Family"])
    [family] = entry.subentries.values()
    assert family.unique_id == FAMILY
    assert family.data == {"chat_id": FAMILY, "kind": "group", "phone": None, "lid": None}

    await open_chats(chat_dialog, entry)
    assert "Family" not in chat_dialog.offers("chat")


async def test_the_chat_with_oneself(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await open_chats(chat_dialog, entry)
    [own] = [label for label in chat_dialog.offers("chat") if OWNER in label]
    await chat_dialog.submit(chat=own)
    assert chat_dialog.step["type"] is FlowResultType.CREATE_ENTRY
    assert [subentry.data["kind"] for subentry in entry.subentries.values()] == ["self"]


async def test_who_wrote_and_was_not_added_is_offered_and_told_apart(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, whatsapp: Simulator
) -> None:
    for number in ("15550000021", "15550000022"):
        await _newcomer(whatsapp, number, "Sam")
        await whatsapp.do("phone.say", number=number, to=OWNER, text="It is me")
        await until(lambda: any(known["phone"] == number for known in entry.runtime_data.chats.values()))  # noqa: B023
    await open_chats(chat_dialog, entry)
    assert {"Sam (+15550000022)", "Sam (+15550000021)"} < set(chat_dialog.offers("chat"))
    await chat_dialog.submit(chat="Sam (+15550000021)")
    await added(hass, chat_dialog, entry, ["Sam"])
    assert [subentry.data["phone"] for subentry in entry.subentries.values()] == ["15550000021"]


@pytest.mark.parametrize(
    ("number", "typed", "country"),
    [
        ("15550000031", "15550000031", None),
        ("15550000032", "+1 (555) 000-0032", None),
        ("15550000033", "001-555-000-0033", "CH"),
        ("15550000034", "(555) 000-0034", "US"),
        ("41790000035", "079 000 00 35", "CH"),
    ],
)
async def test_type_a_number(
    hass: HomeAssistant,
    chat_dialog: Dialog,
    entry: ConfigEntry,
    whatsapp: Simulator,
    *,
    number: str,
    typed: str,
    country: str | None,
) -> None:
    await _newcomer(whatsapp, number, "Dora")
    await hass.config.async_update(country=country)
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(number=typed)
    await added(hass, chat_dialog, entry, [f"+{number}"])
    [dora] = entry.subentries.values()
    assert dora.data["phone"] == number


@pytest.mark.parametrize(
    ("typed", "country", "error"),
    [
        (NOBODY, None, "not_on_whatsapp"),
        ("079 123 45 67", None, "country_code_required"),
        ("Dora", None, "country_code_required"),
        ("Dora", "CH", "invalid_phone"),
        (FAMILY, "CH", "invalid_phone"),
        ("12", "CH", "invalid_phone"),
    ],
)
async def test_what_leads_nowhere(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, *, typed: str, country: str | None, error: str
) -> None:
    await hass.config.async_update(country=country)
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(number=typed)
    assert chat_dialog.step["errors"] == {"number": error}
    assert chat_dialog.suggests("number") == typed
    await chat_dialog.submit(number=f"+{EVA}")
    await added(hass, chat_dialog, entry, [f"+{EVA}"])


async def test_one_chat_at_a_time(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await open_chats(chat_dialog, entry)
    for given in ({}, {"number": " "}, {"chat": "Family", "number": EVA}):
        await chat_dialog.submit(**given)
        assert chat_dialog.step["errors"] == {"base": "choose_one"}
    await chat_dialog.submit(chat="", number=EVA)
    await added(hass, chat_dialog, entry, [f"+{EVA}"])


@pytest.mark.parametrize("typed", [EVA, f"{EVA}@s.whatsapp.net", "(555) 000-0038"])
async def test_type_into_the_list(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, typed: str) -> None:
    await hass.config.async_update(country="US")
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(chat="Nobody I know")
    assert chat_dialog.step["errors"] == {"chat": "chat_not_found"}
    await chat_dialog.submit(chat=typed)
    await added(hass, chat_dialog, entry, [f"+{EVA}"])


async def test_a_chat_is_added_once(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(number=EVA)
    await added(hass, chat_dialog, entry, [f"+{EVA}"])
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(number=f"+{EVA}")
    assert chat_dialog.step["errors"] == {"number": "already_configured"}
    await chat_dialog.submit(number=FINN)
    await added(hass, chat_dialog, entry, [f"+{EVA}", f"+{FINN}"])


async def test_a_double_click_adds_one_chat(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await open_chats(chat_dialog, entry)
    await chat_dialog.click_twice(number=EVA)
    await added(hass, chat_dialog, entry, [f"+{EVA}"])


async def test_a_dialog_left_open_in_another_tab(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(chat="Family")
    left_open = chat_dialog.step
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(chat="Family")
    await chat_dialog.submit(whose="everyone")
    await added(hass, chat_dialog, entry, ["Family"])
    chat_dialog.step = left_open
    await chat_dialog.submit(whose="everyone")
    assert chat_dialog.step["type"] is FlowResultType.ABORT
    assert chat_dialog.step["reason"] == "already_configured"
    assert not hass.config_entries.subentries.async_progress()


async def test_nothing_to_pick_from_and_a_chat_known_by_another_of_its_names(
    hass: HomeAssistant, chat_dialog: Dialog, scripted_bridge: ScriptedBridge
) -> None:
    before = chat("77@lid", "Zoe") | {"phone": "15550000009"}
    entry = scripted_entry(scripted_bridge, [before])
    await load(hass, entry)
    scripted_bridge.answers["resolve"] = {"chat": chat("15550000009@s.whatsapp.net", "Zoe")}
    await open_chats(chat_dialog, entry)
    assert list(chat_dialog.step["data_schema"].schema) == ["number"]
    await chat_dialog.submit(number="+15550000009")
    assert chat_dialog.step["errors"] == {"number": "already_configured"}
    scripted_bridge.answers["resolve"] = {"chat": chat("15550000008@s.whatsapp.net", "Bea")}
    await chat_dialog.submit(number="+15550000008")
    await added(hass, chat_dialog, entry, ["Zoe", "Bea"])


async def test_a_stranger_who_bears_the_name_and_number_of_somebody_else(
    hass: HomeAssistant, chat_dialog: Dialog, scripted_bridge: ScriptedBridge
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    scripted_bridge.chats = [
        chat("77@lid", "Bea (+15550000002)"),
        chat("15550000002@s.whatsapp.net", "Bea"),
        chat("120363000000000009@g.us", "Bea (+15550000002)"),
    ]
    await open_chats(chat_dialog, entry)
    # Most recent first, as the bridge has them.
    assert chat_dialog.offers("chat") == [
        "Bea (+15550000002) (77@lid)",
        "Bea (+15550000002)",
        "Bea (+15550000002) (120363000000000009@g.us)",
    ]
    scripted_bridge.answers["resolve"] = lambda args: {
        "chat": next(known for known in scripted_bridge.chats if known["id"] == args["chat"])
    }
    await chat_dialog.submit(chat="Bea (+15550000002)")
    await added(hass, chat_dialog, entry, ["Bea"])
    assert [subentry.unique_id for subentry in entry.subentries.values()] == ["15550000002@s.whatsapp.net"]


async def test_a_list_that_cannot_be_brought_up_to_date(
    hass: HomeAssistant, chat_dialog: Dialog, scripted_bridge: ScriptedBridge
) -> None:
    bea = chat("15550000002@s.whatsapp.net", "Bea")
    scripted_bridge.chats = [bea]
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    scripted_bridge.answers |= {"groups": fail("storage_corrupt"), "resolve": {"chat": bea}}
    await open_chats(chat_dialog, entry)
    assert chat_dialog.step["errors"] == {"base": "storage_corrupt"}
    assert chat_dialog.offers("chat") == ["Bea (+15550000002)"]
    await chat_dialog.submit(chat="Bea (+15550000002)")
    await added(hass, chat_dialog, entry, ["Bea"])


async def test_whatsapp_is_away(
    hass: HomeAssistant, chat_dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    entry = make_entry(bridge.url, bridge.token, await bridge.link(simulator))
    await load(hass, entry)
    dora = await _newcomer(simulator, "15550000004", "Dora")
    await open_chats(chat_dialog, entry)
    fault = await simulator.do("fault.set", kind="http_status", code=503)
    await simulator.do("server.disconnect", number=OWNER, reason="drop")
    await bridge.until_account("disconnected")
    await chat_dialog.submit(number=dora)
    assert chat_dialog.step["errors"] == {"number": "not_connected"}
    await simulator.do("fault.clear", id=fault["id"])
    await bridge.until_account("connected")
    await chat_dialog.submit(number=dora)
    await added(hass, chat_dialog, entry, [f"+{dora}"])


async def test_the_bridge_is_away(
    hass: HomeAssistant, chat_dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    entry = make_entry(bridge.url, bridge.token, await bridge.link(simulator))
    await load(hass, entry)
    await open_chats(chat_dialog, entry)
    await bridge.stop()
    await chat_dialog.submit(chat="Neighbours")
    assert chat_dialog.step["errors"] == {"chat": "cannot_connect"}
    await bridge.start()
    await chat_dialog.submit(chat="Neighbours")
    await bridge.stop()
    await chat_dialog.submit(whose="chosen")
    assert chat_dialog.step["step_id"] == "group"
    assert chat_dialog.step["errors"] == {"base": "cannot_connect"}
    assert chat_dialog.suggests("whose") == "chosen"
    await bridge.start()
    await chat_dialog.submit(whose="everyone")
    await added(hass, chat_dialog, entry, ["Neighbours"])
    assert [subentry.unique_id for subentry in entry.subentries.values()] == [NEIGHBOURS]


async def test_an_account_that_is_not_loaded(hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry) -> None:
    assert await hass.config_entries.async_unload(entry.entry_id)
    await open_chats(chat_dialog, entry)
    assert chat_dialog.step["type"] is FlowResultType.ABORT
    assert chat_dialog.step["reason"] == "entry_not_loaded"
    assert await hass.config_entries.async_setup(entry.entry_id)
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(number=EVA)
    await added(hass, chat_dialog, entry, [f"+{EVA}"])


async def test_rename(hass: HomeAssistant, chat_dialog: Dialog, house: SharedHouse) -> None:
    entry = await house.entry({BEA: "Bea"})
    await load(hass, entry)
    [bea] = entry.subentries
    await chat_dialog.open((entry.entry_id, "chat"), source="reconfigure", subentry_id=bea)
    assert list(chat_dialog.step["data_schema"].schema) == ["name"]
    assert chat_dialog.suggests("name") == "Bea"
    await chat_dialog.submit(name="  ")
    assert chat_dialog.step["errors"] == {"name": "name_required"}
    await chat_dialog.submit(name=" Beatrix ")
    assert chat_dialog.step["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.subentries[bea].title == "Beatrix"
    names = {device.name for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)}
    assert "Beatrix" in names
