"""The blueprints, run in Home Assistant on a real bridge, up to simulated phones."""

from base64 import b64decode
from collections.abc import AsyncGenerator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
import shutil
from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from demo.parts import ROOT
from demo.simulator import BEA, CARLOS, FAMILY, Simulator
from tests.support.docs import page, rows, sections
from tests.support.entry import load
from tests.support.household import Household
from tests.support.package import MANIFEST
from tests.support.phone import Inbox, inbox
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

BLUEPRINTS = sorted((ROOT / "blueprints").rglob("*.yaml"))
SCHEMAS: dict[str, Any] = {"automation": AUTOMATION_BLUEPRINT_SCHEMA, "script": BLUEPRINT_SCHEMA}
# Somebody whose phone never says that it got anything.
DORA = "15550000044"


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    shutil.copytree(ROOT / "blueprints", Path(hass_tmp_config_dir) / "blueprints", dirs_exist_ok=True)
    return hass_tmp_config_dir


@pytest.fixture
async def chats(hass: HomeAssistant, house: SharedHouse) -> MockConfigEntry:
    """Return the loaded entry of an account with Bea, Carlos and the family."""
    made = await house.entry({BEA: "Bea", CARLOS: "Carlos", FAMILY: "Family"})
    await load(hass, made)
    return made


