"""Who is meant by a target, in all the ways to say it."""

from typing import Any

from homeassistant.components.homeassistant import DOMAIN as HOMEASSISTANT_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.actions import call, call_blindly, refused
from tests.support.entry import load, scripted_entry
from tests.support.phone import inbox
from tests.support.scripted_account import BOB, STRANGER
from tests.support.scripted_bridge import ScriptedBridge, chat
from tests.support.shared_house import AT_ONCE, SharedHouse

SWISS = "41791234567"


async def _targets(hass: HomeAssistant, **data: Any) -> list[str]:
    """Return what the response calls those who were written to."""
    response = await call(hass, "send_message", message="hello", **data)
    assert all(result["status"] == "sent" for result in response["results"])
    return [result["target"] for result in response["results"]]


async def test_entities_by_what_they_belong_to(
    hass: HomeAssistant, entry: MockConfigEntry, entity_registry: er.EntityRegistry, whatsapp: Simulator
) -> None:
    floor = fr.async_get(hass).async_create("Ground")
    area = ar.async_get(hass).async_create("Kitchen", floor_id=floor.floor_id)
    label = lr.async_get(hass).async_create("Urgent")
    bea = entity_registry.async_get("notify.bea")
    assert bea
    assert bea.device_id
    dr.async_get(hass).async_update_device(bea.device_id, area_id=area.id)
    entity_registry.async_update_entity("notify.family", labels={label.label_id})
    box = await inbox(whatsapp, BEA)
    assert await _targets(hass, device_id=bea.device_id) == ["notify.bea"]
    assert await _targets(hass, area_id=area.id) == ["notify.bea"]
    assert await _targets(hass, floor_id=floor.floor_id) == ["notify.bea"]
    assert await _targets(hass, label_id=label.label_id) == ["notify.family"]
    everything = {
        "area_id": area.id,
        "label_id": [label.label_id],
        "entity_id": "notify.bea",
        "target": [BEA, "family"],
    }
    assert await _targets(hass, **everything) == ["notify.bea", "notify.family"], "each once"
    assert [message["chat"] for message in await box.look()] == [OWNER] * 3 + [FAMILY] + [OWNER, FAMILY]


