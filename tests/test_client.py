"""The client against a bridge that misbehaves, and the rules of the wire that only the client keeps."""

import asyncio
from collections.abc import AsyncGenerator
import json
import logging
from typing import Any

import pytest

from custom_components.whatsapp.bridge import (
    BridgeClient,
    BridgeError,
    CannotConnect,
    CommandFailed,
    connection,
    groups as groups_module,
)
from custom_components.whatsapp.bridge.protocol import CLOSE_BAD_FRAME, LIMIT_FRAME_BYTES, EventFrame, SendResult
from tests.support.scripted_bridge import ACCOUNT_ID, TOKEN, Fail, ScriptedBridge, account, chat, never
from tests.support.wait import until


@pytest.fixture
async def client(scripted_bridge: ScriptedBridge) -> AsyncGenerator[BridgeClient]:
    async with BridgeClient(scripted_bridge.url, TOKEN, name="test") as connected:
        yield connected


async def _connect(bridge: ScriptedBridge, token: str = TOKEN) -> None:
    async with BridgeClient(bridge.url, token, name="test"):
        pass


async def test_every_command_says_what_it_is_given(scripted_bridge: ScriptedBridge, client: BridgeClient) -> None:
    bob = chat("15550000002@s.whatsapp.net")
    sent: SendResult = {"message_id": "m", "chat_id": "c", "status": "sent", "sent_as": "text", "timestamp": None}
    scripted_bridge.answers |= {
        "resolve": {"chat": bob},
        "groups": {"groups": [bob]},
        "send": dict(sent),
        "link": {"link_id": "l1"},
        "link_cancel": {},
    }
    assert await client.resolve("a", "+1 555") == bob
    assert await client.groups("a") == [bob]
    assert await client.chats("a") == []
    assert await client.chats("a", "bo", 5) == []
    assert await client.send("a", "c", {"kind": "text", "text": "hi"}, "r1") == sent
    assert await client.send("a", "c", {"kind": "text", "text": "hi"}, "r2", ttl=0, wait=1) == sent
    assert await client.link("qr") == "l1"
    assert await client.link("code", phone="1555", account_id="a") == "l1"
    await client.link_cancel("l1")
    await client.unlink("a")
    await client.ack("a", "me", 7)
    assert (await client.listen("a", "me"))["seq"] == 0
    assert (await client.health())["clients"] == 1
    content = {"kind": "text", "text": "hi"}
    assert [(request["command"], request["args"]) for request in scripted_bridge.requests[1:]] == [
        ("resolve", {"account_id": "a", "chat": "+1 555"}),
        ("groups", {"account_id": "a"}),
        ("chats", {"account_id": "a"}),
        ("chats", {"account_id": "a", "query": "bo", "limit": 5}),
        ("send", {"account_id": "a", "chat": "c", "content": content, "request_id": "r1"}),
        ("send", {"account_id": "a", "chat": "c", "content": content, "request_id": "r2", "ttl": 0, "wait": 1}),
        ("link", {"method": "qr"}),
        ("link", {"method": "code", "phone": "1555", "account_id": "a"}),
        ("link_cancel", {"link_id": "l1"}),
        ("unlink", {"account_id": "a"}),
        ("ack", {"account_id": "a", "consumer": "me", "seq": 7}),
        ("listen", {"account_id": "a", "consumer": "me"}),
        ("health", {}),
    ]
    ids = [request["id"] for request in scripted_bridge.requests]
    assert len(set(ids)) == len(ids)


async def test_an_error_keeps_its_code_and_details(scripted_bridge: ScriptedBridge, client: BridgeClient) -> None:
    def restricted(_: dict[str, Any]) -> dict[str, Any]:
        raise Fail("restricted", until=5)

    scripted_bridge.answers["health"] = restricted
    with pytest.raises(CommandFailed) as caught:
        await client.health()
    assert (caught.value.code, caught.value.details) == ("restricted", {"until": 5})
    assert await client.accounts(), "an error is no reason to hang up"


