"""What Home Assistant's own media sources give: cameras, pictures, voices, files, uploads, and what others fetch."""

import asyncio
from typing import Any

from aiohttp import web
from homeassistant.components import media_source
from homeassistant.components.http import HomeAssistantView
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockModule, mock_integration, mock_platform
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsapp.media import source as source_module
from tests.support.files import FileServer, endless
from tests.support.media import SOUND, Sender, ffmpeg, picture


def _selected(media: str, mime: str = "") -> dict[str, str]:
    """Return what the selector of media gives."""
    return {"media_content_id": media, "media_content_type": mime}


async def test_snapshot_of_a_camera(hass: HomeAssistant, sender: Sender) -> None:
    view = picture(sender.folder / "view.jpg")
    entry = MockConfigEntry(domain="local_file", options={"name": "Door", "file_path": str(view)})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    media = _selected("media-source://camera/camera.door", "application/vnd.apple.mpegurl")
    for kind in ("image", "auto"):
        prepared = await sender.prepare(kind, media=media, caption="Somebody is at the door")
        assert prepared.data == view.read_bytes()
        assert prepared.content["caption"] == "Somebody is at the door"
    content = (await sender.prepare("document", media=media["media_content_id"])).content
    assert content["file_name"] == "camera.jpg"
    view.unlink()
    error = await sender.refused("image", media=media)
    assert (type(error), error.translation_key) == (HomeAssistantError, "media_unavailable")
    error = await sender.refused("image", media=_selected("media-source://camera/camera.nothing"))
    assert error.translation_placeholders is not None
    assert error.translation_placeholders["media"] == "media-source://camera/camera.nothing"


async def test_picture_of_an_image_entity(hass: HomeAssistant, sender: Sender, files: FileServer, jpeg: bytes) -> None:
    url = files.serve("/plan.jpg", jpeg, content_type="image/jpeg")
    config = {"template": [{"image": {"name": "Plan", "url": f"{{{{ '{url}' }}}}"}}]}
    assert await async_setup_component(hass, "template", config)
    await hass.async_block_till_done()
    prepared = await sender.prepare("image", media=_selected("media-source://image/image.plan"))
    assert prepared.data == jpeg


async def test_voice(hass: HomeAssistant, sender: Sender) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "tts", {"tts": {"platform": "demo"}})
    await hass.async_block_till_done()
    media = _selected("media-source://tts/demo?message=The+door+is+open&language=en&cache=false", "audio/mp3")
    prepared = await sender.prepare("audio", media=media)
    audio = prepared.probe(sender.folder)["audio"]
    assert (audio["codec_name"], audio["channels"]) == ("opus", 1)
    assert prepared.content["voice"] is True
    assert prepared.content["seconds"] > 0.5
    assert (await sender.prepare("document", media=media)).content["file_name"] == "tts.mp3"
    for wrong in ("tts/nobody?message=a", "tts/demo", "tts/demo?message=a&language=xx", "tts/-stream-/nothing"):
        error = await sender.refused("audio", media=f"media-source://{wrong}")
        assert error.translation_key == "media_unavailable", wrong


async def test_local_file(sender: Sender) -> None:
    source = ffmpeg(sender.folder / "bell.ogg", *SOUND, "-t", "1", "-c:a", "libopus", "-ac", "1")
    media = _selected("media-source://media_source/local/bell.ogg", "audio/ogg")
    prepared = await sender.prepare("audio", media=media)
    assert prepared.data == source.read_bytes()
    for name in ("nothing.ogg", "../secrets.yaml", "", "nothing.unknown"):
        error = await sender.refused("audio", media=_selected(f"media-source://media_source/local/{name}"))
        assert error.translation_key in ("media_unavailable", "file_not_found", "file_not_regular"), name


async def test_upload(hass: HomeAssistant, sender: Sender, hass_client: ClientSessionGenerator) -> None:
    assert await async_setup_component(hass, "image_upload", {})
    client = await hass_client()
    source = picture(sender.folder / "a.png")
    with source.open("rb") as file:
        uploaded = await (await client.post("/api/image/upload", data={"file": file})).json()
    prepared = await sender.prepare("image", media=f"media-source://image_upload/{uploaded['id']}")
    assert (prepared.image.format, prepared.content["width"]) == ("JPEG", 320)


