"""A real bridge with a linked account on a simulated WhatsApp, started once for all tests of a file."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import AsyncExitStack
from threading import Thread
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import pytest_socket

from custom_components.whatsapp.bridge import BridgeClient
from custom_components.whatsapp.bridge.protocol import Account, Chat
from demo.parts import simulator_part
from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator, populate
from tests.support.entry import load, make_entry
from tests.support.house import RealBridge

# Options with which messages go out as fast as they can: tests send more in a second than people in an hour.
AT_ONCE: dict[str, Any] = {"pacing_chat": 0, "pacing_account": 0}


class SharedHouse:
    """What tests need of it. It runs in a loop of its own, since every test has another."""

    def __init__(self, control_url: str, bridge: RealBridge, account: Account) -> None:
        self.control_url = control_url
        self.account = account
        self._bridge = bridge
        self._second: Account | None = None

    def client(self) -> BridgeClient:
        """Return a client, not connected yet."""
        return self._bridge.client()

    async def chat(self, reference: str) -> Chat:
        """Return the chat of a number or an id."""
        async with self.client() as client:
            return await client.resolve(self.account["account_id"], reference)

    async def entry(
        self, chats: dict[str, str], account: Account | None = None, title: str = "Alex", **options: Any
    ) -> MockConfigEntry:
        """Return a config entry with these chats added, names by number or id, and with these options."""
        added: list[Chat] = [{**await self.chat(reference), "name": name} for reference, name in chats.items()]
        return make_entry(self._bridge.url, self._bridge.token, account or self.account, added, title, **options)

    async def second_account(self, whatsapp: Simulator) -> Account:
        """Return the account of Carlos, on the same bridge."""
        if self._second is None:
            self._second = await self._bridge.link(whatsapp, CARLOS)
            await whatsapp.do("phone.wait_device", number=CARLOS, state="ready")
        return self._second


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[SharedHouse]:
    """Return the house that the tests of a file share. None depends on what those before it did."""
    # The harness of Home Assistant has blocked sockets until the fixtures of the test itself are made.
    pytest_socket.enable_socket()
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    def run[T](coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    stack = AsyncExitStack()

    async def start() -> SharedHouse:
        folder = tmp_path_factory.mktemp("house")
        part = simulator_part(folder)
        stack.push_async_callback(part.kill)
        whatsapp = await part.start()
        bridge = RealBridge(folder, whatsapp)
        stack.push_async_callback(bridge.kill)
        async with Simulator(whatsapp["control_url"]) as simulator:
            await populate(simulator)
            await bridge.start()
            account = await bridge.link(simulator)
            await simulator.do("phone.wait_device", number=OWNER, state="ready")
        return SharedHouse(whatsapp["control_url"], bridge, account)

    try:
        yield run(start())
    finally:
        run(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
async def whatsapp(house: SharedHouse) -> AsyncGenerator[Simulator]:
    """Return the control of the WhatsApp of the shared house."""
    async with Simulator(house.control_url) as simulator:
        yield simulator


@pytest.fixture
async def entry(hass: HomeAssistant, house: SharedHouse) -> MockConfigEntry:
    """Return the loaded entry of the shared house's account, with Bea and the family added."""
    made = await house.entry({BEA: "Bea", FAMILY: "Family"}, **AT_ONCE)
    await load(hass, made)
    return made