async def test_answers_come_in_any_order(scripted_bridge: ScriptedBridge, client: BridgeClient) -> None:
    second_is_out = asyncio.Event()

    async def slow(_: dict[str, Any]) -> dict[str, Any]:
        await second_is_out.wait()
        return {"groups": [chat("120363000000000001@g.us")]}

    scripted_bridge.answers["groups"] = slow
    first = asyncio.create_task(client.groups("a"))
    await until(lambda: scripted_bridge.of("groups"))
    assert await client.accounts()
    second_is_out.set()
    assert [group["id"] for group in await first] == ["120363000000000001@g.us"]


async def test_a_slow_answer_times_out_and_is_forgotten(
    scripted_bridge: ScriptedBridge, client: BridgeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups_module, "WHATSAPP_TIMEOUT", 0.05)
    late = asyncio.Event()

    async def slow(_: dict[str, Any]) -> dict[str, Any]:
        await late.wait()
        return {"groups": []}

    scripted_bridge.answers["groups"] = slow
    with pytest.raises(CommandFailed) as caught:
        await client.groups("a")
    assert caught.value.code == "timeout"
    late.set()
    assert await client.accounts()


async def test_a_lost_connection_rejects_what_waits(scripted_bridge: ScriptedBridge, client: BridgeClient) -> None:
    scripted_bridge.answers["groups"] = never
    waiting = [asyncio.create_task(client.groups("a")) for _ in range(3)]
    await until(lambda: len(scripted_bridge.of("groups")) == 3)
    await scripted_bridge.drop()
    for error in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(error, CannotConnect)
        assert error.code == "connection_lost"
    await client.wait_closed()
    with pytest.raises(CannotConnect):
        await client.accounts()


async def test_closing_rejects_what_waits(scripted_bridge: ScriptedBridge, client: BridgeClient) -> None:
    scripted_bridge.answers["groups"] = never
    waiting = asyncio.create_task(client.groups("a"))
    await until(lambda: scripted_bridge.of("groups"))
    await client.close()
    with pytest.raises(CannotConnect):
        await waiting
    await client.close()


async def test_not_connected_yet(scripted_bridge: ScriptedBridge) -> None:
    client = BridgeClient(scripted_bridge.url, TOKEN, name="test")
    with pytest.raises(CannotConnect):
        await client.accounts()
    await client.wait_closed()
    await client.close()


@pytest.mark.parametrize(
    "frame",
    [
        "not JSON",
        "[1]",
        "null",
        b"{}",
        "{}",
        '{"id": 2}',
        '{"id": "2", "result": {}}',
        '{"id": 2, "error": {"message": "no code"}}',
        '{"type": "event"}',
        '{"type": "event", "account_id": "a", "event": {}}',
        '{"type": "event", "account_id": 5, "event": {"type": "message"}}',
        "[" * 100_000,
        " " * (LIMIT_FRAME_BYTES + 1),
    ],
)
async def test_a_malformed_frame_closes_the_connection(
    scripted_bridge: ScriptedBridge, client: BridgeClient, frame: str | bytes
) -> None:
    scripted_bridge.answers["groups"] = never
    waiting = asyncio.create_task(client.groups("a"))
    await until(lambda: scripted_bridge.of("groups"))
    await scripted_bridge.send(frame)
    with pytest.raises(CannotConnect):
        await waiting
    await client.wait_closed()
    await until(lambda: scripted_bridge.close_codes)
    assert scripted_bridge.close_codes[0] in (CLOSE_BAD_FRAME, 1009)


