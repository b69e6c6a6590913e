"""What reaches automations, and what of it counts as received: against a bridge that does as the test says."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, Event, HomeAssistant, callback
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsapp.bridge.protocol import Chat, Person
from tests.support.entry import load, scripted_entry
from tests.support.event_docs import bus_event_keys
from tests.support.happenings import (
    ANSWER,
    CALL,
    DEVICES_CHANGED,
    EDIT,
    GROUP_CHANGE,
    MESSAGE,
    REACTION,
    RECEIPT,
    REVOKE,
    UNDECRYPTABLE,
    VOTE,
    happen,
    person,
)
from tests.support.scripted_account import BOB, FAMILY, STRANGER
from tests.support.scripted_bridge import OWNER, ScriptedBridge, chat
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")

ME = chat(f"{OWNER}@s.whatsapp.net", "Owner") | {"kind": "self"}
DEEDS = [MESSAGE, EDIT, REVOKE, REACTION, VOTE, ANSWER]
ALL_TYPES = [
    *("whatsapp_message_received", "whatsapp_message_sent", "whatsapp_button_pressed"),
    *("whatsapp_poll_vote", "whatsapp_message_status"),
]
BOB_LID = chat("15550000002@s.whatsapp.net", "Bob") | {"lid": "9990000000002@lid"}


class Heard:
    """What automations hear: bus events, and the types of the events of entities, by entity."""

    def __init__(self, hass: HomeAssistant, bridge: ScriptedBridge) -> None:
        self.bus: list[Event[Any]] = []
        self.entities: list[tuple[str, str]] = []
        self._bridge = bridge
        for event_type in ALL_TYPES:
            hass.bus.async_listen(event_type, self._hear)
        hass.bus.async_listen("state_changed", self._state)

    @callback
    def _hear(self, event: Event[Any]) -> None:
        self.bus.append(event)

    @callback
    def _state(self, event: Event[Any]) -> None:
        new, old = event.data["new_state"], event.data["old_state"]
        happened = new and new.domain == "event" and new.state not in ("unknown", "unavailable")
        if happened and (old is None or new.state != old.state):
            self.entities.append((new.entity_id, new.attributes["event_type"]))

    @property
    def types(self) -> list[str]:
        return [str(event.event_type) for event in self.bus]

    async def all_of_it(self) -> None:
        """Return when everything that has happened so far was handled."""
        await until(lambda: self._bridge.of("ack") and self._bridge.of("ack")[-1]["seq"] == self._bridge.seq)


async def _loaded(
    hass: HomeAssistant, bridge: ScriptedBridge, chats: list[Chat], **options: Any
) -> tuple[MockConfigEntry, Heard]:
    entry = scripted_entry(bridge, chats, **options)
    await load(hass, entry)
    return entry, Heard(hass, bridge)


async def _limit(hass: HomeAssistant, entry: MockConfigEntry, bridge: ScriptedBridge, members: list[Person]) -> None:
    """Let only these count in the family, as the dialog of the chat does it."""
    family = next(each for each in entry.subentries.values() if each.title == "Family")
    before = len(bridge.of("listen"))
    hass.config_entries.async_update_subentry(entry, family, data={**family.data, "members": members})
    await until(lambda: len(bridge.of("listen")) > before and entry.state is ConfigEntryState.LOADED)
    await hass.async_block_till_done()


async def test_deeds_of_others(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    _, heard = await _loaded(hass, scripted_bridge, [BOB])
    for deed in DEEDS:
        await happen(scripted_bridge, deed, BOB)
    await heard.all_of_it()
    assert heard.types == [
        "whatsapp_message_received",
        *("whatsapp_message_received", "whatsapp_poll_vote"),
        *("whatsapp_message_received", "whatsapp_button_pressed"),
    ]
    types = ["message", "edited", "deleted", "reaction", "poll_vote", "answer"]
    assert heard.entities == [("event.bob", each) for each in types]


async def test_own_deeds_do_not_count(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    _, heard = await _loaded(hass, scripted_bridge, [BOB])
    for deed in DEEDS:
        await happen(scripted_bridge, deed, BOB, from_me=True)
    await heard.all_of_it()
    assert heard.types == ["whatsapp_message_sent"]
    assert not heard.entities


async def test_own_deeds_count_when_chosen(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    _, heard = await _loaded(hass, scripted_bridge, [BOB], own_messages=True)
    for deed in (MESSAGE, EDIT, VOTE):
        await happen(scripted_bridge, deed, BOB, from_me=True)
    await heard.all_of_it()
    assert heard.types == [
        *("whatsapp_message_sent", "whatsapp_message_received"),
        *("whatsapp_message_received", "whatsapp_poll_vote"),
    ]
    assert {event.data["from_me"] for event in heard.bus} == {True}
    assert heard.entities == [("event.bob", "message"), ("event.bob", "edited"), ("event.bob", "poll_vote")]


async def test_chat_with_oneself_is_how_one_talks_to_the_house(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    me: Any = ME
    _, heard = await _loaded(hass, scripted_bridge, [me])
    for deed in (MESSAGE, REACTION):
        await happen(scripted_bridge, deed, me, from_me=True)
    await heard.all_of_it()
    assert heard.types == ["whatsapp_message_sent", "whatsapp_message_received"]
    assert heard.entities == [("event.owner", "message"), ("event.owner", "reaction")]


@pytest.mark.parametrize("where", ["others", "oneself"])
async def test_house_does_not_hear_itself(hass: HomeAssistant, scripted_bridge: ScriptedBridge, where: str) -> None:
    there: Any = BOB if where == "others" else ME
    _, heard = await _loaded(hass, scripted_bridge, [there], own_messages=True)
    await happen(scripted_bridge, MESSAGE, there, from_me=True, origin={"source": "bridge"})
    await heard.all_of_it()
    assert not heard.bus
    assert not heard.entities


async def test_only_chosen_members_of_a_group_count(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry, heard = await _loaded(hass, scripted_bridge, [FAMILY])
    await _limit(hass, entry, scripted_bridge, [person(BOB)])
    for deed in [*DEEDS, CALL]:
        await happen(scripted_bridge, deed, FAMILY, who=person(STRANGER))
    await heard.all_of_it()
    assert not heard.bus
    assert not heard.entities
    await happen(scripted_bridge, MESSAGE, FAMILY, who=person(BOB))
    await happen(scripted_bridge, GROUP_CHANGE, FAMILY, by=person(STRANGER))
    await happen(scripted_bridge, MESSAGE, FAMILY, from_me=True)
    await heard.all_of_it()
    assert heard.types == ["whatsapp_message_received", "whatsapp_message_sent"]
    assert heard.entities == [("event.family", "message"), ("event.family", "group_changed")]


@pytest.mark.parametrize(
    ("who", "counts"),
    [
        ({"id": "another id", "phone": BOB["phone"], "lid": None}, True),
        ({"id": "another id", "phone": None, "lid": BOB_LID["lid"]}, True),
        ({"id": BOB["id"], "phone": None, "lid": None}, True),
        ({"id": "another id", "phone": None, "lid": None}, False),
        ({"id": "another id", "phone": "15550000003", "lid": "9990000000003@lid"}, False),
    ],
)
async def test_members_are_known_by_any_of_their_names(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, who: dict[str, Any], counts: bool
) -> None:
    entry, heard = await _loaded(hass, scripted_bridge, [FAMILY])
    bob: Any = BOB_LID
    await _limit(hass, entry, scripted_bridge, [person(bob)])
    await happen(scripted_bridge, MESSAGE, FAMILY, who={**who, "name": "Bob"})
    await heard.all_of_it()
    assert bool(heard.bus) is counts


async def test_member_of_whom_nothing_else_is_known_is_nobody_else(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    """Two people whose numbers are both unknown are not the same."""
    entry, heard = await _loaded(hass, scripted_bridge, [FAMILY])
    await _limit(hass, entry, scripted_bridge, [{"id": "a", "phone": None, "lid": None, "name": "Bob"}])
    await happen(scripted_bridge, MESSAGE, FAMILY, who={"id": "b", "phone": None, "lid": None, "name": "Bob"})
    await heard.all_of_it()
    assert not heard.bus


async def test_group_of_which_nobody_was_chosen(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    entry, heard = await _loaded(hass, scripted_bridge, [FAMILY])
    await _limit(hass, entry, scripted_bridge, [])
    await happen(scripted_bridge, MESSAGE, FAMILY, who=person(BOB))
    await heard.all_of_it()
    assert not heard.bus


async def test_other_chats_are_silent(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    _, heard = await _loaded(hass, scripted_bridge, [BOB])
    for deed in [*DEEDS, CALL, UNDECRYPTABLE]:
        await happen(scripted_bridge, deed, STRANGER)
    await heard.all_of_it()
    assert not heard.bus
    assert not heard.entities


async def test_everyone_reaches_automations_when_chosen(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    _, heard = await _loaded(hass, scripted_bridge, [BOB], reach="everyone")
    await happen(scripted_bridge, MESSAGE, STRANGER)
    await happen(scripted_bridge, MESSAGE, BOB)
    await heard.all_of_it()
    assert [(event.data["chat_name"], event.data["subentry_id"] is not None) for event in heard.bus] == [
        ("Stranger", False),
        ("Bob", True),
    ]
    assert heard.entities == [("event.owner_other_events", "message"), ("event.bob", "message")]


async def test_notices_and_receipts_of_other_chats(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    _, heard = await _loaded(hass, scripted_bridge, [BOB])
    await happen(scripted_bridge, RECEIPT, STRANGER)
    await happen(scripted_bridge, UNDECRYPTABLE, BOB)
    await happen(scripted_bridge, DEVICES_CHANGED, BOB)
    await heard.all_of_it()
    assert heard.types == ["whatsapp_message_status"]
    assert heard.entities == [
        ("event.owner_other_events", each) for each in ("receipt", "undecryptable", "devices_changed")
    ]


async def test_vote_that_cannot_be_read(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    """Automations match on these words."""
    _, heard = await _loaded(hass, scripted_bridge, [BOB])
    unread: dict[str, Any] = {"error": "poll_unknown", "options": [], "question": None, "tally": []}
    await happen(scripted_bridge, VOTE, BOB, **unread)
    await heard.all_of_it()
    message, vote = (event.data for event in heard.bus)
    assert (vote["vote_error"], vote["options"]) == ("poll_unknown", [])
    assert message["content"].startswith("[Poll Vote] (Resolution failed")
    assert (message["type"], message["vote"], message["vote_error"]) == ("poll_update", [], "poll_unknown")


async def test_late_events_say_so(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    _, heard = await _loaded(hass, scripted_bridge, [BOB])
    await happen(scripted_bridge, MESSAGE, BOB, replayed=True, age=3600.5000610351562)
    await heard.all_of_it()
    assert (heard.bus[0].data["replayed"], heard.bus[0].data["age"]) == (True, 3600.5)
    state = hass.states.get("event.bob")
    assert state
    assert (state.attributes["replayed"], state.attributes["age"]) == (True, 3600.5)


async def test_id_that_a_stranger_chose_leads_nowhere_else(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    entry, heard = await _loaded(hass, scripted_bridge, [BOB])
    media = dict.fromkeys(("size", "file_name", "seconds", "width", "height"))
    media |= {"mime": "image/jpeg", "voice": False, "gif": False, "animated": False}
    await happen(scripted_bridge, MESSAGE, BOB, kind="image", media=media, message_id="../../?x#y/%2e")
    await heard.all_of_it()
    url = f"/api/whatsapp/media/{entry.entry_id}/..%2F..%2F%3Fx%23y%2F%252e"
    assert heard.bus[0].data["media_url"] == url
    state = hass.states.get("event.bob")
    assert state
    assert state.attributes["media_url"] == url


async def test_keys_are_those_of_the_documentation(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    _, heard = await _loaded(hass, scripted_bridge, [BOB], own_messages=True)
    for deed in [*DEEDS, RECEIPT]:
        await happen(scripted_bridge, deed, BOB)
    await happen(scripted_bridge, MESSAGE, BOB, from_me=True)
    await heard.all_of_it()
    assert set(heard.types) == set(ALL_TYPES)
    for event in heard.bus:
        assert set(event.data) == bus_event_keys(str(event.event_type))


async def test_fault_of_one_listener_costs_nobody_else_anything(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    """An event of a type that the bridge of tomorrow makes up is a fault for the entity, and not for the bus."""
    _, heard = await _loaded(hass, scripted_bridge, [BOB])
    strange = {"tally": None, "options": None}
    await happen(scripted_bridge, VOTE, BOB, **strange)
    await happen(scripted_bridge, MESSAGE, BOB, text="open {{ sesame }}", contacts=None, mentions=None)
    await happen(scripted_bridge, MESSAGE, BOB, text="after that")
    await heard.all_of_it()
    assert [event.data["content"] for event in heard.bus if "content" in event.data] == ["after that"]
    assert heard.entities == [("event.bob", "poll_vote"), ("event.bob", "message")]
    assert "Unexpected error in a listener" in caplog.text
    assert "sesame" not in caplog.text


async def test_automation_that_fails_does_not_hold_up_the_next_event(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    _, heard = await _loaded(hass, scripted_bridge, [BOB])

    @callback
    def fail(_: Event[Any]) -> None:
        raise ZeroDivisionError

    hass.bus.async_listen("whatsapp_message_received", fail)
    await happen(scripted_bridge, MESSAGE, BOB)
    await happen(scripted_bridge, MESSAGE, BOB)
    await heard.all_of_it()
    assert len(heard.bus) == 2
    assert len(heard.entities) == 2


async def test_what_was_sent_is_remembered_for_a_while(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.whatsapp.receipts.REMEMBERED", 3)
    sent = {"message_id": "mine", "chat_id": BOB["id"], "status": "sent", "sent_as": "text", "timestamp": 1.0}
    scripted_bridge.answers["send"] = sent
    _, heard = await _loaded(hass, scripted_bridge, [BOB])
    context = Context()
    data = {"target": "Bob", "message": "hello"}
    await hass.services.async_call("whatsapp", "send_message", data, blocking=True, context=context)
    await happen(scripted_bridge, MESSAGE, BOB, quoted_message_id="mine")
    for number in range(3):
        await happen(scripted_bridge, RECEIPT, BOB, message_id=f"another-{number}")
    await happen(scripted_bridge, MESSAGE, BOB, quoted_message_id="mine")
    await heard.all_of_it()
    parents = [event.context.parent_id for event in heard.bus if event.event_type == "whatsapp_message_received"]
    assert parents == [context.id, None]
