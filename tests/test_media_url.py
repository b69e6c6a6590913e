"""Files from addresses, fetched from a real server."""

import asyncio
from pathlib import Path

from aiohttp import ClientTimeout, web
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.whatsapp.media import fetch
from tests.support.files import FileServer, endless
from tests.support.media import SOUND, Sender, ffmpeg


def _key(error: HomeAssistantError) -> tuple[type, str | None]:
    return type(error), error.translation_key


@pytest.mark.usefixtures("allowed")
async def test_picture_from_a_camera(sender: Sender, files: FileServer, jpeg: bytes) -> None:
    url = files.serve("/snapshot", jpeg, content_type="image/jpeg")
    prepared = await sender.prepare("image", url=url, headers={"X-Camera": "door"})
    assert prepared.data == jpeg
    assert prepared.content["width"] == 320
    assert files.requests[0].headers["X-Camera"] == "door"


@pytest.mark.usefixtures("allowed")
async def test_bytes_count_and_not_the_content_type(sender: Sender, files: FileServer, jpeg: bytes) -> None:
    lie = files.serve("/a.mp4", jpeg, content_type="video/mp4")
    assert (await sender.prepare("auto", url=lie)).content["kind"] == "image"
    assert _key(await sender.refused("video", url=lie)) == (ServiceValidationError, "not_a_video")
    page = files.serve("/a.jpg", b"<html>Please log in</html>", content_type="image/jpeg")
    assert _key(await sender.refused("image", url=page)) == (ServiceValidationError, "not_an_image")
    content = (await sender.prepare("auto", url=page)).content
    assert (content["kind"], content["file_name"]) == ("document", "a.jpg")


async def test_address_that_is_not_allowed(sender: Sender, files: FileServer, jpeg: bytes) -> None:
    url = files.serve("/a.jpg", jpeg)
    error = await sender.refused("image", url=url)
    assert _key(error) == (ServiceValidationError, "url_not_allowed")
    assert error.translation_placeholders == {"host": "127.0.0.1", "address": files.origin.rstrip("/")}
    assert "127.0.0.1" in str(error)
    assert "allowlist_external_urls" in str(error)
    assert files.requests == []


async def test_part_of_a_host_may_be_allowed(sender: Sender, files: FileServer, jpeg: bytes) -> None:
    sender.hass.config.allowlist_external_urls = {files.url("/public/")}
    assert await sender.prepare("image", url=files.serve("/public/a.jpg", jpeg))
    for path in ("/private/a.jpg", "/public/../private/a.jpg", "/publicly/a.jpg"):
        assert (await sender.refused("image", url=files.origin.rstrip("/") + path)).translation_key == "url_not_allowed"
    for path in ("/public/..%2Fprivate/a.jpg", "/public/..%5cprivate/a.jpg"):
        assert (await sender.refused("image", url=files.origin.rstrip("/") + path)).translation_key == "url_invalid"
    assert len(files.requests) == 1


async def test_home_assistant_itself_is_allowed(sender: Sender, files: FileServer, jpeg: bytes) -> None:
    url = files.serve("/local/a.jpg", jpeg)
    for kind in ("internal_url", "external_url"):
        setattr(sender.hass.config, kind, files.origin.rstrip("/"))
        assert (await sender.prepare("image", url=url)).data == jpeg
        setattr(sender.hass.config, kind, None)


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "127.0.0.1/a.jpg", "http://", "http://[::1", "data:image/png,a"]
)
async def test_no_address_of_the_web(sender: Sender, url: str) -> None:
    assert _key(await sender.refused("image", url=url)) == (ServiceValidationError, "url_invalid")


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_followed(sender: Sender, files: FileServer, jpeg: bytes, status: int) -> None:
    files.serve("/real/a.jpg", jpeg)
    url = files.redirect("/old", "real/a.jpg", status)
    assert (await sender.prepare("image", url=url, token="secret", authentication="bearer")).data == jpeg
    assert [request.headers["Authorization"] for request in files.requests] == ["Bearer secret"] * 2