async def test_what_is_not_known_is_ignored(
    scripted_bridge: ScriptedBridge, client: BridgeClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.whatsapp")
    events: list[EventFrame] = []
    client.on_event(events.append)
    await scripted_bridge.send({"type": "greeting", "text": "a secret"})
    for _ in range(3):
        await scripted_bridge.event({"type": "typing", "text": "a secret"})
    await scripted_bridge.send({"id": 999, "result": {}})
    await scripted_bridge.send({"id": 999, "error": {"code": "from_the_future", "message": "", "details": 5}})
    known = {"type": "account", "account": account(), "new_field": 1}
    await scripted_bridge.event(known, new_field=2)
    await until(lambda: events)
    assert [event["event"] for event in events] == [known]
    ignored = [record.getMessage() for record in caplog.records if "gnoring" in record.getMessage()]
    assert len(ignored) == 2, "one line for a frame and one for a type of events"
    assert "a secret" not in caplog.text


async def test_events_go_to_every_listener_in_order_until_it_ends(
    scripted_bridge: ScriptedBridge, client: BridgeClient, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []
    others: list[EventFrame] = []

    def listen(frame: EventFrame) -> None:
        seen.append(frame["seq"])
        if frame["seq"] == 2:
            raise RuntimeError

    stop = client.on_event(listen)
    client.on_event(others.append)
    for seq in range(1, 6):
        await scripted_bridge.event({"type": "message"}, seq=seq)
    await until(lambda: len(others) == 5)
    assert seen == [1, 2, 3, 4, 5]
    assert "Unexpected error in a listener for message events" in caplog.text
    stop()
    await scripted_bridge.event({"type": "message"}, seq=6)
    await until(lambda: len(others) == 6)
    assert seen == [1, 2, 3, 4, 5]


async def test_whoever_waits_for_an_answer_goes_on_before_the_next_event(scripted_bridge: ScriptedBridge) -> None:
    order: list[str] = []

    async def listen_then_event(_: dict[str, Any]) -> dict[str, Any]:
        return {"account": account(), "chats": [], "seq": 5}

    scripted_bridge.answers["listen"] = listen_then_event
    async with BridgeClient(scripted_bridge.url, TOKEN, name="test") as client:
        client.on_event(lambda frame: order.append(f"event {frame['seq']}"))
        answer = {"id": 2, "result": {"account": account(), "chats": [], "seq": 5}}
        event = {"type": "event", "account_id": ACCOUNT_ID, "seq": 6, "event": {"type": "message"}}
        scripted_bridge.answers["listen"] = never
        listening = asyncio.create_task(_note(client, order))
        await until(lambda: scripted_bridge.of("listen"))
        # Both are in the client's buffer before it handles the first.
        await scripted_bridge.send_at_once([answer, event, event])
        await listening
        await until(lambda: len(order) == 3)
    assert order == ["snapshot", "event 6", "event 6"]


async def _note(client: BridgeClient, order: list[str]) -> None:
    await client.listen(ACCOUNT_ID, "me")
    order.append("snapshot")


async def test_what_does_not_fit_in_a_frame_is_not_sent(scripted_bridge: ScriptedBridge, client: BridgeClient) -> None:
    with pytest.raises(CommandFailed) as caught:
        await client.chats("a", "x" * LIMIT_FRAME_BYTES)
    assert caught.value.code == "invalid_request"
    assert not scripted_bridge.of("chats")
    assert await client.accounts()


async def test_nothing_private_is_logged(scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets.client").setLevel(logging.DEBUG)
    scripted_bridge.answers["send"] = never
    with pytest.raises(BridgeError):
        await _connect(scripted_bridge, "another-token")
    async with BridgeClient(scripted_bridge.url, TOKEN, name="test") as client:
        await scripted_bridge.event({"type": "message", "text": "a private text"}, seq=1)
        sending = asyncio.create_task(client.send("a", "15550000002", {"kind": "text", "text": "a private text"}, "r"))
        await until(lambda: scripted_bridge.of("send"))
        await scripted_bridge.send(json.dumps("a private text"))
        with pytest.raises(BridgeError) as caught:
            await sending
    ours = [record for record in caplog.records if record.name != "websockets.server"]
    logged = "\n".join([str(caught.value), *(record.getMessage() for record in ours)])
    assert ours, "nothing was logged at all"
    for private in (TOKEN, "another-token", "a private text", "15550000002"):
        assert private not in logged


async def test_pings_and_notices_a_peer_that_is_gone(
    scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connection.PING_INTERVAL == 30
    monkeypatch.setattr(connection, "PING_INTERVAL", 0.05)
    monkeypatch.setattr(connection, "PING_TIMEOUT", 0.05)
    monkeypatch.setattr(connection, "CLOSE_TIMEOUT", 0.05)
    async with BridgeClient(scripted_bridge.url, TOKEN, name="test") as client:
        await until(lambda: scripted_bridge.pings)
        scripted_bridge.freeze()
        async with asyncio.timeout(5):
            await client.wait_closed()
