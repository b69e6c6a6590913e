"""What an automation finds in its house: a camera, what other integrations bring, and people who answer."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from demo.simulator import BEA, CARLOS, Simulator, SimulatorError
from tests.support.examples import find_all
from tests.support.files import FileServer
from tests.support.phone import inbox

_ENTITY: Final = re.compile(
    r"\b(?:alarm_control_panel|binary_sensor|climate|cover|device_tracker|input_boolean|light|lock|person|sensor|switch)"
    r"\.[a-z0-9_]+"
)


class Household:
    """Makes what automations name and the integration does not bring."""

    def __init__(self, hass: HomeAssistant, places: dict[str, str]) -> None:
        self.calls: list[ServiceCall] = []
        self._hass = hass
        self._places = places

    def placed(self, content: Any) -> Any:
        """Return a part of an example with things where they are."""
        if isinstance(content, dict):
            return {key: self.placed(value) for key, value in content.items()}
        if isinstance(content, list):
            return [self.placed(value) for value in content]
        if isinstance(content, str):
            for named, place in self._places.items():
                content = content.replace(named, place)
        return content

    async def furnish(self, parts: Iterable[dict[str, Any]]) -> None:
        """Make the entities, off, and the actions of other integrations that are named. Conditions are met."""
        for part in parts:
            if "media-source://tts/" in str(part):
                assert await async_setup_component(self._hass, "homeassistant", {})
                assert await async_setup_component(self._hass, "tts", {"tts": {"platform": "demo"}})
                await self._hass.async_block_till_done()
            for entity_id in _ENTITY.findall(str(part)):
                if not self._hass.states.get(entity_id):
                    self._hass.states.async_set(entity_id, "off")
            for condition in find_all(part, "conditions"):
                if isinstance(condition, dict) and condition.get("condition") == "state":
                    self._hass.states.async_set(condition["entity_id"], str(condition["state"]))
            for action in find_all(part, "action"):
                domain, _, name = str(action).partition(".")
                if isinstance(action, str) and not self._hass.services.has_service(domain, name):
                    self._hass.services.async_register(domain, name, self._remember)

    async def _remember(self, call: ServiceCall) -> None:
        self.calls.append(call)


@pytest.fixture
def household(hass: HomeAssistant, places: dict[str, str]) -> Household:
    """Return the house, empty."""
    return Household(hass, places)


@pytest.fixture
async def camera(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the picture that `camera.front_door` sees."""
    path = tmp_path / "front_door.jpg"
    await asyncio.to_thread(Image.new("RGB", (320, 240), "navy").save, path)
    camera = MockConfigEntry(domain="local_file", options={"name": "Front door", "file_path": str(path)})
    camera.add_to_hass(hass)
    assert await async_setup_component(hass, "camera", {})
    assert await hass.config_entries.async_setup(camera.entry_id)
    await hass.async_block_till_done()
    return path


@pytest.fixture
async def places(hass: HomeAssistant, tmp_path: Path, files: FileServer, camera: Path) -> dict[str, str]:
    """Return where things really are that pages name: files, a camera at an address, a voice. All may be used."""
    folder = tmp_path / "media"
    await asyncio.to_thread(folder.mkdir)
    await asyncio.to_thread((folder / "manual.pdf").write_bytes, b"%PDF-1.7")
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("navy", "white")]
    await asyncio.to_thread(frames[0].save, folder / "clip.gif", save_all=True, append_images=frames[1:], duration=500)
    hass.config.allowlist_external_dirs.add(str(folder))
    hass.config.allowlist_external_urls.add(files.origin)
    files.serve("/snapshot", await asyncio.to_thread(camera.read_bytes))
    return {
        "/media/": f"{folder}/",
        "http://192.168.1.20/": files.origin,
        "media-source://tts/tts.piper": "media-source://tts/demo",
    }


async def _answer(whatsapp: Simulator, number: str) -> None:
    """Read what comes, and vote for the first option of every poll."""
    box = await inbox(whatsapp, number)
    while True:
        with suppress(SimulatorError):
            await whatsapp.do("phone.wait", number=number, after=box.seen, timeout_ms=30_000)
        for message in await box.look():
            if message["kind"] == "poll":
                await whatsapp.do("phone.vote", number=number, poll=message["id"], options=message["options"][:1])
            else:
                await whatsapp.do("phone.read", number=number, id=message["id"])


@pytest.fixture
async def attentive(whatsapp: Simulator) -> AsyncGenerator[None]:
    """Let Bea and Carlos read and answer everything at once."""
    people = [asyncio.create_task(_answer(whatsapp, number)) for number in (BEA, CARLOS)]
    yield
    for person in people:
        person.cancel()
    await asyncio.gather(*people, return_exceptions=True)
