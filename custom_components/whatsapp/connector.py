"""Staying connected to the bridge."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
import logging
import random
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback

from .bridge import BridgeClient, BridgeError, CannotConnect

_LOGGER = logging.getLogger(__name__)

# Seconds.
RECONNECT_MIN: Final = 1.0
RECONNECT_MAX: Final = 60.0


class Connector:
    """Keeps one client connected. `client` is None while the bridge is not there."""

    client: BridgeClient | None

    def __init__(
        self,
        open_client: Callable[[], Awaitable[BridgeClient]],
        follow: Callable[[BridgeClient], Awaitable[None]],
        on_down: CALLBACK_TYPE,
    ) -> None:
        """`open_client` connects, `follow` returns when the connection is gone, `on_down` hears of it."""
        self.client = None
        self._open = open_client
        self._follow = follow
        self._on_down = on_down
        # Set while there is a client, and for good after the end.
        self._up = asyncio.Event()
        self._wanted = asyncio.Event()
        self._waiting = 0
        self._down_logged = False

    @callback
    def set_up(self, client: BridgeClient) -> None:
        """Take this client, which is connected."""
        self.client = client
        self._up.set()

    @callback
    def set_working(self) -> None:
        """Note that the connection is good for what it is there for."""
        if self._down_logged:
            _LOGGER.info("The connection to the bridge is back")
            self._down_logged = False

    @callback
    def set_down(self, client: BridgeClient) -> None:
        """Note that the connection of this client is lost."""
        if self.client is not client:
            return
        self.client = None
        self._up.clear()
        if not self._down_logged:
            _LOGGER.info("The connection to the bridge is lost")
            self._down_logged = True
        self._on_down()

    def end(self) -> BridgeClient | None:
        """Stop for good, and return the client, which is to be closed."""
        # Nobody is notified: what the entities show now is what they begin with next time.
        client, self.client = self.client, None
        self._up.set()
        return client

    async def connected(self, deadline: float) -> BridgeClient:
        """Return the client, when there is one by this time of the loop.

        Raises:
            CannotConnect: `unreachable`.

        """
        self._waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout_at(deadline):
                await self._up.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1
        if self.client is None:
            raise CannotConnect("the bridge is not there", code="unreachable")
        return self.client

    async def run(self, is_final: Callable[[BridgeError], bool]) -> None:
        """Follow, and connect again whenever the connection is lost, until an error for which `is_final` says so."""
        delay = RECONNECT_MIN
        while True:
            try:
                await self._follow(self.client or await self._open())
                delay = RECONNECT_MIN
            except BridgeError as err:
                if is_final(err):
                    return
                _LOGGER.debug("Still not connected: %s", err)
            except Exception:
                # A fault of ours, or of the bridge, is no reason to be deaf from now on.
                _LOGGER.exception("Unexpected error with the connection to the bridge")
            self._wanted.clear()
            seconds = RECONNECT_MIN if self._waiting else delay
            with suppress(TimeoutError):
                # Not all at once after the bridge was restarted.
                async with asyncio.timeout(seconds * random.uniform(0.5, 1)):  # noqa: S311
                    await self._wanted.wait()
            delay = min(delay * 2, RECONNECT_MAX)
