"""The files of messages for whoever is logged in to Home Assistant, or has a signed path."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .account import Account
from .const import DOMAIN
from .errors import failed
from .received import PASSING, ReceivedFile, made_name, open_received, shown_type

# What will never be there, or not any more.
_GONE: Final = {"received_gone", "received_too_large"}
# Whatever it is, nothing in it runs and nothing in it is guessed.
_HEADERS: Final = {
    hdrs.CACHE_CONTROL: "private, no-store",
    hdrs.CONTENT_SECURITY_POLICY: "default-src 'none'; sandbox",
    hdrs.X_CONTENT_TYPE_OPTIONS: "nosniff",
}


class MediaView(HomeAssistantView):
    """Hands out one file, as it comes from the bridge."""

    url = "/api/whatsapp/media/{entry_id}/{message_id}"
    name = "api:whatsapp:media"

    async def get(self, request: web.Request, entry_id: str, message_id: str) -> web.StreamResponse:
        """Answer with the file of a message."""
        account = _account(request.app[KEY_HASS], entry_id)
        response: web.StreamResponse | None = None
        try:
            # A browser does not wait until the bridge is back.
            if not account.bridge_connected:
                raise failed("bridge_unreachable")
            async with open_received(account, message_id) as received:
                response = _response(account, received)
                await response.prepare(request)
                if request.method == hdrs.METH_GET:
                    await _copy(received, response)
        except HomeAssistantError as err:
            if response is None:
                return self.json_message(str(err), _status(err), err.translation_key)
            # Fewer bytes than were announced, and the end of the line, tell that something is missing.
            if request.transport:
                request.transport.close()
        return response

    async def head(self, request: web.Request, entry_id: str, message_id: str) -> web.StreamResponse:
        """Answer as to GET, without the file."""
        return await self.get(request, entry_id, message_id)


def _account(hass: HomeAssistant, entry_id: str) -> Account:
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
        raise web.HTTPNotFound
    account: Account = entry.runtime_data
    return account


def _response(account: Account, received: ReceivedFile) -> web.StreamResponse:
    content_type, is_shown = shown_type(received.mime)
    name = made_name(received.name, received.mime, account.account_id, received.message_id)
    disposition = "inline" if is_shown else "attachment"
    response = web.StreamResponse(headers=_HEADERS)
    response.headers[hdrs.CONTENT_DISPOSITION] = f"{disposition}; filename*=UTF-8''{quote(name)}"
    response.content_type = content_type
    response.content_length = received.size
    return response


async def _copy(received: ReceivedFile, response: web.StreamResponse) -> None:
    async for chunk in received.chunks:
        try:
            await response.write(chunk)
        except ConnectionError:
            # Who does not want the rest has gone: nobody is to blame.
            return


def _status(err: HomeAssistantError) -> HTTPStatus:
    if isinstance(err, ServiceValidationError) or err.translation_key in _GONE:
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.SERVICE_UNAVAILABLE if err.translation_key in PASSING else HTTPStatus.BAD_GATEWAY
