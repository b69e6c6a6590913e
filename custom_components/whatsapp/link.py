"""One act of linking: QR codes or a pairing code, until the phone agrees or it fails."""

import asyncio
from contextlib import suppress
import logging
from typing import Final

from homeassistant.core import HomeAssistant

from .bridge import BridgeClient, BridgeError, CannotConnect
from .bridge.protocol import Account, EventFrame, LinkEvent, LinkMethod, LinkStatus
from .qr import draw_qr

_LOGGER = logging.getLogger(__name__)

# Seconds. WhatsApp's own codes run out earlier; this ends a link that nobody answers and nobody watches.
LINK_TIMEOUT: Final = 300.0


class Link:
    """Links a device over a connection of its own, and keeps what a dialog shows of it.

    `status` is the wire's. `image` goes with `qr` and is a data URI, `code` with `code`, `account` with `linked`, and
    `error` with `failed`. The link ends by itself; `async_end` ends it earlier.
    """

    account: Account

    def __init__(
        self,
        hass: HomeAssistant,
        client: BridgeClient,
        method: LinkMethod,
        *,
        phone: str | None = None,
        account_id: str | None = None,
    ) -> None:
        """Start, with a client that is not connected yet.

        `phone` is needed for a code, `account_id` to link that account again.
        """
        self.status: LinkStatus = "connecting"
        self.image = ""
        self.code = ""
        self.number = 0
        self.total = 0
        self.error: BridgeError | None = None
        self._hass = hass
        self._changed = asyncio.Event()
        self._task = hass.async_create_background_task(
            self._run(client, method, phone, account_id), "Link a WhatsApp device"
        )

    async def wait_changed(self) -> None:
        """Return when there is something new to show."""
        await self._changed.wait()

    async def async_end(self) -> None:
        """End the link, also on the bridge. When the phone has agreed already, wait for it to be linked."""
        if self.status != "linking":
            self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self, client: BridgeClient, method: LinkMethod, phone: str | None, account_id: str | None) -> None:
        try:
            async with asyncio.timeout(LINK_TIMEOUT), client:
                last = await self._follow(client, method, phone, account_id)
            await self._show(last)
        except TimeoutError:
            self._fail(BridgeError("the link took too long", code="timeout"))
        except BridgeError as err:
            self._fail(err)
        except Exception:
            # Without an end the dialog would show the last code for ever.
            _LOGGER.exception("Unexpected error while linking")
            self._fail(BridgeError("unexpected error", code="internal"))

    async def _follow(
        self, client: BridgeClient, method: LinkMethod, phone: str | None, account_id: str | None
    ) -> LinkEvent:
        """Show what happens, and return the event that ends the link."""
        events = asyncio.Queue[LinkEvent | None]()

        def listen(frame: EventFrame) -> None:
            if frame["event"]["type"] == "link":
                events.put_nowait(frame["event"])

        client.on_event(listen)
        closed = self._hass.async_create_background_task(client.wait_closed(), "Watch the bridge while linking")
        closed.add_done_callback(lambda _: events.put_nowait(None))
        link_id = await client.link(method, phone=phone, account_id=account_id)
        try:
            while event := await events.get():
                if event["link_id"] == link_id:
                    if event["status"] in ("linked", "failed"):
                        return event
                    await self._show(event)
        except BaseException:
            with suppress(BridgeError):
                await client.link_cancel(link_id)
            raise
        raise CannotConnect("the bridge went away", code="connection_lost")

    async def _show(self, event: LinkEvent) -> None:
        if event["error"]:
            self.error = BridgeError("the link failed", code=event["error"])
        if event["account"]:
            self.account = event["account"]
        if event["qr"]:
            self.image = await self._hass.async_add_executor_job(draw_qr, event["qr"])
        self.code = event["code"] or ""
        self.number = event["number"]
        self.total = event["total"]
        self._become(event["status"])

    def _fail(self, error: BridgeError) -> None:
        self.error = error
        self._become("failed")

    def _become(self, status: LinkStatus) -> None:
        self.status = status
        self._changed.set()
        self._changed = asyncio.Event()
