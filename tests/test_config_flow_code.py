"""The config flow: linking by a code that is typed on the phone."""

from threading import Barrier
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.whatsapp import targets
from custom_components.whatsapp.phone import normalize_phone
from demo.simulator import OWNER, Simulator
from tests.support.dialog import Dialog
from tests.support.house import RealBridge
from tests.support.links import link_moves, script_links
from tests.support.scripted_bridge import ScriptedBridge, account
from tests.support.wait import TIMEOUT, until


async def _finish(dialog: Dialog) -> Any:
    """Add the account that is linked now, without chats. Returns the entry."""
    await dialog.until_step("chats")
    await dialog.submit()
    assert dialog.step["type"] is FlowResultType.CREATE_ENTRY
    return dialog.step["result"]


async def test_the_code_is_typed_on_the_phone(dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> None:
    await dialog.add(bridge)
    await dialog.choose("phone")
    assert dialog.step["step_id"] == "phone"
    await dialog.submit(phone="+1 (555) 000-0001")
    await simulator.do("phone.enter_code", number=OWNER, code=await dialog.code())
    assert (await _finish(dialog)).data["phone"] == OWNER


async def test_a_code_needs_a_phone_number(dialog: Dialog, simulator: Simulator, bridge: RealBridge) -> None:
    await dialog.add(bridge)
    await dialog.choose("phone")
    await dialog.submit(phone="079 123 45 67")
    assert dialog.step["step_id"] == "phone"
    assert dialog.step["errors"] == {"phone": "country_code_required"}
    assert dialog.suggests("phone") == "079 123 45 67"
    await dialog.submit(phone=OWNER)
    await simulator.do("phone.enter_code", number=OWNER, code=await dialog.code())
    await _finish(dialog)


async def test_a_number_as_the_country_writes_it(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await hass.config.async_update(country="US")
    await dialog.add(bridge)
    await dialog.choose("phone")
    await dialog.submit(phone="555-0001")
    assert dialog.step["errors"] == {"phone": "invalid_phone"}
    assert dialog.step["description_placeholders"] == {"number": "555-0001"}
    await dialog.submit(phone="(555) 000-0001")
    await simulator.do("phone.enter_code", number=OWNER, code=await dialog.code())
    assert (await _finish(dialog)).data["phone"] == OWNER


async def test_a_double_click_asks_for_one_code(
    dialog: Dialog, scripted_bridge: ScriptedBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both clicks are worked on at the same time.
    both = Barrier(2)

    def read_together(text: str, country: str | None) -> str | None:
        both.wait(TIMEOUT)
        return normalize_phone(text, country)

    monkeypatch.setattr(targets, "normalize_phone", read_together)
    script_links(scripted_bridge)
    await dialog.add(scripted_bridge)
    await dialog.choose("phone")
    await dialog.click_twice(phone=OWNER)
    await link_moves(scripted_bridge, "code", code="ABCD1234")
    assert await dialog.code() == "ABCD1234"
    await link_moves(scripted_bridge, "linked", account=account())
    await _finish(dialog)
    assert len(scripted_bridge.of("link")) == 1


async def test_a_code_that_fails_says_why_and_starts_over(dialog: Dialog, scripted_bridge: ScriptedBridge) -> None:
    script_links(scripted_bridge)
    await dialog.add(scripted_bridge)
    await dialog.choose("phone")
    await dialog.submit(phone=OWNER)
    await link_moves(scripted_bridge, "code", code="ABCD1234")
    assert await dialog.code() == "ABCD1234"
    await link_moves(scripted_bridge, "failed", error="link_expired")
    await dialog.until_step("phone")
    assert dialog.step["errors"] == {"base": "link_expired"}
    assert dialog.suggests("phone") == OWNER
    await dialog.submit(phone=OWNER)
    await until(lambda: len(scripted_bridge.of("link")) == 2)
    await link_moves(scripted_bridge, "linked", account=account())
    await _finish(dialog)