async def test_entities_that_are_switched_off_get_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, entity_registry: er.EntityRegistry, whatsapp: Simulator
) -> None:
    label = lr.async_get(hass).async_create("All")
    for entity_id in ("notify.bea", "notify.family"):
        entity_registry.async_update_entity(entity_id, labels={label.label_id})
    entity_registry.async_update_entity("notify.bea", disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    box = await inbox(whatsapp, BEA)
    assert await _targets(hass, label_id=label.label_id) == ["notify.family"]
    error = await refused(hass, "send_message", message="hello", entity_id="notify.bea")
    assert error.translation_key == "not_a_chat"
    assert [message["chat"] for message in await box.look()] == [FAMILY]


async def test_an_area_without_chats_is_told(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    attic = ar.async_get(hass).async_create("Attic")
    response = await call(hass, "send_message", message="hello", area_id=attic.id, entity_id="notify.bea")
    assert [result.get("error_code") for result in response["results"]] == ["nothing_selected", None]
    error = await refused(hass, "send_message", message="hello", area_id=attic.id, entity_id="notify.bea")
    assert error.translation_placeholders
    assert (error.translation_key, error.translation_placeholders["failed"]) == ("some_failed", "1")


@pytest.mark.parametrize("target", ["079 123 45 67", "0041 79 123 45 67", "+41 (79) 123-45-67", SWISS])
async def test_numbers_as_people_write_them(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, target: str
) -> None:
    phones = (await whatsapp.do("phone.list"))["phones"]
    if SWISS not in {phone["number"] for phone in phones}:
        await whatsapp.do("phone.create", number=SWISS, name="Dora")
    hass.config.country = "CH"
    box = await inbox(whatsapp, SWISS)
    assert await _targets(hass, target=[target, f"{SWISS}@s.whatsapp.net", "+41791234567"]) == [target], "one person"
    assert await box.texts() == ["hello"]


async def test_one_person_by_every_address(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    phones = (await whatsapp.do("phone.list"))["phones"]
    lids = {phone["number"]: phone["lid"] for phone in phones}
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    addresses = [f"{number}{of}" for number in (BEA, CARLOS) for of in ("", "@s.whatsapp.net")]
    assert len(await _targets(hass, target=[*addresses, lids[BEA], lids[CARLOS]])) == 2
    assert (await bea.texts(), await carlos.texts()) == (["hello"], ["hello"])
    assert len(await _targets(hass, target=lids[BEA])) == 1


async def test_a_group_that_is_called_like_a_number(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    scripted_bridge.chats = [chat("120363000000000009@g.us", "2024-2025")]
    scripted_bridge.answers["send"] = {
        "message_id": "m",
        "chat_id": "120363000000000009@g.us",
        "status": "sent",
        "sent_as": "text",
        "timestamp": 1,
    }
    await load(hass, scripted_entry(scripted_bridge))
    assert await _targets(hass, target="2024-2025") == ["2024-2025"]
    assert [args["chat"] for args in scripted_bridge.of("send")] == ["120363000000000009@g.us"]


@pytest.mark.parametrize("target", ["", " ", "\u00a0", "15550000002.0", "+15550000002.0", "all", "none", "last"])
async def test_what_a_template_makes_of_nothing_is_nobody(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, target: str
) -> None:
    scripted_bridge.chats = [chat("120363000000000009@g.us", " ")]
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    key = "unknown_chat" if target.strip() else "target_required"
    for action in ("send_message", "mark_as_read"):
        data = {"message": "hello"} if action == "send_message" else {}
        assert (await refused(hass, action, target=target, **data)).translation_key == key
        assert (await refused(hass, action, target=[target], **data)).translation_key == key
    assert not scripted_bridge.of("send")
    assert not scripted_bridge.of("mark_read")


@pytest.mark.parametrize("name", ["+1 555 000 0003", "15550000003@s.whatsapp.net", "120363000000000009@g.us"])
async def test_who_calls_themselves_like_somebody_else(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, name: str
) -> None:
    """A chat that is added has the name that they chose."""
    meant = {"+1 555 000 0003": "15550000003", "15550000003@s.whatsapp.net": "15550000003"}.get(name, name)
    scripted_bridge.answers["send"] = {
        "message_id": "m",
        "chat_id": meant,
        "status": "sent",
        "sent_as": "text",
        "timestamp": 1,
    }
    await load(hass, scripted_entry(scripted_bridge, [chat(STRANGER["id"], name)]))
    assert await _targets(hass, target=name) == [name]
    assert [args["chat"] for args in scripted_bridge.of("send")] == [meant]


async def test_the_chat_with_oneself_and_a_group_are_entities(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator
) -> None:
    await load(hass, await house.entry({OWNER: "Myself", FAMILY: "Family"}, **AT_ONCE))
    myself, bea = await inbox(whatsapp, OWNER), await inbox(whatsapp, BEA)
    for entity_id in ("notify.myself", "notify.family"):
        call_data = {"entity_id": entity_id, "message": f"to {entity_id}", "title": "Note"}
        await hass.services.async_call("notify", "send_message", call_data, blocking=True)
    assert "*Note*\nto notify.myself" in await myself.texts()
    assert await bea.texts() == ["*Note*\nto notify.family"]


async def test_entities_in_the_field_and_as_the_target_of_a_script(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    sequence = [
        {"action": "whatsapp.send_message", "data": {"target": f"+{CARLOS}", "message": "a number"}},
        {"action": "whatsapp.send_message", "target": {"entity_id": "notify.bea"}, "data": {"message": "an entity"}},
        {
            "action": "whatsapp.send_message",
            "target": {"entity_id": "notify.bea"},
            "data": {"target": CARLOS, "message": "both"},
        },
        {"action": "whatsapp.send_message", "data": {"target": "notify.bea", "message": "an entity by name"}},
        {"action": "whatsapp.send_message", "data": {"target": "{{ ['Bea'] }}", "message": "a template"}},
    ]
    assert await async_setup_component(hass, HOMEASSISTANT_DOMAIN, {})
    assert await async_setup_component(hass, "script", {"script": {"all": {"sequence": sequence}}})
    await hass.services.async_call("script", "all", blocking=True)
    assert await bea.texts() == ["an entity", "both", "an entity by name", "a template"]
    assert await carlos.texts() == ["a number", "both"]


@pytest.mark.parametrize("target", [{"entity_id": "notify.bea"}, [["Bea"]], [None]])
async def test_targets_that_are_none(hass: HomeAssistant, entry: MockConfigEntry, target: Any) -> None:
    with pytest.raises(vol.Invalid):
        await call(hass, "send_message", message="hello", target=target)


async def test_entities_need_no_account(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator) -> None:
    await load(hass, await house.entry({BEA: "Bea"}, **AT_ONCE))
    carlos = await house.entry({BEA: "Bea of Carlos"}, await house.second_account(whatsapp), "Carlos", **AT_ONCE)
    await load(hass, carlos)
    box = await inbox(whatsapp, BEA)
    await call_blindly(hass, "send_message", message="hello", target=["notify.bea", "notify.bea_of_carlos"])
    assert {message["from"] for message in await box.look()} == {house.account["phone"], CARLOS}
    with pytest.raises(ServiceValidationError) as caught:
        await call_blindly(hass, "send_message", message="hello", target=["notify.bea", BEA])
    assert caught.value.translation_key == "several_accounts"


async def test_numbers_are_masked_in_what_is_raised(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    with pytest.raises(HomeAssistantError) as caught:
        await call_blindly(hass, "send_message", message="hello", target=["+15559999998", "+15559999999", "Bea"])
    assert str(caught.value).startswith("2 of 3 targets failed.")
    assert "5559999" not in str(caught.value)
    assert hass.services.has_service(DOMAIN, "send_message")


async def test_chats_are_picked_in_a_field(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The tools of Home Assistant have no other place for them when a number is to be enough."""
    assert await _targets(hass, chats={"entity_id": ["notify.bea"], "label_id": []}) == ["notify.bea"]
    assert await _targets(hass, chats={"entity_id": "notify.bea"}, target=["Bea", "Family"]) == [
        "notify.bea",
        "Family",
    ]
