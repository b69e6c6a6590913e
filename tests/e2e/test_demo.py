"""The demo as `scripts/demo` starts it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
import json
from pathlib import Path
import re
import signal
import sys

from aiohttp import ClientError, ClientSession
import pytest

from demo.home_assistant import HomeAssistant, HomeAssistantError
from demo.simulator import OWNER, Simulator


class Demo:
    """A demo that runs, and what it told a person to use."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, told: str) -> None:
        self.process = process
        self.folder = folder
        self.url = _find(r"Home Assistant +(http\S+)", told)
        self.bridge = _find(r"Address +(\S+)", told)
        self.token = _find(r"Token +(\S+)", told)
        self.page, self.camera = _find(r"(\S+/\?camera=\S+)", told).split("/?camera=")

    def home_assistant(self) -> HomeAssistant:
        """Return its Home Assistant, as the owner."""
        return HomeAssistant(self.url, json.loads((self.folder / "owner.json").read_text())["token"])

    async def end(self) -> str:
        """Return what else it says until its end."""
        assert self.process.stdout
        async with asyncio.timeout(20):
            return (await self.process.stdout.read()).decode().strip()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncGenerator[Demo]:
    """Return a demo that has just started for the first time."""
    folder = tmp_path / "demo"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo", "--folder", str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    told = ""
    try:
        async with asyncio.timeout(120):
            while "Ctrl-C" not in told:
                line = await process.stdout.readline()
                assert line, told
                told += line.decode()
        yield Demo(process, folder, told)
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await process.communicate()


def _find(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


async def test_the_page_of_the_phones_sees_the_code_on_show(demo: Demo) -> None:
    async with ClientSession() as session, Simulator(demo.page) as simulator:
        async with session.get(demo.camera) as response:
            assert "shows no QR code" in (await response.json())["error"]
            assert response.headers["Access-Control-Allow-Origin"] == demo.page
        async with demo.home_assistant() as home_assistant:
            flow_id = (await home_assistant.begin_flow("whatsapp"))["flow_id"]
            shown = asyncio.Event()
            await home_assistant.on_event("data_entry_flow_progressed", lambda _: shown.set())
            await home_assistant.submit(flow_id, {"url": demo.bridge, "token": demo.token})
            await home_assistant.submit(flow_id, {"next_step_id": "qr"})
            await asyncio.wait_for(shown.wait(), 20)
            async with session.get(demo.camera) as response:
                code = (await response.json())["qr"]
        await simulator.do("phone.scan", number=OWNER, qr=code)


async def test_ctrl_c_ends_everything(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGINT)
    assert await demo.end() == "Stopped."
    assert await demo.process.wait() == 0
    async with ClientSession() as session:
        for url in (demo.url, demo.page, demo.camera):
            with pytest.raises(ClientError):
                await session.get(url)


async def test_a_part_that_dies_ends_the_demo(demo: Demo) -> None:
    async with demo.home_assistant() as home_assistant:
        with suppress(HomeAssistantError):
            await home_assistant.act("homeassistant.stop", {})
    log = demo.folder / "logs" / "home-assistant.log"
    assert await demo.end() == f"home-assistant has stopped. Its log is {log}. Everything else is stopped too."
    assert await demo.process.wait() == 1
    async with ClientSession() as session:
        with pytest.raises(ClientError):
            await session.get(demo.page)
