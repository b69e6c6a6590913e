"""The actions of the domain, up to the phones that they reach."""

from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, FAMILY, NEIGHBOURS, OWNER, Simulator
from tests.support.entry import load, search_groups
from tests.support.phone import inbox
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

NOBODY = "15559999999"
BEA_JID = f"{BEA}@s.whatsapp.net"


async def _call(hass: HomeAssistant, action: str = "send_message", **data: Any) -> Any:
    data = ({"message": "hello"} if action == "send_message" else {}) | data
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


async def _call_blindly(hass: HomeAssistant, **data: Any) -> None:
    await hass.services.async_call(DOMAIN, "send_message", {"message": "hello", **data}, blocking=True)


async def test_response_of_a_single_target(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    response = await _call(hass, target=BEA, message="one")
    (message,) = await box.look()
    assert message["text"] == "one"
    told = {"message_id": message["id"], "chat_id": BEA_JID, "status": "sent", "sent_as": "text"}
    assert response.pop("timestamp") == response["results"][0].pop("timestamp") > 1_500_000_000
    assert response == {"results": [{"target": BEA, **told}], **told}


async def test_response_of_several_targets(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    response = await _call(hass, entity_id="notify.family", target=["Nobody", "Neighbours", BEA], message="everybody")
    assert set(response) == {"results"}
    results = {result.pop("target"): result for result in response["results"]}
    assert list(results) == ["notify.family", "Nobody", "Neighbours", BEA]
    assert set(results["Nobody"]) == {"error", "error_code"}
    assert results["Nobody"]["error_code"] == "unknown_chat"
    assert "No chat has this name" in results["Nobody"]["error"]
    assert [results[target]["chat_id"] for target in ("notify.family", "Neighbours", BEA)] == [
        FAMILY,
        NEIGHBOURS,
        BEA_JID,
    ]
    assert {message["chat"] for message in await bea.look()} == {FAMILY, NEIGHBOURS, "15550000001"}
    assert await carlos.texts() == ["everybody"]


async def test_failure_raises_unless_the_response_tells(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await _call_blindly(hass, target=[BEA, "Nobody"])
    assert caught.value.translation_key == "some_failed"
    assert caught.value.translation_placeholders
    assert caught.value.translation_placeholders["failed"] == "1"
    with pytest.raises(ServiceValidationError) as caught:
        await _call(hass, target=["Nobody", NOBODY])
    assert caught.value.translation_key == "some_failed", "nothing was sent, whoever listens"
    with pytest.raises(ServiceValidationError) as caught:
        await _call(hass, target=NOBODY)
    assert caught.value.translation_key == "not_on_whatsapp"


async def test_targets_by_entity_device_and_name_are_one_chat(
    hass: HomeAssistant, entry: MockConfigEntry, entity_registry: er.EntityRegistry, whatsapp: Simulator
) -> None:
    box = await inbox(whatsapp, BEA)
    bea = entity_registry.async_get("notify.bea")
    assert bea
    response = await _call(hass, entity_id="notify.bea", device_id=bea.device_id, target=["Bea", BEA, BEA_JID])
    (result,) = response["results"]
    assert (result["target"], result["chat_id"], result["status"]) == ("notify.bea", BEA_JID, "sent")
    assert await box.texts() == ["hello"]
    response = await _call(hass, device_id=bea.device_id)
    assert response["results"][0]["target"] == "notify.bea"


async def test_entities_that_are_no_chats(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    for entity_id in ("event.bea", "sensor.alex_chats", "light.kitchen"):
        with pytest.raises(ServiceValidationError) as caught:
            await _call(hass, entity_id=entity_id)
        assert caught.value.translation_key == "not_a_chat"
    for nowhere in ({"device_id": "no such device"}, {"area_id": "attic"}, {"label_id": ["x"]}, {"floor_id": "cellar"}):
        with pytest.raises(ServiceValidationError) as caught:
            await _call(hass, **nowhere)
        assert caught.value.translation_key == "nothing_selected"
    nothings: list[dict[str, Any]] = [{"entity_id": "all"}, {"entity_id": "none"}, {"target": []}, {"area_id": []}, {}]
    for nothing in nothings:
        with pytest.raises(ServiceValidationError) as caught:
            await _call(hass, **nothing)
        assert caught.value.translation_key == "target_required"


async def test_entities_of_two_accounts(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator) -> None:
    alex = await house.entry({BEA: "Bea"})
    carlos = await house.entry({BEA: "Bea of Carlos"}, await house.second_account(whatsapp), title="Carlos")
    await load(hass, alex)
    await load(hass, carlos)
    box = await inbox(whatsapp, BEA)
    await _call(hass, entity_id=["notify.bea", "notify.bea_of_carlos"])
    assert {message["from"] for message in await box.look()} == {house.account["phone"], CARLOS}
    with pytest.raises(ServiceValidationError) as caught:
        await _call(hass, target=BEA)
    assert caught.value.translation_key == "several_accounts"
    await _call(hass, target=BEA, account=CARLOS)

    assert await hass.config_entries.async_unload(carlos.entry_id)
    response = await _call(hass, entity_id=["notify.bea", "notify.bea_of_carlos"])
    errors = {result["target"]: result.get("error") for result in response["results"]}
    assert errors["notify.bea"] is None
    assert "is not connected" in errors["notify.bea_of_carlos"]


async def test_empty_message(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await _call(hass, target=BEA, message="")
    assert caught.value.translation_key == "empty_message"


async def test_poll(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    poll = {"question": " Heat? ", "options": ["Now ", "Later", "No"]}
    single = await _call(hass, "send_poll", target="Bea", **poll)
    several = await _call(hass, "send_poll", entity_id="notify.bea", allow_multiple_responses=True, **poll)
    first, second = await box.look()
    assert (first["id"], second["id"]) == (single["message_id"], several["message_id"])
    assert (first["question"], first["options"], first["selectable"]) == ("Heat?", ["Now", "Later", "No"], 1)
    assert second["selectable"] == 0


@pytest.mark.parametrize(
    "poll",
    [
        {"question": "Q", "options": ["one"]},
        {"question": "Q", "options": [str(number) for number in range(13)]},
        {"question": "Q", "options": ["same", "same "]},
        {"question": "Q", "options": ["one", " "]},
        {"question": "Q", "options": ["one", "x" * 101]},
        {"question": " ", "options": ["one", "two"]},
        {"question": "x" * 256, "options": ["one", "two"]},
        {"options": ["one", "two"]},
        {"question": "Q"},
    ],
)
async def test_polls_that_whatsapp_does_not_have(
    hass: HomeAssistant, entry: MockConfigEntry, poll: dict[str, Any]
) -> None:
    with pytest.raises(vol.Invalid):
        await _call(hass, "send_poll", target=BEA, **poll)


async def test_search_groups(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    family = {"id": FAMILY, "name": "Family", "participants": 2, "is_admin": True}
    neighbours = {"id": NEIGHBOURS, "name": "Neighbours", "participants": 3, "is_admin": False}
    assert sorted(await search_groups(hass), key=lambda group: group["id"]) == [family, neighbours]
    assert await search_groups(hass, name_filter=" FAM ") == [family]
    assert await search_groups(hass, name_filter="nothing like it") == []
    with pytest.raises(ServiceValidationError):
        await search_groups(hass, account="nobody")


async def test_search_groups_without_a_response_shows_them(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    shown: dict[str, Any] = {}
    persistent_notification.async_register_callback(hass, callback(lambda _, changed: shown.update(changed)))
    hostile = "[x](http://x.invalid) <b>`**"
    group = await whatsapp.do("group.create", subject=hostile, members=[OWNER, BEA])
    await until(lambda: _groups(hass) == 3)
    await hass.services.async_call(DOMAIN, "search_groups", {"name_filter": "family"}, blocking=True)
    (notification,) = shown.values()
    assert notification["message"] == f"Family: `{FAMILY}`"
    await hass.services.async_call(DOMAIN, "search_groups", {"name_filter": "invalid"}, blocking=True)
    (notification,) = shown.values()
    escaped = r"\[x\]\(http\:\/\/x\.invalid\) \<b\>\`\*\*"
    assert notification["message"] == f"{escaped}: `{group['id']}`"
    # The house is for other tests too.
    await whatsapp.do("group.leave", id=group["id"], number=OWNER)
    await until(lambda: _groups(hass) == 2)


def _groups(hass: HomeAssistant) -> int:
    sensor = hass.states.get("sensor.alex_chats")
    assert sensor
    return len(sensor.attributes["groups"])
