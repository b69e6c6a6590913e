"""How far an account's journal has been handled, and how far the bridge knows of it."""

import asyncio
from contextlib import suppress
import logging
from typing import Final

from .bridge import BridgeClient, BridgeError

_LOGGER = logging.getLogger(__name__)

# Seconds.
LAST_ACK_TIMEOUT: Final = 2.0


class Cursor:
    """Numbers of journal events. What was not acknowledged comes again, and is recognised by its number."""

    def __init__(self, account_id: str, consumer: str) -> None:
        self._account_id = account_id
        self._consumer = consumer
        self._handled = 0
        self._acked = 0
        self._running = False

    def rewind(self, head: int) -> None:
        """Begin again at the journal's end: one that is behind us is a new one, with numbers of its own."""
        self._handled = min(self._handled, head)
        self._acked = min(self._acked, self._handled)

    def is_new(self, seq: int) -> bool:
        """Return whether the event has not been handled yet."""
        return seq > self._handled

    def handled(self, seq: int) -> None:
        """Note that the event has been handled, now or before."""
        self._handled = max(self._handled, seq)
        # The bridge would not have sent it if it knew.
        self._acked = min(self._acked, seq - 1)

    async def acknowledge(self, client: BridgeClient) -> None:
        """Tell the bridge, once for all that was handled meanwhile. Returns at once when it is being told already."""
        if self._running:
            return
        self._running = True
        try:
            while self._acked < self._handled:
                seq = self._handled
                await client.ack(self._account_id, self._consumer, seq)
                self._acked = seq
        except BridgeError as err:
            _LOGGER.debug("Could not acknowledge events, so they come again: %s", err)
        finally:
            self._running = False

    async def finish(self, client: BridgeClient) -> None:
        """Tell the bridge for the last time, before the connection is closed."""
        if self._acked < self._handled:
            with suppress(BridgeError, TimeoutError):
                async with asyncio.timeout(LAST_ACK_TIMEOUT):
                    await client.ack(self._account_id, self._consumer, self._handled)
