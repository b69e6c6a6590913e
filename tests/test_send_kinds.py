"""Every kind of message without a file, as the phone that gets it sees it."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from demo.simulator import BEA, CARLOS, FAMILY, NEIGHBOURS, OWNER, Simulator
from tests.support.actions import call, refused
from tests.support.phone import inbox


async def test_mentions(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    await call(hass, "send_message", target="Family", message=f"@{BEA} look", mentions="Bea")
    await call(hass, "send_message", target="Family", message="no, you", mentions=[CARLOS, f"{BEA}@s.whatsapp.net"])
    first, second = await box.look()
    assert first["text"].startswith("@")
    assert (first["text"].partition(" ")[2], first["mentions"]) == ("look", [BEA])
    assert sorted(second["mentions"]) == [BEA, CARLOS]
    error = await refused(hass, "send_message", target="Family", message="x", mentions="Neighbours")
    assert error.translation_key == "mention_not_possible"
    assert (await refused(hass, "send_message", target="Bea", message="x", mentions="Nobody")).translation_key == (
        "unknown_chat"
    )


async def test_location(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    place = {"latitude": "46.948", "longitude": 7.4474}
    await call(hass, "send_location", target="Bea", name="Car", address="Bern", **place)
    response = await call(hass, "send_location", target="Bea", **place)
    first, second = await box.look()
    assert first["location"] == {
        "latitude": 46.948,
        "longitude": 7.4474,
        "name": "Car",
        "address": "Bern",
        "live": False,
    }
    assert not second["location"]["name"]
    assert not second["location"]["address"]
    assert (second["id"], response["sent_as"]) == (response["message_id"], "location")


async def test_contact(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    hass.config.country = "CH"
    card = {"name": "Plumber", "contact_number": ["079 123 45 67", "+1 555 000 0003"], "organization": "Pipes Ltd"}
    await call(hass, "send_contact", target="Bea", **card)
    (message,) = await box.look()
    (contact,) = message["contacts"]
    assert contact["name"] == "Plumber"
    for part in ("+41791234567", "+15550000003", "Pipes Ltd"):
        assert part in contact["vcard"]
    await call(hass, "send_contact", target="Bea", name="Doctor", contact_number="+15550000003")
    (message,) = await box.look()
    assert "ORG" not in message["contacts"][0]["vcard"]
    error = await refused(hass, "send_contact", target="Bea", name="Plumber", contact_number="call me")
    assert error.translation_key == "invalid_number"
    hass.config.country = None
    error = await refused(hass, "send_contact", target="Bea", name="Plumber", contact_number="079 123 45 67")
    assert error.translation_key == "country_code_required"


@pytest.mark.parametrize(
    "buttons",
    [
        [{"id": "open", "text": "Open"}, {"id": "leave", "text": "Leave"}],
        [{"buttonId": "open", "displayText": "Open"}, {"buttonId": "leave", "displayText": "Leave"}],
        ["Open", "Leave"],
    ],
)
async def test_buttons_become_a_poll(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, buttons: list[Any]
) -> None:
    box = await inbox(whatsapp, BEA)
    response = await call(hass, "send_buttons", target="Bea", message="Garage?", buttons=buttons)
    (message,) = await box.look()
    assert response["sent_as"] == message["kind"] == "poll"
    assert (message["question"], message["options"]) == ("Garage?", ["Open", "Leave"])


async def test_what_buttons_may_lose(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    question = {"target": "Bea", "message": "Garage?", "buttons": ["Open", "Leave"], "footer": "Soon"}
    assert (await call(hass, "send_buttons", **question))["sent_as"] == "text"
    assert (await call(hass, "send_buttons", degrade="lossy", **question))["sent_as"] == "poll"
    error = await refused(hass, "send_buttons", degrade="never", **question)
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "unsupported"
    text, poll = await box.look()
    assert all(part in text["text"] for part in ("Garage?", "1", "Open", "2", "Leave", "Soon"))
    assert poll["question"] == "Garage?"


async def test_list(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    sections = [
        {"title": "Upstairs", "rows": [{"rowId": "bath", "title": "Bath", "description": "the big one"}]},
        {"rows": ["Kitchen"]},
    ]
    choice = {"target": "Bea", "sections": sections, "button_text": "Choose"}
    await call(hass, "send_list", text="Which room?", title="Heating", footer="Soon", **choice)
    await call(hass, "send_list", title="Only a title", degrade="lossy", **choice)
    text, poll = await box.look()
    parts = ("Heating", "Which room?", "Upstairs", "Bath", "the big one", "Kitchen", "Soon")
    assert all(part in text["text"] for part in parts)
    assert (poll["question"], poll["options"]) == ("Only a title", ["Bath", "Kitchen"])
    assert (await refused(hass, "send_list", **choice)).translation_key == "empty_message"


async def test_reaction(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    said = (await whatsapp.do("phone.say", number=BEA, to=OWNER, text="like this"))["id"]
    await call(hass, "send_message", target="Bea", message="and this")
    box = await inbox(whatsapp, BEA)
    reactions = [{"message_id": "last", "reaction": "👍"}, {"message_id": said, "reaction": ""}]
    for data in reactions:
        assert (await call(hass, "send_reaction", entity_id="notify.bea", **data))["sent_as"] == "reaction"
    assert [(each["kind"], each["target"], each["emoji"]) for each in await box.look()] == [
        ("reaction", said, "👍"),
        ("reaction", said, ""),
    ]
    error = await refused(hass, "send_reaction", target=NEIGHBOURS, message_id=said, reaction="👍")
    assert error.translation_key == "message_not_possible"
    error = await refused(hass, "send_reaction", target="Bea", message_id="no such message", reaction="👍")
    assert error.translation_key == "message_not_found"


async def test_edit_and_revoke(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    sent = await call(hass, "send_message", target="Bea", message="wahsing machine")
    box = await inbox(whatsapp, BEA)
    await call(hass, "edit_message", target="Bea", message_id=sent["message_id"], message="washing machine")
    await call(hass, "edit_message", target="Bea", message_id="last", message="washing machine!")
    await call(hass, "revoke_message", target="Bea", message_id="last")
    first, second, gone = await box.look()
    assert [(each["kind"], each["target"]) for each in (first, second, gone)] == [
        ("edit", sent["message_id"]),
        ("edit", sent["message_id"]),
        ("delete", sent["message_id"]),
    ]
    assert (first["text"], second["text"]) == ("washing machine", "washing machine!")
    error = await refused(hass, "edit_message", target="Bea", message_id=sent["message_id"], message="too late")
    assert error.translation_key == "message_not_found"
    said = (await whatsapp.do("phone.say", number=BEA, to=OWNER, text="mine"))["id"]
    await call(hass, "send_reaction", target="Bea", message_id="last", reaction="👀")
    for action, data in (("edit_message", {"message": "yours"}), ("revoke_message", {})):
        error = await refused(hass, action, target="Bea", message_id=said, **data)
        assert error.translation_key == "message_not_possible"


async def test_forward(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    sent = await call(hass, "send_message", target="Bea", message="pass it on")
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    forwarded = await call(
        hass,
        "forward_message",
        target="Bea",
        message_id=sent["message_id"],
        destination=["Neighbours", "notify.family", "Nobody"],
    )
    assert [result.get("error_code") for result in forwarded["results"]] == [None, None, "unknown_chat"]
    assert {(each["chat"], each["text"], each["forwarded"]) for each in await bea.look()} == {
        (NEIGHBOURS, "pass it on", 1),
        (FAMILY, "pass it on", 1),
    }
    assert await carlos.texts() == ["pass it on"]
    await call(hass, "forward_message", entity_id="notify.bea", message_id="last", destination=CARLOS)
    assert await carlos.texts() == ["pass it on"], "the newest of the chat that it comes from"
    several = await refused(hass, "forward_message", target=["Bea", "Family"], message_id="last", destination=CARLOS)
    assert several.translation_key == "one_chat"


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [(None, 604_800), ("1d", 86_400), ("30d", 2_592_000), (86_400, 86_400), ({"days": 30}, 2_592_000)],
)
async def test_pin(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, duration: Any, seconds: int
) -> None:
    sent = await call(hass, "send_message", target="Family", message="bins on Tuesday")
    box = await inbox(whatsapp, BEA)
    given = {} if duration is None else {"duration": duration}
    await call(hass, "pin_message", target="Family", message_id="last", **given)
    await call(hass, "unpin_message", target="Family", message_id=sent["message_id"])
    up, down = await box.look()
    assert (up["kind"], up["target"], up["seconds"]) == ("pin", sent["message_id"], seconds)
    assert (down["kind"], down["target"]) == ("unpin", sent["message_id"])
