"""The files of messages, as they come from the bridge."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import ClientResponse
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..account import Account
from ..bridge import BridgeClient, CommandFailed
from ..bridge.protocol import DownloadResult
from ..errors import failed, translated_errors

# Errors of `open_received` that may be over another time.
PASSING: Final = {
    "bridge_unreachable",
    "not_connected",
    "not_linked",
    "rate_limited",
    "storage_full",
    "storage_read_only",
    "timeout",
}


@dataclass(frozen=True)
class ReceivedFile:
    """The file of a message. `mime` is what its bytes are, `size` in bytes, `name` what its sender calls it."""

    message_id: str
    mime: str
    size: int
    name: str | None
    chunks: AsyncIterator[bytes]


@asynccontextmanager
async def open_received(account: Account, message_id: str) -> AsyncGenerator[ReceivedFile]:
    """Open the file of a message; the bridge fetches it from WhatsApp unless it has it. Its `chunks` come once.

    Raises:
        ServiceValidationError: the account has no such message, or not any more.
        HomeAssistantError: it cannot be had, or it breaks off.

    """
    session = async_get_clientsession(account.hass)
    async with AsyncExitStack() as stack:

        async def start(client: BridgeClient) -> tuple[DownloadResult, ClientResponse]:
            offer = await _offer(client, account, message_id)
            return offer, await stack.enter_async_context(client.open_file(session, offer["ticket"]))

        # Outermost: the line can break at any chunk.
        stack.enter_context(translated_errors())
        offer, response = await account.async_ask(start)
        yield ReceivedFile(
            message_id, offer["mime"], offer["size"], offer["file_name"], response.content.iter_any().__aiter__()
        )


async def _offer(client: BridgeClient, account: Account, message_id: str) -> DownloadResult:
    try:
        return await client.download(account.account_id, message_id)
    except CommandFailed as err:
        if err.code == "media_unavailable":
            raise failed("received_gone") from err
        if err.code == "media_too_large":
            raise failed("received_too_large", limit=str(account.options.media_max_mib)) from err
        raise
