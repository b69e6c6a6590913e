"""What came in, in the media browser."""

import asyncio
from base64 import b64decode
from io import BytesIO
from typing import Any

from homeassistant.components.media_player import BrowseError
from homeassistant.components.media_source import Unresolvable, async_browse_media, async_resolve_media
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.whatsapp import media_source
from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.entry import load, scripted_entry
from tests.support.incoming import HTML, JPEG, MP4, PDF, receive_file
from tests.support.phone import inbox
from tests.support.scripted_account import BOB, STRANGER, fail
from tests.support.scripted_bridge import ScriptedBridge
from tests.support.shared_house import SharedHouse
from tests.support.wait import TIMEOUT, until

ROOT = f"media-source://{DOMAIN}"


class Browser:
    """The media browser of the frontend."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def _ask(self, what: str, media_content_id: str) -> dict[str, Any]:
        command = {"type": f"media_source/{what}", "media_content_id": media_content_id}
        await self._socket.send_json_auto_id(command)
        answer: dict[str, Any] = await self._socket.receive_json()
        return answer

    async def open(self, media_content_id: str) -> dict[str, Any]:
        """Return a folder."""
        answer = await self._ask("browse_media", media_content_id)
        assert answer["success"], answer
        result: dict[str, Any] = answer["result"]
        return result

    async def children(self, media_content_id: str) -> dict[str, str]:
        """Return the ids of what is in a folder, by their titles."""
        return {child["title"]: child["media_content_id"] for child in (await self.open(media_content_id))["children"]}

    async def ids(self, media_content_id: str) -> list[str]:
        """Return the last parts of the ids of what is in a folder, in order."""
        children = (await self.open(media_content_id))["children"]
        return [child["media_content_id"].rpartition("/")[2] for child in children]

    async def complaint(self, media_content_id: str, what: str = "browse_media") -> str:
        """Return why a folder or a file cannot be opened."""
        answer = await self._ask(what, media_content_id)
        assert not answer["success"]
        return str(answer["error"]["message"])

    async def resolve(self, media_content_id: str) -> dict[str, str]:
        """Return where a file is, and what it is."""
        answer = await self._ask("resolve_media", media_content_id)
        assert answer["success"], answer
        result: dict[str, str] = answer["result"]
        return result


@pytest.fixture
async def browser(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Browser:
    # Before a client is there: the test server takes no view afterwards, as the real one does.
    assert await async_setup_component(hass, DOMAIN, {})
    return Browser(await hass_ws_client(hass))


async def _chat(browser: Browser, title: str) -> str:
    accounts = await browser.children(ROOT)
    return (await browser.children(accounts["Alex"]))[title]


async def test_accounts_chats_and_files(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    whatsapp: Simulator,
    browser: Browser,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    first = await receive_file(hass, whatsapp, PDF, "document", file_name="plan\u202efdp.exe\n" + "x" * 300)
    second = await receive_file(hass, whatsapp, JPEG)
    film = await receive_file(hass, whatsapp, MP4, "video", to=FAMILY)
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="a text is no file")

    assert "WhatsApp" in await browser.children("")
    root = await browser.open(ROOT)
    assert [(child["title"], child["can_expand"]) for child in root["children"]] == [("Alex", True)]
    chats = await browser.children(root["children"][0]["media_content_id"])
    assert list(chats) == ["Bea", "Family"], "only those that were added"
    files = (await browser.open(chats["Bea"]))["children"]
    assert [child["media_content_id"].rpartition("/")[2] for child in files[:2]] == [second, first], "newest first"
    assert all(" · Bea · " in child["title"] for child in files[:2])
    assert files[0]["title"].endswith(" · Picture")
    assert (files[0]["media_class"], files[0]["media_content_type"]) == ("image", "image/jpeg")
    assert files[1]["title"].isprintable()
    assert len(files[1]["title"]) < 120
    assert [child["can_play"] for child in files[:2]] == [True, True]
    in_family = (await browser.open(chats["Family"]))["children"][0]
    assert in_family["media_content_id"].rpartition("/")[2] == film
    assert in_family["media_class"] == "video"
    assert " · Bea · Video" in in_family["title"], "the sender, by the name they gave themselves"

    resolved = await browser.resolve(files[0]["media_content_id"])
    assert resolved["mime_type"] == "image/jpeg"
    response = await (await hass_client_no_auth()).get(resolved["url"])
    assert await response.read() == JPEG


async def test_what_is_resolved_is_what_the_bytes_are(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, browser: Browser
) -> None:
    await receive_file(hass, whatsapp, HTML, mime="image/jpeg")
    newest = (await browser.open(await _chat(browser, "Bea")))["children"][0]
    assert newest["media_content_type"] == "image/jpeg", "as its sender says, until it was fetched"
    assert (await browser.resolve(newest["media_content_id"]))["mime_type"] == "application/octet-stream"


async def test_what_the_owner_sends(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, browser: Browser
) -> None:
    sent = await whatsapp.do("phone.send_media", number=OWNER, to=BEA, kind="image", base64="/9j/4AAQSkZJRgA=")
    chat = await _chat(browser, "Bea")
    async with asyncio.timeout(TIMEOUT):
        while (newest := (await browser.open(chat))["children"][0])["media_content_id"] != f"{chat}/{sent['id']}":
            pass
    assert " · Alex · Picture" in newest["title"]


async def test_hides_what_is_gone_or_to_be_seen_once(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, browser: Browser
) -> None:
    shown = await receive_file(hass, whatsapp, JPEG)
    await receive_file(hass, whatsapp, JPEG, view_once=True)
    revoked = await receive_file(hass, whatsapp, JPEG)
    chat = await _chat(browser, "Bea")
    here = f"{chat}/{revoked}"
    await whatsapp.do("phone.delete", number=BEA, id=revoked)

    async def newest() -> str:
        return str((await browser.open(chat))["children"][0]["media_content_id"])

    async with asyncio.timeout(TIMEOUT):
        while await newest() == here:
            pass
    assert await newest() == f"{chat}/{shown}"
    assert "no such message" in await browser.complaint(here, "resolve_media")
    with pytest.raises(Unresolvable):
        await async_resolve_media(hass, here, None)


async def test_pages(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    whatsapp: Simulator,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_source, "PAGE", 2)
    sent = [await receive_file(hass, whatsapp, JPEG) for _ in range(3)]
    chat = await _chat(browser, "Bea")
    page = await browser.open(chat)
    assert await browser.ids(chat) == [sent[2], sent[1], f"before:{sent[1]}"]
    assert page["children"][2]["title"] == "Older"
    older = await browser.open(page["children"][2]["media_content_id"])
    assert older["children"][0]["media_content_id"] == f"{chat}/{sent[0]}"


async def test_what_is_not_there(hass: HomeAssistant, entry: MockConfigEntry, browser: Browser) -> None:
    chat = await _chat(browser, "Bea")
    account = chat.rpartition("/")[0]
    no_such = "There is no such"
    for identifier in (f"{ROOT}/nobody", f"{account}/nobody", f"{chat}/some-message", f"{chat}/../.."):
        assert no_such in await browser.complaint(identifier)
    for identifier in (ROOT, account, chat, f"{chat}/before:x", f"{account}/nobody/m"):
        assert no_such in await browser.complaint(identifier, "resolve_media")
    assert no_such in await browser.complaint(f"{chat}/before:no-such-message")


async def test_account_that_is_not_loaded(hass: HomeAssistant, entry: MockConfigEntry, browser: Browser) -> None:
    chat = await _chat(browser, "Bea")
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert list(await browser.children(ROOT)) == ["Alex"]
    for identifier in (chat, chat.rpartition("/")[0]):
        assert "is not connected" in await browser.complaint(identifier)
    assert "is not connected" in await browser.complaint(f"{chat}/m", "resolve_media")


@pytest.mark.usefixtures("impatient")
async def test_account_without_bridge_or_phone(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, browser: Browser
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    here = f"{ROOT}/{entry.entry_id}"
    await scripted_bridge.state("unlinked")
    await until(lambda: not entry.runtime_data.available)
    assert "has logged out this account" in await browser.complaint(here)
    await scripted_bridge.stop()
    await until(lambda: not entry.runtime_data.bridge_connected)
    assert "does not answer" in await browser.complaint(here)


async def test_chat_that_the_bridge_has_lost(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, browser: Browser
) -> None:
    entry = scripted_entry(scripted_bridge, [STRANGER])
    scripted_bridge.answers["messages"] = fail("chat_not_found")
    await load(hass, entry)
    (chat,) = (await browser.children(f"{ROOT}/{entry.entry_id}")).values()
    with pytest.raises(BrowseError, match="does not have this chat"):
        await async_browse_media(hass, chat)


async def test_looks_at_so_many_messages_and_no_more(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, browser: Browser
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    asked: list[Any] = []

    def texts(args: dict[str, Any]) -> dict[str, Any]:
        asked.append(args.get("before"))
        first = 200 * len(asked)
        sender = {"id": "x", "phone": None, "lid": None, "name": None}
        text = {"sender": sender, "from_me": False, "kind": "text", "text": "t", "media": None, "timestamp": 1.0}
        return {"messages": [{"message_id": f"m{first + number}", **text} for number in range(200)]}

    scripted_bridge.answers["messages"] = texts
    await load(hass, entry)
    (chat,) = (await browser.children(f"{ROOT}/{entry.entry_id}")).values()
    assert await browser.children(chat) == {"Older": f"{chat}/before:m1199"}
    assert asked == [None, "m399", "m599", "m799", "m999"]


async def test_a_clock_at_the_end_of_time(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, browser: Browser
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    sender = {"id": "x", "phone": None, "lid": None, "name": None}
    media = {"mime": "image/jpeg", "size": 1, "file_name": None}
    message = {"message_id": "m", "sender": sender, "from_me": False, "kind": "image", "text": None, "media": media}
    answers: list[Any] = [[{**message, "timestamp": 253_402_300_799}], []]
    scripted_bridge.answers["messages"] = lambda _: {"messages": answers.pop(0)}
    await hass.config.async_set_time_zone("Pacific/Kiritimati")
    await load(hass, entry)
    (chat,) = (await browser.children(f"{ROOT}/{entry.entry_id}")).values()
    assert await browser.ids(chat) == ["m"]


async def test_two_accounts(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, browser: Browser) -> None:
    await load(hass, await house.entry({BEA: "Bea"}))
    await load(hass, await house.entry({BEA: "Bea"}, await house.second_account(whatsapp), title="Carlos"))
    message_id = await receive_file(hass, whatsapp, JPEG, to=CARLOS)
    accounts = await browser.children(ROOT)
    assert list(accounts) == ["Alex", "Carlos"]
    of_carlos = (await browser.children(accounts["Carlos"]))["Bea"]
    assert message_id in await browser.ids(of_carlos)
    of_alex = (await browser.children(accounts["Alex"]))["Bea"]
    assert message_id not in await browser.ids(of_alex)


async def test_sent_on(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    whatsapp: Simulator,
    browser: Browser,
    hass_client: ClientSessionGenerator,
) -> None:
    """What is in the media browser can be sent, as anything in there can."""
    client = await hass_client()
    hass.config.internal_url = str(client.make_url("")).rstrip("/")
    picture = BytesIO()
    Image.new("RGB", (320, 240), "navy").save(picture, "JPEG")
    await receive_file(hass, whatsapp, picture.getvalue())
    newest = (await browser.open(await _chat(browser, "Bea")))["children"][0]["media_content_id"]
    box = await inbox(whatsapp, BEA)
    await hass.services.async_call(
        DOMAIN, "send_image", {"target": "Family", "media": {"media_content_id": newest}}, blocking=True
    )
    (sent,) = [message for message in await box.look() if message["kind"] == "image"]
    assert sent["chat"] == FAMILY
    got = await whatsapp.do("phone.media", number=BEA, id=sent["id"])
    assert b64decode(got["base64"])[:3] == b"\xff\xd8\xff"
