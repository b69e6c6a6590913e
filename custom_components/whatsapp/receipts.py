"""What became of the messages that were sent."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from homeassistant.core import Context

from .bridge.protocol import ReceiptEvent, ReceiptStatus

# Messages whose receipts are remembered. Whoever waits for one waits for minutes.
REMEMBERED: Final = 1000
_ORDER: Final[list[ReceiptStatus]] = ["sent", "delivered", "read", "played"]


@dataclass
class _Message:
    context: Context | None = None
    status: ReceiptStatus | None = None
    error: str | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def has_reached(self, wanted: ReceiptStatus) -> bool:
        return self.status == "failed" or (
            self.status is not None and _ORDER.index(self.status) >= _ORDER.index(wanted)
        )


class Receipts:
    """The newest messages of an account: who asked for each, and how far it has come."""

    def __init__(self) -> None:
        self._messages: OrderedDict[str, _Message] = OrderedDict()

    def sent(self, message_id: str, context: Context | None) -> None:
        """Note in which context a message was sent."""
        self._message(message_id).context = context

    def context(self, message_id: str | None) -> Context:
        """Return a new context, for what comes of a message: a child of the one in which it was sent."""
        message = self._messages.get(message_id) if message_id else None
        return Context(parent_id=message.context.id if message and message.context else None)

    def note(self, event: ReceiptEvent) -> None:
        """Note a receipt."""
        message = self._message(event["message_id"])
        if event["status"] == "failed" or not message.has_reached(event["status"]):
            message.status, message.error = event["status"], event["error"]
            message.changed.set()
            message.changed = asyncio.Event()

    async def wait(
        self, message_id: str, wanted: ReceiptStatus, seconds: float
    ) -> tuple[ReceiptStatus | None, str | None]:
        """Wait until the message was `sent`, `delivered`, `read` or `played`, or has failed, for so long at most.

        Returns how far it has come, None when nothing is known yet, and why it failed, a code of the wire.
        """
        message = self._message(message_id)
        try:
            async with asyncio.timeout(seconds):
                while not message.has_reached(wanted):
                    await message.changed.wait()
        except TimeoutError:
            pass
        return message.status, message.error

    def _message(self, message_id: str) -> _Message:
        message = self._messages.setdefault(message_id, _Message())
        self._messages.move_to_end(message_id)
        if len(self._messages) > REMEMBERED:
            self._messages.popitem(last=False)
        return message
