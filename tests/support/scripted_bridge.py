"""A bridge that does what a test tells it: for what the real one never does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
import json
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode

from custom_components.whatsapp.bridge.protocol import (
    CLOSE_UNAUTHORIZED,
    Account,
    Chat,
    ConnectionReason,
    ConnectionStatus,
)
from custom_components.whatsapp.options import Options

from .wait import until

TOKEN = "a-token-nobody-may-log"
ACCOUNT_ID = "acc-1"
OWNER = "15550000001"

type Answer = dict[str, Any] | Callable[[dict[str, Any]], Awaitable[dict[str, Any]] | dict[str, Any]]


class Fail(Exception):
    """Raised by an answer to have the command fail with this code."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.error = {"code": code, "message": "as the test says", "details": details}


ORIGIN = {
    "source": "person",
    "e2e": True,
    "device": 0,
    "forwarded": False,
    "edited": False,
    "view_once": False,
    "quoted": False,
    "broadcast": False,
    "offline": False,
    "replayed": False,
    "server_time": 0.0,
}


def account(status: ConnectionStatus = "connected") -> Account:
    """Return an account as the wire has it."""
    return {
        "account_id": ACCOUNT_ID,
        "phone": OWNER,
        "lid": None,
        "name": "Owner",
        "engine": "test",
        "capabilities": {},
        "connection": {"status": status, "reason": None, "since": 1.0, "retry_at": None},
        "restriction": None,
        "settings": Options().settings(),
        "queued": 0,
    }


def chat(chat_id: str, name: str | None = None) -> Chat:
    """Return a chat as the wire has it: a person, unless it is the id of a group."""
    return {
        "id": chat_id,
        "kind": "group" if chat_id.endswith("@g.us") else "person",
        "phone": chat_id.partition("@")[0] if chat_id.endswith("@s.whatsapp.net") else None,
        "lid": chat_id if chat_id.endswith("@lid") else None,
        "name": name,
        "participants": None,
        "is_admin": None,
    }


class _Counting(ServerConnection):
    """Counts pings, which the library answers by itself."""

    pings = 0

    def process_event(self, event: Any) -> None:
        """See what came."""
        self.pings += getattr(event, "opcode", None) is Opcode.PING
        super().process_event(event)


