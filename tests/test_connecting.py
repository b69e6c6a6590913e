"""Finding a bridge, shaking hands, being let in: against a bridge that does as the test says."""

import asyncio
import socket
import ssl
from typing import Any

import pytest

from custom_components.whatsapp.bridge import (
    BridgeClient,
    CannotConnect,
    CommandFailed,
    InvalidToken,
    SchemaIncompatible,
    connection,
    normalize_url,
)
from custom_components.whatsapp.bridge.protocol import LIMIT_FRAME_BYTES
from tests.support.scripted_bridge import TOKEN, ScriptedBridge, account, never


async def _connect(bridge: ScriptedBridge, token: str = TOKEN) -> None:
    async with BridgeClient(bridge.url, token, name="test"):
        pass


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("bridge.local", "ws://bridge.local:3000/ws"),
        ("bridge.local:4000", "ws://bridge.local:4000/ws"),
        (" 192.168.1.10:3000 ", "ws://192.168.1.10:3000/ws"),
        ("http://bridge.local", "ws://bridge.local:3000/ws"),
        ("http://bridge.local:80/", "ws://bridge.local/ws"),
        ("ws://bridge.local:3000/ws", "ws://bridge.local:3000/ws"),
        ("https://example.org", "wss://example.org/ws"),
        ("wss://example.org:8443/bridge/ws", "wss://example.org:8443/bridge/ws"),
        ("[::1]:3000", "ws://[::1]:3000/ws"),
        ("bridge.local/ws?token=1#x", "ws://bridge.local:3000/ws"),
    ],
)
def test_what_people_type_becomes_an_address(typed: str, url: str) -> None:
    assert str(normalize_url(typed)) == url


@pytest.mark.parametrize("typed", ["", "http://", "ftp://bridge.local", "bridge.local:99999", "::1", "://"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(CannotConnect) as caught:
        normalize_url(typed)
    assert caught.value.code == "invalid_url"


async def test_nobody_there() -> None:
    with pytest.raises(CannotConnect) as caught:
        await BridgeClient("127.0.0.1:1", TOKEN, name="test").connect()
    assert caught.value.code == "unreachable"


async def test_a_name_that_cannot_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(host: str, *_: Any, **__: Any) -> None:
        host.encode("idna")

    # Tests may not ask for names, so this stands for the first thing that the real function does.
    monkeypatch.setattr(socket, "getaddrinfo", encode)
    with pytest.raises(CannotConnect) as caught:
        await BridgeClient("x" * 300, TOKEN, name="test").connect()
    assert caught.value.code == "unreachable"


async def test_connects_and_says_who_it_is(scripted_bridge: ScriptedBridge) -> None:
    async with asyncio.timeout(5):
        client = BridgeClient(scripted_bridge.url, TOKEN, name="a test")
        hello = await client.connect()
        await client.close()
        await client.wait_closed()
    assert hello == {"type": "hello", "bridge_id": "bridge-1", "version": "1.2.3", "schema": {"min": 1, "max": 1}}
    assert scripted_bridge.of("authenticate") == [{"token": TOKEN, "schema": 1, "client": "a test"}]


async def test_wrong_token(scripted_bridge: ScriptedBridge) -> None:
    with pytest.raises(InvalidToken):
        await _connect(scripted_bridge, "wrong")


async def test_wrong_token_by_close_code_alone(scripted_bridge: ScriptedBridge) -> None:
    async def never(_: dict[str, Any]) -> dict[str, Any]:
        await scripted_bridge.close_all(4401)
        return {}

    scripted_bridge.answers["authenticate"] = never
    with pytest.raises(InvalidToken):
        await _connect(scripted_bridge)


@pytest.mark.parametrize(
    ("schema", "older"),
    [({"min": 0, "max": 0}, True), ({"min": 2, "max": 5}, False)],
    ids=["older", "newer"],
)
async def test_schema_tells_which_side_is_old(
    scripted_bridge: ScriptedBridge, schema: dict[str, int], older: bool
) -> None:
    assert isinstance(scripted_bridge.hello, dict)
    scripted_bridge.hello["schema"] = schema
    with pytest.raises(SchemaIncompatible) as caught:
        await _connect(scripted_bridge)
    assert caught.value.bridge_is_older is older
    assert not scripted_bridge.requests, "the token went to a bridge that we cannot talk to"


async def test_chooses_the_newest_schema_of_both(scripted_bridge: ScriptedBridge) -> None:
    assert isinstance(scripted_bridge.hello, dict)
    scripted_bridge.hello["schema"] = {"min": 0, "max": 9}
    await _connect(scripted_bridge)
    assert scripted_bridge.of("authenticate")[0]["schema"] == 1


@pytest.mark.parametrize(
    "hello",
    [
        {"type": "welcome"},
        {"type": "hello", "bridge_id": "b"},
        {"type": "hello", "bridge_id": "b", "version": "1", "schema": {"min": "1", "max": 1}},
        "not JSON",
        "[]",
        b"\x00",
        "[" * 100_000,
        " " * (LIMIT_FRAME_BYTES + 1),
    ],
    ids=["other", "incomplete", "wrong type", "text", "list", "binary", "deep", "huge"],
)
async def test_something_else_than_a_bridge(scripted_bridge: ScriptedBridge, hello: dict[str, Any] | str) -> None:
    scripted_bridge.hello = hello
    with pytest.raises(CannotConnect) as caught:
        await _connect(scripted_bridge)
    assert caught.value.code == "not_a_bridge"
    assert not scripted_bridge.requests, "the token went to something else"


async def test_something_that_says_nothing(scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HANDSHAKE_TIMEOUT", 0.05)
    scripted_bridge.hello = None
    with pytest.raises(CannotConnect) as caught:
        await _connect(scripted_bridge)
    assert caught.value.code == "not_a_bridge"


async def test_a_web_server_is_not_a_bridge() -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(web, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        with pytest.raises(CannotConnect) as caught:
            await BridgeClient(f"{host}:{port}", TOKEN, name="test").connect()
    assert caught.value.code == "not_a_bridge"


async def test_a_bridge_that_does_not_answer_in_the_handshake(
    scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HANDSHAKE_TIMEOUT", 0.05)
    scripted_bridge.answers["authenticate"] = never
    with pytest.raises(CommandFailed) as caught:
        await _connect(scripted_bridge)
    assert caught.value.code == "timeout"


async def test_wss_needs_a_context_and_ws_ignores_it(scripted_bridge: ScriptedBridge) -> None:
    with pytest.raises(ValueError, match="SSL"):
        BridgeClient("wss://127.0.0.1", TOKEN, name="test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with BridgeClient(scripted_bridge.url, TOKEN, name="test", ssl=context) as client:
        assert await client.accounts() == [account()]
    with pytest.raises(CannotConnect):
        await BridgeClient(scripted_bridge.url.replace("ws:", "wss:"), TOKEN, name="test", ssl=context).connect()
