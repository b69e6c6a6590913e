"""What arrives on the phones of the simulated WhatsApp."""

from typing import Any

from demo.simulator import Simulator


class Inbox:
    """The messages of one phone, from the moment of `look` on. `seen`: the index of the last one."""

    def __init__(self, whatsapp: Simulator, number: str) -> None:
        self._whatsapp = whatsapp
        self._number = number
        self.seen = 0

    async def look(self) -> list[dict[str, Any]]:
        """Return what is new since the last look."""
        answer = await self._whatsapp.do("phone.inbox", number=self._number, after=self.seen)
        messages: list[dict[str, Any]] = answer["messages"]
        self.seen = max([self.seen, *(message["index"] for message in messages)])
        return messages

    async def texts(self) -> list[str]:
        """Return the texts that are new since the last look."""
        return [message["text"] for message in await self.look() if message["kind"] == "text"]


async def inbox(whatsapp: Simulator, number: str) -> Inbox:
    """Return the inbox of a phone, without what is there already."""
    box = Inbox(whatsapp, number)
    await box.look()
    return box
