"""Actions that show others what the account does, up to the phones that see it."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
import voluptuous as vol

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.entry import load, scripted_entry
from tests.support.scripted_bridge import Fail, ScriptedBridge
from tests.support.shared_house import SharedHouse
from tests.support.wait import until, until_told

BEA_JID = f"{BEA}@s.whatsapp.net"
BEA_IS_TOLD = {"results": [{"target": "Bea", "chat_id": BEA_JID}]}


async def _act(hass: HomeAssistant, action: str, **data: Any) -> Any:
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


async def _read_by_owner(whatsapp: Simulator, number: str) -> set[str]:
    """Return the messages of this phone of which it knows that the owner has read them."""
    receipts = (await whatsapp.do("phone.receipts", number=number))["receipts"]
    return {receipt["id"] for receipt in receipts if receipt["type"] == "read" and receipt["from"] == OWNER}


async def _presences(whatsapp: Simulator) -> list[tuple[str, str, str | None]]:
    heard = (await whatsapp.do("presence.heard"))["heard"]
    return [(each["from"], each["type"], each.get("to")) for each in heard]


async def _new_presences(whatsapp: Simulator, before: int, count: int) -> list[tuple[str, str, str | None]]:
    heard = await until_told(lambda: _presences(whatsapp), lambda heard: len(heard) >= before + count)
    return heard[before:]


async def _learn_name(hass: HomeAssistant, whatsapp: Simulator, number: str) -> None:
    """Write on a phone: with that its linked devices learn what it calls itself."""
    sent = async_capture_events(hass, "whatsapp_message_sent")
    await whatsapp.do("phone.type", number=number, to=BEA, text="my name")
    await until(lambda: sent)


async def test_messages_are_marked_as_read(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    ids = [(await whatsapp.do("phone.say", number=BEA, to=OWNER, text=text))["id"] for text in ("1", "2", "3")]
    await until(lambda: len(received) == 3)
    assert not set(ids) & await _read_by_owner(whatsapp, BEA), "nothing is read by itself"
    second = received[1].data["id"]
    assert await _act(hass, "mark_as_read", target="Bea", message_id=second) == BEA_IS_TOLD
    read = await until_told(lambda: _read_by_owner(whatsapp, BEA), lambda read: bool(set(ids) & read))
    assert set(ids) & read == set(ids[:2])
    await hass.services.async_call(DOMAIN, "mark_as_read", {"entity_id": "notify.bea"}, blocking=True)
    await until_told(lambda: _read_by_owner(whatsapp, BEA), lambda read: set(ids) <= read)


async def test_several_chats_are_marked_as_read(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    said = [(await whatsapp.do("phone.say", number=BEA, to=to, text="look"))["id"] for to in (OWNER, FAMILY)]
    await until(lambda: len(received) == 2)
    response = await _act(
        hass, "mark_as_read", entity_id="notify.family", target=["Nobody", "Bea", BEA], message_id="last"
    )
    assert response["results"][0] == {"target": "notify.family", "chat_id": FAMILY}
    assert {result["target"]: result.get("error_code") for result in response["results"]} == {
        "notify.family": None,
        "Nobody": "unknown_chat",
        "Bea": None,
    }
    await until_told(lambda: _read_by_owner(whatsapp, BEA), lambda read: set(said) <= read)
    with pytest.raises(ServiceValidationError) as caught:
        await hass.services.async_call(DOMAIN, "mark_as_read", {"target": ["Bea", "Nobody"]}, blocking=True)
    assert caught.value.translation_key == "some_failed"


async def test_what_cannot_be_marked_as_read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "target_required"),
        ({"target": "Bea", "message_id": "no such"}, "message_not_found"),
        ({"target": "Nobody"}, "unknown_chat"),
    ]
    for data, key in wrong:
        with pytest.raises(ServiceValidationError) as caught:
            await _act(hass, "mark_as_read", **data)
        assert caught.value.translation_key == key


@pytest.mark.parametrize("presence", ["composing", "recording", "paused"])
async def test_typing_is_seen_in_the_chat(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, presence: str
) -> None:
    before = len(await _presences(whatsapp))
    response = await _act(hass, "update_presence", target="Bea", entity_id="notify.family", presence=presence)
    assert [result["chat_id"] for result in response["results"]] == [FAMILY, BEA_JID]
    heard = await _new_presences(whatsapp, before, 2)
    assert {each[:2] for each in heard} == {(OWNER, presence)}
    assert FAMILY in {each[2] for each in heard}
    with pytest.raises(ServiceValidationError) as caught:
        await _act(hass, "update_presence", presence=presence)
    assert caught.value.translation_key == "target_required"


async def test_being_there_is_seen_by_all(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    await _learn_name(hass, whatsapp, OWNER)
    before = len(await _presences(whatsapp))
    for presence in ("available", "unavailable"):
        assert await _act(hass, "update_presence", presence=presence) == {"results": []}
    # People name a target here, too, because another integration asks for one.
    await _act(hass, "update_presence", presence="available", target="Bea")
    await _act(hass, "update_presence", presence="unavailable", entity_id="notify.bea")
    heard = await _new_presences(whatsapp, before, 4)
    assert heard == [(OWNER, presence, None) for presence in ("available", "unavailable") * 2]
    with pytest.raises(vol.Invalid):
        await _act(hass, "update_presence", presence="invisible")


async def test_presence_that_whatsapp_has_no_time_for(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise Fail("timeout")

    await load(hass, scripted_entry(scripted_bridge))
    scripted_bridge.answers["presence"] = refuse
    with pytest.raises(HomeAssistantError) as caught:
        await _act(hass, "update_presence", presence="available")
    assert caught.value.translation_key == "timeout"


async def test_presence_of_one_of_two_accounts(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator) -> None:
    await load(hass, await house.entry({BEA: "Bea"}))
    await load(hass, await house.entry({BEA: "Bea of Carlos"}, await house.second_account(whatsapp), title="Carlos"))
    with pytest.raises(HomeAssistantError) as caught:
        await _act(hass, "update_presence", presence="unavailable")
    assert caught.value.translation_key == "several_accounts"
    with pytest.raises(HomeAssistantError) as caught:
        await _act(hass, "update_presence", presence="available", account=CARLOS)
    assert caught.value.translation_key == "presence_not_possible", "nobody knows yet what Carlos calls himself"
    await _learn_name(hass, whatsapp, CARLOS)
    before = len(await _presences(whatsapp))
    await _act(hass, "update_presence", presence="unavailable", account="Carlos")
    await _act(hass, "update_presence", presence="unavailable", entity_id="notify.bea_of_carlos")
    heard = await _new_presences(whatsapp, before, 2)
    assert heard == [(CARLOS, "unavailable", None)] * 2
