"""A picture that a phone sends, in Home Assistant's own media browser."""

from base64 import b64encode
from io import BytesIO

from PIL import Image
from playwright.async_api import Page, expect

from demo.home_assistant import HomeAssistant
from demo.house import House
from demo.simulator import BEA, FAMILY, OWNER, Simulator

from .dashboard import Dashboard
from .test_house import assert_clean, link


async def test_browse_and_look(house: House, simulator: Simulator, home_assistant: HomeAssistant, page: Page) -> None:
    dashboard = Dashboard(page, house)
    await link(dashboard, house, simulator)
    await simulator.do("phone.send_media", number=BEA, to=FAMILY, kind="image", base64=_picture())
    await simulator.do(
        "phone.send_media", number=BEA, to=FAMILY, kind="document", base64="PGI+aGk8L2I+", file_name="<b>plan.html"
    )
    await page.goto(f"{house.url}/media-browser")
    for folder in ("WhatsApp", f"+{OWNER}", "Family"):
        await page.locator(".title", has_text=folder).click()
    picture = page.locator(".title", has_text="Bea · Picture")
    await picture.wait_for()
    await page.locator(".title", has_text="plan.html").wait_for()
    await dashboard.picture("40-media-browser")
    await picture.click()
    await expect(page.locator("img[alt$='Bea · Picture']")).to_have_js_property("naturalWidth", 320)
    await dashboard.picture("41-media-browser-picture")
    await house.home_assistant.stop()
    assert_clean(house.home_assistant.log)


def _picture() -> str:
    file = BytesIO()
    Image.linear_gradient("L").resize((320, 240)).save(file, "JPEG")
    return b64encode(file.getvalue()).decode()
