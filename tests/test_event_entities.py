"""Event entities: every type with its attributes, none of which is kept by the recorder."""

from typing import Any

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.whatsapp.const import DOMAIN
from custom_components.whatsapp.payloads import CHAT_EVENT_TYPES, ENTITY_ATTRIBUTES, NOTICE_EVENT_TYPES
from demo.simulator import BEA, FAMILY, OWNER, Simulator
from tests.support.entry import load, scripted_entry
from tests.support.event_docs import entity_event_attributes
from tests.support.happenings import (
    ANSWER,
    CALL,
    DEVICES_CHANGED,
    EDIT,
    GROUP_CHANGE,
    IDENTITY_CHANGED,
    MESSAGE,
    REACTION,
    RECEIPT,
    REVOKE,
    UNDECRYPTABLE,
    VOTE,
    happen,
    person,
)
from tests.support.scripted_account import BOB
from tests.support.scripted_bridge import ACCOUNT_ID, ScriptedBridge
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

HAPPENINGS: dict[str, dict[str, Any]] = {
    "message": MESSAGE,
    "edited": EDIT,
    "deleted": REVOKE,
    "reaction": REACTION,
    "poll_vote": VOTE,
    "answer": ANSWER,
    "receipt": {**RECEIPT, "by": person(BOB)},
    "group_changed": {**GROUP_CHANGE, "by": person(BOB), "members": [person(BOB)]},
    "call": CALL,
    "undecryptable": UNDECRYPTABLE,
    "identity_changed": IDENTITY_CHANGED,
    "devices_changed": DEVICES_CHANGED,
}
# What Home Assistant itself adds.
OF_HOME_ASSISTANT = {"event_types", "event_type", "friendly_name"}


def _state(hass: HomeAssistant, entity_id: str) -> State:
    state = hass.states.get(entity_id)
    assert state
    return state


async def _until_event(hass: HomeAssistant, entity_id: str, event_type: str) -> dict[str, Any]:
    """Return the attributes of the entity once its last event is of this type."""
    await until(lambda: _state(hass, entity_id).attributes["event_type"] == event_type)
    return dict(_state(hass, entity_id).attributes)


def test_every_type_is_tried() -> None:
    assert [*CHAT_EVENT_TYPES, *NOTICE_EVENT_TYPES] == list(HAPPENINGS)
    documented = entity_event_attributes()
    assert list(documented) == list(HAPPENINGS)
    assert set().union(*documented.values()) == ENTITY_ATTRIBUTES


@pytest.mark.parametrize("event_type", HAPPENINGS)
async def test_attributes_are_as_documented_and_not_recorded(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, event_type: str
) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    entity_id = "event.owner_other_events" if event_type in NOTICE_EVENT_TYPES else "event.bob"
    await happen(scripted_bridge, HAPPENINGS[event_type], BOB)
    attributes = await _until_event(hass, entity_id, event_type)
    assert set(attributes) - OF_HOME_ASSISTANT == entity_event_attributes()[event_type]
    assert (attributes["replayed"], attributes["age"]) == (False, 0.5)
    state = _state(hass, entity_id)
    assert state.state_info
    assert set(attributes) - state.state_info["unrecorded_attributes"] == {"event_type", "friendly_name"}


@pytest.mark.parametrize("event_type", CHAT_EVENT_TYPES)
async def test_what_belongs_to_no_added_chat_is_the_account_s(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, event_type: str
) -> None:
    await load(hass, scripted_entry(scripted_bridge, reach="everyone"))
    await happen(scripted_bridge, HAPPENINGS[event_type], BOB)
    attributes = await _until_event(hass, "event.owner_other_events", event_type)
    assert (attributes["chat"], attributes["chat_name"], attributes["subentry_id"]) == (BOB["id"], "Bob", None)
    assert set(attributes) - OF_HOME_ASSISTANT == entity_event_attributes()[event_type]


