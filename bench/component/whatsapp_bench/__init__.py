"""Measures from inside Home Assistant: put there by `scripts/bench home-assistant`."""

import asyncio
from dataclasses import dataclass
import gc
import os
import threading
import time
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import Event, HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers.typing import ConfigType

from custom_components.whatsapp.chat_flow import chat_subentry
from custom_components.whatsapp.config_flow import WhatsAppConfigFlow
from custom_components.whatsapp.const import DOMAIN as WHATSAPP

DOMAIN: Final = "whatsapp_bench"
# Milliseconds from which on it is remembered what a callback was.
_LONG: Final = 5.0
_REMEMBERED: Final = 50


def clock() -> float:
    """Return milliseconds of a clock that all processes of a machine share."""
    return time.monotonic() * 1000


@dataclass
class _Moment:
    """What has passed until now, in milliseconds. `waited`: for a processor. The thread is the loop's."""

    wall: float
    cpu: float
    waited: float
    # What of them was spent on collecting garbage, in whichever thread: nothing else runs meanwhile.
    collected: float
    collected_cpu: float


class Watch:
    """How long single callbacks keep the event loop from everything else, in milliseconds.

    `wall`: all the time that passes. `blocked`: the same without collecting garbage, and without waiting for a
    processor, which says how busy the machine is. `cpu`: what the loop's thread computes, without collecting garbage.
    """

    def __init__(self) -> None:
        self._callbacks = 0
        self._wall = self._cpu = self._blocked = 0.0
        self._long: list[dict[str, Any]] = []
        self._collections: list[float] = []
        self._collected = self._collected_cpu = 0.0
        self._original: Any = None
        self._thread = threading.get_ident()
        self._schedule = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)

    def start(self) -> None:
        """Look at every callback from here on."""
        original = self._original = asyncio.Handle._run  # noqa: SLF001

        def run(handle: asyncio.Handle) -> None:
            before = self._moment()
            original(handle)
            self._note(handle, before, self._moment())

        asyncio.Handle._run = run  # type: ignore[assignment, method-assign] # noqa: SLF001
        self._process_cpu, self._loop_cpu = time.process_time(), time.thread_time()
        gc.callbacks.append(self._note_collection)

    def stop(self) -> dict[str, Any]:
        """Look no more, and return what was seen."""
        asyncio.Handle._run = self._original  # type: ignore[method-assign] # noqa: SLF001
        gc.callbacks.remove(self._note_collection)
        # The callback that runs now is still looked at.
        asyncio.get_running_loop().call_soon(os.close, self._schedule)
        return {
            "callbacks": self._callbacks,
            "blocked_max_ms": self._blocked,
            "wall_max_ms": self._wall,
            "cpu_max_ms": self._cpu,
            "process_cpu_ms": (time.process_time() - self._process_cpu) * 1000,
            "loop_cpu_ms": (time.thread_time() - self._loop_cpu) * 1000,
            "collections": len(self._collections),
            "collection_max_ms": max(self._collections, default=0.0),
            "long": self._long,
        }

    def _moment(self) -> _Moment:
        waited = int(os.pread(self._schedule, 64, 0).split()[1]) / 1e6
        wall, cpu = time.perf_counter() * 1000, time.thread_time() * 1000
        return _Moment(wall, cpu, waited, self._collected, self._collected_cpu)

    def _note(self, handle: asyncio.Handle, before: _Moment, after: _Moment) -> None:
        wall = after.wall - before.wall
        cpu = after.cpu - before.cpu - (after.collected_cpu - before.collected_cpu)
        blocked = wall - (after.waited - before.waited) - (after.collected - before.collected)
        self._callbacks += 1
        self._wall, self._cpu, self._blocked = max(self._wall, wall), max(self._cpu, cpu), max(self._blocked, blocked)
        if blocked >= _LONG and len(self._long) < _REMEMBERED:
            self._long.append({"blocked_ms": blocked, "wall_ms": wall, "cpu_ms": cpu, "what": _name(handle)})

    def _note_collection(self, phase: str, _: dict[str, int]) -> None:
        now = self._moment()
        if phase == "start":
            self._collecting = now
            return
        began = self._collecting
        spent = now.wall - began.wall
        self._collections.append(spent)
        if threading.get_ident() == self._thread:
            spent -= now.waited - began.waited
            self._collected_cpu += now.cpu - began.cpu
        self._collected += spent


