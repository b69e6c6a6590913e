"""A flow as the frontend drives it: it looks again when Home Assistant says that something has changed."""

import asyncio
from collections.abc import Callable, Generator
from typing import Any, Protocol, Self

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESSED, FlowManager, FlowResultType, UnknownFlow
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.whatsapp.const import DOMAIN
from demo.camera import read_qr
from demo.simulator import OWNER, Simulator

from .wait import TIMEOUT

type Step = dict[str, Any]


class SomeBridge(Protocol):
    """The real one or a scripted one."""

    @property
    def url(self) -> str:
        """Where it listens."""

    @property
    def token(self) -> str:
        """What it wants to hear first."""


class Dialog:
    """An open dialog. `step` is what it shows."""

    step: Any

    def __init__(self, hass: HomeAssistant, manager: FlowManager[Any, Any, Any]) -> None:
        """`manager` is `hass.config_entries.flow`, or `.subentries`."""
        self._manager = manager
        self._news = asyncio.Event()
        self._end = hass.bus.async_listen(EVENT_DATA_ENTRY_FLOW_PROGRESSED, self._hear)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_tab()

    def close_tab(self) -> None:
        """Look no more. Home Assistant does not learn of it."""
        self._end()

    @callback
    def _hear(self, event: Event[Any]) -> None:
        if event.data["flow_id"] == self.step["flow_id"]:
            self._news.set()

    async def open(self, handler: Any, **context: Any) -> None:
        """Begin a flow."""
        self.step = await self._manager.async_init(handler, context=context or None)

    async def add(self, bridge: SomeBridge) -> None:
        """Begin to add the integration, and name a bridge."""
        await self.open(DOMAIN, source="user")
        await self.submit(url=bridge.url, token=bridge.token)
        assert self.step["step_id"] == "link", self.step

    async def reopen(self, flow_id: str) -> None:
        """Show a flow that Home Assistant began by itself."""
        self.step = await self._manager.async_configure(flow_id)

    async def submit(self, **data: Any) -> None:
        """Send a form."""
        assert self.step["type"] is FlowResultType.FORM, self.step
        self.step = await self._manager.async_configure(self.step["flow_id"], data)

    async def click_twice(self, **data: Any) -> None:
        """Send a form twice at once. Home Assistant may have closed the dialog before it works on the second."""
        clicks = [self._manager.async_configure(self.step["flow_id"], data) for _ in range(2)]
        results = await asyncio.gather(*clicks, return_exceptions=True)
        answers = [result for result in results if not isinstance(result, UnknownFlow)]
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        self.step = answers[0]

    async def choose(self, option: str) -> None:
        """Choose from a menu."""
        assert option in self.step["menu_options"], self.step
        self.step = await self._manager.async_configure(self.step["flow_id"], {"next_step_id": option})

    async def until(self, condition: Callable[[Step], object]) -> None:
        """Return as soon as the dialog shows what is wanted."""
        async with asyncio.timeout(TIMEOUT):
            while not condition(self.step):
                await self._news.wait()
                self._news.clear()
                self.step = await self._manager.async_configure(self.step["flow_id"])

    async def until_step(self, step_id: str) -> None:
        """Return as soon as the dialog shows this step."""
        await self.until(lambda step: step.get("step_id") == step_id)

    async def picture(self, other_than: str = "") -> str:
        """Return the picture that the dialog shows, as soon as it is there."""
        await self.until(lambda step: self._placeholder("qr") not in ("", other_than))
        return self._placeholder("qr")

    async def scan(self, simulator: Simulator, number: str = OWNER) -> None:
        """Have this phone scan the code that the dialog shows."""
        await simulator.do("phone.scan", number=number, qr=read_qr(await self.picture()))

    async def code(self) -> str:
        """Return the code that the dialog shows in two halves, as soon as it is there."""
        await self.until(lambda step: step.get("progress_action") == "code")
        left, right = self._placeholder("code").split("\u2011")
        assert len(left) == len(right) == 4
        return left + right

    def offers(self, field: str) -> list[str]:
        """Return what a list of the form offers."""
        options = self.step["data_schema"].schema[field].config["options"]
        return [option if isinstance(option, str) else option["label"] for option in options]

    def suggests(self, field: str) -> object:
        """Return what a field of the form is filled with."""
        [key] = [key for key in self.step["data_schema"].schema if key == field]
        return key.description["suggested_value"]

    def _placeholder(self, name: str) -> str:
        return str((self.step.get("description_placeholders") or {}).get(name, ""))

    def cancel(self) -> None:
        """Close the dialog by its cross."""
        self._manager.async_abort(self.step["flow_id"])
        self.close_tab()


async def open_chats(dialog: Dialog, entry: ConfigEntry) -> None:
    """Begin to add a chat to an account."""
    await dialog.open((entry.entry_id, "chat"), source="user")


async def added(hass: HomeAssistant, dialog: Dialog, entry: ConfigEntry, titles: list[str]) -> None:
    """Check that the chats are there, with a device for each."""
    assert dialog.step["type"] is FlowResultType.CREATE_ENTRY, dialog.step
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert [subentry.title for subentry in entry.subentries.values()] == titles
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert set(titles) < {device.name for device in devices}


@pytest.fixture
def dialog(hass: HomeAssistant) -> Generator[Dialog]:
    """Return a dialog for config flows, not open yet."""
    with Dialog(hass, hass.config_entries.flow) as opened:
        yield opened


@pytest.fixture
def other_dialog(hass: HomeAssistant) -> Generator[Dialog]:
    """Return one more of them."""
    with Dialog(hass, hass.config_entries.flow) as opened:
        yield opened


@pytest.fixture
def chat_dialog(hass: HomeAssistant) -> Generator[Dialog]:
    """Return a dialog for chats, not open yet."""
    with Dialog(hass, hass.config_entries.subentries) as opened:
        yield opened
