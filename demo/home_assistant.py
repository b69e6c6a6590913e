"""Home Assistant's doors, as its own web page uses them: REST and the websocket."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Self

from aiohttp import ClientSession, ClientTimeout, ClientWebSocketResponse

type EventCallback = Callable[[dict[str, Any]], None]

_NOT_FOUND: Final = 404


class HomeAssistantError(Exception):
    """Home Assistant refused."""


class HomeAssistant:
    """A running Home Assistant, with a long-lived access token."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._token = token
        self._callbacks: dict[int, EventCallback] = {}
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0

    async def __aenter__(self) -> Self:
        self._session = ClientSession(
            self.url, headers={"Authorization": f"Bearer {self._token}"}, timeout=ClientTimeout(total=60)
        )
        self._socket = await self._session.ws_connect("/api/websocket", max_msg_size=0)
        await self._socket.receive_json()
        await self._socket.send_json({"type": "auth", "access_token": self._token})
        if (await self._socket.receive_json())["type"] != "auth_ok":
            raise HomeAssistantError("The access token does not fit.")
        self._reader = asyncio.create_task(self._read(self._socket))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        await asyncio.wait([self._reader])
        await self._session.close()

    async def _read(self, socket: ClientWebSocketResponse) -> None:
        async for message in socket:
            frame = message.json()
            if frame["type"] == "event":
                self._callbacks[frame["id"]](frame["event"]["data"])
            elif frame["id"] in self._answers:
                self._answers.pop(frame["id"]).set_result(frame)
        for answer in self._answers.values():
            answer.set_exception(HomeAssistantError("Home Assistant went away."))

    async def command(self, command: str, **args: Any) -> Any:
        """Give a websocket command and return its result."""
        return await self._command(self._next_id(), command, **args)

    async def on_event(self, event_type: str, callback: EventCallback) -> None:
        """Call back with the data of every such event on the bus."""
        subscription = self._next_id()
        self._callbacks[subscription] = callback
        await self._command(subscription, "subscribe_events", event_type=event_type)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def _command(self, number: int, command: str, **args: Any) -> Any:
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "type": command, **args})
        frame = await answer
        if not frame["success"]:
            raise HomeAssistantError(frame["error"]["message"])
        return frame["result"]

    async def flow(self, flow_id: str) -> dict[str, Any] | None:
        """Return the step that a config flow shows now; `None` when the flow is over."""
        async with self._session.get(f"/api/config/config_entries/flow/{flow_id}") as response:
            if response.status == _NOT_FOUND:
                return None
            response.raise_for_status()
            step: dict[str, Any] = await response.json()
            return step

    async def begin_flow(self, handler: str) -> dict[str, Any]:
        """Begin a config flow and return its first step."""
        return await self._post("/api/config/config_entries/flow", {"handler": handler})

    async def submit(self, flow_id: str, data: dict[str, Any]) -> dict[str, Any]:
        """Answer the step that a config flow shows, and return the next."""
        return await self._post(f"/api/config/config_entries/flow/{flow_id}", data)

    async def _post(self, path: str, data: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(path, json=data) as response:
            response.raise_for_status()
            step: dict[str, Any] = await response.json()
            return step

    async def act(self, action: str, data: dict[str, Any], *, answers: bool = False) -> Any:
        """Perform an action; `answers` when it returns something."""
        domain, service = action.split(".")
        result = await self.command(
            "call_service", domain=domain, service=service, service_data=data, return_response=answers
        )
        return result.get("response")
