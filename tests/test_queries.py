"""Actions that tell what an account knows."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
import voluptuous as vol

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, FAMILY, NEIGHBOURS, OWNER, Simulator
from tests.support.phone import inbox
from tests.support.wait import until, until_told

NOBODY = "15559999999"
BEA_JID = f"{BEA}@s.whatsapp.net"


async def _ask(hass: HomeAssistant, action: str, **data: Any) -> Any:
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


async def _refused(hass: HomeAssistant, action: str, **data: Any) -> str | None:
    with pytest.raises(ServiceValidationError) as caught:
        await _ask(hass, action, **data)
    return caught.value.translation_key


async def _messages(hass: HomeAssistant, **data: Any) -> Any:
    return (await _ask(hass, "get_chat_messages", **data))["messages"]


@pytest.fixture
async def known(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    """Bea and the family have written; the family last."""
    received = async_capture_events(hass, "whatsapp_message_received")
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="here I am")
    await until(lambda: len(received) == 1)
    await whatsapp.do("phone.say", number=BEA, to=FAMILY, text="the newest")
    await until(lambda: len(received) == 2)


@pytest.mark.usefixtures("known")
async def test_chats(hass: HomeAssistant) -> None:
    chats = (await _ask(hass, "get_chats"))["chats"]
    assert {chats[0]["id"], chats[1]["id"]} == {FAMILY, BEA_JID}, "the most recent come first"
    by_id = {chat["id"]: chat for chat in chats}
    assert by_id[FAMILY] == {
        "id": FAMILY,
        "jid": FAMILY,
        "kind": "group",
        "name": "Family",
        "number": None,
        "lid": None,
        "participants": 2,
        "is_admin": True,
    }
    bea = by_id[BEA_JID]
    assert (bea["jid"], bea["kind"], bea["number"], bea["participants"]) == (BEA_JID, "person", BEA, None)
    assert bea["lid"].endswith("@lid")


@pytest.mark.usefixtures("known")
async def test_chats_by_kind_name_number_and_limit(hass: HomeAssistant) -> None:
    groups = (await _ask(hass, "get_chats", kind="group"))["chats"]
    assert {chat["id"] for chat in groups} >= {FAMILY, NEIGHBOURS}
    assert {chat["kind"] for chat in groups} == {"group"}
    assert len((await _ask(hass, "get_chats", kind=["group"], limit=1))["chats"]) == 1, "the limit is of groups"
    (found,) = (await _ask(hass, "get_chats", query="FAMIL"))["chats"]
    assert found["id"] == FAMILY
    (found,) = (await _ask(hass, "get_chats", query="+1 555 000-0002"))["chats"]
    assert found["id"] == BEA_JID
    assert (await _ask(hass, "get_chats", query="nothing like it")) == {"chats": []}


@pytest.mark.parametrize("wrong", [{"kind": "star"}, {"kind": []}, {"limit": 0}, {"limit": 1001}, {"query": "x" * 257}])
async def test_chats_that_cannot_be(hass: HomeAssistant, entry: MockConfigEntry, wrong: dict[str, Any]) -> None:
    with pytest.raises(vol.Invalid):
        await _ask(hass, "get_chats", **wrong)


@pytest.mark.usefixtures("known")
async def test_contacts_are_people(hass: HomeAssistant) -> None:
    contacts = {contact["id"]: contact for contact in (await _ask(hass, "get_contacts"))["contacts"]}
    assert set(contacts[BEA_JID]) == {"id", "jid", "name", "number", "lid"}
    assert contacts[BEA_JID]["number"] == BEA
    assert not {FAMILY, NEIGHBOURS, f"{OWNER}@s.whatsapp.net"} & set(contacts)
    with pytest.raises(vol.Invalid):
        await _ask(hass, "get_contacts", kind="group")


async def test_contact_info(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    for target in ("Bea", "+1 (555) 000-0002", BEA_JID):
        bea = await _ask(hass, "get_contact_info", target=target)
        assert (bea["id"], bea["jid"], bea["number"], bea["kind"]) == (BEA_JID, BEA_JID, BEA, "person")
    assert (await _ask(hass, "get_contact_info", entity_id="notify.bea"))["id"] == BEA_JID
    carlos = await _ask(hass, "get_contact_info", target=CARLOS)
    assert (carlos["number"], carlos["kind"]) == (CARLOS, "person")
    assert (await _ask(hass, "get_contact_info", target="Family"))["participants"] == 2


async def test_one_chat_is_meant(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    one = await _ask(hass, "get_contact_info", entity_id="notify.bea", target=[BEA, "Bea"])
    assert one["id"] == BEA_JID, "three names of one chat"
    assert await _refused(hass, "get_contact_info", entity_id=["notify.bea", "notify.family"]) == "one_chat"
    assert await _refused(hass, "get_contact_info", target=[BEA, CARLOS]) == "one_chat"
    assert await _refused(hass, "get_contact_info", target=["Bea", "Nobody"]) == "unknown_chat"
    assert await _refused(hass, "get_contact_info") == "target_required"
    assert await _refused(hass, "get_contact_info", target=NOBODY) == "not_on_whatsapp"
    assert await _refused(hass, "get_contact_info", entity_id="light.kitchen") == "not_a_chat"


async def test_numbers_are_checked(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    here = {"number": BEA, "exists": True, "chat_id": BEA_JID, "jid": BEA_JID}
    nowhere = {"number": NOBODY, "exists": False, "chat_id": None, "jid": None}
    assert await _ask(hass, "check_number", number=BEA) == {"numbers": [here], **here}
    response = await _ask(hass, "check_number", number=["+1 555 999-9999", BEA_JID, "001 (555) 000.0002"])
    assert response == {"numbers": [nowhere, here, here]}


async def test_numbers_of_the_own_country_are_checked(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config.async_update(country="US")
    assert (await _ask(hass, "check_number", number="(555) 000-0002"))["number"] == BEA
    await hass.config.async_update(country="DE")
    assert (await _ask(hass, "check_number", number="+1 555 000 0002"))["exists"]
    assert (await _ask(hass, "check_number", number="0170 1234567"))["number"] == "491701234567"


async def test_what_is_no_number(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    for text in ("Bea", "12", FAMILY):
        assert await _refused(hass, "check_number", number=[BEA, text]) == "not_a_number"
    for wrong in ([], "", ["1"] * 51):
        with pytest.raises(vol.Invalid):
            await _ask(hass, "check_number", number=wrong)


async def test_messages_of_a_chat(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    first = await whatsapp.do("phone.say", number=BEA, to=OWNER, text="first of two")
    poll = await whatsapp.do("phone.poll", number=BEA, to=OWNER, question="Tea?", options=["Yes", "No"])
    await until(lambda: len(received) == 2)
    mine = await _ask(hass, "send_message", target="Bea", message="mine")
    response = await _ask(hass, "get_chat_messages", target="Bea", limit=3)
    assert (response["id"], response["jid"]) == (BEA_JID, BEA_JID)
    own, asked, said = response["messages"]
    assert (own["id"], own["content"], own["from_me"]) == (mine["message_id"], "mine", True)
    assert (own["sender_number"], own["sender"]) == (OWNER, f"{OWNER}@s.whatsapp.net")
    assert (asked["kind"], asked["content"], asked["poll"]["options"]) == ("poll", "Tea?", ["Yes", "No"])
    assert (said["kind"], said["content"], said["from_me"]) == ("text", "first of two", False)
    assert (said["sender"], said["sender_number"], said["sender_name"]) == (BEA_JID, BEA, "Bea")
    assert "poll" not in said
    assert not said["edited"]
    assert [message["id"] for message in (asked, said)] == [event.data["id"] for event in reversed(received)]

    await whatsapp.do("phone.edit", number=BEA, id=first["id"], text="corrected")
    await whatsapp.do("phone.delete", number=BEA, id=poll["id"])
    older = await until_told(
        lambda: _messages(hass, target=BEA, limit=2, before=own["id"]),
        lambda messages: messages[0]["revoked"] and messages[1]["edited"],
    )
    assert [message["content"] for message in older] == ["", "corrected"]


async def test_messages_that_cannot_be_listed(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await _refused(hass, "get_chat_messages", target="Bea", before="no such") == "message_not_found"
    for limit in (0, 201, "many"):
        with pytest.raises(vol.Invalid):
            await _ask(hass, "get_chat_messages", target="Bea", limit=limit)


async def test_results_of_a_poll(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    votes = async_capture_events(hass, "whatsapp_poll_vote")
    box = await inbox(whatsapp, BEA)
    poll = {"question": "When?", "options": ["Now", "Later"], "allow_multiple_responses": True}
    sent = await _ask(hass, "send_poll", target="Family", **poll)
    empty = {
        "id": sent["message_id"],
        **poll,
        "tally": [{"option": "Now", "votes": 0}, {"option": "Later", "votes": 0}],
    }
    assert await _ask(hass, "get_poll_results", message_id=sent["message_id"]) == {**empty, "votes": []}
    (arrived,) = await box.look()
    await whatsapp.do("phone.vote", number=BEA, poll=arrived["id"], options=["Later"])
    await until(lambda: votes)
    results = await _ask(hass, "get_poll_results", message_id=sent["message_id"])
    assert results["tally"] == [{"option": "Now", "votes": 0}, {"option": "Later", "votes": 1}]
    assert results["votes"] == [
        {"options": ["Later"], "voter": BEA_JID, "voter_name": "Bea", "voter_number": BEA},
    ]
    single = await _ask(hass, "send_poll", target="Bea", question="Sure?", options=["Yes", "No"])
    results = await _ask(hass, "get_poll_results", message_id=single["message_id"])
    assert results["allow_multiple_responses"] is False
    assert await _refused(hass, "get_poll_results", message_id="no such") == "message_not_found"
