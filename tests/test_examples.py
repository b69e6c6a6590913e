"""Every YAML example of README.md and docs/ runs: in Home Assistant, on a real bridge, up to simulated phones.

Examples use what is in this house, so that they run as they are: the account of Alex; Bea (+1 555 000 0002) and Carlos
(+1 555 000 0003); the groups Family (120363000000000001@g.us) and Neighbours; Bea and Family are added: `notify.bea`,
`event.bea`, `notify.family` and `event.family`; `camera.front_door`, the camera http://192.168.1.20/snapshot, the voice
`tts.piper` and the file /media/manual.pdf, which all may be used. What else they name of other integrations is made.
The number +41 79 123 45 67 is Bea's too, where people put in one of their own.
Bea and Carlos read all, and vote for the first option of each poll. A message id is `last`, or of a response variable.

An automation is started by its first trigger, for which the test does what the trigger waits for.
"""

import asyncio
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
import logging
from pathlib import Path
import shutil
from typing import Any

from homeassistant.components import recorder
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest

from demo.parts import ROOT
from demo.simulator import BEA, FAMILY, OWNER, Simulator
from tests.support.examples import Example, examples
from tests.support.household import Household
from tests.support.wait import until

EXAMPLES = list(examples())


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    shutil.copytree(ROOT / "blueprints", Path(hass_tmp_config_dir) / "blueprints", dirs_exist_ok=True)
    return hass_tmp_config_dir


class Starter:
    """Does what a trigger waits for."""

    def __init__(self, hass: HomeAssistant, whatsapp: Simulator) -> None:
        self._hass = hass
        self._whatsapp = whatsapp
        self._picture = ROOT / "custom_components/whatsapp/brand/icon.png"

    async def start(self, trigger: dict[str, Any]) -> None:
        """Let it happen."""
        kind = trigger["trigger"]
        if kind == "event" and not trigger["event_type"].startswith("whatsapp_"):
            self._hass.bus.async_fire(trigger["event_type"], trigger.get("event_data", {}))
        elif kind == "event" or kind.startswith("whatsapp."):
            await self._on_whatsapp(trigger)
        elif kind == "state":
            await self._change(trigger["entity_id"], str(trigger.get("to", "on")))
        elif kind == "numeric_state":
            await self._change(
                trigger["entity_id"], str(trigger["above"] + 1 if "above" in trigger else trigger["below"] - 1)
            )
        elif kind == "time":
            # Home Assistant knows what time it is, and moving the clock would end what waits for the bridge.
            await self._hass.services.async_call("automation", "trigger", {"entity_id": "all", "skip_condition": False})
        else:
            pytest.fail(f"how does a trigger of {kind} start? Say it in {__file__}")

    async def _change(self, entity_id: str, state: str) -> None:
        self._hass.states.async_set(entity_id, "before")
        await self._hass.async_block_till_done()
        self._hass.states.async_set(entity_id, state)

    async def _on_whatsapp(self, trigger: dict[str, Any]) -> None:
        """Let people write or answer: in the group where the trigger names it, else Bea."""
        wanted = trigger.get("options") or trigger.get("event_data") or {}
        is_group = "family" in str(trigger).casefold() or FAMILY in str(trigger)
        chat = FAMILY if is_group else BEA
        name = trigger["trigger"] if "options" in trigger or "event_type" not in trigger else trigger["event_type"]
        if name.endswith("message_received") and wanted.get("media_type"):
            picture = b64encode(await asyncio.to_thread(self._picture.read_bytes)).decode()
            args = {"number": BEA, "to": FAMILY if is_group else OWNER, "kind": wanted["media_type"], "base64": picture}
            await self._whatsapp.do("phone.send_media", **args)
        elif name.endswith("message_received"):
            text = _first(wanted.get("text") or wanted.get("content"), "hello")
            await self._whatsapp.do("phone.say", number=BEA, to=FAMILY if is_group else OWNER, text=text)
        elif name.endswith(("poll_voted", "poll_vote")):
            option = _first(wanted.get("option") or wanted.get("options"), "Yes")
            await self._send("send_poll", chat, question="What now?", options=[option, "Something else"])
        elif name.endswith(("answered", "button_pressed")):
            button = {"id": _first(wanted.get("button_id"), "yes"), "text": "Yes"}
            await self._send("send_buttons", chat, message="What now?", buttons=[button, {"id": "no", "text": "No"}])
        elif name.endswith("message_status"):
            if wanted.get("status") == "failed":
                await self._whatsapp.do("fault.set", kind="ack_error", code=479, times=1)
            await self._send("send_message", chat, message="hello")
        else:
            pytest.fail(f"how does {name} come about? Say it in {__file__}")

    async def _send(self, action: str, chat: str, **data: Any) -> None:
        with suppress(HomeAssistantError):
            await self._hass.services.async_call("whatsapp", action, {"target": chat, **data}, blocking=True)


