"""Files from addresses that the user allowed."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import aiohttp
from aiohttp import hdrs
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.network import is_hass_url
from yarl import URL

from ..errors import failed, invalid
from .limits import mebibytes
from .names import shown
from .request import MediaRequest
from .workspace import Workspace

_TIMEOUT: Final = aiohttp.ClientTimeout(total=300, connect=15, sock_read=30)
_REDIRECTS: Final = {301, 302, 303, 307, 308}
_REDIRECTS_MAX: Final = 5
_CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a file is, and what its own host, and no other, is told to get it."""

    url: URL
    headers: dict[str, str] = field(default_factory=dict)
    digest: tuple[str, str] | None = None
    verify_ssl: bool = True
    # It came from an integration that the user has set up, which answers for its host.
    trusted: bool = False

    @classmethod
    def from_request(cls, request: MediaRequest) -> Address:
        """Return where the request points to.

        Raises:
            ServiceValidationError: what it says of it does not go together.

        """
        url = parsed(request.url or "")
        method = request.authentication
        username, password = request.username or url.user, request.password or url.password or ""
        if method is None and username:
            method = "basic"
        headers = dict(request.headers)
        if (method == "bearer" and not request.token) or (method in ("basic", "digest") and not username):
            raise invalid("url_no_credentials")
        if method == "bearer":
            headers[hdrs.AUTHORIZATION] = f"Bearer {request.token}"
        if method == "basic":
            headers[hdrs.AUTHORIZATION] = aiohttp.encode_basic_auth(username or "", password)
        return cls(
            url=url.with_user(None),
            headers=headers,
            digest=(username or "", password) if method == "digest" else None,
            verify_ssl=request.verify_ssl,
        )

    def following(self, location: str) -> Address:
        """Return where a redirect leads to. Another host is told nothing, and has nobody who answers for it."""
        url = parsed(location, self.url).with_user(None)
        if url.origin() == self.url.origin():
            return replace(self, url=url)
        return Address(url=url, verify_ssl=self.verify_ssl)


def parsed(text: str, base: URL | None = None) -> URL:
    """Return an address of http or https.

    Raises:
        ServiceValidationError: it is none.

    """
    try:
        url = base.join(URL(text)) if base else URL(text)
    except ValueError:
        # Without the cause: it repeats the address, which may hold a password.
        raise invalid("url_invalid") from None
    # Allowed is what an address begins with, and a server may read more dots than we do.
    climbs = ".." in unquote(url.raw_path).replace("\\", "/").split("/")
    if url.scheme not in ("http", "https") or not url.host or climbs:
        raise invalid("url_invalid")
    return url


async def async_fetch(space: Workspace, address: Address, limit: int) -> Path:
    """Return a file with what is at an address, at most so many bytes.

    Raises:
        ServiceValidationError: the user has not allowed the address, or one that it leads to; the file is too large.
        HomeAssistantError: it could not be fetched.

    """
    host = ""
    try:
        for _ in range(_REDIRECTS_MAX + 1):
            _check_allowed(space.hass, address)
            host = address.url.host or ""
            async with _get(space.hass, address) as response:
                location = response.headers.get(hdrs.LOCATION)
                if response.status not in _REDIRECTS or location is None:
                    return await _save(space, response, limit)
                address = address.following(location)
    # None of them with its cause, which a log shows: its text may hold the whole address, with what is secret in it.
    except TimeoutError:
        raise failed("fetch_timeout", host=shown(host)) from None
    except aiohttp.ClientSSLError:
        raise failed("fetch_certificate", host=shown(host)) from None
    except (aiohttp.ClientError, ValueError) as err:
        raise failed("fetch_failed", host=shown(host), error=type(err).__name__) from None
    raise failed("fetch_redirects", host=shown(host))


def _check_allowed(hass: HomeAssistant, address: Address) -> None:
    url = address.url
    if address.trusted or is_hass_url(hass, str(url)) or hass.config.is_allowed_external_url(str(url)):
        return
    raise invalid("url_not_allowed", host=shown(url.host or ""), address=shown(str(url.origin())))


def _get(hass: HomeAssistant, address: Address) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    session = async_get_clientsession(hass, address.verify_ssl)
    middlewares: Sequence[aiohttp.ClientMiddlewareType] | None = None
    if address.digest:
        middlewares = (aiohttp.DigestAuthMiddleware(*address.digest),)
    # Compressed is no picture of any use, and a bomb maybe.
    headers = {hdrs.ACCEPT_ENCODING: "identity", **address.headers}
    return session.get(address.url, headers=headers, timeout=_TIMEOUT, allow_redirects=False, middlewares=middlewares)


async def _save(space: Workspace, response: aiohttp.ClientResponse, limit: int) -> Path:
    host = shown(response.url.host or "")
    if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise failed("fetch_unauthorized", host=host)
    if response.status != HTTPStatus.OK:
        raise failed("fetch_status", host=host, status=str(response.status))
    if (response.content_length or 0) > limit:
        raise invalid("fetch_too_large", host=host, limit=mebibytes(limit))
    target = space.folder / "fetched"
    size = 0
    file = await space.async_run(target.open, "wb")
    try:
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            size += len(chunk)
            if size > limit:
                raise invalid("fetch_too_large", host=host, limit=mebibytes(limit))
            await space.async_run(file.write, chunk)
    finally:
        await space.async_run(file.close)
    return target
