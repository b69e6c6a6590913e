"""Files from addresses that want to know who asks, or that nobody vouches for."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
import ssl
from threading import Thread
import traceback
from typing import Any

from aiohttp import encode_basic_auth, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.whatsapp.media import MediaRequest
from tests.support.files import FileServer
from tests.support.media import Sender


def _key(error: HomeAssistantError) -> tuple[type, str | None]:
    return type(error), error.translation_key


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "me", "password": "secret"},
        {"authentication": "digest", "username": "me", "password": "secret"},
        {"authentication": "bearer", "token": "secret"},
        {"headers": {"Authorization": "secret", "X-Api-Key": "secret"}},
    ],
)
async def test_another_host_is_told_no_secret(
    sender: Sender, files: FileServer, others: FileServer, jpeg: bytes, fields: dict[str, Any]
) -> None:
    sender.hass.config.allowlist_external_urls = {files.origin, others.origin}
    url = files.redirect("/a", others.serve("/a.jpg", jpeg))
    assert (await sender.prepare("image", url=url, **fields)).data == jpeg
    assert len(others.requests) == 1
    assert not {"Authorization", "X-Api-Key", "Cookie"} & others.requests[0].headers.keys()


async def _basic(request: web.Request) -> web.StreamResponse:
    given = request.headers.get("Authorization")
    return web.Response(status=200 if given == encode_basic_auth("mé", "pä:ss") else 401, body=b"%PDF-1.7")


@pytest.mark.usefixtures("allowed")
async def test_basic_authentication(sender: Sender, files: FileServer) -> None:
    url = files.answer("/a", _basic)
    prepared = await sender.prepare("document", url=url, username="mé", password="pä:ss")
    assert prepared.content["file_name"] == "a.pdf"
    assert await sender.prepare("document", url=url.replace("://", "://m%C3%A9:p%C3%A4%3Ass@"))
    error = await sender.refused("document", url=url, username="mé", password="wrong")
    assert _key(error) == (HomeAssistantError, "fetch_unauthorized")
    assert "wrong" not in str(error)


async def _digest(request: web.Request) -> web.StreamResponse:
    given = request.headers.get("Authorization", "")
    fields = dict(part.strip().split("=", 1) for part in given.removeprefix("Digest ").split(",") if "=" in part)
    fields = {name: value.strip('"') for name, value in fields.items()}

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()  # noqa: S324

    first, second = md5("me:camera:secret"), md5(f"GET:{request.path}")
    right = md5(f"{first}:n0nce:{fields.get('nc')}:{fields.get('cnonce')}:auth:{second}")
    if fields.get("response") == right:
        return web.Response(body=b"%PDF-1.7")
    challenge = 'Digest realm="camera", nonce="n0nce", qop="auth", algorithm=MD5'
    return web.Response(status=401, headers={"WWW-Authenticate": challenge})


@pytest.mark.usefixtures("allowed")
async def test_digest_authentication(sender: Sender, files: FileServer) -> None:
    url = files.answer("/a", _digest)
    fields: dict[str, Any] = {"authentication": "digest", "username": "me", "password": "secret"}
    assert await sender.prepare("document", url=url, **fields)
    assert b"secret" not in b"".join(value for request in files.requests for _, value in request.raw_headers)
    error = await sender.refused("document", url=url, **fields | {"password": "wrong"})
    assert error.translation_key == "fetch_unauthorized"


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("authentication", ["basic", "digest", "bearer"])
async def test_authentication_without_anything(sender: Sender, files: FileServer, authentication: str) -> None:
    error = await sender.refused("document", url=files.url("/a"), authentication=authentication)
    assert _key(error) == (ServiceValidationError, "url_no_credentials")


@contextmanager
def _camera(context: ssl.SSLContext, body: bytes) -> Generator[str]:
    """Yield the address of a server with this certificate. It has a thread, so that its errors are its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    pem = tmp_path / "camera.pem"
    pem.write_bytes(
        dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_certificate_of_its_own(sender: Sender, self_signed: ssl.SSLContext, jpeg: bytes) -> None:
    with _camera(self_signed, jpeg) as origin:
        sender.hass.config.allowlist_external_urls = {origin}
        url = f"{origin}a.jpg"
        error = await sender.refused("image", url=url)
        assert _key(error) == (HomeAssistantError, "fetch_certificate")
        assert (await sender.prepare("image", url=url, verify_ssl=False)).data == jpeg


def test_secrets_are_not_shown() -> None:
    request = MediaRequest(url="http://a", password="p4ss", token="t0ken", headers={"X-Key": "k3y"})
    assert not [secret for secret in ("p4ss", "t0ken", "k3y") if secret in repr(request)]


async def _nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 well\r\n\r\n")
    await writer.drain()
    writer.close()


async def _nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize("serve", [_nonsense, _nothing])
async def test_no_log_is_told_the_secrets_of_an_address(sender: Sender, serve: Any) -> None:
    """Home Assistant logs an error with all that led to it."""
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        sender.hass.config.allowlist_external_urls = {f"http://{host}"}
        error = await sender.refused("image", url=f"http://{host}/snapshot?password=geheim")
    assert _key(error) == (HomeAssistantError, "fetch_failed")
    assert "geheim" not in "".join(traceback.format_exception(error))
    error = await sender.refused("image", url="http://me:geheim@host:geheim/snapshot")
    assert _key(error) == (ServiceValidationError, "url_invalid")
    assert "geheim" not in "".join(traceback.format_exception(error))
