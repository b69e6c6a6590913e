"""The bridge's commands as coroutines."""

from collections.abc import Callable
from ssl import SSLContext
from typing import Any, Final, Self, cast

from .connection import BridgeConnection, EventCallback, normalize_url
from .protocol import (
    Account,
    AccountsResult,
    Chat,
    ChatsResult,
    Content,
    GroupsResult,
    HealthResult,
    Hello,
    LinkMethod,
    LinkResult,
    ListenResult,
    ResolveResult,
    SendResult,
)

# Seconds to wait for an answer: what the bridge answers by itself, and what it has to ask WhatsApp for.
LOCAL_TIMEOUT: Final = 10.0
WHATSAPP_TIMEOUT: Final = 40.0
# How long the bridge waits for WhatsApp's confirmation of a message unless told otherwise (`protocol.SendArgs`).
DEFAULT_SEND_WAIT: Final = 20.0


class BridgeClient:
    """One connection to a bridge. It lives once: after it is closed, make another.

    Every command raises `CommandFailed` for the bridge's errors and for `timeout`, and `CannotConnect` when there is no connection or
    it is lost while waiting.
    """

    def __init__(self, url: str, token: str, *, name: str, ssl: SSLContext | None = None) -> None:
        """Prepare, without connecting.

        `url` is what a person typed (see `normalize_url`), `name` tells the bridge who we are. `ssl` is needed for `wss` and `https` and
        ignored otherwise; it is handed in because making one blocks.

        Raises:
            CannotConnect: `invalid_url`.
            ValueError: `wss` without `ssl`.

        """
        self._connection = BridgeConnection(normalize_url(url), token, name=name, ssl=ssl)

    async def __aenter__(self) -> Self:
        """Connect."""
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def connect(self) -> Hello:
        """Connect and authenticate.

        Raises:
            CannotConnect: nobody is there, or it is no bridge.
            SchemaIncompatible: no schema version in common.
            InvalidToken: the bridge refused the token.

        """
        return await self._connection.open()

    async def close(self) -> None:
        """Close the connection; pending commands are rejected. Harmless when closed already."""
        await self._connection.close()

    async def wait_closed(self) -> None:
        """Return when the connection is gone, for whatever reason."""
        await self._connection.wait_closed()

    def on_event(self, callback: EventCallback) -> Callable[[], None]:
        """Call back with every event, in order, from the event loop. Returns what ends it."""
        return self._connection.on_event(callback)

    async def accounts(self) -> list[Account]:
        """Return the accounts of this bridge."""
        return cast(AccountsResult, await self._request("accounts"))["accounts"]

    async def listen(self, account_id: str, consumer: str) -> ListenResult:
        """Return a snapshot of the account and subscribe to its events, from this consumer's cursor on."""
        return cast(ListenResult, await self._request("listen", account_id=account_id, consumer=consumer))

    async def ack(self, account_id: str, consumer: str, seq: int) -> None:
        """Tell that this consumer has handled every event up to `seq`."""
        await self._request("ack", account_id=account_id, consumer=consumer, seq=seq)

    async def send(
        self,
        account_id: str,
        chat: str,
        content: Content,
        request_id: str,
        *,
        ttl: float | None = None,
        wait: float | None = None,
    ) -> SendResult:
        """Send a message to a chat id, an alias of it, or a phone number. The same `request_id` again is the same message.

        `ttl`: seconds within which it must go out, else it fails as `expired`. `wait`: seconds that the bridge waits for WhatsApp's
        confirmation before it answers `queued`.
        """
        result = await self._request(
            "send",
            answer_within=LOCAL_TIMEOUT + (DEFAULT_SEND_WAIT if wait is None else wait),
            account_id=account_id,
            chat=chat,
            content=content,
            request_id=request_id,
            ttl=ttl,
            wait=wait,
        )
        return cast(SendResult, result)

    async def resolve(self, account_id: str, chat: str) -> Chat:
        """Return the chat of an id, an alias or a phone number. An unknown number is looked up on WhatsApp."""
        result = await self._request("resolve", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, chat=chat)
        return cast(ResolveResult, result)["chat"]

    async def groups(self, account_id: str) -> list[Chat]:
        """Return the groups that the account is in."""
        result = await self._request("groups", answer_within=WHATSAPP_TIMEOUT, account_id=account_id)
        return cast(GroupsResult, result)["groups"]

    async def chats(self, account_id: str, query: str | None = None, limit: int | None = None) -> list[Chat]:
        """Return chats whose name, number or id contains `query`, most recent first."""
        result = await self._request("chats", account_id=account_id, query=query, limit=limit)
        return cast(ChatsResult, result)["chats"]

    async def link(self, method: LinkMethod, *, phone: str | None = None, account_id: str | None = None) -> str:
        """Start a link and return its id; `link` events follow. `phone` is needed for a code, `account_id` to link it again."""
        result = await self._request(
            "link", answer_within=WHATSAPP_TIMEOUT, method=method, phone=phone, account_id=account_id
        )
        return cast(LinkResult, result)["link_id"]

    async def link_cancel(self, link_id: str) -> None:
        """End a running link."""
        await self._request("link_cancel", link_id=link_id)

    async def unlink(self, account_id: str) -> None:
        """Log the device out on WhatsApp."""
        await self._request("unlink", answer_within=WHATSAPP_TIMEOUT, account_id=account_id)

    async def health(self) -> HealthResult:
        """Return counters for support."""
        return cast(HealthResult, await self._request("health"))

    async def _request(self, command: str, *, answer_within: float = LOCAL_TIMEOUT, **args: Any) -> Any:
        given = {key: value for key, value in args.items() if value is not None}
        return await self._connection.request(command, given, timeout=answer_within)
