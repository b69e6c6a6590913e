"""What `data` of `notify.whatsapp` can say, and the alerts of Home Assistant."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events, async_fire_time_changed

from demo.simulator import BEA, CARLOS, OWNER, Simulator
from tests.support.files import FileServer
from tests.support.media import SOUND, ffmpeg, picture
from tests.support.phone import Inbox, inbox
from tests.support.wait import until


async def _notify(hass: HomeAssistant, message: str, title: str | None = None, **data: Any) -> None:
    call: dict[str, Any] = {"message": message, "data": {"target": "Bea"} | data}
    call |= {"title": title} if title else {}
    await hass.services.async_call("notify", "whatsapp", call, blocking=True)


async def _refused(hass: HomeAssistant, message: str = "x", **data: Any) -> ServiceValidationError:
    with pytest.raises(ServiceValidationError) as caught:
        await _notify(hass, message, **data)
    return caught.value


@pytest.fixture
async def box(whatsapp: Simulator, entry: MockConfigEntry) -> Inbox:
    """Return the phone of Bea."""
    return await inbox(whatsapp, BEA)


@pytest.fixture
def view(hass: HomeAssistant, folder: Path, _nothing_stays: None, entry: MockConfigEntry) -> str:
    """Return the path of a picture that may be sent."""
    hass.config.allowlist_external_dirs = {str(folder)}
    return str(picture(folder / "view.jpg"))


async def test_targets_of_both_places(hass: HomeAssistant, box: Inbox, whatsapp: Simulator) -> None:
    carlos = await inbox(whatsapp, CARLOS)
    data = {"message": "both", "target": [f"+{CARLOS}", "Bea"], "data": {"target": BEA, "account": "Alex"}}
    await hass.services.async_call("notify", "whatsapp", data, blocking=True)
    assert (await box.texts(), await carlos.texts()) == (["both"], ["both"])


async def test_picture_from_an_address(hass: HomeAssistant, box: Inbox, files: FileServer, jpeg: bytes) -> None:
    hass.config.allowlist_external_urls = {files.origin}
    url = files.serve("/view.jpg", jpeg)
    await _notify(hass, "Somebody is there", "Front door", image=url)
    (message,) = await box.look()
    assert (message["kind"], message["text"]) == ("image", "*Front door*\nSomebody is there")


async def test_several_files(hass: HomeAssistant, box: Inbox, view: str) -> None:
    tone = str(ffmpeg(Path(view).parent / "tone.mp3", *SOUND, "-t", "1"))
    report = Path(view).parent / "report.txt"
    report.write_text("all well")
    attachments = [tone, {"file": view}, {"url": str(report), "file_name": "Report.txt"}]
    await _notify(hass, "What happened", attachments=attachments)
    sound, image, document = await box.look()
    assert [each["kind"] for each in (sound, image, document)] == ["voice", "image", "document"]
    assert image["text"] == "What happened", "the first that has room for it"
    assert not document.get("text")
    assert document["media"]["file_name"] == "Report.txt"


async def test_one_file_of_each_kind(hass: HomeAssistant, box: Inbox, view: str) -> None:
    tone = str(ffmpeg(Path(view).parent / "tone.mp3", *SOUND, "-t", "1"))
    await _notify(hass, "x", audio=tone, ptt=False)
    await _notify(hass, "the plan", document={"file": view}, file_name="Plan.jpg")
    await _notify(hass, "x", sticker=view)
    await _notify(hass, "the view", attachment=view, view_once=True)
    await _notify(hass, "not this", image={"file": view, "caption": "but this"})
    music, document, sticker, once, captioned = await box.look()
    assert (music["kind"], sticker["kind"]) == ("audio", "sticker")
    assert (document["text"], document["media"]["file_name"]) == ("the plan", "Plan.jpg")
    assert (once["kind"], once["text"], once["media"]["view_once"]) == ("image", "the view", True)
    assert captioned["text"] == "but this"


async def test_poll(hass: HomeAssistant, box: Inbox) -> None:
    await _notify(hass, "Heat?", "Cold", poll={"options": ["Now", "Later"]})
    await _notify(hass, "x", poll={"question": "Heat?", "options": ["Now", "Later"], "allow_multiple_responses": True})
    first, second = await box.look()
    assert (first["question"], first["selectable"]) == ("Cold: Heat?", 1)
    assert (second["question"], second["selectable"]) == ("Heat?", 0)


async def test_location(hass: HomeAssistant, box: Inbox) -> None:
    place = {"latitude": 46.948, "longitude": 7.4474}
    await _notify(hass, "The car", location=place)
    await _notify(hass, "x", location={**place, "name": "Garage", "address": "Bern"})
    first, second = await box.look()
    assert first["location"]["name"] == "The car"
    assert (second["location"]["name"], second["location"]["address"]) == ("Garage", "Bern")


@pytest.mark.parametrize("form", ["beside", "inside"])
async def test_reaction(hass: HomeAssistant, box: Inbox, whatsapp: Simulator, form: str) -> None:
    heard = async_capture_events(hass, "whatsapp_message_received")
    said = (await whatsapp.do("phone.say", number=BEA, to=OWNER, text="Dinner?"))["id"]
    await until(lambda: said in {event.data["id"] for event in heard})
    reaction = {"reaction": "👍", "message_id": said}
    await _notify(hass, "x", **(reaction if form == "beside" else {"reaction": reaction}))
    (message,) = await box.look()
    assert (message["kind"], message["target"], message["emoji"]) == ("reaction", said, "👍")
    assert (await _refused(hass, quote=said, **reaction)).translation_key == "quote_not_possible"
    assert (await _refused(hass, reaction="👍")).translation_key == "invalid_data"


async def test_buttons(hass: HomeAssistant, box: Inbox) -> None:
    await _notify(hass, "Garage?", "Open", buttons=[{"buttonId": "c", "displayText": "Close"}, "Leave"])
    await _notify(hass, "Garage?", buttons=["Close", "Leave"], footer="Soon")
    keyboard = [[{"text": "Close", "callback_data": "/close"}], [{"text": "Camera", "url": "https://example.org/cam"}]]
    await _notify(hass, "Garage?", inline_keyboard=keyboard)
    poll, numbered, linked = await box.look()
    assert (poll["question"], poll["options"]) == ("*Open*\nGarage?", ["Close", "Leave"])
    assert "Soon" in numbered["text"]
    assert all(part in linked["text"] for part in ("Close", "Camera", "https://example.org/cam"))


async def test_answers_and_disappears(hass: HomeAssistant, box: Inbox, whatsapp: Simulator) -> None:
    heard = async_capture_events(hass, "whatsapp_message_received")
    said = (await whatsapp.do("phone.say", number=BEA, to=OWNER, text="Dinner?"))["id"]
    await until(lambda: said in {event.data["id"] for event in heard})
    await _notify(hass, f"@{BEA} at seven", reply_to=said, expiration=86_400, mentions=[BEA], priority="high", ttl=60)
    (message,) = await box.look()
    assert (message["quoted"], message["expiration"], message["mentions"]) == (said, 86_400, [BEA])


async def test_once(hass: HomeAssistant, box: Inbox, view: str) -> None:
    for _ in range(2):
        await _notify(hass, "once", request_id="alarm-1", attachments=[view, view])
    assert [message["kind"] for message in await box.look()] == ["image", "image"]


@pytest.mark.parametrize(
    ("data", "help_text"),
    [
        ({"poll": {"options": ["a"]}}, "options"),
        ({"poll": "a"}, "poll"),
        ({"location": {"latitude": 1}}, "longitude"),
        ({"buttons": [{"id": "a"}]}, "text"),
        ({"inline_keyboard": [[5], [{"callback_data": "a"}]]}, "text"),
        ({"image": None}, "image"),
        ({"image": {"uri": "x"}}, "uri"),
        ({"attachments": [[]]}, "attachments"),
        ({"ttl": "soon"}, "ttl"),
        ({"expiration": -5}, "expiration"),
    ],
)
async def test_bad_data(hass: HomeAssistant, box: Inbox, data: dict[str, Any], help_text: str) -> None:
    error = await _refused(hass, **data)
    assert error.translation_key == "invalid_data"
    assert help_text in str(error)
    assert not await box.look()


async def test_nobody_is_left(hass: HomeAssistant, entry: MockConfigEntry, files: FileServer) -> None:
    hass.config.allowlist_external_urls = {files.origin}
    with pytest.raises(ServiceValidationError) as caught:
        await hass.services.async_call(
            "notify",
            "whatsapp",
            {"message": "x", "data": {"target": "Nobody", "image": files.url("/a")}},
            blocking=True,
        )
    assert caught.value.translation_key == "unknown_chat"
    assert files.requests == []


async def test_alert(hass: HomeAssistant, box: Inbox, whatsapp: Simulator) -> None:
    config = {
        "freezer": {
            "name": "Freezer",
            "entity_id": "binary_sensor.freezer",
            "repeat": 30,
            "title": "Kitchen",
            "message": "The freezer is open",
            "done_message": "The freezer is closed",
            "notifiers": ["whatsapp"],
            "data": {"target": "Bea", "priority": "high"},
        }
    }
    assert await async_setup_component(hass, "alert", {"alert": config})

    async def hears(text: str) -> None:
        (message,) = await _some(box)
        assert message["text"] == f"*Kitchen*\n{text}"

    hass.states.async_set("binary_sensor.freezer", "on")
    await hears("The freezer is open")
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=31))
    await hears("The freezer is open")
    hass.states.async_set("binary_sensor.freezer", "off")
    await hears("The freezer is closed")


async def _some(box: Inbox) -> list[dict[str, Any]]:
    while not (messages := await box.look()):
        pass
    return messages