class _Shelf(media_source.MediaSource):
    """An integration whose files have addresses, and no paths."""

    def __init__(self, address: str) -> None:
        super().__init__("shelf")
        self.address = address

    async def async_resolve_media(self, item: media_source.MediaSourceItem) -> media_source.PlayMedia:
        if item.identifier == "lost":
            await asyncio.Event().wait()
        return media_source.PlayMedia(f"{self.address}{item.identifier}", "image/jpeg")


async def _shelve(hass: HomeAssistant, address: str) -> None:
    """Set up an integration as anybody may write one."""

    async def async_get_media_source(hass: HomeAssistant) -> _Shelf:
        return _Shelf(address)

    mock_integration(hass, MockModule("shelf"))
    platform: Any = type("Platform", (), {"async_get_media_source": staticmethod(async_get_media_source)})
    mock_platform(hass, "shelf.media_source", platform)
    assert await async_setup_component(hass, "shelf", {})


async def test_source_that_fetches_answers_for_its_host(
    hass: HomeAssistant, sender: Sender, files: FileServer, others: FileServer, jpeg: bytes
) -> None:
    files.serve("/a.jpg", jpeg)
    await _shelve(hass, files.origin)
    assert (await sender.prepare("image", media="media-source://shelf/a.jpg")).data == jpeg
    content = (await sender.prepare("document", media="media-source://shelf/a.jpg")).content
    assert content["file_name"] == "a.jpg"
    files.redirect("/moved.jpg", others.serve("/a.jpg", jpeg))
    error = await sender.refused("image", media="media-source://shelf/moved.jpg")
    assert error.translation_key == "url_not_allowed"
    files.answer("/radio", endless())
    assert (await sender.refused("image", media="media-source://shelf/radio")).translation_key == "fetch_too_large"


async def test_source_that_never_answers(hass: HomeAssistant, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    await _shelve(hass, "http://127.0.0.1/")
    monkeypatch.setattr(source_module, "_SECONDS_MAX", 0.01)
    error = await sender.refused("image", media="media-source://shelf/lost")
    assert (type(error), error.translation_key) == (HomeAssistantError, "media_timeout")


class _View(HomeAssistantView):
    url = "/api/shelf/{name}"
    name = "api:shelf"
    body = b""

    async def get(self, request: web.Request, name: str) -> web.Response:
        return web.Response(body=self.body)


async def test_source_within_home_assistant(
    hass: HomeAssistant, sender: Sender, hass_client: ClientSessionGenerator, jpeg: bytes
) -> None:
    """It wants to know who asks, and Home Assistant may ask itself."""
    hass.http.register_view(view := _View())
    view.body = jpeg
    client = await hass_client()
    await _shelve(hass, "/api/shelf/")
    hass.config.internal_url = str(client.make_url("")).rstrip("/")
    assert (await sender.prepare("image", media="media-source://shelf/a.jpg")).data == jpeg


@pytest.mark.parametrize(
    ("media", "key"),
    [
        ("media-source://nobody/a", "media_unavailable"),
        ("media-source://", "media_unavailable"),
        ("media-source://tts/demo?message=a", "media_unavailable"),
        ("media-source://camera/camera.door", "media_unavailable"),
        ("camera.door", "media_no_source"),
        ("/media/a.jpg", "media_no_source"),
        ({"media_content_type": "image/jpeg"}, "media_no_source"),
        ({"media_content_id": "https://example.com/a.jpg"}, "media_no_source"),
    ],
)
async def test_no_source_of_media(sender: Sender, media: Any, key: str) -> None:
    error = await sender.refused("image", media=media)
    assert error.translation_key == key
    assert isinstance(error, ServiceValidationError) is (key == "media_no_source")


async def test_picture_that_is_larger_than_its_kind(sender: Sender) -> None:
    """A file of this machine is made smaller, and need not be small."""
    source = sender.folder / "scan.bmp"
    Image.new("RGB", (3000, 3000), "red").save(source)
    assert source.stat().st_size > 16 * 1024 * 1024
    assert (await sender.prepare("image", media="media-source://media_source/local/scan.bmp")).size < 1024 * 1024
