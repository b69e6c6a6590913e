"""Every kind of file, as the phone that gets it sees it."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import web
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from PIL import Image
import pytest

from demo.simulator import BEA, CARLOS, FAMILY, Simulator
from tests.support.actions import call, refused
from tests.support.entry import load
from tests.support.files import FileServer
from tests.support.media import PICTURE, SOUND, ffmpeg, picture
from tests.support.phone import inbox
from tests.support.shared_house import AT_ONCE, SharedHouse


@pytest.fixture
async def shelf(hass: HomeAssistant, folder: Path, _nothing_stays: None, house: SharedHouse) -> Path:
    """Return a folder that Home Assistant may read, of a house that sends."""
    hass.config.allowlist_external_dirs = {str(folder)}
    hass.config.media_dirs = {"local": str(folder)}
    await load(hass, await house.entry({BEA: "Bea", FAMILY: "Family"}, **AT_ONCE))
    return folder


async def _bytes(whatsapp: Simulator, message: dict[str, Any]) -> bytes:
    return b64decode((await whatsapp.do("phone.media", number=BEA, id=message["id"]))["base64"])


async def test_picture_for_several(hass: HomeAssistant, shelf: Path, whatsapp: Simulator) -> None:
    view = picture(shelf / "view.jpg")
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    response = await call(
        hass,
        "send_image",
        entity_id="notify.family",
        target=["Bea", CARLOS, "Nobody"],
        file=str(view),
        caption="@15550000003 look",
        mentions=[CARLOS],
    )
    assert [result.get("sent_as") for result in response["results"]] == ["image", "image", "image", None]
    messages = await bea.look()
    assert {message["chat"] for message in messages} >= {FAMILY}
    assert len(messages) == 2
    for message in messages:
        assert message["text"].endswith(" look")
        assert (message["mentions"], message["media"]["width"]) == ([CARLOS], 320)
        assert message["media"]["thumbnail"]
        assert await _bytes(whatsapp, message) == view.read_bytes()
    (message,) = await carlos.look()
    assert message["kind"] == "image"


async def test_picture_of_the_media_library(hass: HomeAssistant, shelf: Path, whatsapp: Simulator) -> None:
    picture(shelf / "view.png")
    media = "media-source://media_source/local/view.png"
    box = await inbox(whatsapp, BEA)
    picked = {"media_content_id": media, "media_content_type": "image/png", "metadata": {"title": "view.png"}}
    await call(hass, "send_image", target="Bea", media=picked, message="what older automations call it")
    await call(hass, "send_image", target="Bea", media=media, view_once=True, caption="mine", message="not mine")
    await call(hass, "send_image", target="Bea", url=str(shelf / "view.png"))
    first, second, third = await box.look()
    assert (first["text"], first["media"]["view_once"]) == ("what older automations call it", False)
    assert (second["text"], second["media"]["view_once"]) == ("mine", True)
    assert third["kind"] == "image"


async def test_address_with_a_login(
    hass: HomeAssistant, shelf: Path, whatsapp: Simulator, files: FileServer, jpeg: bytes
) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Basic ZG9vcjpzZWNyZXQ=":
            return web.Response(status=401)
        return web.Response(body=jpeg)

    hass.config.allowlist_external_urls = {files.url("/")}
    url = files.answer("/snapshot", answer)
    box = await inbox(whatsapp, BEA)
    login = {"authentication": "basic", "username": "door", "password": "secret", "headers": {"X-A": "b"}}
    await call(hass, "send_image", target="Bea", url=url, verify_ssl=False, **login)
    (message,) = await box.look()
    assert await _bytes(whatsapp, message) == jpeg
    assert files.requests[-1].headers["X-A"] == "b"
    assert (await refused(hass, "send_image", target="Bea", url=url)).translation_key == "fetch_unauthorized"


async def test_video(hass: HomeAssistant, shelf: Path, whatsapp: Simulator) -> None:
    film = ffmpeg(shelf / "film.mp4", *PICTURE, "-t", "1", "-pix_fmt", "yuv420p")
    box = await inbox(whatsapp, BEA)
    await call(hass, "send_video", target="Bea", file=str(film), message="moving", seconds={"seconds": 3})
    await call(hass, "send_video", target="Bea", file=str(film), gif=True)
    video, gif = await box.look()
    assert (video["kind"], video["text"], video["media"]["seconds"]) == ("video", "moving", 3)
    assert gif["kind"] == "gif"


async def test_audio(hass: HomeAssistant, shelf: Path, whatsapp: Simulator) -> None:
    tone = ffmpeg(shelf / "tone.mp3", *SOUND, "-t", "1")
    box = await inbox(whatsapp, BEA)
    await call(hass, "send_audio", target="Bea", file=str(tone))
    await call(hass, "send_audio", target="Bea", file=str(tone), ptt=False)
    voice, music = await box.look()
    assert (voice["kind"], music["kind"]) == ("voice", "audio")
    assert voice["media"]["waveform"]


async def test_document(hass: HomeAssistant, shelf: Path, whatsapp: Simulator) -> None:
    report = shelf / "report.txt"
    report.write_text("all well")
    box = await inbox(whatsapp, BEA)
    await call(hass, "send_document", target="Bea", file=str(report), file_name="Week 47", mimetype="text/plain")
    (message,) = await box.look()
    assert (message["kind"], message["media"]["file_name"]) == ("document", "Week 47.txt")
    assert await _bytes(whatsapp, message) == b"all well"


async def test_sticker(hass: HomeAssistant, shelf: Path, whatsapp: Simulator) -> None:
    view = picture(shelf / "view.png")
    box = await inbox(whatsapp, BEA)
    await call(hass, "send_sticker", target="Bea", file=str(view))
    (message,) = await box.look()
    assert message["kind"] == "sticker"
    assert Image.open(BytesIO(await _bytes(whatsapp, message))).format == "WEBP"


async def test_same_file_once_by_request(hass: HomeAssistant, shelf: Path, whatsapp: Simulator) -> None:
    view = picture(shelf / "view.jpg")
    box = await inbox(whatsapp, BEA)
    for _ in range(2):
        await call(hass, "send_image", target="Bea", file=str(view), request_id="snapshot-1")
    assert len(await box.look()) == 1


@pytest.mark.parametrize(
    ("sources", "key"),
    [
        ({}, "media_one_source"),
        ({"file": "/a.jpg", "url": "https://example.org/a.jpg"}, "media_one_source"),
        ({"file": "/etc/passwd"}, "file_not_allowed"),
        ({"url": "/etc/passwd"}, "file_not_allowed"),
        ({"url": "http://169.254.169.254/latest"}, "url_not_allowed"),
        ({"media": "media-source://nothing/x"}, "media_unavailable"),
    ],
)
async def test_files_that_may_not_be_sent(
    hass: HomeAssistant, shelf: Path, whatsapp: Simulator, sources: dict[str, str], key: str
) -> None:
    box = await inbox(whatsapp, BEA)
    assert (await refused(hass, "send_image", target="Bea", **sources)).translation_key == key
    assert not await box.look()


async def test_captions_that_are_too_long(hass: HomeAssistant, shelf: Path) -> None:
    view = picture(shelf / "view.jpg")
    error = await refused(hass, "send_image", target="Bea", file=str(view), caption="x" * 1025)
    assert isinstance(error, ServiceValidationError)
    assert (error.translation_key, error.translation_placeholders) == ("caption_too_long", {"limit": "1024"})


async def test_nothing_is_prepared_for_nobody(hass: HomeAssistant, shelf: Path, files: FileServer) -> None:
    hass.config.allowlist_external_urls = {files.url("/")}
    error = await refused(hass, "send_image", target="Nobody", url=files.url("/a.jpg"))
    assert error.translation_key == "unknown_chat"
    assert files.requests == []