def _first(wanted: Any, otherwise: str) -> str:
    found = wanted[0] if isinstance(wanted, list) else wanted
    return str(found) if found else otherwise


def _complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


async def _run(hass: HomeAssistant, whatsapp: Simulator, example: Example) -> None:
    if example.kind == "configuration":
        for domain in example.parts[0]:
            if domain == "recorder":
                # Home Assistant has to start with it.
                recorder.CONFIG_SCHEMA(example.parts[0])
                continue
            assert await async_setup_component(hass, domain, example.parts[0])
    elif example.kind == "script":
        scripts = {f"example_{number}": part for number, part in enumerate(example.parts)}
        assert await async_setup_component(hass, "script", {"script": scripts})
        for name in scripts:
            await hass.services.async_call("script", name, blocking=True)
    else:
        automations = [{"alias": f"Example {number}", **part} for number, part in enumerate(example.parts)]
        assert await async_setup_component(hass, "automation", {"automation": automations})
        await hass.async_block_till_done()
        for entity_id, part in zip(hass.states.async_entity_ids("automation"), automations, strict=True):
            await _run_automation(hass, whatsapp, entity_id, part)


async def _run_automation(hass: HomeAssistant, whatsapp: Simulator, entity_id: str, part: dict[str, Any]) -> None:
    def attributes() -> dict[str, Any]:
        state = hass.states.get(entity_id)
        assert state
        assert state.state == "on", "Home Assistant does not take it"
        return dict(state.attributes)

    attributes()
    # What comes of a blueprint is tested with it.
    if "triggers" in part:
        triggers = part["triggers"]
        await Starter(hass, whatsapp).start(triggers[0] if isinstance(triggers, list) else triggers)
        await until(lambda: attributes()["last_triggered"])
        await until(lambda: not attributes()["current"])
    # Nothing of it is left to start at five o'clock.
    await hass.services.async_call("automation", "turn_off", {"entity_id": entity_id}, blocking=True)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
@pytest.mark.usefixtures("entry", "attentive", "camera")
async def test_example(
    hass: HomeAssistant,
    whatsapp: Simulator,
    household: Household,
    caplog: pytest.LogCaptureFixture,
    example: Example,
) -> None:
    await household.furnish(example.parts)
    await _run(hass, whatsapp, replace(example, parts=household.placed(example.parts)))
    await hass.async_block_till_done()
    assert not _complaints(caplog)


@pytest.mark.parametrize("page", ["README.md"])
def test_there_are_examples(page: str) -> None:
    assert [example for example in EXAMPLES if example.name.startswith(page)]


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "whatsapp.send_message", "data": {"target": "Nobody", "message": "x"}},
        {"action": "whatsapp.send_message", "data": {"target": "Bea", "mesage": "x"}},
        {"action": "notify.send_message", "target": {"entity_id": "notify.bea"}, "data": {"message": "{{ 1 / 0 }}"}},
    ],
)
async def test_a_wrong_example_is_found(
    hass: HomeAssistant,
    whatsapp: Simulator,
    caplog: pytest.LogCaptureFixture,
    wrong: dict[str, Any],
) -> None:
    example = Example("wrong", "script", [{"sequence": [wrong]}])
    try:
        await _run(hass, whatsapp, example)
    except Exception as err:  # noqa: BLE001
        assert str(err)  # noqa: PT017
    else:
        assert _complaints(caplog)
