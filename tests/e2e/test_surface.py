"""What a person does with a linked account in Home Assistant's own pages."""

import asyncio
import json

from playwright.async_api import Page

from demo.home_assistant import HomeAssistant
from demo.house import House
from demo.simulator import BEA, FAMILY, OWNER, Simulator

from .dashboard import Dashboard
from .test_house import link

# What nobody may find in a file that goes into a public forum.
_PRIVATE = (OWNER, BEA, "Bea", "Family", "@g.us", "@lid", "@s.whatsapp.net")


async def test_use_configure_and_mend(
    house: House, simulator: Simulator, home_assistant: HomeAssistant, page: Page
) -> None:
    dashboard = Dashboard(page, house)
    await link(dashboard, house, simulator)
    await dashboard.show_integration("9-integration")
    await send_with_the_tools(dashboard, simulator)
    await make_an_automation(dashboard, home_assistant, simulator)
    await leave_out(home_assistant, simulator)
    await look_at_the_options(dashboard)
    await download_diagnostics(dashboard, house)
    await mend(dashboard, simulator)
    await link_again(dashboard, simulator)
    async with dashboard.on_a_phone_at_night():
        await dashboard.show_integration("30-integration-dark-phone")


async def send_with_the_tools(dashboard: Dashboard, simulator: Simulator) -> None:
    """Fill in the form of an action, and perform it."""
    await dashboard.open_action("whatsapp.send_message", {"target": ["Family"], "message": "From the tools"})
    await dashboard.picture("10-tools")
    await dashboard.perform()
    said = await simulator.do("phone.wait", number=BEA, text="From the tools", timeout_ms=15_000)
    assert said["chat"] == FAMILY
    await dashboard.picture("11-tools-answer")


async def make_an_automation(dashboard: Dashboard, home_assistant: HomeAssistant, simulator: Simulator) -> None:
    """Find the trigger in the editor, and save an automation that it starts."""
    triggered = asyncio.Event()
    await home_assistant.on_event("automation_triggered", lambda _: triggered.set())
    await dashboard.new_automation("Message received", "12-triggers", "13-trigger")
    await simulator.do("phone.say", number=BEA, to=OWNER, text="Is anybody there?")
    async with asyncio.timeout(15):
        await triggered.wait()


async def leave_out(home_assistant: HomeAssistant, simulator: Simulator) -> None:
    """Who is excluded from a target gets no message, and starts nothing."""
    devices = {each["name"]: each["id"] for each in await home_assistant.command("config/device_registry/list")}
    both = {"device_id": [devices["Family"], devices[f"+{BEA}"]]}
    for target in (
        {**both, "exclude": {"entity_id": "notify.family"}},
        both | {"exclude": {"device_id": devices["Family"]}},
    ):
        for data in (target, {"chats": target}):
            sent = await home_assistant.act("whatsapp.send_message", {"message": "x", **data}, answers=True)
            assert [result["target"] for result in sent["results"]] == [f"notify.{BEA}"]

    waits = asyncio.Event()
    await home_assistant.on_event("it_waits", lambda _: waits.set())
    trigger = {"trigger": "whatsapp.message_received", "target": both | {"exclude": {"entity_id": "event.family"}}}
    script = [
        {"event": "it_waits"},
        {"wait_for_trigger": trigger},
        {"variables": {"said": {"content": "{{ wait.trigger.data.content }}"}}},
        {"stop": "heard", "response_variable": "said"},
    ]
    heard = asyncio.create_task(home_assistant.command("execute_script", sequence=script))
    await waits.wait()
    await simulator.do("phone.say", number=BEA, to=FAMILY, text="to be left out")
    await simulator.do("phone.say", number=BEA, to=OWNER, text="to be heard")
    async with asyncio.timeout(15):
        assert (await heard)["response"] == {"content": "to be heard"}


async def look_at_the_options(dashboard: Dashboard) -> None:
    """Open every page of the options."""
    for number, option in enumerate(
        ("Messages and automations", "Pictures and other files", "Sending pace", "Privacy")
    ):
        await dashboard.open_options()
        await dashboard.choose(option, f"14-options-{number}")
        await dashboard.dialog.get_by_role("button", name="Submit").wait_for()
        await dashboard.picture(f"15-options-{number}")


async def download_diagnostics(dashboard: Dashboard, house: House) -> None:
    """The file tells nothing of anybody."""
    text = await dashboard.download("Download diagnostics", "16-menu")
    assert json.loads(text)["data"]
    told = [private for private in (*_PRIVATE, house.bridge_token) if private in text]
    assert not told


async def mend(dashboard: Dashboard, simulator: Simulator) -> None:
    """Another program has taken the connection: the repair takes it back."""
    await simulator.do("server.disconnect", number=OWNER, reason="replaced")
    await dashboard.repair("WhatsApp", "Stop the other program", "20-repairs", "21-repair")
    await simulator.do("phone.wait_device", number=OWNER, state="ready", timeout_ms=15_000)
    await dashboard.picture("22-repaired")


async def link_again(dashboard: Dashboard, simulator: Simulator) -> None:
    """The phone has logged the device out: a new QR code links it again."""
    await simulator.do("phone.unlink", number=OWNER)
    await dashboard.reconfigure("25-reauth")
    await dashboard.choose("Scan a QR code", "26-reauth-reason")
    await simulator.do("phone.scan", number=OWNER, qr=await dashboard.scan("27-reauth-qr"))
    await dashboard.dialog.get_by_text("successful").wait_for()
    await dashboard.picture("28-reauth-done")
    await simulator.do("phone.wait_device", number=OWNER, state="ready", timeout_ms=15_000)
