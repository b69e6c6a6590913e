"""What the two halves promise each other, when one of them dies, logs out or loses WhatsApp."""

import asyncio
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.whatsapp import connector as connector_module
from custom_components.whatsapp.bridge import BridgeClient, CommandFailed, InvalidToken
from custom_components.whatsapp.bridge.protocol import SCHEMA_MAX, SCHEMA_MIN, Account, EventFrame
from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.entry import load, make_entry
from tests.support.house import RealBridge
from tests.support.phone import inbox
from tests.support.wait import until


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try to reach a bridge that was killed more often than every minute."""
    monkeypatch.setattr(connector_module, "RECONNECT_MIN", 0.1)
    monkeypatch.setattr(connector_module, "RECONNECT_MAX", 0.5)


@pytest.fixture
async def home(hass: HomeAssistant, bridge: RealBridge, linked: Account) -> MockConfigEntry:
    """Return the loaded entry of a house of its own, with Bea and the family added."""
    async with bridge.client() as client:
        bea = await client.resolve(linked["account_id"], BEA)
        family = await client.resolve(linked["account_id"], FAMILY)
    entry = make_entry(bridge.url, bridge.token, linked, [{**bea, "name": "Bea"}, family], "Alex")
    await load(hass, entry)
    return entry


def _is(hass: HomeAssistant, entity_id: str, state: str) -> bool:
    found = hass.states.get(entity_id)
    return found is not None and found.state == state


def _sources(hass: HomeAssistant) -> list[str]:
    return [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress_by_handler("whatsapp")]


async def _call(hass: HomeAssistant, action: str, **data: Any) -> Any:
    return await hass.services.async_call("whatsapp", action, data, blocking=True, return_response=True)


async def test_hello_and_token(bridge: RealBridge) -> None:
    client = bridge.client()
    hello = await client.connect()
    assert hello["schema"] == {"min": SCHEMA_MIN, "max": SCHEMA_MAX}
    assert await client.accounts() == []
    health = await client.health()
    assert (health["clients"], health["version"]) == (1, hello["version"])
    with pytest.raises(CommandFailed) as caught:
        await client.groups("nobody")
    assert caught.value.code == "account_not_found"
    with pytest.raises(CommandFailed) as caught:
        await client.send("", "", {"kind": "text", "text": ""}, "")
    assert caught.value.code == "invalid_request"
    assert await client.accounts() == [], "an error is no reason to hang up"
    await client.close()
    with pytest.raises(InvalidToken):
        await BridgeClient(bridge.url, "wrong", name="test").connect()


async def test_event_that_was_not_acknowledged_comes_again_after_the_bridge_was_killed(
    bridge: RealBridge, linked: Account, simulator: Simulator
) -> None:
    account_id = linked["account_id"]
    events: list[EventFrame] = []
    async with bridge.client() as client:
        client.on_event(events.append)
        await client.listen(account_id, "me")
        for number in range(3):
            await simulator.do("phone.say", number=BEA, to=OWNER, text=str(number))
        await until(lambda: len(_texts(events)) == 3)
        await client.ack(account_id, "me", _journal(events)[0]["seq"])
        await bridge.kill()
    await bridge.start()
    before, events = events, []
    async with bridge.client() as client:
        client.on_event(events.append)
        await client.listen(account_id, "me")
        await until(lambda: len(_texts(events)) == 2)
        assert _texts(events) == ["1", "2"]
        assert [frame["seq"] for frame in _journal(events)] == [frame["seq"] for frame in _journal(before)[1:]]
        assert all(frame["replayed"] and frame["age"] >= 0 for frame in _journal(events))
        await client.ack(account_id, "me", _journal(events)[-1]["seq"])
        await simulator.do("phone.say", number=BEA, to=OWNER, text="live")
        await until(lambda: len(_texts(events)) == 3)
        assert not _journal(events)[-1]["replayed"]


def _journal(frames: list[EventFrame]) -> list[EventFrame]:
    return [frame for frame in frames if frame["event"]["type"] == "message"]


def _texts(frames: list[EventFrame]) -> list[str | None]:
    return [frame["event"]["text"] for frame in frames if frame["event"]["type"] == "message"]


async def test_messages_while_home_assistant_and_the_bridge_were_down(
    hass: HomeAssistant, home: MockConfigEntry, bridge: RealBridge, simulator: Simulator
) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    await simulator.do("phone.say", number=BEA, to=OWNER, text="before")
    await until(lambda: len(received) == 1)
    await hass.config_entries.async_unload(home.entry_id)
    await simulator.do("phone.say", number=BEA, to=OWNER, text="Home Assistant is down")
    await bridge.kill()
    await simulator.do("phone.say", number=BEA, to=OWNER, text="the bridge is down too")
    await bridge.start()
    assert await hass.config_entries.async_setup(home.entry_id)
    await until(lambda: len(received) == 3)
    await simulator.do("phone.say", number=BEA, to=OWNER, text="after")
    await until(lambda: len(received) == 4)
    assert [event.data["content"] for event in received] == [
        "before",
        "Home Assistant is down",
        "the bridge is down too",
        "after",
    ]
    assert received[1].data["replayed"]
    assert received[1].data["age"] > 0
    assert [received[index].data["replayed"] for index in (0, 3)] == [False, False]

    await hass.config_entries.async_reload(home.entry_id)
    await simulator.do("phone.say", number=BEA, to=OWNER, text="after a reload")
    await until(lambda: len(received) >= 5)
    assert [event.data["content"] for event in received[4:]] == ["after a reload"], "all before was acknowledged"


async def test_bridge_that_is_killed_while_home_assistant_runs(
    hass: HomeAssistant, home: MockConfigEntry, bridge: RealBridge, simulator: Simulator
) -> None:
    received = async_capture_events(hass, "whatsapp_message_received")
    await bridge.kill()
    await until(lambda: _is(hass, "event.bea", "unavailable"))
    assert _is(hass, "binary_sensor.alex_connectivity", "unavailable")
    await simulator.do("phone.say", number=BEA, to=OWNER, text="while you were away")
    await bridge.start()
    await until(lambda: received)
    assert received[0].data["content"] == "while you were away"
    await until(lambda: _is(hass, "binary_sensor.alex_connectivity", "on"))


@pytest.mark.parametrize(
    "fault",
    [{"kind": "no_answer", "to": "message"}, {"kind": "drop", "at": "before_ack"}],
    ids=lambda fault: fault["kind"],
)
async def test_message_is_sent_once_though_the_bridge_is_killed_meanwhile(
    hass: HomeAssistant, home: MockConfigEntry, bridge: RealBridge, simulator: Simulator, fault: dict[str, str]
) -> None:
    box = await inbox(simulator, BEA)
    await simulator.do("fault.set", times=1, **fault)
    sending = asyncio.create_task(_call(hass, "send_message", target=BEA, message="only once"))
    if fault["kind"] == "drop":
        # Bea has it, and nobody has told the bridge.
        await simulator.do("phone.wait", number=BEA, text="only once", timeout_ms=10000)
    else:
        async with bridge.client() as client:
            while not (await client.accounts())[0]["queued"]:
                assert not sending.done()
    await bridge.kill()
    await simulator.do("fault.clear")
    await bridge.start()
    response = await sending
    await _call(hass, "send_message", target=BEA, message="the next")
    await simulator.do("phone.wait", number=BEA, text="the next", timeout_ms=10000)
    messages = await box.look()
    assert [message["text"] for message in messages] == ["only once", "the next"]
    assert messages[0]["id"] == response["message_id"]


async def test_whatsapp_is_offline(
    hass: HomeAssistant, home: MockConfigEntry, bridge: RealBridge, simulator: Simulator
) -> None:
    await until(lambda: _is(hass, "binary_sensor.alex_connectivity", "on"))
    await simulator.do("fault.set", kind="http_status", code=503)
    await simulator.do("server.disconnect", number=OWNER, reason="drop")
    await until(lambda: _is(hass, "binary_sensor.alex_connectivity", "off"))
    response = await _call(hass, "send_message", entity_id="notify.bea", message="when you can")
    assert response["status"] == "queued"
    await simulator.do("fault.clear")
    message = await simulator.do("phone.wait", number=BEA, text="when you can", timeout_ms=15000)
    assert message["id"] == response["message_id"]
    await until(lambda: _is(hass, "binary_sensor.alex_connectivity", "on"))


async def test_vote_after_both_sides_were_restarted(
    hass: HomeAssistant, home: MockConfigEntry, bridge: RealBridge, simulator: Simulator
) -> None:
    votes = async_capture_events(hass, "whatsapp_poll_vote")
    poll = await _call(hass, "send_poll", entity_id="notify.family", question="Heat?", options=["Now", "Later"])
    await simulator.do("phone.wait", number=BEA, kind="poll", timeout_ms=5000)
    await hass.config_entries.async_unload(home.entry_id)
    await bridge.stop()
    await bridge.start()
    assert await hass.config_entries.async_setup(home.entry_id)
    await simulator.do("phone.vote", number=BEA, poll=poll["message_id"], options=["Later"])
    await until(lambda: votes)
    assert (votes[0].data["question"], votes[0].data["options"]) == ("Heat?", ["Later"])


async def test_vote_on_a_poll_that_nobody_told_us_of(
    hass: HomeAssistant, bridge: RealBridge, simulator: Simulator
) -> None:
    poll = await simulator.do("phone.poll", number=BEA, to=FAMILY, question="Older?", options=["Yes", "No"])
    account = await bridge.link(simulator)
    async with bridge.client() as client:
        family = await client.resolve(account["account_id"], FAMILY)
    await load(hass, make_entry(bridge.url, bridge.token, account, [family]))
    await simulator.do("phone.wait_device", number=OWNER, state="ready")
    votes = async_capture_events(hass, "whatsapp_poll_vote")
    messages = async_capture_events(hass, "whatsapp_message_received")
    await simulator.do("phone.vote", number=BEA, poll=poll["id"], options=["Yes"])
    await until(lambda: votes)
    assert (votes[0].data["options"], votes[0].data["vote_error"]) == ([], "poll_unknown")
    assert messages[0].data["vote"] == []
    assert messages[0].data["content"] == "[Poll Vote] (Resolution failed: poll_unknown)"


async def test_logged_out_on_the_phone_asks_for_a_new_link(
    hass: HomeAssistant, home: MockConfigEntry, simulator: Simulator
) -> None:
    await simulator.do("phone.unlink", number=OWNER)
    await until(lambda: _is(hass, "notify.bea", "unavailable"))
    assert _is(hass, "binary_sensor.alex_connectivity", "off")
    await until(lambda: _sources(hass) == [SOURCE_REAUTH])
    await hass.config_entries.async_reload(home.entry_id)
    assert (home.state, home.error_reason_translation_key) == (ConfigEntryState.SETUP_ERROR, "not_linked")


async def test_removing_the_entry_unlinks_the_device(
    hass: HomeAssistant, home: MockConfigEntry, bridge: RealBridge, simulator: Simulator
) -> None:
    await hass.config_entries.async_remove(home.entry_id)
    await simulator.do("phone.wait_device", number=OWNER, state="unlinked", timeout_ms=5000)
    assert not ir.async_get(hass).issues


async def test_everything_by_lid_alone(
    hass: HomeAssistant, home: MockConfigEntry, bridge: RealBridge, simulator: Simulator
) -> None:
    """A member of a group whose number WhatsApp hides."""
    await simulator.do("phone.create", number="15550000077", name="Hidden {{ 1 }}", hides_number=True)
    await simulator.do("group.add", id=FAMILY, number="15550000077")
    received = async_capture_events(hass, "whatsapp_message_received")
    await simulator.do("phone.say", number="15550000077", to=FAMILY, text="who am I")
    await until(lambda: received)
    data = received[0].data
    assert data["sender"].endswith("@lid")
    assert (data["sender_number"], data["sender_name"]) == (None, "Hidden {{ 1 }}")
    await simulator.do("phone.say", number=CARLOS, to=OWNER, text="not added")


async def test_reconnect_after_whatsapp_was_given_up(bridge: RealBridge, linked: Account, simulator: Simulator) -> None:
    account_id = linked["account_id"]
    await simulator.do("server.disconnect", number=OWNER, reason="replaced")
    await bridge.until_account("disconnected")
    async with bridge.client() as client:
        await client.reconnect(account_id)
        await bridge.until_account("connected")
        await client.unlink(account_id)
        with pytest.raises(CommandFailed) as caught:
            await client.reconnect(account_id)
        assert caught.value.code == "not_linked"
