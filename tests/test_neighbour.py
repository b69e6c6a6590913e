"""The other product of this domain, whose app puts its own integration in the place of this one."""

from collections.abc import AsyncGenerator
from dataclasses import fields
from enum import Enum
from ipaddress import IPv4Address
import json
from pathlib import Path
import shutil
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from aiohasupervisor.models import InstalledAddon, InstalledAddonComplete
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.components.hassio.const import DATA_COMPONENT
from homeassistant.components.hassio.handler import HassIO
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsapp.const import DOMAIN
from tests.support.entry import load, scripted_entry
from tests.support.package import PACKAGE
from tests.support.repairs import Repair, issues
from tests.support.scripted_bridge import ScriptedBridge
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")

SLUG = "0ff1ce00_whatsapp"


class Supervisor:
    """Answers what is asked of the Supervisor here: which apps there are, and their options."""

    def __init__(self) -> None:
        self.apps: dict[str, dict[str, Any]] = {}
        self.broken = False

    def add(self, slug: str, state: str, **options: Any) -> None:
        """Install an app."""
        self.apps[slug] = {"slug": slug, "name": slug.title(), "state": state, "options": options}

    async def list(self, _: web.Request) -> web.Response:
        """Answer `/addons`."""
        if self.broken:
            return web.json_response({"result": "error", "message": "it is starting"}, status=503)
        return self._answer({"addons": [_filled(InstalledAddon, app) for app in self.apps.values()]})

    async def info(self, request: web.Request) -> web.Response:
        """Answer `/addons/<slug>/info`."""
        return self._answer(_filled(InstalledAddonComplete, self.apps[request.match_info["slug"]]))

    @staticmethod
    def _answer(data: dict[str, Any]) -> web.Response:
        return web.json_response({"result": "ok", "data": data})


def _filled(model: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the Supervisor says, with something in every field."""
    hints = get_type_hints(model)
    filled = {field.metadata.get("alias", field.name): _some(hints[field.name]) for field in fields(model)}
    return filled | {key: value for key, value in given.items() if key in filled}


def _some(kind: Any) -> Any:
    if isinstance(kind, UnionType):
        return None if type(None) in get_args(kind) else _some(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    return "127.0.0.1" if kind is IPv4Address else (get_origin(kind) or kind)()


@pytest.fixture
async def supervisor(hass: HomeAssistant) -> AsyncGenerator[Supervisor]:
    """Return a Supervisor that Home Assistant runs under."""
    supervisor = Supervisor()
    app = web.Application()
    app.add_routes([web.get("/addons", supervisor.list), web.get("/addons/{slug}/info", supervisor.info)])
    async with TestServer(app) as server:
        hass.data[DATA_COMPONENT] = HassIO(hass.loop, async_get_clientsession(hass), f"{server.host}:{server.port}")
        hass.config.components.add("hassio")
        yield supervisor


async def _start(hass: HomeAssistant) -> None:
    hass.set_state(CoreState.not_running)
    assert await async_setup_component(hass, DOMAIN, {})
    assert not issues(hass), "the Supervisor may not be there yet"
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()


async def test_nothing_is_said_without_a_supervisor(hass: HomeAssistant) -> None:
    await _start(hass)
    assert not issues(hass)


async def test_app_that_will_replace_us(
    hass: HomeAssistant,
    supervisor: Supervisor,
    scripted_bridge: ScriptedBridge,
    hass_client: ClientSessionGenerator,
) -> None:
    supervisor.add("core_ssh", "started", auto_install_integration=True)
    supervisor.add(SLUG, "started", auto_install_integration=True)
    await _start(hass)
    issue = issues(hass)["other_app"]
    assert issue.translation_placeholders == {"app": SLUG.title(), "option": "auto_install_integration"}
    await load(hass, scripted_entry(scripted_bridge))
    repair = Repair(hass, hass_client)
    await repair.open("other_app")
    await repair.submit()
    assert repair.step["errors"] == {"base": "still_there"}
    connections = scripted_bridge.connections
    supervisor.add(SLUG, "started", auto_install_integration=False)
    await repair.submit()
    assert repair.step["type"] == "create_entry"
    assert not issues(hass)
    await until(lambda: scripted_bridge.connections == connections + 1)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("state", "options"),
    [
        ("stopped", {"auto_install_integration": True}),
        ("started", {"auto_install_integration": False}),
        ("started", {}),
    ],
)
async def test_app_that_does_nothing_to_us(
    hass: HomeAssistant,
    supervisor: Supervisor,
    caplog: pytest.LogCaptureFixture,
    state: str,
    options: dict[str, Any],
) -> None:
    supervisor.add(SLUG, state, **options)
    await _start(hass)
    assert not issues(hass)
    assert "The Supervisor does not say" not in caplog.text


async def test_supervisor_that_does_not_answer(
    hass: HomeAssistant, supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor.broken = True
    await _start(hass)
    assert not issues(hass)
    assert "The Supervisor does not say which apps there are" in caplog.text


@pytest.fixture
async def folder(hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that Home Assistant takes for that of the integration."""
    copy = tmp_path / DOMAIN
    await hass.async_add_executor_job(lambda: shutil.copytree(PACKAGE, copy))
    monkeypatch.setattr(await async_get_integration(hass, DOMAIN), "file_path", copy)
    return copy


@pytest.mark.parametrize(
    "content",
    [
        {"name": "WhatsApp", "documentation": "https://example.com/other", "codeowners": ["@other"], "version": "1.7"},
        {},
        [],
        "no JSON",
    ],
)
async def test_files_of_somebody_else(
    hass: HomeAssistant, folder: Path, content: Any, hass_client: ClientSessionGenerator
) -> None:
    manifest = folder / "manifest.json"
    ours = manifest.read_text()
    manifest.write_text(content if isinstance(content, str) else json.dumps(content))
    await _start(hass)
    assert set(issues(hass)) == {"overwritten"}
    repair = Repair(hass, hass_client)
    await repair.open("overwritten")
    await repair.submit()
    assert repair.step["errors"] == {"base": "still_there"}
    # Installed again, in a newer version.
    manifest.write_text(json.dumps(json.loads(ours) | {"version": "9.9.9"}))
    await repair.submit()
    assert repair.step["type"] == "create_entry"
    assert not issues(hass)
