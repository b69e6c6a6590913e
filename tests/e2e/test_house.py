"""The main job, from a QR code on a screen to a vote that starts an automation."""

import asyncio
from pathlib import Path
import re
from typing import Any

from playwright.async_api import Page

from demo.home_assistant import HomeAssistant
from demo.house import House
from demo.simulator import BEA, FAMILY, OWNER, Simulator

from .dashboard import Dashboard

# The one line that Home Assistant logs about every custom integration.
_EXPECTED_WARNING = "We found a custom integration whatsapp which has not been tested by Home Assistant"


async def test_link_send_receive_vote(
    house: House, simulator: Simulator, home_assistant: HomeAssistant, page: Page
) -> None:
    dashboard = Dashboard(page, house)
    await link(dashboard, house, simulator)
    await dashboard.show_integration("6-integration")
    await write(home_assistant, simulator)
    await answer(home_assistant, simulator)
    poll_id = await ask(home_assistant, simulator)
    await house.home_assistant.stop()
    assert_clean(house.home_assistant.log)
    await house.bridge.stop()
    await house.bridge.start()
    await house.home_assistant.start()
    async with HomeAssistant(house.url, house.token) as restarted:
        await vote(restarted, simulator, poll_id)
    assert_clean(house.home_assistant.log)


async def link(dashboard: Dashboard, house: House, simulator: Simulator) -> None:
    """Add the integration by its dialog, link the owner's phone, and add two chats."""
    await dashboard.log_in()
    await dashboard.add_integration()
    await dashboard.dialog.locator("input[name=url]").fill(house.bridge_url)
    await dashboard.dialog.locator("input[name=token]").fill(house.bridge_token)
    await dashboard.picture("1-bridge")
    await dashboard.press("Submit")
    await dashboard.choose("Scan a QR code", "2-menu")
    code = await dashboard.scan("3-qr")
    async with dashboard.on_a_phone_at_night():
        assert await dashboard.scan("3-qr-dark-phone") == code
    await simulator.do("phone.scan", number=OWNER, qr=code)
    await dashboard.dialog.get_by_text("Only the chats").wait_for()
    await dashboard.pick_first_list("Family", "4-chats")
    await dashboard.add_number(f"+{BEA}")
    await dashboard.press("Submit")
    await dashboard.dialog.get_by_text("Name and assign").wait_for()
    await dashboard.picture("5-added")
    await dashboard.press("Skip and finish")


async def write(home_assistant: HomeAssistant, simulator: Simulator) -> None:
    """What Home Assistant sends by `notify.whatsapp` is read on the phones."""
    await home_assistant.act("notify.whatsapp", {"message": "Dinner is ready", "target": ["Family", f"+{BEA}"]})
    in_group = await simulator.do("phone.wait", number=BEA, text="Dinner is ready", timeout_ms=15_000)
    alone = await simulator.do(
        "phone.wait", number=BEA, text="Dinner is ready", after=in_group["index"], timeout_ms=15_000
    )
    assert [in_group["chat"], alone["chat"]] == [FAMILY, OWNER]


async def answer(home_assistant: HomeAssistant, simulator: Simulator) -> None:
    """What a phone writes starts an automation, which answers."""
    await simulator.do("phone.say", number=BEA, to=OWNER, text="lamp on")
    await simulator.do("phone.say", number=BEA, to=FAMILY, text="status?")
    said = await simulator.do("phone.wait", number=BEA, text="The lamp is on.", timeout_ms=15_000)
    assert said["chat"] == FAMILY


async def ask(home_assistant: HomeAssistant, simulator: Simulator) -> str:
    """A poll reaches the group. Returns its id."""
    poll = {"target": "Family", "question": "Heating on?", "options": ["Yes", "No"]}
    sent = await home_assistant.act("whatsapp.send_poll", poll, answers=True)
    assert sent["status"] == "sent"
    seen = await simulator.do("phone.wait", number=BEA, kind="poll", timeout_ms=15_000)
    assert seen["options"] == ["Yes", "No"]
    message_id: str = sent["message_id"]
    return message_id


async def vote(home_assistant: HomeAssistant, simulator: Simulator, poll_id: str) -> None:
    """A vote is an event that says what was chosen, by name."""
    votes = asyncio.Queue[dict[str, Any]]()
    await home_assistant.on_event("whatsapp_poll_vote", votes.put_nowait)
    await simulator.do("phone.vote", number=BEA, poll=poll_id, options=["Yes"])
    async with asyncio.timeout(15):
        event = await votes.get()
    assert (event["poll_id"], event["question"], event["options"]) == (poll_id, "Heating on?", ["Yes"])
    assert event["voter_name"] == "Bea"


def assert_clean(log: Path) -> None:
    """Home Assistant complains of nothing but the one thing that it says of every custom integration."""
    complaints = [line for line in log.read_text().splitlines() if re.search(r" (WARNING|ERROR|CRITICAL) \(", line)]
    assert len(complaints) == 1, complaints
    assert _EXPECTED_WARNING in complaints[0]
