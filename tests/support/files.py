"""A web server that hands out files, in every way that one may."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
import pytest

from tests.support.media import picture

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FileServer:
    """Answers what a test has put under a path, and keeps the requests."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.answers: dict[str, Handler] = {}
        self.requests: list[web.Request] = []
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self.server = TestServer(app, host=host)

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return str(self.server.make_url(path))

    @property
    def origin(self) -> str:
        """What an address of this server begins with."""
        return self.url("/")

    def serve(self, path: str, body: bytes, **options: Any) -> str:
        """Put a file under a path, and return its address."""

        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(body=body, **options)

        return self.answer(path, answer)

    def redirect(self, path: str, location: str, status: int = 302) -> str:
        """Put a redirect under a path, and return its address."""
        return self.serve(path, b"", status=status, headers={"Location": location})

    def answer(self, path: str, handler: Handler) -> str:
        """Put what a handler answers under a path, and return its address."""
        self.answers[path] = handler
        return self.url(path)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.answers.get(request.path)
        return await handler(request) if handler else web.Response(status=404)


@asynccontextmanager
async def file_server() -> AsyncGenerator[FileServer]:
    """Yield a server that runs."""
    files = FileServer()
    await files.server.start_server()
    try:
        yield files
    finally:
        await files.server.close()


def endless(started: asyncio.Event | None = None, chunk: bytes = bytes(65536)) -> Handler:
    """Return a handler whose body has no end; an empty `chunk` keeps it waiting."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"\xff\xd8\xff")
        if started:
            started.set()
        while chunk:
            await response.write(chunk)
        await asyncio.Event().wait()
        return response

    return answer


@pytest.fixture
async def files() -> AsyncGenerator[FileServer]:
    """A server that Home Assistant may not ask yet."""
    async with file_server() as server:
        yield server


@pytest.fixture
async def others() -> AsyncGenerator[FileServer]:
    """Another host: another port is one, too."""
    async with file_server() as server:
        yield server


@pytest.fixture
def allowed(hass: HomeAssistant, files: FileServer) -> None:
    """Home Assistant may ask the first server."""
    hass.config.allowlist_external_urls = {files.origin}


@pytest.fixture
def jpeg(folder: Path) -> bytes:
    """A picture that is sent as it is."""
    return picture(folder / "door.jpg").read_bytes()
