"""How messages are sent: once, in time, and as far as somebody waits for."""

import asyncio
from pathlib import Path
from typing import Any

from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from demo.simulator import BEA, CARLOS, OWNER, Simulator
from tests.support.actions import call, call_blindly, refused
from tests.support.entry import load, scripted_entry
from tests.support.happenings import RECEIPT, happen
from tests.support.phone import inbox
from tests.support.scripted_account import BOB, FAMILY as GROUP, fail, state_of
from tests.support.scripted_bridge import ScriptedBridge
from tests.support.wait import until


async def test_the_same_request_is_sent_once(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    request = {"target": "Bea", "message": "once", "request_id": "washer-1"}
    first, second = await call(hass, "send_message", **request), await call(hass, "send_message", **request)
    assert first["message_id"] == second["message_id"]
    assert await box.texts() == ["once"]


async def test_the_same_request_to_several(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    request = {"target": ["Bea", CARLOS, "Nobody"], "message": "to both", "request_id": "washer-2"}
    first, second = await call(hass, "send_message", **request), await call(hass, "send_message", **request)
    ids = [result.get("message_id") for result in first["results"]]
    assert ids == [result.get("message_id") for result in second["results"]]
    assert len(set(ids)) == 3
    assert (await bea.texts(), await carlos.texts()) == (["to both"], ["to both"])


async def test_a_request_of_one_chat_is_none_of_another(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    request = {"message": "Water!", "request_id": "leak-1"}
    first = await call(hass, "send_message", target="Bea", **request)
    second = await call(hass, "send_message", target=CARLOS, **request)
    assert first["chat_id"] != second["chat_id"]
    third = await call(hass, "send_message", target=["Bea", CARLOS], **request)
    assert [result["message_id"] for result in third["results"]] == [first["message_id"], second["message_id"]]
    assert (await bea.texts(), await carlos.texts()) == (["Water!"], ["Water!"])


@pytest.mark.parametrize("fields", [{"quote": "last"}, {"reply_to": "last"}, {"quote": "last", "reply_to": "x"}])
async def test_answers(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, fields: dict[str, Any]
) -> None:
    heard = async_capture_events(hass, "whatsapp_message_received")
    said = (await whatsapp.do("phone.say", number=BEA, to=OWNER, text="Dinner?"))["id"]
    await until(lambda: said in {event.data["id"] for event in heard})
    box = await inbox(whatsapp, BEA)
    await call(hass, "send_message", target="Bea", message="At seven", expiration={"days": 1}, **fields)
    (message,) = await box.look()
    assert (message["quoted"], message["expiration"]) == (said, 86_400)


async def test_a_quote_of_another_chat(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    elsewhere = await call(hass, "send_message", target="Family", message="here")
    error = await refused(hass, "send_message", target="Bea", message="there", quote=elsewhere["message_id"])
    assert error.translation_key == "message_not_possible"


async def test_waits_until_it_was_read(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    async def read() -> None:
        message = await whatsapp.do("phone.wait", number=BEA, text="read me")
        await whatsapp.do("phone.read", number=BEA, id=message["id"])

    box = await inbox(whatsapp, BEA)
    reading = asyncio.create_task(read())
    response = await call(hass, "send_message", target="Bea", message="read me", wait_for="read", timeout=15)
    await reading
    assert (response["status"], response["reached"]) == ("read", True)
    assert await box.texts() == ["read me"]


async def test_waits_for_several_at_once(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    response = await call(
        hass, "send_message", target=["Bea", CARLOS, "Nobody"], message="x", wait_for="delivered", timeout="00:00:15"
    )
    bea, carlos, nobody = response["results"]
    assert [(each["status"], each["reached"]) for each in (bea, carlos)] == [("delivered", True)] * 2
    assert "reached" not in nobody
    response = await call(hass, "send_message", target="Bea", message="x", wait_for="sent")
    assert (response["reached"], response["status"] in ("sent", "delivered")) == (True, True)


async def test_not_reached_in_time(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    data: dict[str, Any] = {"target": "Bea", "message": "unread", "wait_for": "read", "timeout": {"milliseconds": 500}}
    response = await call(hass, "send_message", **data)
    assert (response["status"] in ("sent", "delivered"), response["reached"]) == (True, False)
    assert "error" not in response
    error = await refused(hass, "send_message", **data)
    assert (error.translation_key, error.translation_placeholders) == ("not_read_in_time", {"seconds": "0.5"})


@pytest.mark.parametrize(("wanted", "key"), [("sent", "not_sent_in_time"), ("delivered", "not_delivered_in_time")])
async def test_what_was_not_reached_is_said(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, wanted: str, key: str
) -> None:
    scripted_bridge.answers["send"] = _queued
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    data: dict[str, Any] = {"target": "Bob", "message": "x", "wait_for": wanted, "timeout": 0.05}
    assert (await refused(hass, "send_message", **data)).translation_key == key
    assert (await call(hass, "send_message", **data))["status"] == "queued"
    assert all(args["wait"] <= 0.05 for args in scripted_bridge.of("send")), "nobody waits longer than was asked for"


def _queued(_: dict[str, Any]) -> dict[str, Any]:
    return {"message_id": "m", "chat_id": BOB["id"], "status": "queued", "sent_as": "text", "timestamp": None}


async def test_a_message_that_fails_while_somebody_waits(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    fault = await whatsapp.do("fault.set", kind="ack_error", code=463, number=OWNER)
    try:
        error = await refused(hass, "send_message", target="Bea", message="x", wait_for="read", timeout=10)
        assert error.translation_key in ("restricted", "restricted_until")
    finally:
        await whatsapp.do("fault.clear", id=fault["id"])


async def test_a_message_that_fails_later(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    scripted_bridge.answers["send"] = lambda args: _queued(args) | {"message_id": args["chat"]}
    await load(hass, scripted_entry(scripted_bridge, [BOB, GROUP]))
    data: dict[str, Any] = {"target": ["Bob", "Family"], "message": "x", "wait_for": "sent"}
    waiting = asyncio.create_task(call(hass, "send_message", **data))
    await until(lambda: len(scripted_bridge.of("send")) == 2)
    await happen(scripted_bridge, RECEIPT, BOB, message_id=BOB["id"], status="failed", error="expired")
    await happen(scripted_bridge, RECEIPT, GROUP, message_id=GROUP["id"], status="sent")
    bob, family = (await waiting)["results"]
    assert (bob["status"], bob["reached"], bob["error_code"]) == ("failed", False, "expired")
    assert (family["status"], family["reached"]) == ("sent", True)
    error = await refused(hass, "send_message", **(data | {"target": "Bob"}))
    assert error.translation_key == "expired"


async def test_now_or_not_at_all(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    scripted_bridge.answers["send"] = fail("not_connected")
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    error = await refused(hass, "send_message", target="Bob", message="x", ttl=0)
    assert error.translation_key == "not_connected"
    assert [args["ttl"] for args in scripted_bridge.of("send")] == [0]


async def test_options_reach_the_bridge(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    scripted_bridge.answers["send"] = _queued
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    options = {"priority": "high", "typing": True, "expiration": "3600"}
    await call(hass, "send_message", target="Bob", message="x", ttl={"minutes": 5}, **options)
    (args,) = scripted_bridge.of("send")
    expected = {"priority": "high", "typing": True, "expiration": 3600}
    assert {key: args[key] for key in expected} == expected
    assert 299 <= args["ttl"] <= 300
    assert isinstance(args["expiration"], int)


async def test_what_comes_of_it_tells_who_sent_it(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    context = Context()
    told: list[Event[Any]] = async_capture_events(hass, "whatsapp_message_status")
    await hass.services.async_call(
        "whatsapp", "send_message", {"target": "Bea", "message": "x"}, blocking=True, context=context
    )
    await until(lambda: told)
    assert told[0].context.parent_id == context.id


async def test_a_call_that_is_cancelled_leaves_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    box = await inbox(whatsapp, BEA)
    data = {"target": ["Bea", CARLOS], "message": "bye", "wait_for": "read", "timeout": 600}
    running = asyncio.create_task(call_blindly(hass, "send_message", **data))
    await whatsapp.do("phone.wait", number=CARLOS, text="bye")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await box.texts() in ([], ["bye"])
    await call(hass, "send_message", target="Family", message="still here")


async def test_one_that_is_slow_holds_up_no_other(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    slow = asyncio.Event()

    async def answer(args: dict[str, Any]) -> dict[str, Any]:
        if args["chat"] == BOB["id"]:
            await slow.wait()
        return _queued(args)

    scripted_bridge.answers["send"] = answer
    await load(hass, scripted_entry(scripted_bridge, [BOB, GROUP]))
    running = asyncio.create_task(call(hass, "send_message", target=["Bob", "Family"], message="x"))
    await until(lambda: {args["chat"] for args in scripted_bridge.of("send")} == {BOB["id"], GROUP["id"]})
    assert not running.done()
    slow.set()
    assert [result["target"] for result in (await running)["results"]] == ["Bob", "Family"]


async def test_every_failure_raises_where_nobody_is_told(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    with pytest.raises(HomeAssistantError) as caught:
        await call_blindly(hass, "send_poll", target=["Bea", "Nobody"], question="?", options=["a", "b"])
    assert str(caught.value).startswith("1 of 2 targets failed. Nobody: No chat has this name.")


async def test_now_or_later_while_whatsapp_is_away(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    box = await inbox(whatsapp, BEA)
    fault = await whatsapp.do("fault.set", kind="http_status", code=503)
    try:
        await whatsapp.do("server.disconnect", number=OWNER, reason="drop")
        await until(lambda: state_of(hass, "sensor.alex_state") != "connected")
        error = await refused(hass, "send_message", target="Bea", message="now", ttl=0)
        assert error.translation_key == "not_connected"
        later = await call(hass, "send_message", target="Bea", message="later", wait_for="sent", timeout=0.2)
        assert (later["status"], later["reached"]) == ("queued", False)
    finally:
        await whatsapp.do("fault.clear", id=fault["id"])
    await whatsapp.do("phone.wait", number=BEA, text="later", timeout_ms=60_000)
    assert await box.texts() == ["later"]


@pytest.mark.usefixtures("_nothing_stays")
async def test_a_file_that_is_gone_when_it_is_sent(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, folder: Path
) -> None:
    report = folder / "report.txt"
    report.write_text("all well")
    hass.config.allowlist_external_dirs = {str(folder)}

    def ticket(_: dict[str, Any]) -> dict[str, Any]:
        report.unlink()
        return {"ticket": "t"}

    scripted_bridge.answers["upload"] = ticket
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    error = await refused(hass, "send_document", target="Bob", file=str(report))
    assert error.translation_key == "media_io"
    assert "No such file" in str(error)


@pytest.mark.usefixtures("impatient")
async def test_waiting_for_the_bridge_counts_once(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    came = list[float]()

    def lose_twice(_: dict[str, Any]) -> Any:
        came.append(hass.loop.time())
        return scripted_bridge.drop() if len(came) < 3 else _queued({})

    scripted_bridge.answers["send"] = lose_twice
    await load(hass, scripted_entry(scripted_bridge, [BOB]))
    started = hass.loop.time()
    await call(hass, "send_message", target="Bob", message="x", ttl=20)
    left = [args["ttl"] for args in scripted_bridge.of("send")]
    assert all(20 - seconds <= at - started for seconds, at in zip(left, came, strict=True)), "no more than has passed"
    assert left == sorted(left, reverse=True)
    assert len(set(left)) == 3
