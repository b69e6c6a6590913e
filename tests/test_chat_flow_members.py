"""The flows of a chat that is a group: whose messages count."""

from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
import pytest

from demo.simulator import BEA, CARLOS, NEIGHBOURS, OWNER, Simulator
from tests.support.dialog import Dialog, added, open_chats
from tests.support.entry import load, scripted_entry
from tests.support.scripted_account import fail
from tests.support.scripted_bridge import ScriptedBridge, chat
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

CLUB = chat("120363000000000009@g.us", "Club")


def _member(member_id: str, name: str | None = None, **known: Any) -> dict[str, Any]:
    phone = member_id.partition("@")[0] if member_id.endswith("@s.whatsapp.net") else None
    lid = member_id if member_id.endswith("@lid") else None
    return {"id": member_id, "phone": phone, "lid": lid, "name": name, **known}


ANN = _member("15550000011@s.whatsapp.net", "Ann")
BEN = _member("15550000012@s.whatsapp.net", "Ben")
HIDDEN = _member("77@lid", "Ann")


def _club(scripted_bridge: ScriptedBridge, *members: dict[str, Any]) -> None:
    """Let these be in the group, besides the account itself."""
    own = _member(f"{OWNER}@s.whatsapp.net")
    about = {"chat": CLUB, "description": None, "announce": False, "locked": False, "expiration": 0}
    scripted_bridge.answers["group"] = {
        **about,
        "members": [{**member, "is_admin": False} for member in (own, *members)],
    }