async def _automation(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    config = {"alias": "Test", "use_blueprint": {"path": f"whatsapp/{name}.yaml", "input": inputs}}
    assert await async_setup_component(hass, "automation", {"automation": [config]})
    await hass.async_block_till_done()
    assert _state(hass).state == "on", "Home Assistant does not take it"


@pytest.fixture(autouse=True)
async def _nothing_is_left_to_start(hass: HomeAssistant) -> AsyncGenerator[None]:
    yield
    if hass.services.has_service("automation", "turn_off"):
        await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


def _state(hass: HomeAssistant, entity_id: str = "automation.test") -> State:
    state = hass.states.get(entity_id)
    assert state
    return state


async def _until_it_has_run(hass: HomeAssistant) -> None:
    await until(lambda: _state(hass).attributes["last_triggered"])
    await until(lambda: not _state(hass).attributes["current"])


async def _next(whatsapp: Simulator, box: Inbox, number: str) -> dict[str, Any]:
    """Return the next message of a phone, as soon as it is there."""
    return await whatsapp.do("phone.wait", number=number, after=box.seen)


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_blueprint(path: Path) -> None:
    domain = path.relative_to(ROOT / "blueprints").parts[0]
    blueprint = Blueprint(load_yaml_dict(str(path)), expected_domain=domain, path=path.name, schema=SCHEMAS[domain])
    assert blueprint.validate() is None
    assert blueprint.metadata["homeassistant"]["min_version"] == "2026.10.0"
    assert blueprint.metadata["source_url"] == f"{MANIFEST['documentation']}/blob/main/{path.relative_to(ROOT)}"
    assert blueprint.metadata["description"].endswith(".")
    for name, field in blueprint.inputs.items():
        assert field["name"], name
        assert field["description"].endswith("."), name
        assert field["selector"], name


def test_every_blueprint_has_its_section() -> None:
    described = sections(page("blueprints.md"))
    blueprints = {path: load_yaml_dict(str(path))["blueprint"] for path in BLUEPRINTS}
    assert {blueprint["name"] for blueprint in blueprints.values()} == set(described) - {""}
    for blueprint in blueprints.values():
        text = described[blueprint["name"]]
        assert f"<{blueprint['source_url']}>" in text
        assert rows(text) == list(blueprint["input"])


@pytest.mark.usefixtures("chats", "camera")
async def test_snapshot(hass: HomeAssistant, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    await _automation(
        hass,
        "snapshot",
        source=["binary_sensor.bell"],
        camera="camera.front_door",
        chats=["notify.bea"],
        pause="00:00:00",
    )
    for state in ("unavailable", "on", "off", "unavailable", "off"):
        hass.states.async_set("binary_sensor.bell", state)
        await hass.async_block_till_done()
    assert not _state(hass).attributes["last_triggered"], "what comes back has not rung"
    hass.states.async_set("binary_sensor.bell", "on")
    message = await _next(whatsapp, box, BEA)
    assert (message["kind"], message["text"]) == ("image", "Somebody is at the door.")
    file = await whatsapp.do("phone.media", number=BEA, id=message["id"])
    with Image.open(BytesIO(b64decode(file["base64"]))) as image:
        assert image.size == (320, 240)
        assert image.getpixel((160, 120))[2] > 100, "navy, as the camera sees it"  # type: ignore[index]
    await _until_it_has_run(hass)


@pytest.mark.usefixtures("chats", "camera")
async def test_snapshot_of_a_doorbell_that_is_an_event(hass: HomeAssistant, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, CARLOS)
    inputs = {"source": ["event.bell"], "camera": "camera.front_door", "chats": ["notify.carlos"], "pause": "00:00:00"}
    hass.states.async_set("event.bell", "unknown")
    await _automation(hass, "snapshot", **inputs, caption="Ring")
    hass.states.async_set("event.bell", dt_util.utcnow().isoformat())
    assert (await _next(whatsapp, box, CARLOS))["text"] == "Ring"
    await _until_it_has_run(hass)


@pytest.mark.usefixtures("chats")
async def test_appliance(hass: HomeAssistant, whatsapp: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    box = await inbox(whatsapp, BEA)
    hass.states.async_set("sensor.washer", "1")
    await _automation(hass, "appliance", power="sensor.washer", chats=["notify.bea"], message="Done.")

    def draw(watts: int, seconds: int) -> None:
        hass.states.async_set("sensor.washer", str(watts))
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))

    draw(1, 600)
    draw(2000, 30)
    draw(1, 600)
    await hass.async_block_till_done()
    assert not _state(hass).attributes["last_triggered"], "that was too short"
    draw(2000, 70)
    # Home Assistant says so when it waits for the machine to finish.
    await until(lambda: caplog.text.count("Initialized trigger") == 2)
    draw(2, 60)
    draw(2000, 60)
    assert await box.texts() == [], "it only paused"
    draw(2, 200)
    assert (await _next(whatsapp, box, BEA))["text"] == "Done."
    await _until_it_has_run(hass)
    assert await box.texts() == ["Done."]


ALARM: dict[str, Any] = {
    "sensors": ["binary_sensor.kitchen"],
    "first": ["notify.bea"],
    "second": ["notify.carlos"],
    "patience": {"seconds": 1},
}


async def _raise_alarm(hass: HomeAssistant, **inputs: Any) -> None:
    await _automation(hass, "alarm", **ALARM | inputs)
    hass.states.async_set("binary_sensor.kitchen", "off", {"friendly_name": "Kitchen"})
    await hass.async_block_till_done()
    hass.states.async_set("binary_sensor.kitchen", "on", {"friendly_name": "Kitchen"})


@pytest.mark.usefixtures("chats")
async def test_alarm_that_nobody_reads(hass: HomeAssistant, whatsapp: Simulator) -> None:
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    await _raise_alarm(hass)
    assert (await _next(whatsapp, bea, BEA))["text"] == "*Alarm:* Kitchen"
    assert (await _next(whatsapp, carlos, CARLOS))["text"] == "*Alarm:* Kitchen. Nobody else has read it so far."
    await _until_it_has_run(hass)


@pytest.mark.usefixtures("chats", "attentive")
async def test_alarm_that_somebody_reads(hass: HomeAssistant, whatsapp: Simulator) -> None:
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    await _raise_alarm(hass, patience={"minutes": 5})
    await _until_it_has_run(hass)
    assert await bea.texts() == ["*Alarm:* Kitchen"]
    assert await carlos.texts() == []


@pytest.mark.usefixtures("chats")
async def test_alarm_that_does_not_go_out(hass: HomeAssistant, whatsapp: Simulator) -> None:
    carlos = await inbox(whatsapp, CARLOS)
    await whatsapp.do("fault.set", kind="ack_error", code=479, times=1)
    await _raise_alarm(hass, patience={"minutes": 5})
    assert (await _next(whatsapp, carlos, CARLOS))["text"].startswith("*Alarm:* Kitchen.")
    await _until_it_has_run(hass)


async def _ask(hass: HomeAssistant, **inputs: Any) -> None:
    """Ask the family whether to heat. The answers are entities: yes, no and silence."""
    names = {"when_yes": "yes", "when_no": "no", "when_silent": "silence"}
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {name: {} for name in names.values()}})
    actions = {
        key: [{"action": "input_boolean.turn_on", "target": {"entity_id": f"input_boolean.{name}"}}]
        for key, name in names.items()
    }
    given = {"chat": "notify.family", "question": "Heating on?", **actions, **inputs}
    config = {"use_blueprint": {"path": "whatsapp/ask.yaml", "input": given}}
    assert await async_setup_component(hass, "script", {"script": {"ask": config}})
    await hass.services.async_call("script", "ask")


