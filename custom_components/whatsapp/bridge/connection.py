"""One connection to the bridge: the handshake, requests and their answers, events."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
import json
import logging
from ssl import SSLContext
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from yarl import URL

from .errors import BridgeError, CannotConnect, CommandFailed, InvalidToken, SchemaIncompatible
from .protocol import (
    CLOSE_BAD_FRAME,
    CLOSE_UNAUTHORIZED,
    LIMIT_FRAME_BYTES,
    SCHEMA_MAX,
    SCHEMA_MIN,
    AuthenticateArgs,
    EventFrame,
    Hello,
)

_LOGGER = logging.getLogger(__name__)

# The library writes every frame, and so the token, to a logger that has debug switched on. This one nobody can find.
_WEBSOCKET_LOGGER: Final = logging.Logger("websocket", logging.INFO)  # noqa: LOG001
_WEBSOCKET_LOGGER.parent = _LOGGER

DEFAULT_PORT: Final = 3000
HANDSHAKE_TIMEOUT: Final = 10.0
PING_INTERVAL: Final = 30.0
PING_TIMEOUT: Final = 20.0
CLOSE_TIMEOUT: Final = 2.0

_SCHEMES: Final = {"ws": "ws", "http": "ws", "wss": "wss", "https": "wss"}
_EVENT_TYPES: Final = {
    *("message", "edit", "revoke", "reaction", "poll_vote", "answer", "receipt", "group_change", "call"),
    *("undecryptable", "identity_changed", "own_devices_changed"),
    *("account", "chats", "presence", "link"),
}

type EventCallback = Callable[[EventFrame], None]


def normalize_url(text: str) -> URL:
    """Return the websocket's address for what a person typed, such as `host`, `host:3000` or `http://host:3000`.

    Without TLS the port is 3000 unless given; with TLS there is a proxy in front and its ordinary port counts.

    Raises:
        CannotConnect: `invalid_url`.

    """
    text = text.strip()
    try:
        url = URL(text if "://" in text else f"ws://{text}").with_query(None).with_fragment(None)
        scheme = _SCHEMES[url.scheme]
        port = url.explicit_port or (DEFAULT_PORT if scheme == "ws" else None)
        if not url.host:
            raise ValueError(text)  # noqa: TRY301
    except ValueError, KeyError:
        # Without the cause: it repeats the address, which may hold a password.
        raise CannotConnect("that is not the address of a bridge", code="invalid_url") from None
    path = "/ws" if url.path in ("", "/") else url.path
    return url.with_scheme(scheme).with_port(port).with_path(path)


class BridgeConnection:
    """An authenticated websocket. It lives once: after it is closed, make another."""

    def __init__(self, url: URL, token: str, *, name: str, ssl: SSLContext | None) -> None:
        """Prepare, without connecting. `name` says to the bridge who we are; `ssl` is used for `wss` only.

        Raises:
            ValueError: `wss` without `ssl`.

        """
        if url.scheme == "wss" and ssl is None:
            raise ValueError("wss needs an SSL context")
        self._url = url
        self._token = token
        self._name = name
        self.ssl = ssl if url.scheme == "wss" else None
        self._callbacks: list[EventCallback] = []
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0
        self._unknown_events: set[str] = set()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._error: BridgeError | None = None

    def file_url(self, ticket: str) -> URL:
        """Return where the file of a ticket is."""
        scheme = "https" if self._url.scheme == "wss" else "http"
        return self._url.with_scheme(scheme).with_path(f"{self._url.path.removesuffix('/ws')}/media/{ticket}")

    async def open(self) -> Hello:
        """Connect, shake hands and authenticate.

        Raises:
            CannotConnect: nobody is there, or it is no bridge.
            SchemaIncompatible: told from the hello.
            InvalidToken: the bridge refused the token.
            CommandFailed: `timeout`, or another error of the bridge.

        """
        self._socket = await self._dial()
        try:
            hello = await self._read_hello(self._socket)
            self._reader = asyncio.create_task(self._read(self._socket), name="WhatsApp bridge reader")
            args = AuthenticateArgs(token=self._token, schema=_choose_schema(hello), client=self._name)
            await self.request("authenticate", args, timeout=HANDSHAKE_TIMEOUT)
        except CommandFailed as err:
            await self.close()
            if err.code == "unauthorized":
                raise InvalidToken from err
            raise
        except BaseException:
            await self.close()
            raise
        return hello

    async def _dial(self) -> ClientConnection:
        try:
            return await connect(
                str(self._url),
                ssl=self.ssl,
                # The bridge is on this machine or in this house, whatever the environment says about proxies.
                proxy=None,
                compression=None,
                open_timeout=HANDSHAKE_TIMEOUT,
                ping_interval=PING_INTERVAL,
                ping_timeout=PING_TIMEOUT,
                close_timeout=CLOSE_TIMEOUT,
                max_size=LIMIT_FRAME_BYTES,
                logger=_WEBSOCKET_LOGGER,
            )
        except (OSError, TimeoutError, UnicodeError) as err:  # UnicodeError: a host name that cannot be one
            raise CannotConnect(f"the bridge cannot be reached: {type(err).__name__}", code="unreachable") from err
        except WebSocketException as err:
            raise CannotConnect("there is something else than a bridge", code="not_a_bridge") from err

    async def close(self) -> None:
        """Close the socket. Pending requests are rejected. Harmless when closed already."""
        if self._socket:
            await self._socket.close()
        if self._reader:
            await asyncio.wait([self._reader])

    async def wait_closed(self) -> None:
        """Return when the connection is gone, for whatever reason."""
        if self._socket:
            await self._socket.wait_closed()

    def on_event(self, callback: EventCallback) -> Callable[[], None]:
        """Call back with every event, in order, from the event loop. Returns what ends it."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    async def request(self, command: str, args: Mapping[str, Any], *, timeout: float) -> Any:  # noqa: ASYNC109
        """Send a command and return its result; `timeout` in seconds.

        Raises:
            CommandFailed: the bridge's error; `timeout`; `invalid_request` for what does not fit in a frame.
            CannotConnect: not connected, or the connection went away before the answer.
            InvalidToken: the bridge closed the connection over the token.

        """
        if self._error or not self._socket:
            raise self._error or CannotConnect("not connected", code="connection_lost")
        self._last_id += 1
        request_id = self._last_id
        # Half of a character, as broken JSON of others has it, would end the connection.
        frame = json.dumps({"id": request_id, "command": command, "args": args}, ensure_ascii=False).encode(
            errors="replace"
        )
        if len(frame) > LIMIT_FRAME_BYTES:
            raise CommandFailed(f"{command} does not fit in a frame", code="invalid_request")
        answer = self._pending[request_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                # When the connection is gone, the reader rejects the answer with the reason.
                with suppress(ConnectionClosed):
                    await self._socket.send(frame, text=True)
                return await answer
        except TimeoutError:
            raise CommandFailed(f"the bridge did not answer {command} in time", code="timeout") from None
        finally:
            del self._pending[request_id]

    async def _read_hello(self, socket: ClientConnection) -> Hello:
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                frame = _decode(await socket.recv())
        except (TimeoutError, ConnectionClosed, ValueError) as err:
            raise CannotConnect("there is something else than a bridge", code="not_a_bridge") from err
        match frame:
            case {
                "type": "hello",
                "bridge_id": str(bridge_id),
                "version": str(version),
                "schema": {"min": int(lowest), "max": int(highest)},
            }:
                return Hello(type="hello", bridge_id=bridge_id, version=version, schema={"min": lowest, "max": highest})
        raise CannotConnect("there is something else than a bridge", code="not_a_bridge")

    async def _read(self, socket: ClientConnection) -> None:
        try:
            while True:
                frame = _decode(await socket.recv())
                self._handle(frame)
                if "id" in frame:
                    # Who waited for this answer goes on before the next frame is handled: events follow the snapshot.
                    await asyncio.sleep(0)
        except ConnectionClosed as err:
            refused = err.rcvd and err.rcvd.code == CLOSE_UNAUTHORIZED
            lost = CannotConnect("the connection to the bridge is lost", code="connection_lost")
            self._fail(InvalidToken() if refused else lost)
        except ValueError as err:
            self._fail(CannotConnect(f"the bridge sent a malformed frame: {err}", code="bad_frame"))
            _LOGGER.warning("Closing the connection: %s", self._error)
            await socket.close(CLOSE_BAD_FRAME)

    def _fail(self, error: BridgeError) -> None:
        self._error = error
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(error)

    def _handle(self, frame: dict[str, Any]) -> None:
        match frame:
            case {"type": "event", "account_id": str() | None, "event": {"type": str(event_type)}}:
                self._handle_event(event_type, frame)
            case {"id": int(request_id), "result": result}:
                if answer := self._pending_answer(request_id):
                    answer.set_result(result)
            case {"id": int(request_id), "error": {"code": str(code), "message": str(), **rest}}:
                details = rest.get("details")
                if answer := self._pending_answer(request_id):
                    error = CommandFailed(
                        f"the bridge answered {code}", code=code, details=details if isinstance(details, dict) else {}
                    )
                    answer.set_exception(error)
            case {"type": str(frame_type)} if frame_type != "event":
                _LOGGER.debug("Ignoring a frame of unknown type")
            case _:
                raise ValueError("neither an answer nor an event")

    def _handle_event(self, event_type: str, frame: Any) -> None:
        if event_type not in _EVENT_TYPES:
            if event_type not in self._unknown_events:
                self._unknown_events.add(event_type)
                _LOGGER.debug("Ignoring events of an unknown type")
            return
        for callback in list(self._callbacks):
            try:
                callback(frame)
            except Exception:
                # One listener's fault must not cost the others their events, nor the connection.
                _LOGGER.exception("Unexpected error in a listener for %s events", event_type)

    def _pending_answer(self, request_id: int) -> asyncio.Future[Any] | None:
        answer = self._pending.get(request_id)
        # Nobody waits any more when the request had timed out.
        return None if answer is None or answer.done() else answer


def _choose_schema(hello: Hello) -> int:
    if hello["schema"]["max"] < SCHEMA_MIN:
        raise SchemaIncompatible(bridge_is_older=True)
    if hello["schema"]["min"] > SCHEMA_MAX:
        raise SchemaIncompatible(bridge_is_older=False)
    return min(SCHEMA_MAX, hello["schema"]["max"])


def _decode(data: str | bytes) -> dict[str, Any]:
    """Return the object of a text frame. Raises ValueError, whose message holds nothing of the frame."""
    if not isinstance(data, str):
        raise ValueError("binary")  # noqa: TRY004
    try:
        frame = json.loads(data)
    except ValueError, RecursionError:
        raise ValueError("not JSON") from None
    if not isinstance(frame, dict):
        raise ValueError("not an object")  # noqa: TRY004
    return frame
