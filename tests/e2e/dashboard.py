"""Home Assistant's own pages, as a person uses them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

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