def _name(handle: asyncio.Handle) -> str:
    task = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined] # noqa: SLF001
    return task.get_name() if isinstance(task, asyncio.Task) else repr(handle)[:200]


class Meter:
    """The actions of this component."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        # By text, when an automation started on it, and when it was on the bus.
        self._heard: dict[str, float] = {}
        self._on_bus: dict[str, float] = {}
        self._count = 0
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._watch: Watch

    @callback
    def note(self, event: Event) -> None:
        """Note that a message is on the bus."""
        self._on_bus[event.data["content"]] = clock()

    async def add_entry(self, call: ServiceCall) -> None:
        """Add a config entry as the dialogs make it; `data`, `options`, `account_id`, and `chats` of the bridge."""
        entry = ConfigEntry(
            version=WhatsAppConfigFlow.VERSION,
            minor_version=WhatsAppConfigFlow.MINOR_VERSION,
            domain=WHATSAPP,
            title="Alex",
            data=call.data["data"],
            options=call.data["options"],
            unique_id=call.data["account_id"],
            source=SOURCE_USER,
            discovery_keys=MappingProxyType({}),
            subentries_data=[chat_subentry(chat) for chat in call.data["chats"]],
        )
        await self._hass.config_entries.async_add(entry)

    async def send(self, call: ServiceCall) -> ServiceResponse:
        """Send `text` to `target`, and answer `{asked, answered, status}` on the clock."""
        asked = clock()
        sent: Any = await self._hass.services.async_call(
            WHATSAPP,
            "send_message",
            {"target": call.data["target"], "message": call.data["text"]},
            blocking=True,
            return_response=True,
        )
        return {"asked": asked, "answered": clock(), "status": sent["status"]}

    @callback
    def hear(self, call: ServiceCall) -> None:
        """Note that an automation started with this `text`."""
        text = call.data["text"]
        self._heard[text] = clock()
        self._count += 1
        if waiting := self._waiting.pop(text, None):
            waiting.set_result(None)

    async def wait_heard(self, call: ServiceCall) -> ServiceResponse:
        """Answer `{heard, on_bus}` as soon as an automation has started with this `text`."""
        text = call.data["text"]
        if text not in self._heard:
            self._waiting[text] = self._hass.loop.create_future()
            await self._waiting[text]
        return {"heard": self._heard.pop(text), "on_bus": self._on_bus.pop(text)}

    @callback
    def collect(self, call: ServiceCall) -> ServiceResponse:
        """Answer what automations heard since the last time, `count` with repetitions, and who this process is."""
        if settled := call.data.get("settle"):
            gc.collect()
        answer: dict[str, Any] = {
            "heard": self._heard,
            "on_bus": self._on_bus,
            "count": self._count,
            "pid": os.getpid(),
            "objects": len(gc.get_objects()) if settled else None,
        }
        self._heard, self._on_bus, self._count = {}, {}, 0
        return answer

    @callback
    def watch(self, call: ServiceCall) -> ServiceResponse:
        """Watch the event loop, or answer what was seen of it until now: `{running}`."""
        if call.data["running"]:
            self._watch = Watch()
            self._watch.start()
            return {}
        return self._watch.stop()


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions."""
    meter = Meter(hass)
    hass.bus.async_listen("whatsapp_message_received", meter.note)
    hass.services.async_register(DOMAIN, "add_entry", meter.add_entry)
    hass.services.async_register(DOMAIN, "heard", meter.hear)
    for name, answer in (
        ("send", meter.send),
        ("wait_heard", meter.wait_heard),
        ("collect", meter.collect),
        ("watch", meter.watch),
    ):
        hass.services.async_register(DOMAIN, name, answer, supports_response=SupportsResponse.ONLY)
    return True
