"""What stands before a scripted bridge, on one port with it as on the real one: for files that do not get through."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
import re
from typing import Any, Self

import pytest
from yarl import URL

from .scripted_bridge import ScriptedBridge


def http(status: int, body: bytes = b"", announced: int | None = None) -> bytes:
    """Return an answer in HTTP; `announced` is the length that it says it has."""
    length = len(body) if announced is None else announced
    return b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, length, body)


class ScriptedFiles:
    """Answers every request for a file with `answer`, once it has read all of it.

    `hear`: whether it does so at all, or goes away. `rest` comes after the answer, as soon as the test lets it. `stay`:
    whether it keeps the line open afterwards.
    """

    def __init__(self, bridge: ScriptedBridge) -> None:
        self.answer = http(200)
        self.hear = True
        self.stay = False
        self.rest: asyncio.Future[bytes] | None = None
        # How many requests for files are over.
        self.left = 0
        # Method, path and body of what came.
        self.requests: list[tuple[str, str, bytes]] = []
        self._bridge = URL(bridge.url)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ws"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._server.close_clients()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, _ = head.decode().split(" ", 2)
            if path == self._bridge.path:
                await self._hand_on(head, reader, writer)
                return
            if self.hear:
                length = re.search(rb"(?i)content-length: (\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                self.requests.append((method, path, body))
                writer.write(self.answer)
                await writer.drain()
                if self.rest:
                    writer.write(await self.rest)
                    await writer.drain()
                if self.stay:
                    await reader.read()
        self.left += 1
        writer.close()

    async def _hand_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self._bridge.host, self._bridge.port)
        there_writer.write(head)
        await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))


def offer(size: int, **more: Any) -> dict[str, Any]:
    """Return the answer of a scripted bridge to `download`: a picture of that size."""
    return {"ticket": "t" * 43, "expires_at": 1.0, "mime": "image/jpeg", "size": size, "file_name": None, **more}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@pytest.fixture
async def scripted_files(scripted_bridge: ScriptedBridge) -> AsyncGenerator[ScriptedFiles]:
    """Return what stands before the scripted bridge."""
    async with ScriptedFiles(scripted_bridge) as files:
        yield files