class ScriptedBridge:
    """Speaks the wire on loopback. `answers` are by command, `requests` is what came, oldest first."""

    token = TOKEN

    def __init__(self) -> None:
        self.hello: dict[str, Any] | str | bytes | None = {
            "type": "hello",
            "bridge_id": "bridge-1",
            "version": "1.2.3",
            "schema": {"min": 1, "max": 1},
        }
        self.account = account()
        self.chats: list[Chat] = []
        self.seq = 0
        self.requests: list[dict[str, Any]] = []
        self.connections = 0
        self.close_codes: list[int] = []
        self.answers: dict[str, Answer] = {
            "authenticate": self._authenticate,
            "accounts": lambda _: {"accounts": [self.account]},
            "chats": lambda _: {"chats": self.chats},
            "listen": lambda _: {"account": self.account, "chats": self.chats, "seq": self.seq},
            "groups": lambda _: {"groups": [chat for chat in self.chats if chat["kind"] == "group"]},
            "ack": {},
            "unlink": {},
            "health": {"version": "1.2.3", "uptime": 1.0, "clients": 1, "storage": "ok", "accounts": []},
        }
        self._server: Server | None = None
        self._port = 0
        self._sockets: set[ServerConnection] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self._port}/ws"

    @property
    def open_sockets(self) -> int:
        """How many clients are connected."""
        return len(self._sockets)

    def of(self, command: str) -> list[dict[str, Any]]:
        """Return the arguments of every such command."""
        return [request["args"] for request in self.requests if request["command"] == command]

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Go away."""
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = await serve(
            self._serve, "127.0.0.1", self._port, max_size=None, compression=None, create_connection=_Counting
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Go away, and drop everybody."""
        if self._server:
            await self.drop()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def drop(self) -> None:
        """Cut every connection, and go on listening."""
        for socket in list(self._sockets):
            socket.transport.abort()
        await until(lambda: not self._sockets)

    async def close_all(self, code: int) -> None:
        """Close every connection with this code."""
        for socket in list(self._sockets):
            await socket.close(code)

    def freeze(self) -> None:
        """Read nothing more, and so answer no ping."""
        for socket in self._sockets:
            socket.transport.pause_reading()

    @property
    def pings(self) -> int:
        """How many pings came."""
        return sum(socket.pings for socket in self._sockets if isinstance(socket, _Counting))

    async def send_at_once(self, frames: list[dict[str, Any]]) -> None:
        """Send frames in one piece of data."""
        for socket in list(self._sockets):
            for frame in frames:
                socket.protocol.send_text(json.dumps(frame).encode())
            socket.send_data()

    async def send(self, frame: dict[str, Any] | str | bytes) -> None:
        """Send a frame to every client."""
        data = json.dumps(frame) if isinstance(frame, dict) else frame
        for socket in list(self._sockets):
            await socket.send(data)

    async def event(self, event: dict[str, Any], **envelope: Any) -> None:
        """Send an event of the account."""
        await self.send({"type": "event", "account_id": ACCOUNT_ID, "event": event, **envelope})

    async def message(self, seq: int, where: Chat, text: str = "hello", **changes: Any) -> None:
        """Send an event: somebody wrote in a chat."""
        sender = {"id": where["id"], "phone": where["phone"], "lid": where["lid"], "name": where["name"]}
        event = {
            "type": "message",
            "message_id": f"message-{seq}",
            "chat": where,
            "sender": sender,
            "from_me": False,
            "kind": "text",
            "text": text,
            "poll": None,
            "media": None,
            "location": None,
            "contacts": [],
            "mentions": [],
            "quoted_message_id": None,
            "origin": ORIGIN | {"server_time": 1700000000.0 + seq},
            "timestamp": 1700000000.0 + seq,
        }
        self.seq = max(self.seq, seq)
        await self.event(event | changes, seq=seq, replayed=False, age=0.5)

    async def state(self, status: ConnectionStatus, reason: ConnectionReason | None = None) -> None:
        """Send an event: the account stands so with WhatsApp."""
        self.account = account(status)
        self.account["connection"]["reason"] = reason
        await self.event({"type": "account", "account": self.account})

    async def _authenticate(self, args: dict[str, Any]) -> dict[str, Any]:
        if args["token"] != TOKEN:
            raise Fail("unauthorized")
        return {"bridge_id": "bridge-1", "version": "1.2.3"}

    async def _serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        self._sockets.add(socket)
        answering: list[asyncio.Task[None]] = []
        try:
            if self.hello is not None:
                await socket.send(json.dumps(self.hello) if isinstance(self.hello, dict) else self.hello)
            async for data in socket:
                task = asyncio.create_task(self._answer(socket, json.loads(data)))
                answering.append(task)
        except ConnectionClosed:
            pass
        finally:
            self._sockets.discard(socket)
            self.close_codes.append(socket.close_code or 0)
            for task in answering:
                task.cancel()
            await asyncio.gather(*answering, return_exceptions=True)

    async def _answer(self, socket: ServerConnection, request: dict[str, Any]) -> None:
        self.requests.append(request)
        answer = self.answers[request["command"]]
        frame: dict[str, Any] = {"id": request["id"]}
        try:
            result = answer(request["args"]) if callable(answer) else answer
            frame["result"] = await result if isinstance(result, Awaitable) else result
        except Fail as err:
            frame["error"] = err.error
        with suppress(ConnectionClosed):
            await socket.send(json.dumps(frame))
            if request["command"] == "authenticate" and "error" in frame:
                await socket.close(CLOSE_UNAUTHORIZED)


async def never(_: dict[str, Any]) -> dict[str, Any]:
    """Answer of a bridge that is stuck."""
    await asyncio.Event().wait()
    return {}
