"""A camera that looks at Home Assistant: the QR code now on show there, as text."""

from base64 import b64decode
import re
from typing import Any, Final

from aiohttp import web
import numpy as np
import zxingcpp

from .home_assistant import HomeAssistant

_PREFIX: Final = "data:image/svg+xml;base64,"
# What the drawing of a code is made of: move to, move by, draw to the right. One unit is one module.
_STEP: Final = re.compile(r"([Mmh])(-?\d+)(?: (-?[\d.]+))?")
_SIZE: Final = re.compile(r'fill="#fff" d="M0 0h(\d+)')
_LINES: Final = re.compile(r'stroke="#000" d="([^"]+)"')
_PIXELS_PER_MODULE: Final = 4


class NothingToSeeError(Exception):
    """There is no QR code."""


def read_qr(image: str) -> str:
    """Return the text of the QR code in a data URI of an SVG.

    Raises:
        NothingToSeeError: it is none.

    """
    svg = b64decode(image.removeprefix(_PREFIX)).decode()
    size, lines = _SIZE.search(svg), _LINES.search(svg)
    if not size or not lines:
        raise NothingToSeeError("The picture is not a QR code.")
    picture = np.full((int(size[1]), int(size[1])), 255, dtype=np.uint8)
    x, y = 0, 0.0
    for step, across, down in _STEP.findall(lines[1]):
        if step == "h":
            picture[int(y), x : x + int(across)] = 0
        if step == "M":
            x, y = 0, 0.0
        x += int(across)
        y += float(down or 0)
    found = zxingcpp.read_barcodes(np.kron(picture, np.ones((_PIXELS_PER_MODULE, _PIXELS_PER_MODULE), np.uint8)))
    if not found:
        raise NothingToSeeError("The picture is not a QR code.")
    return found[0].text


class Camera:
    """Serves `GET /qr` on loopback: `{"qr": text}`, or `{"error": sentence}` when there is none."""

    def __init__(self, home_assistant: HomeAssistant, allowed_origin: str) -> None:
        """`allowed_origin` is the only web page that may look."""
        self.url = ""
        self._home_assistant = home_assistant
        self._allowed_origin = allowed_origin
        self._flow_id: str | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Watch Home Assistant's dialogs, and listen."""
        await self._home_assistant.on_event("data_entry_flow_progressed", self._remember)
        app = web.Application()
        app.router.add_get("/qr", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/qr"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner:
            await self._runner.cleanup()

    def _remember(self, data: dict[str, Any]) -> None:
        if data["handler"] == "whatsapp":
            self._flow_id = data["flow_id"]

    async def _answer(self, _: web.Request) -> web.Response:
        headers = {"Access-Control-Allow-Origin": self._allowed_origin, "Cache-Control": "no-store"}
        try:
            return web.json_response({"qr": await self.look()}, headers=headers)
        except NothingToSeeError as err:
            return web.json_response({"error": str(err)}, headers=headers)

    async def look(self) -> str:
        """Return the text of the QR code now on show.

        Raises:
            NothingToSeeError: no dialog shows one.

        """
        flow = await self._home_assistant.flow(self._flow_id) if self._flow_id else None
        image = ((flow or {}).get("description_placeholders") or {}).get("qr")
        if not image:
            raise NothingToSeeError(
                "Home Assistant shows no QR code. Add the WhatsApp integration there and choose “Scan a QR code”."
            )
        return read_qr(image)