@pytest.mark.usefixtures("allowed")
async def test_redirect_to_a_host_that_is_not_allowed(
    sender: Sender, files: FileServer, others: FileServer, jpeg: bytes
) -> None:
    url = files.redirect("/a", others.serve("/a.jpg", jpeg))
    error = await sender.refused("image", url=url)
    assert _key(error) == (ServiceValidationError, "url_not_allowed")
    assert error.translation_placeholders == {"host": "127.0.0.1", "address": others.origin.rstrip("/")}
    assert others.requests == []


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://[::1"])
async def test_redirect_out_of_the_web(sender: Sender, files: FileServer, location: str) -> None:
    error = await sender.refused("image", url=files.redirect("/a", location))
    assert error.translation_key == "url_invalid"


@pytest.mark.usefixtures("allowed")
async def test_redirects_without_end(sender: Sender, files: FileServer) -> None:
    error = await sender.refused("image", url=files.redirect("/a", "/a"))
    assert _key(error) == (HomeAssistantError, "fetch_redirects")
    assert len(files.requests) == 6


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("kind", ["image", "sticker"])
async def test_body_without_end(sender: Sender, files: FileServer, kind: str) -> None:
    error = await sender.refused(kind, url=files.answer("/a.jpg", endless()))
    assert _key(error) == (ServiceValidationError, "fetch_too_large")
    assert error.translation_placeholders == {"host": "127.0.0.1", "limit": "16"}


@pytest.mark.usefixtures("allowed")
async def test_large_body_is_not_even_begun(sender: Sender, files: FileServer) -> None:
    async def announce(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(300 * 1024 * 1024)})
        await response.prepare(request)
        return response

    error = await sender.refused("auto", url=files.answer("/film.mp4", announce))
    assert error.translation_key == "fetch_too_large"
    assert error.translation_placeholders == {"host": "127.0.0.1", "limit": "256"}


@pytest.mark.usefixtures("allowed")
async def test_server_that_says_nothing_more(
    sender: Sender, files: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_TIMEOUT", ClientTimeout(total=5, sock_read=0.1))
    error = await sender.refused("image", url=files.answer("/a.jpg", endless(chunk=b"")))
    assert _key(error) == (HomeAssistantError, "fetch_timeout")


@pytest.mark.usefixtures("allowed")
async def test_cancelled_fetch_leaves_nothing(sender: Sender, files: FileServer) -> None:
    started = asyncio.Event()
    url = files.answer("/a.jpg", endless(started, chunk=b""))
    task = asyncio.create_task(sender.prepare("image", url=url))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.usefixtures("allowed")
async def test_server_that_does_not_hand_it_out(sender: Sender, files: FileServer) -> None:
    error = await sender.refused("image", url=files.url("/nothing.jpg?token=secret"))
    assert _key(error) == (HomeAssistantError, "fetch_status")
    assert error.translation_placeholders == {"host": "127.0.0.1", "status": "404"}
    assert (await sender.refused("image", url=files.serve("/empty", b""))).translation_key == "media_empty"
    url = files.url("/nothing.jpg?token=secret")
    await files.server.close()
    error = await sender.refused("image", url=url)
    assert _key(error) == (HomeAssistantError, "fetch_failed")
    assert "secret" not in str(error)


@pytest.mark.usefixtures("allowed")
async def test_half_a_body(sender: Sender, files: FileServer) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    error = await sender.refused("document", url=files.answer("/a", half))
    assert _key(error) == (HomeAssistantError, "fetch_failed")


@pytest.mark.usefixtures("allowed")
async def test_header_that_is_none(sender: Sender, files: FileServer) -> None:
    error = await sender.refused("document", url=files.url("/a"), headers={"X-A": "b\r\nX-Evil: c"})
    assert error.translation_key == "fetch_failed"
    assert files.requests == []


@pytest.mark.usefixtures("allowed")
async def test_sound_by_address(sender: Sender, files: FileServer, folder: Path) -> None:
    song = ffmpeg(folder / "a.mp3", *SOUND, "-t", "1").read_bytes()
    assert (await sender.prepare("audio", url=files.serve("/a", song))).content["voice"] is True
