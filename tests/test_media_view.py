"""Files of messages over HTTP, for who is logged in to Home Assistant."""

import asyncio
from datetime import timedelta
import logging

from aiohttp import ClientPayloadError
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, Simulator
from tests.support.entry import load, make_entry, scripted_entry
from tests.support.incoming import HTML, JPEG, MP4, OGG, PDF, receive_file
from tests.support.scripted_account import BOB, fail
from tests.support.scripted_bridge import TOKEN, ScriptedBridge
from tests.support.scripted_files import ScriptedFiles, http, offer
from tests.support.shared_house import SharedHouse
from tests.support.wait import TIMEOUT, until


def _path(entry: MockConfigEntry, message_id: str) -> str:
    return f"/api/whatsapp/media/{entry.entry_id}/{message_id}"


@pytest.fixture
async def picture(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> str:
    """Return the path of a picture that somebody sent."""
    return _path(entry, await receive_file(hass, whatsapp, JPEG))


@pytest.mark.parametrize(
    ("content", "kind", "mime", "disposition"),
    [
        (JPEG, "image", "image/jpeg", "inline"),
        (MP4, "video", "video/mp4", "inline"),
        (OGG, "voice", "audio/ogg", "inline"),
        (PDF, "document", "application/pdf", "attachment"),
        (HTML, "document", "application/octet-stream", "attachment"),
        (HTML, "image", "application/octet-stream", "attachment"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image", "application/octet-stream", "attachment"),
    ],
    ids=["picture", "film", "voice", "pdf", "page", "page called a picture", "drawing with scripts"],
)
async def test_hands_out_what_the_bytes_are(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    whatsapp: Simulator,
    hass_client: ClientSessionGenerator,
    *,
    content: bytes,
    kind: str,
    mime: str,
    disposition: str,
) -> None:
    message_id = await receive_file(hass, whatsapp, content, kind, mime="text/html", file_name="../../page.html")
    client = await hass_client()
    response = await client.get(_path(entry, message_id))
    assert response.status == 200
    assert await response.read() == content
    assert response.headers["Content-Type"] == mime
    assert response.headers["Content-Length"] == str(len(content))
    shown, name = response.headers["Content-Disposition"].split("; filename*=UTF-8''")
    assert shown == disposition
    assert "page_html_" in name or kind != "document"
    assert not set(name) & set('/\\"; ')
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["Cache-Control"] == "private, no-store"


async def test_head(picture: str, hass_client: ClientSessionGenerator) -> None:
    client = await hass_client()
    response = await client.head(picture)
    assert response.status == 200
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Content-Length"] == str(len(JPEG))
    assert await response.read() == b""
    # The line is still good.
    assert await (await client.get(picture)).read() == JPEG


async def test_who_may(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    whatsapp: Simulator,
    picture: str,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    stranger = await hass_client_no_auth()
    assert (await stranger.get(picture)).status == 401
    assert (await stranger.head(picture)).status == 401
    signed = async_sign_path(hass, picture, timedelta(minutes=1))
    assert await (await stranger.get(signed)).read() == JPEG
    other = _path(entry, await receive_file(hass, whatsapp, PDF, "document"))
    assert signed.startswith(picture)
    assert (await stranger.get(signed.replace(picture, other))).status == 401


async def test_messages_of_other_accounts_and_none(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, hass_client: ClientSessionGenerator
) -> None:
    alex = await house.entry({BEA: "Bea"})
    carlos = await house.entry({BEA: "Bea"}, await house.second_account(whatsapp), title="Carlos")
    stranger = MockConfigEntry(domain="demo")
    stranger.add_to_hass(hass)
    await load(hass, alex)
    await load(hass, carlos)
    message_id = await receive_file(hass, whatsapp, JPEG, to=CARLOS)
    text = await whatsapp.do("phone.say", number=BEA, to=CARLOS, text="no file")
    client = await hass_client()
    assert (await client.get(_path(carlos, message_id))).status == 200
    for entry, message in ((alex, message_id), (stranger, message_id), (carlos, text["id"]), (carlos, "x" * 2000)):
        for method in (client.get, client.head):
            assert (await method(_path(entry, message))).status == 404
    assert (await client.get(f"/api/whatsapp/media/nobody/{message_id}")).status == 404
    response = await client.get(_path(alex, message_id))
    assert (await response.json())["code"] == "message_not_found"
    assert await hass.config_entries.async_unload(carlos.entry_id)
    assert (await client.get(_path(carlos, message_id))).status == 404


async def test_revoked(picture: str, whatsapp: Simulator, hass_client: ClientSessionGenerator) -> None:
    client = await hass_client()
    assert (await client.get(picture)).status == 200
    await whatsapp.do("phone.delete", number=BEA, id=picture.rpartition("/")[2])
    async with asyncio.timeout(TIMEOUT):
        while (await client.get(picture)).status != 404:
            pass


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("media_unavailable", 404, "received_gone"),
        ("media_too_large", 404, "received_too_large"),
        ("message_not_found", 404, "message_not_found"),
        ("not_connected", 503, "not_connected"),
        ("timeout", 503, "timeout"),
        ("storage_full", 503, "storage_full"),
        ("internal", 502, "internal"),
        ("something_new", 502, "bridge_error"),
    ],
)
async def test_errors_of_the_bridge(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    hass_client: ClientSessionGenerator,
    *,
    code: str,
    status: int,
    told: str,
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    scripted_bridge.answers["download"] = fail(code)
    await load(hass, entry)
    response = await (await hass_client()).get(_path(entry, "m"))
    assert (response.status, (await response.json())["code"]) == (status, told)


@pytest.mark.usefixtures("impatient")
async def test_bridge_is_away(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, hass_client: ClientSessionGenerator
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    client = await hass_client()
    await scripted_bridge.stop()
    await until(lambda: not entry.runtime_data.bridge_connected)
    response = await client.get(_path(entry, "m"))
    assert response.status == 503
    assert "does not answer" in (await response.json())["message"]


async def test_file_that_breaks_off(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    scripted_files: ScriptedFiles,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted_bridge.answers["download"] = offer(len(JPEG))
    scripted_files.answer = http(200, JPEG[:1000], announced=len(JPEG))
    entry = make_entry(scripted_files.url, TOKEN, scripted_bridge.account, [BOB])
    await load(hass, entry)
    client = await hass_client()
    response = await client.get(_path(entry, "m"))
    assert response.status == 200
    with pytest.raises(ClientPayloadError):
        await response.read()
    assert "Error handling request" not in caplog.text


async def test_who_leaves_early(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    scripted_files: ScriptedFiles,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    film = MP4 + bytes(20_000_000)
    scripted_bridge.answers["download"] = offer(len(film))
    scripted_files.answer = http(200, film)
    entry = make_entry(scripted_files.url, TOKEN, scripted_bridge.account, [BOB])
    await load(hass, entry)
    client = await hass_client()
    response = await client.get(_path(entry, "m"))
    await response.content.readany()
    response.close()
    await until(lambda: scripted_files.left == 1)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_without_any_account(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    assert (await (await hass_client()).get("/api/whatsapp/media/a/b")).status == 404
