"""Commands about chats, people and messages."""

from typing import cast

from .commands import LONG_TIMEOUT, WHATSAPP_TIMEOUT, Commands
from .protocol import (
    Chat,
    ChatsResult,
    CheckResult,
    CheckResultNumbersItem,
    DownloadResult,
    MessagesResult,
    PictureResult,
    PollResult,
    Presence,
    ResolveResult,
    StoredMessage,
)


class ChatCommands(Commands):
    """A `chat` is an id, any alias of it, or a phone number in digits with country code."""

    async def resolve(self, account_id: str, chat: str) -> Chat:
        """Return the chat. An unknown number is looked up on WhatsApp."""
        result = await self._request("resolve", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, chat=chat)
        return cast("ResolveResult", result)["chat"]

    async def chats(self, account_id: str, query: str | None = None, limit: int | None = None) -> list[Chat]:
        """Return chats whose name, number or id contains `query`, most recent first."""
        result = await self._request("chats", account_id=account_id, query=query, limit=limit)
        return cast("ChatsResult", result)["chats"]

    async def check(self, account_id: str, phones: list[str]) -> list[CheckResultNumbersItem]:
        """Return what WhatsApp says of up to 50 numbers, in their order; `chat` is None for who is not there."""
        result = await self._request("check", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, phones=phones)
        return cast("CheckResult", result)["numbers"]

    async def messages(
        self, account_id: str, chat: str, limit: int | None = None, before: str | None = None
    ) -> list[StoredMessage]:
        """Return what the chat holds, newest first, older than the message `before`."""
        result = await self._request("messages", account_id=account_id, chat=chat, limit=limit, before=before)
        return cast("MessagesResult", result)["messages"]

    async def poll(self, account_id: str, message_id: str) -> PollResult:
        """Return how a poll stands, and who chose what."""
        return cast("PollResult", await self._request("poll", account_id=account_id, message_id=message_id))

    async def mark_read(self, account_id: str, chat: str, message_id: str | None = None) -> None:
        """Show the sender that a message was read, and what came before it; without `message_id` the newest."""
        await self._request(
            "mark_read", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, chat=chat, message_id=message_id
        )

    async def presence(self, account_id: str, presence: Presence, chat: str | None = None) -> None:
        """Show `available` or `unavailable` to all contacts, the others in a chat."""
        await self._request(
            "presence", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, presence=presence, chat=chat
        )

    async def download(self, account_id: str, message_id: str) -> DownloadResult:
        """Return a ticket for the media of a message, good once and for a minute (`BridgeClient.open_file`)."""
        result = await self._request(
            "download", answer_within=LONG_TIMEOUT, account_id=account_id, message_id=message_id
        )
        return cast("DownloadResult", result)

    async def picture(self, account_id: str, chat: str) -> PictureResult:
        """Return a ticket for the picture of a person or a group; None in it where there is none to be seen."""
        result = await self._request("picture", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, chat=chat)
        return cast("PictureResult", result)