async def _answer(hass: HomeAssistant) -> set[str]:
    """Return what was done, as soon as the script has ended."""
    await until(lambda: _state(hass, "script.ask").state == "off")
    return {name for name in ("yes", "no", "silence") if _state(hass, f"input_boolean.{name}").state == "on"}


@pytest.mark.usefixtures("chats")
@pytest.mark.parametrize(
    ("votes", "done"), [([["Yes"]], "yes"), ([["No"]], "no"), ([[], ["No"]], "no")], ids=["yes", "no", "withdrawn"]
)
async def test_ask(hass: HomeAssistant, whatsapp: Simulator, votes: list[list[str]], done: str) -> None:
    box = await inbox(whatsapp, BEA)
    await _ask(hass)
    poll = await _next(whatsapp, box, BEA)
    assert (poll["chat"], poll["question"], poll["options"]) == (FAMILY, "Heating on?", ["Yes", "No"])
    for options in votes:
        await whatsapp.do("phone.vote", number=BEA, poll=poll["id"], options=options)
    assert await _answer(hass) == {done}


@pytest.mark.usefixtures("chats")
async def test_ask_and_nobody_votes(hass: HomeAssistant, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    await _ask(hass, patience={"seconds": 3})
    assert (await _next(whatsapp, box, BEA))["kind"] == "poll"
    assert await _answer(hass) == {"silence"}


SILENCE = [{"action": "alert.silence", "data": {"text": "silent"}}]


async def _check_health(hass: HomeAssistant, household: Household, chat: str, **inputs: Any) -> None:
    await household.furnish([{"actions": SILENCE}])
    await _automation(hass, "health", chat=chat, silence=SILENCE, time="09:00:00", **inputs)
    await hass.services.async_call("automation", "trigger", {"entity_id": "automation.test"})
    await _until_it_has_run(hass)


@pytest.mark.usefixtures("chats")
async def test_health(hass: HomeAssistant, household: Household, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    await _check_health(hass, household, "notify.bea")
    assert await box.texts() == ["Home Assistant is well."]
    assert not household.calls


async def test_health_notices_silence(
    hass: HomeAssistant, household: Household, house: SharedHouse, whatsapp: Simulator
) -> None:
    await whatsapp.do("phone.create", number=DORA, name="Dora", sends_receipts=False)
    await load(hass, await house.entry({DORA: "Dora"}))
    await _check_health(hass, household, "notify.dora", patience={"seconds": 3})
    assert [call.data for call in household.calls] == [{"text": "silent"}]


@pytest.mark.usefixtures("chats")
async def test_health_notices_a_failure(hass: HomeAssistant, household: Household, whatsapp: Simulator) -> None:
    await whatsapp.do("fault.set", kind="ack_error", code=479, times=1)
    await _check_health(hass, household, "notify.bea")
    assert len(household.calls) == 1


@pytest.mark.usefixtures("chats")
async def test_health_tells_by_a_notification(hass: HomeAssistant, whatsapp: Simulator) -> None:
    shown: dict[str, Any] = {}
    persistent_notification.async_register_callback(hass, callback(lambda _, changed: shown.update(changed)))
    assert await async_setup_component(hass, "persistent_notification", {})
    await whatsapp.do("fault.set", kind="ack_error", code=479, times=1)
    await _automation(hass, "health", chat="notify.bea")
    await hass.services.async_call("automation", "trigger", {"entity_id": "automation.test"})
    await _until_it_has_run(hass)
    assert shown["whatsapp_health"]["title"] == "WhatsApp is silent"
