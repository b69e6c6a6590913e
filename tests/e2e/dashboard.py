"""Home Assistant's own pages, as a person uses them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from io import BytesIO
import json
from pathlib import Path
import re
from typing import Any, Final

from PIL import Image
from playwright.async_api import Locator, Page, ViewportSize
import zxingcpp

from demo.house import PASSWORD, USER, House

# For people to look at; nothing reads them.
_PICTURES: Final = Path(__file__).parent / "screenshots"

DESKTOP: Final = ViewportSize(width=1100, height=900)
_PHONE: Final = ViewportSize(width=390, height=780)


class Dashboard:
    """A tab with Home Assistant in it."""

    def __init__(self, page: Page, house: House) -> None:
        self._page = page
        self._house = house

    @property
    def dialog(self) -> Locator:
        """The dialog of a config flow."""
        return self._page.locator("dialog-data-entry-flow")

    async def log_in(self) -> None:
        """Log in as the owner."""
        await self._page.goto(self._house.url)
        await self._page.fill("input[name=username]", USER)
        await self._page.fill("input[name=password]", PASSWORD)
        await self._page.press("input[name=password]", "Enter")
        await self._page.wait_for_selector("home-assistant-main")

    async def add_integration(self) -> None:
        """Open the integration's config flow."""
        await self._page.goto(f"{self._house.url}/config/integrations/dashboard/add?domain=whatsapp")
        await self._page.get_by_role("button", name="OK").click()
        await self.dialog.locator("input[name=token]").wait_for()

    async def press(self, name: str) -> None:
        """Press a button of the dialog."""
        await self.dialog.get_by_role("button", name=name).click()

    async def picture(self, name: str) -> bytes:
        """Take a picture of the page as it is."""
        _PICTURES.mkdir(exist_ok=True)
        return await self._page.screenshot(path=_PICTURES / f"{name}.png")

    async def scan(self, name: str) -> str:
        """Return the text of the QR code that the page shows, as a phone's camera sees it."""
        await self.dialog.locator("ha-markdown img").wait_for()
        (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(await self.picture(name))))
        return code.text

    @asynccontextmanager
    async def on_a_phone_at_night(self) -> AsyncGenerator[None]:
        """Look at it narrow and dark for a while."""
        await self._page.set_viewport_size(_PHONE)
        await self._page.emulate_media(color_scheme="dark")
        yield
        await self._page.emulate_media(color_scheme="light")
        await self._page.set_viewport_size(DESKTOP)

    async def choose(self, option: str, picture: str) -> None:
        """Choose from the dialog's menu."""
        await self.dialog.get_by_text(option).wait_for()
        await self.picture(picture)
        await self.dialog.get_by_text(option).click()

    async def pick_first_list(self, option: str, picture: str) -> None:
        """Pick from the first searchable list of the dialog."""
        await self.dialog.get_by_role("button", name="Add", exact=True).first.click()
        await self._page.get_by_text(option, exact=True).first.wait_for()
        await self.picture(picture)
        await self._page.get_by_text(option, exact=True).first.click()

    async def add_number(self, number: str) -> None:
        """Type a phone number into the dialog's list of them."""
        await self.press("Add Phone number")
        await self.dialog.locator("input[type=tel]").fill(number)

    async def show_integration(self, picture: str) -> None:
        """Look at the page of the integration."""
        await self._page.goto(f"{self._house.url}/config/integrations/integration/whatsapp")
        await self._page.get_by_text("Family").first.wait_for()
        await self.picture(picture)

    async def open_action(self, action: str, data: dict[str, Any]) -> None:
        """Open the form of an action under Settings, Tools, with these fields filled in."""
        key, filled = "panel-dev-action-state-service-data", json.dumps({"action": action, "data": data})
        await self._page.evaluate("([key, filled]) => localStorage.setItem(key, filled)", [key, filled])
        await self._page.goto(f"{self._house.url}/config/tools/action")
        await self._page.get_by_text(action).first.wait_for()

    async def perform(self) -> None:
        """Perform the action of the form."""
        await self._page.get_by_role("button", name="Perform action").click()

    async def new_automation(self, trigger: str, found: str, chosen: str) -> None:
        """Search for a trigger in the automation editor, and save an automation that has it."""
        await self._page.goto(f"{self._house.url}/config/automation/edit/new")
        await self._page.get_by_role("button", name="Add trigger").click()
        await self._page.get_by_placeholder("Search").fill("WhatsApp")
        await self._page.get_by_text(trigger, exact=True).first.wait_for()
        await self.picture(found)
        await self._page.get_by_text(trigger, exact=True).first.click()
        await self._page.get_by_text("Add target").wait_for()
        await self.picture(chosen)
        await self._page.get_by_role("button", name="Save").click()
        await self._page.get_by_role("textbox", name="Name").fill(trigger)
        await self._page.get_by_role("button", name="Save").last.click()
        await self._page.wait_for_url(re.compile(r"/config/automation/edit/\d+"))

    async def _open_integration(self) -> Locator:
        await self._page.goto(f"{self._house.url}/config/integrations/integration/whatsapp")
        return self._page.locator("ha-config-entry-row").first

    async def open_options(self) -> None:
        """Open the options of the account."""
        row = await self._open_integration()
        await row.get_by_role("button", name="Configure").first.click()

    async def download(self, item: str, picture: str) -> str:
        """Return the text of the file that an item of the account's menu downloads."""
        row = await self._open_integration()
        await row.get_by_role("button", name="Menu").first.click()
        entry = self._page.get_by_role("menuitem", name=item)
        await entry.wait_for()
        await self.picture(picture)
        async with self._page.expect_download() as download:
            await entry.click()
        return (await (await download.value).path()).read_text()

    async def reconfigure(self, picture: str) -> None:
        """Open the dialog of the account that needs attention."""
        await self._open_integration()
        button = self._page.get_by_role("button", name="Reconfigure").first
        await button.wait_for()
        await self.picture(picture)
        await button.click()

    async def repair(self, title: str, advice: str, listed: str, opened: str) -> None:
        """Open the repair with this in its title, and go through with it once it gives this advice."""
        await self._page.goto(f"{self._house.url}/config/repairs")
        issue = self._page.get_by_text(title).first
        await issue.wait_for()
        await self.picture(listed)
        await issue.click()
        await self._page.get_by_text(advice).wait_for()
        await self.picture(opened)
        await self._page.get_by_role("button", name="Submit").click()
        await self._page.get_by_text("The issue is repaired").wait_for()