@pytest.fixture
async def entry(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> ConfigEntry:
    """Return an entry without chats, whose account is in a group with Ann and Ben."""
    scripted_bridge.chats = [CLUB]
    scripted_bridge.answers["resolve"] = {"chat": CLUB}
    _club(scripted_bridge, BEN, ANN)
    made = scripted_entry(scripted_bridge)
    await load(hass, made)
    return made


async def _to_members(dialog: Dialog, entry: ConfigEntry) -> None:
    """Begin to add the group with some of its members."""
    await open_chats(dialog, entry)
    await dialog.submit(chat="Club")
    await dialog.submit(whose="chosen")
    assert dialog.step["step_id"] == "members", dialog.step


async def _reconfigure(dialog: Dialog, entry: ConfigEntry) -> None:
    [subentry] = entry.subentries
    await dialog.open((entry.entry_id, "chat"), source="reconfigure", subentry_id=subentry)
    assert dialog.step["step_id"] == "reconfigure"


async def _reconfigured(hass: HomeAssistant, dialog: Dialog, entry: ConfigEntry) -> Any:
    """Return the members that are kept now."""
    assert dialog.step["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    [subentry] = entry.subentries.values()
    assert subentry.data["chat_id"] == CLUB["id"]
    return subentry.data.get("members")


async def test_only_what_chosen_members_write_reaches_automations(
    hass: HomeAssistant, chat_dialog: Dialog, house: SharedHouse, whatsapp: Simulator
) -> None:
    entry = await house.entry({})
    await load(hass, entry)
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(chat="Neighbours")
    await chat_dialog.submit(whose="chosen")
    assert chat_dialog.step["step_id"] == "members"
    assert chat_dialog.step["description_placeholders"] == {"name": "Neighbours"}
    offered = chat_dialog.offers("members")
    assert len(offered) == 2
    [carlos] = [
        option["value"]
        for option in chat_dialog.step["data_schema"].schema["members"].config["options"]
        if CARLOS in option["label"]
    ]
    await chat_dialog.submit(members=[carlos])
    await added(hass, chat_dialog, entry, ["Neighbours"])
    [group] = entry.subentries.values()
    assert group.unique_id == NEIGHBOURS
    [member] = group.data["members"]
    assert set(member) == {"id", "phone", "lid", "name"}
    assert (member["id"], member["phone"]) == (carlos, CARLOS)

    heard: list[str] = []
    hass.bus.async_listen("whatsapp_message_received", lambda event: heard.append(event.data["content"]))
    for number, text in ((BEA, "not me"), (CARLOS, "me")):
        await whatsapp.do("phone.say", number=number, to=NEIGHBOURS, text=text)
    await until(lambda: heard)
    assert heard == ["me"]


async def test_members_are_sorted_and_told_apart(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, scripted_bridge: ScriptedBridge
) -> None:
    _club(scripted_bridge, BEN, HIDDEN, ANN)
    await _to_members(chat_dialog, entry)
    assert chat_dialog.offers("members") == ["Ann (77@lid)", "Ann (+15550000011)", "Ben (+15550000012)"]
    assert chat_dialog.suggests("members") == []
    await chat_dialog.submit(members=["77@lid", ANN["id"]])
    await added(hass, chat_dialog, entry, ["Club"])
    [group] = entry.subentries.values()
    assert group.data == {
        "chat_id": CLUB["id"],
        "kind": "group",
        "phone": None,
        "lid": None,
        "members": [HIDDEN, ANN],
    }
    assert scripted_bridge.of("group") == [{"account_id": entry.unique_id, "chat": CLUB["id"]}]


async def test_a_group_that_is_called_like_a_picture(
    chat_dialog: Dialog, entry: ConfigEntry, scripted_bridge: ScriptedBridge
) -> None:
    """Dialogs show Markdown, and a picture tells its server who looks at it."""
    scripted_bridge.answers["resolve"] = {"chat": {**CLUB, "name": "![x](http://a.b/c)"}}
    await open_chats(chat_dialog, entry)
    for given in ({"chat": "Club"}, {"whose": "chosen"}):
        await chat_dialog.submit(**given)
        shown = chat_dialog.step["description_placeholders"]
        assert shown == {"name": r"\!\[x\]\(http\:\/\/a\.b\/c\)"}


async def test_at_least_one_member_and_only_members(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry
) -> None:
    await _to_members(chat_dialog, entry)
    await chat_dialog.submit(members=[])
    assert chat_dialog.step["errors"] == {"members": "member_required"}
    with pytest.raises(InvalidData):
        await chat_dialog.submit(members=["15550000099@s.whatsapp.net"])
    await chat_dialog.submit(members=[ANN["id"]])
    await added(hass, chat_dialog, entry, ["Club"])


async def test_a_group_where_nobody_else_is(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, scripted_bridge: ScriptedBridge
) -> None:
    _club(scripted_bridge)
    await open_chats(chat_dialog, entry)
    await chat_dialog.submit(chat="Club")
    await chat_dialog.submit(whose="chosen")
    assert chat_dialog.step["errors"] == {"base": "no_members"}
    await chat_dialog.submit(whose="everyone")
    await added(hass, chat_dialog, entry, ["Club"])
    [group] = entry.subentries.values()
    assert "members" not in group.data


async def test_an_account_whose_own_number_is_not_known(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, scripted_bridge: ScriptedBridge
) -> None:
    hass.config_entries.async_update_entry(entry, data={**entry.data, "phone": None})
    await hass.async_block_till_done()
    _club(scripted_bridge, HIDDEN)
    await _to_members(chat_dialog, entry)
    assert chat_dialog.offers("members") == [f"+{OWNER}", "Ann (77@lid)"]


async def test_members_are_changed(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, scripted_bridge: ScriptedBridge
) -> None:
    await _to_members(chat_dialog, entry)
    await chat_dialog.submit(members=[ANN["id"], BEN["id"]])
    await added(hass, chat_dialog, entry, ["Club"])

    # Ann has changed her name and is known by another id, Ben has left, and somebody is new.
    ann = _member("78@lid", "Annika", phone=ANN["phone"])
    _club(scripted_bridge, ann, HIDDEN)
    await _reconfigure(chat_dialog, entry)
    assert (chat_dialog.suggests("name"), chat_dialog.suggests("whose")) == ("Club", "chosen")
    await chat_dialog.submit(name="Our club", whose="chosen")
    assert chat_dialog.step["description_placeholders"] == {"name": "Our club"}
    assert chat_dialog.offers("members") == ["Ann (77@lid)", "Annika (+15550000011)", "Ben (+15550000012)"]
    assert chat_dialog.suggests("members") == ["78@lid", BEN["id"]]
    await chat_dialog.submit(members=["78@lid", BEN["id"], "77@lid"])
    assert await _reconfigured(hass, chat_dialog, entry) == [ann, BEN, HIDDEN]
    assert [subentry.title for subentry in entry.subentries.values()] == ["Our club"]

    await _reconfigure(chat_dialog, entry)
    await chat_dialog.submit(name="Our club", whose="everyone")
    assert await _reconfigured(hass, chat_dialog, entry) is None

    await _reconfigure(chat_dialog, entry)
    assert chat_dialog.suggests("whose") == "everyone"
    await chat_dialog.submit(name="Our club", whose="chosen")
    assert chat_dialog.suggests("members") == []
    await chat_dialog.submit(members=["77@lid"])
    assert await _reconfigured(hass, chat_dialog, entry) == [HIDDEN]


@pytest.mark.parametrize("code", ["not_connected", "chat_not_found", "timeout", "rejected"])
async def test_members_that_cannot_be_listed(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, scripted_bridge: ScriptedBridge, code: str
) -> None:
    await _to_members(chat_dialog, entry)
    await chat_dialog.submit(members=[ANN["id"]])
    await added(hass, chat_dialog, entry, ["Club"])
    working = scripted_bridge.answers["group"]
    scripted_bridge.answers["group"] = fail(code)
    await _reconfigure(chat_dialog, entry)
    await chat_dialog.submit(name="Our club", whose="chosen")
    assert chat_dialog.step["step_id"] == "reconfigure"
    assert chat_dialog.step["errors"] == {"base": code}
    assert chat_dialog.suggests("name") == "Our club"
    scripted_bridge.answers["group"] = working
    await chat_dialog.submit(name="Our club", whose="chosen")
    await chat_dialog.submit(members=[BEN["id"]])
    assert await _reconfigured(hass, chat_dialog, entry) == [BEN]


async def test_a_group_of_an_account_that_is_not_loaded_is_renamed(
    hass: HomeAssistant, chat_dialog: Dialog, entry: ConfigEntry, scripted_bridge: ScriptedBridge
) -> None:
    await _to_members(chat_dialog, entry)
    await chat_dialog.submit(members=[ANN["id"]])
    await added(hass, chat_dialog, entry, ["Club"])
    await scripted_bridge.stop()
    assert await hass.config_entries.async_unload(entry.entry_id)
    await _reconfigure(chat_dialog, entry)
    await chat_dialog.submit(name="Our club", whose="chosen")
    assert chat_dialog.step["errors"] == {"base": "cannot_connect"}
    await scripted_bridge.start()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await chat_dialog.submit(name="Our club", whose="chosen")
    await chat_dialog.submit(members=[ANN["id"]])
    assert await _reconfigured(hass, chat_dialog, entry) == [ANN]
