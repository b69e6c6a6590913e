"""The action that saves what came in."""

from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..account import Account
from ..bridge.protocol import LIMIT_NAME_CHARS
from ..const import DOMAIN
from ..errors import invalid
from ..payloads import media_url
from ..received import async_files, async_write, checked_folder, keeper_of, made_name, named_by_user, open_received
from ..targets import ATTR_ACCOUNT, find_account
from .addressed import ADDRESSED_SCHEMA, addresses_chats, async_one_chat
from .common import filled

SERVICE_DOWNLOAD_MEDIA: Final = "download_media"

ATTR_FILE_NAME: Final = "file_name"
ATTR_FOLDER: Final = "folder"
ATTR_MESSAGE_ID: Final = "message_id"
ATTR_OVERWRITE: Final = "overwrite"

_LAST: Final = "last"
_PATH_CHARS: Final = 1024

_DOWNLOAD_MEDIA_SCHEMA: Final = ADDRESSED_SCHEMA.extend(
    {
        vol.Required(ATTR_MESSAGE_ID): filled(LIMIT_NAME_CHARS),
        vol.Optional(ATTR_FOLDER): filled(_PATH_CHARS),
        vol.Optional(ATTR_FILE_NAME): filled(LIMIT_NAME_CHARS),
        vol.Optional(ATTR_OVERWRITE, default=False): cv.boolean,
    }
)


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(
        DOMAIN,
        SERVICE_DOWNLOAD_MEDIA,
        _download_media,
        _DOWNLOAD_MEDIA_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _download_media(call: ServiceCall) -> ServiceResponse:
    """Save the file of a message.

    Answers `{path, url, mimetype, size, file_name, message_id}`: `url` is a path of Home Assistant for who is logged
    in, `size` in bytes, `mimetype` what the bytes are.
    """
    account, message_id = await _async_message(call)
    keeper = keeper_of(account)
    if ATTR_FOLDER in call.data or ATTR_FILE_NAME in call.data:
        saved = await _async_save(call, account, message_id)
    else:
        kept = await keeper.async_save(message_id)
        saved = _answer(kept.file.path, kept.mime, kept.file.size)
    if not call.return_response:
        return None
    return {**saved, "url": media_url(keeper.entry_id, message_id), "message_id": message_id}


async def _async_message(call: ServiceCall) -> tuple[Account, str]:
    """Return the account and the message; `last` is the newest file that others sent to the chat."""
    message_id: str = call.data[ATTR_MESSAGE_ID]
    if message_id != _LAST and not addresses_chats(call):
        return find_account(call.hass, call.data.get(ATTR_ACCOUNT)), message_id
    account, chat = await async_one_chat(call)
    if message_id != _LAST:
        return account, message_id
    known = account.chats.get(chat)
    with_oneself = known is not None and known["kind"] == "self"
    found, _ = await async_files(account, chat, 1, of_others=not with_oneself)
    if not found:
        raise invalid("no_media_in_chat")
    return account, found[0]["message_id"]


async def _async_save(call: ServiceCall, account: Account, message_id: str) -> dict[str, Any]:
    """Save where and as what the caller says. Such a file is the caller's: it is not deleted after some days."""
    wanted = call.data.get(ATTR_FOLDER, account.options.media_folder)
    if not wanted:
        raise invalid("no_media_folder")
    folder = await call.hass.async_add_executor_job(checked_folder, call.hass, wanted)
    async with open_received(account, message_id) as received:
        if ATTR_FILE_NAME in call.data:
            name, taken = named_by_user(call.data[ATTR_FILE_NAME], received.mime), "refuse"
        else:
            name, taken = made_name(received.name, received.mime, account.account_id, message_id), "rename"
        saved = await async_write(
            call.hass, folder, name, received.chunks, taken="overwrite" if call.data[ATTR_OVERWRITE] else taken
        )
        return _answer(saved.path, received.mime, saved.size)


def _answer(path: Path, mime: str, size: int) -> dict[str, Any]:
    return {"path": str(path), "file_name": path.name, "mimetype": mime, "size": size}
