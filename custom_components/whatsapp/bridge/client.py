"""A connection to the bridge, and its commands as coroutines."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
import os
from pathlib import Path
from ssl import SSLContext
from typing import BinaryIO, Final, Self, TypedDict, Unpack, cast

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from .chats import ChatCommands
from .commands import LOCAL_TIMEOUT, LONG_TIMEOUT, WHATSAPP_TIMEOUT
from .connection import BridgeConnection, EventCallback, normalize_url
from .errors import CannotConnect, CommandFailed
from .groups import GroupCommands
from .protocol import (
    Account,
    AccountsResult,
    BackupResult,
    ConfigureArgsSettings,
    ConfigureResult,
    Content,
    Degrade,
    HealthResult,
    Hello,
    LinkMethod,
    LinkResult,
    ListenResult,
    Priority,
    SendResult,
    Settings,
    UploadResult,
)

# How long the bridge waits for WhatsApp's confirmation of a message unless told otherwise (`protocol.SendArgs`).
DEFAULT_SEND_WAIT: Final = 20.0


# What the bridge's HTTP statuses mean.
FILE_ERRORS: Final = {400: "invalid_request", 404: "media_unavailable", 413: "media_too_large", 507: "storage_full"}
# Seconds without a byte after which a file is not waited for any more.
FILE_IDLE_TIMEOUT: Final = 60.0


class SendOptions(TypedDict, total=False):
    """How a message is sent.

    `quote`: the message that it answers, `last` is the newest that somebody else wrote. `expiration`: seconds after
    which it disappears. `typing`: shown first. `priority` `high`: it does not wait for its turn. `degrade`: what may
    become of what cannot be sent as it is. `ttl`: seconds within which it must go out, else it fails as `expired`.
    `wait`: seconds that the bridge waits for WhatsApp's confirmation before it answers `queued`.
    """

    quote: str
    expiration: int
    typing: bool
    priority: Priority
    degrade: Degrade
    ttl: float
    wait: float


class BridgeClient(ChatCommands, GroupCommands):
    """One connection to a bridge. It lives once: after it is closed, make another.

    Every command raises `CommandFailed` for the bridge's errors and for `timeout`, and `CannotConnect` when there is no
    connection or it is lost while waiting.
    """

    def __init__(self, url: str, token: str, *, name: str, ssl: SSLContext | None = None) -> None:
        """Prepare, without connecting.

        `url` is what a person typed (see `normalize_url`), `name` tells the bridge who we are. `ssl` is needed for
        `wss` and `https` and ignored otherwise; it is handed in because making one blocks.

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
        return cast("AccountsResult", await self._request("accounts"))["accounts"]

    async def listen(self, account_id: str, consumer: str) -> ListenResult:
        """Return a snapshot of the account and subscribe to its events, from this consumer's cursor on."""
        return cast("ListenResult", await self._request("listen", account_id=account_id, consumer=consumer))

    async def ack(self, account_id: str, consumer: str, seq: int) -> None:
        """Tell that this consumer has handled every event up to `seq`."""
        await self._request("ack", account_id=account_id, consumer=consumer, seq=seq)

    async def send(
        self, account_id: str, chat: str, content: Content, request_id: str, **options: Unpack[SendOptions]
    ) -> SendResult:
        """Send a message to a chat, in any writing. The same `request_id` again is the same message."""
        result = await self._request(
            "send",
            answer_within=LOCAL_TIMEOUT + options.get("wait", DEFAULT_SEND_WAIT),
            account_id=account_id,
            chat=chat,
            content=content,
            request_id=request_id,
            **options,
        )
        return cast("SendResult", result)

    async def upload(self, session: ClientSession, account_id: str, file: Path, size: int) -> str:
        """Bring a file of `size` bytes, and return the ticket that names it in the content of one message.

        Raises:
            CommandFailed: `media_too_large`, `media_unavailable` (also when it is not of that size), `storage_full`.
            OSError: the file cannot be read.

        """
        ticket = cast("UploadResult", await self._request("upload", account_id=account_id, size=size))["ticket"]
        body = await asyncio.to_thread(file.open, "rb")
        try:
            # More would be cut off, and of less the rest would be waited for.
            if (await asyncio.to_thread(os.fstat, body.fileno())).st_size != size:
                raise CommandFailed("the file has changed meanwhile", code="media_unavailable")
            async with self._file(session, "PUT", ticket, data=body, headers={"content-length": str(size)}):
                return ticket
        finally:
            await asyncio.to_thread(body.close)

    @asynccontextmanager
    async def open_file(self, session: ClientSession, ticket: str) -> AsyncGenerator[ClientResponse]:
        """Open the file of a ticket; its bytes are the response's `content`. The ticket is worth nothing afterwards.

        Raises:
            CommandFailed: `media_unavailable`.

        """
        async with self._file(session, "GET", ticket) as response:
            yield response

    @asynccontextmanager
    async def _file(
        self,
        session: ClientSession,
        method: str,
        ticket: str,
        *,
        data: BinaryIO | None = None,
        headers: dict[str, str] | None = None,
    ) -> AsyncGenerator[ClientResponse]:
        timeout = ClientTimeout(total=None, sock_connect=LOCAL_TIMEOUT, sock_read=FILE_IDLE_TIMEOUT)
        ssl = self._connection.ssl or True
        url = self._connection.file_url(ticket)
        try:
            async with session.request(method, url, data=data, headers=headers, timeout=timeout, ssl=ssl) as response:
                if response.status != HTTPStatus.OK:
                    code = FILE_ERRORS.get(response.status, "internal")
                    raise CommandFailed(f"the bridge answered {response.status} for a file", code=code)
                yield response
        except (ClientError, TimeoutError) as err:
            raise CannotConnect(f"a file did not get through: {type(err).__name__}", code="connection_lost") from err

    async def link(self, method: LinkMethod, *, phone: str | None = None, account_id: str | None = None) -> str:
        """Start a link and return its id; `link` events follow. A code needs `phone`; `account_id`: link it again."""
        result = await self._request(
            "link", answer_within=WHATSAPP_TIMEOUT, method=method, phone=phone, account_id=account_id
        )
        return cast("LinkResult", result)["link_id"]

    async def link_cancel(self, link_id: str) -> None:
        """End a running link."""
        await self._request("link_cancel", link_id=link_id)

    async def reconnect(self, account_id: str) -> None:
        """Have the bridge connect to WhatsApp from the beginning, also when it has given that up."""
        await self._request("reconnect", account_id=account_id)

    async def unlink(self, account_id: str) -> None:
        """Log the device out on WhatsApp."""
        await self._request("unlink", answer_within=WHATSAPP_TIMEOUT, account_id=account_id)

    async def health(self) -> HealthResult:
        """Return counters for support."""
        return cast("HealthResult", await self._request("health"))

    async def forget(self, account_id: str) -> None:
        """Log the device out and delete all that the bridge keeps of the account."""
        await self._request("forget", answer_within=WHATSAPP_TIMEOUT, account_id=account_id)

    async def configure(self, account_id: str, settings: ConfigureArgsSettings) -> Settings:
        """Change the settings that are given, and return all of them."""
        result = await self._request(
            "configure", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, settings=settings
        )
        return cast("ConfigureResult", result)["settings"]

    async def backup(self) -> BackupResult:
        """Return a ticket for a copy of the bridge's store. It holds the sessions: whoever has it is this device."""
        return cast("BackupResult", await self._request("backup", answer_within=LONG_TIMEOUT))
