"""Fixtures: the house of the demo, all of it real, and a real browser in front of it."""

from collections.abc import AsyncGenerator
from pathlib import Path
import shutil

from playwright.async_api import Page, async_playwright
import pytest

from demo.home_assistant import HomeAssistant
from demo.house import House
from demo.simulator import Simulator, populate

from .dashboard import DESKTOP

_CHROMIUM = shutil.which("chromium")
# Without these it looks for its maker's servers, which a test must not.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-sync",
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House]:
    """A house where nothing is linked yet."""
    house = House(tmp_path)
    try:
        await house.start()
        yield house
    finally:
        await house.stop()


@pytest.fixture
async def simulator(house: House) -> AsyncGenerator[Simulator]:
    """The house's WhatsApp, with its people and groups."""
    async with Simulator(house.control_url) as simulator:
        await populate(simulator)
        yield simulator


@pytest.fixture
async def home_assistant(house: House) -> AsyncGenerator[HomeAssistant]:
    """The house's Home Assistant, as an app sees it."""
    async with HomeAssistant(house.url, house.token) as home_assistant:
        yield home_assistant


@pytest.fixture
async def page() -> AsyncGenerator[Page]:
    """An empty tab of a browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_QUIET))
        page = await browser.new_page(viewport=DESKTOP)
        page.set_default_timeout(30_000)
        yield page
        await browser.close()
