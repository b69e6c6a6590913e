"""Which messages of a chat have a file."""

from functools import partial
from typing import Final

from ..account import Account
from ..bridge import BridgeClient
from ..bridge.protocol import LIMIT_LISTED_MESSAGES, StoredMessage

# Messages that are looked at to find so many files as are wanted.
_LOOKED_AT_MAX: Final = 5 * LIMIT_LISTED_MESSAGES


async def async_files(
    account: Account, chat: str, wanted: int, before: str | None = None, *, of_others: bool = False
) -> tuple[list[StoredMessage], str | None]:
    """Return messages of a chat that have a file, newest first, and the message before which there may be more.

    What was deleted is not among them, nor what was to be seen once only. `of_others`: nor what the account sent.

    Raises:
        ServiceValidationError: there is no such chat, or no message `before`.
        HomeAssistantError: the bridge does not answer.

    """
    found: list[StoredMessage] = []
    looked_at = 0
    while looked_at < _LOOKED_AT_MAX:
        ask = partial(_async_page, account.account_id, chat, before)
        messages = await account.async_ask(ask)
        for message in messages:
            before = message["message_id"]
            if _has_file(message) and not (of_others and message["from_me"]):
                found.append(message)
                if len(found) == wanted:
                    return found, before
        if not messages:
            return found, None
        looked_at += len(messages)
    return found, before


async def _async_page(account_id: str, chat: str, before: str | None, client: BridgeClient) -> list[StoredMessage]:
    return await client.messages(account_id, chat, LIMIT_LISTED_MESSAGES, before)


def _has_file(message: StoredMessage) -> bool:
    media = message["media"]
    return media is not None and not media.get("view_once", False)