async def test_entities_and_their_devices(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    for entity_id, identifier, types in (
        ("event.bob", f"{ACCOUNT_ID}_{BOB['id']}", CHAT_EVENT_TYPES),
        ("event.owner_other_events", ACCOUNT_ID, [*CHAT_EVENT_TYPES, *NOTICE_EVENT_TYPES]),
    ):
        entity = entity_registry.async_get(entity_id)
        device = device_registry.async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
        assert entity
        assert device
        assert entity.device_id == device.id
        assert _state(hass, entity_id).attributes["event_types"] == types


async def test_context_is_that_of_the_bus_event(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    received = async_capture_events(hass, "whatsapp_message_received")
    await happen(scripted_bridge, MESSAGE, BOB)
    await until(lambda: received)
    assert _state(hass, "event.bob").context.id == received[0].context.id


async def test_message_of_a_person(
    hass: HomeAssistant, entry: MockConfigEntry, house: SharedHouse, whatsapp: Simulator
) -> None:
    said = await whatsapp.do("phone.say", number=BEA, to=OWNER, text="{{ states('sun.sun') }}\nhello")
    attributes = await _until_event(hass, "event.bea", "message")
    bea = await house.chat(BEA)
    assert (
        attributes.items()
        >= {
            "message_id": said["id"],
            "kind": "text",
            "text": "{{ states('sun.sun') }}\nhello",
            "from_me": False,
            "source": "person",
            "sender": f"{BEA}@s.whatsapp.net",
            "sender_name": "Bea",
            "sender_number": BEA,
            "sender_lid": bea["lid"],
            "chat": f"{BEA}@s.whatsapp.net",
            "chat_name": "Bea",
            "media": None,
            "media_url": None,
        }.items()
    )


async def test_what_becomes_of_a_message(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    said = await whatsapp.do("phone.say", number=BEA, to=FAMILY, text="dinner at eight")
    await _until_event(hass, "event.family", "message")
    await whatsapp.do("phone.edit", number=BEA, id=said["id"], text="dinner at nine")
    attributes = await _until_event(hass, "event.family", "edited")
    assert (attributes["message_id"], attributes["text"]) == (said["id"], "dinner at nine")
    await whatsapp.do("phone.react", number=BEA, id=said["id"], emoji="🍝")
    attributes = await _until_event(hass, "event.family", "reaction")
    assert (attributes["message_id"], attributes["emoji"], attributes["sender_number"]) == (said["id"], "🍝", BEA)
    await whatsapp.do("phone.delete", number=BEA, id=said["id"])
    attributes = await _until_event(hass, "event.family", "deleted")
    assert (attributes["message_id"], attributes["sender_name"]) == (said["id"], "Bea")
    assert _state(hass, "event.bea").state == "unknown"


async def test_call_and_group(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    call = await whatsapp.do("phone.call", number=BEA, to=OWNER, video=True)
    attributes = await _until_event(hass, "event.bea", "call")
    assert (attributes["status"], attributes["video"], attributes["caller_number"]) == ("offered", True, BEA)
    await whatsapp.do("call.end", call=call["call"], reason="timeout")
    await until(lambda: _state(hass, "event.bea").attributes["status"] == "missed")

    await whatsapp.do("group.describe", id=FAMILY, text="About dinner", by=OWNER)
    attributes = await _until_event(hass, "event.family", "group_changed")
    assert (attributes["change"], attributes["value"], attributes["by_number"]) == (
        "description",
        "About dinner",
        OWNER,
    )


async def test_receipts(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    answer = await hass.services.async_call(
        DOMAIN, "send_message", {"target": "Bea", "message": "read me"}, blocking=True, return_response=True
    )
    assert answer
    await whatsapp.do("phone.read", number=BEA, id=answer["message_id"])
    await until(lambda: _state(hass, "event.bea").attributes.get("status") == "read")
    attributes = _state(hass, "event.bea").attributes
    assert (attributes["event_type"], attributes["message_id"]) == ("receipt", answer["message_id"])
