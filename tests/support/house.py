"""Fixtures for the real bridge and the simulated WhatsApp, each a process of its own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
import shutil
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsapp.bridge import BridgeClient
from custom_components.whatsapp.bridge.protocol import Account, EventFrame, LinkEvent
from demo.parts import bridge_part, simulator_part
from demo.simulator import OWNER, Simulator, populate

from .entry import load, make_entry
from .wait import TIMEOUT


class RealBridge:
    """A bridge that can be stopped, killed and started again: it keeps its port and its data."""

    def __init__(self, folder: Path, whatsapp: dict[str, Any]) -> None:
        """Prepare. `whatsapp` is what the simulator said when it started."""
        self._folder = folder
        self._whatsapp = whatsapp
        self._port = 0

    async def start(self) -> None:
        """Start, and listen."""
        self._part = bridge_part(self._folder, self._folder / "data", self._whatsapp, port=self._port)
        self._port = (await self._part.start())["port"]

    async def stop(self) -> None:
        """End in order."""
        await self._part.stop()

    async def kill(self) -> None:
        """End at once."""
        await self._part.kill()

    async def move(self) -> None:
        """Go on at another port."""
        await self.stop()
        self._port = 0
        await self.start()

    def forget_token(self) -> None:
        """Have the next start make another token."""
        (self._folder / "data" / "token").unlink()

    def forget_everything(self) -> None:
        """Have the next start begin with nothing."""
        shutil.rmtree(self._folder / "data")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self._port}"

    @property
    def token(self) -> str:
        """What it wants to hear first."""
        return (self._folder / "data" / "token").read_text().strip()

    @property
    def log(self) -> str:
        """What it has printed since it started last."""
        return self._part.log.read_text()

    def client(self) -> BridgeClient:
        """Return a client, not connected yet."""
        return BridgeClient(self.url, self.token, name="test")

    async def bridge_id(self) -> str:
        """Return what it calls itself."""
        client = self.client()
        try:
            return (await client.connect())["bridge_id"]
        finally:
            await client.close()

    async def accounts(self) -> dict[str, Account]:
        """Return its accounts by their ids."""
        async with self.client() as client:
            return {account["account_id"]: account for account in await client.accounts()}

    async def until_account(self, status: str) -> None:
        """Return as soon as its one account has this status."""
        arrived = asyncio.Event()

        def listen(frame: EventFrame) -> None:
            event = frame["event"]
            if event["type"] == "account" and event["account"]["connection"]["status"] == status:
                arrived.set()

        async with asyncio.timeout(TIMEOUT), self.client() as client:
            client.on_event(listen)
            [account] = await client.accounts()
            snapshot = await client.listen(account["account_id"], "test")
            if snapshot["account"]["connection"]["status"] != status:
                await arrived.wait()

    async def link(self, simulator: Simulator, number: str = OWNER) -> Account:
        """Have this phone scan a code of the bridge, and return the new account."""
        events = asyncio.Queue[LinkEvent]()

        def listen(frame: EventFrame) -> None:
            if frame["event"]["type"] == "link":
                events.put_nowait(frame["event"])

        async with asyncio.timeout(TIMEOUT), self.client() as client:
            client.on_event(listen)
            await client.link("qr")
            while not (account := (event := await events.get())["account"]):
                assert not event["error"], event
                if event["qr"]:
                    await simulator.do("phone.scan", number=number, qr=event["qr"])
            return account


@pytest.fixture
async def _house(tmp_path: Path) -> AsyncGenerator[tuple[Simulator, RealBridge]]:
    async with AsyncExitStack() as stack:
        part = simulator_part(tmp_path)
        stack.push_async_callback(part.kill)
        whatsapp = await part.start()
        simulator = await stack.enter_async_context(Simulator(whatsapp["control_url"]))
        await populate(simulator)
        bridge = RealBridge(tmp_path, whatsapp)
        stack.push_async_callback(bridge.kill)
        await bridge.start()
        yield simulator, bridge


@pytest.fixture
def simulator(_house: tuple[Simulator, RealBridge]) -> Simulator:
    """Return a WhatsApp where the people and the groups of `demo.simulator` live."""
    return _house[0]


@pytest.fixture
def bridge(_house: tuple[Simulator, RealBridge]) -> RealBridge:
    """Return a bridge that uses that WhatsApp and has no account."""
    return _house[1]


@pytest.fixture
async def linked(bridge: RealBridge, simulator: Simulator) -> Account:
    """Return the account of the owner in that bridge, linked and ready."""
    account = await bridge.link(simulator)
    await simulator.do("phone.wait_device", number=OWNER, state="ready")
    return account


@pytest.fixture
async def home(hass: HomeAssistant, bridge: RealBridge, linked: Account) -> MockConfigEntry:
    """Return its loaded entry: a house that the test has for itself."""
    entry = make_entry(bridge.url, bridge.token, linked, title="Alex")
    await load(hass, entry)
    return entry
