"""Home Assistant beside raw Baileys, in one run: action to phone and phone to automation, under load, and its memory.

docs/performance.md says what each number means.
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any, Final

from demo.home_assistant import HomeAssistant
from demo.simulator import BEA, OWNER, Simulator, populate

from .account import add_account
from .house import MeasuredHouse, rss
from .raw import Raw

_RAW_OWNER: Final = "15550000004"
# Requests to the simulator that are under way at once.
_HANDS: Final = 16
# Seconds. What a message leaves to do, receipts for one, is over by then.
_PAUSE: Final = 0.03
# What comes no more after that is lost.
_PATIENCE: Final = 60.0
# What is told of times: the median, and on a busy machine what the lucky and the unlucky ones took.
_PARTS: Final = (10, 50, 95)


@dataclass(frozen=True)
class Plan:
    """How often, how many, and how long."""

    warm_up: int = 50
    turns: int = 250
    rate: int = 200
    seconds: int = 30
    messages: int = 10_000
    calm: float = 15.0


QUICK: Final = Plan(warm_up=5, turns=20, seconds=3, messages=1000, calm=3.0)


@dataclass
class Times:
    """Milliseconds of single messages.

    `answered`: until whoever sent knew. `on_bus`: until the event, before any automation.
    """

    out: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    into: list[float] = field(default_factory=list)
    on_bus: list[float] = field(default_factory=list)


class Bench:
    """Two linked devices that take turns: raw Baileys, and Home Assistant with the bridge."""

    def __init__(self, plan: Plan, simulator: Simulator, raw: Raw, home_assistant: HomeAssistant) -> None:
        self._plan = plan
        self._simulator = simulator
        self._raw = raw
        self._home_assistant = home_assistant
        self._texts = 0
        # What Home Assistant sent and should have heard.
        self._messages = 0

    async def run(self) -> dict[str, Any]:
        """Measure everything."""
        plan = self._plan
        progress("warming up")
        await self._take_turns(plan.warm_up, Times(), Times())
        before = await self._settled()
        self._messages = 0
        progress("one by one")
        raw, ours = Times(), Times()
        await self._take_turns(plan.turns, raw, ours)
        progress(f"{plan.rate} a second for {plan.seconds} s")
        load = await self._load(plan.rate * plan.seconds, watch=True)
        rest = max(0, plan.messages - self._messages)
        progress(f"{rest} more")
        filled = await self._load(rest, watch=False)
        after = await self._settled()
        return {
            **self._report(raw, ours, load, filled, before, after),
            "messages": self._messages,
        }

    def _report(self, raw: Times, ours: Times, *stages: dict[str, Any]) -> dict[str, Any]:
        load, filled, before, after = stages
        watched = load.pop("watched")
        return {
            **{f"out_p{part}_extra_ms": extra(ours.out, raw.out, part) for part in _PARTS},
            **{f"in_p{part}_extra_ms": extra(ours.into, raw.into, part) for part in _PARTS},
            "lost": load["lost"] + filled["lost"],
            "loop_block_max_ms": watched["blocked_max_ms"],
            "loop_wall_max_ms": watched["wall_max_ms"],
            "loop_cpu_max_ms": watched["cpu_max_ms"],
            "loop_collection_max_ms": watched["collection_max_ms"],
            "rss_growth_mib": after["rss_mib"] - before["rss_mib"],
            "objects_growth": after["objects"] - before["objects"],
            "raw": told(raw),
            "home_assistant": {**told(ours), "rss_before_mib": before["rss_mib"], "rss_after_mib": after["rss_mib"]},
            "load": {
                **load,
                "cpu_per_message_ms": watched.pop("process_cpu_ms") / load["sent"],
                "loop_cpu_per_message_ms": watched.pop("loop_cpu_ms") / load["sent"],
                **watched,
            },
        }

    async def _take_turns(self, times: int, raw: Times, ours: Times) -> None:
        """Each in turn, and the one that was second before comes first."""
        for turn in range(times):
            for is_raw in (True, False) if turn % 2 else (False, True):
                if is_raw:
                    await self._raw_turn(raw)
                else:
                    await self._our_turn(ours)
                await asyncio.sleep(_PAUSE)

    async def _raw_turn(self, times: Times) -> None:
        text = self._text()
        arrival = asyncio.create_task(self._arrival(text))
        asked, answered = await self._raw.send(BEA, text)
        times.out.append(await arrival - asked)
        times.answered.append(answered - asked)
        await asyncio.sleep(_PAUSE)
        text = self._text()
        asked = clock()
        await self._simulator.do("phone.say", number=BEA, to=_RAW_OWNER, text=text)
        heard = await self._raw.heard(text)
        times.into.append(heard - asked)
        times.on_bus.append(heard - asked)

    async def _our_turn(self, times: Times) -> None:
        text = self._text()
        arrival = asyncio.create_task(self._arrival(text))
        sent = await self._measure("send", target=BEA, text=text)
        times.out.append(await arrival - sent["asked"])
        times.answered.append(sent["answered"] - sent["asked"])
        await asyncio.sleep(_PAUSE)
        text = self._text()
        asked = clock()
        await self._simulator.do("phone.say", number=BEA, to=OWNER, text=text)
        heard = await self._measure("wait_heard", text=text)
        times.into.append(heard["heard"] - asked)
        times.on_bus.append(heard["on_bus"] - asked)
        self._messages += 2

    async def _arrival(self, text: str) -> float:
        """Return when a phone has this text."""
        await self._simulator.do("phone.wait", number=BEA, text=text, timeout_ms=30_000)
        return clock()

    async def _load(self, count: int, *, watch: bool) -> dict[str, Any]:
        """Let a phone write so many messages at the rate of the plan, and say what came of them."""
        await self._measure("collect")
        texts = [self._text() for _ in range(count)]
        hands = asyncio.Semaphore(_HANDS)
        asked: dict[str, float] = {}

        async def say(text: str) -> None:
            async with hands:
                asked[text] = clock()
                await self._simulator.do("phone.say", number=BEA, to=OWNER, text=text)

        if watch:
            await self._measure("watch", running=True)
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, text in enumerate(texts):
                await asyncio.sleep(max(0.0, started + number / self._plan.rate - time.monotonic()))
                group.create_task(say(text))
        rate = count / (time.monotonic() - started) if count else 0.0
        heard, repeated = await self._collect(texts)
        self._messages += count
        delays = [heard[text] - asked[text] for text in texts if text in heard]
        return {
            "sent": count,
            "rate_per_s": rate,
            "lost": len(texts) - len(delays),
            "repeated": repeated,
            **({"p50_ms": percentile(delays, 0.5), "p95_ms": percentile(delays, 0.95)} if delays else {}),
            **({"watched": await self._measure("watch", running=False)} if watch else {}),
        }

    async def _collect(self, texts: list[str]) -> tuple[dict[str, float], int]:
        """Return what automations heard of these texts, and how often again. Wait as long as more comes."""
        heard: dict[str, float] = {}
        count = 0
        last = time.monotonic()
        while len(heard) < len(texts) and time.monotonic() < last + _PATIENCE:
            await asyncio.sleep(1)
            answer = await self._measure("collect")
            heard |= answer["heard"]
            count += answer["count"]
            last = time.monotonic() if answer["heard"] else last
        return heard, count - len(heard)

    async def _settled(self) -> dict[str, Any]:
        await asyncio.sleep(self._plan.calm)
        answer = await self._measure("collect", settle=True)
        await asyncio.sleep(1)
        return {"rss_mib": rss(answer["pid"]), "objects": answer["objects"]}

    async def _measure(self, action: str, **data: Any) -> Any:
        return await self._home_assistant.act(f"whatsapp_bench.{action}", data, answers=True)

    def _text(self) -> str:
        self._texts += 1
        return f"Message number {self._texts}: the washing machine is done."


def told(times: Times) -> dict[str, float]:
    """Return the medians, and the 10th and 95th percentiles."""
    kinds = {"out": times.out, "answered": times.answered, "in": times.into, "on_bus": times.on_bus}
    return {f"{kind}_p{part}_ms": percentile(values, part / 100) for kind, values in kinds.items() for part in _PARTS}


def extra(ours: list[float], raw: list[float], part: int) -> float:
    """Return how much more Home Assistant took at this percentile."""
    return percentile(ours, part / 100) - percentile(raw, part / 100)


def percentile(values: list[float], part: float) -> float:
    """Return the value below which the given part, 0 to 1, of all values lies; by nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, -int(-len(ranked) * part // 1) - 1)]


def clock() -> float:
    """Return milliseconds of a clock that all processes of a machine share."""
    return time.monotonic() * 1000


def progress(what: str) -> None:
    """Say what is done now."""
    sys.stderr.write(f"{what}\n")


@asynccontextmanager
async def _everything(folder: Path, plan: Plan, *, recorder: bool) -> AsyncGenerator[Bench]:
    house = MeasuredHouse(folder, recorder=recorder)
    raw: Raw | None = None
    try:
        progress("starting")
        await house.start()
        async with Simulator(house.control_url) as simulator, HomeAssistant(house.url, house.token) as home_assistant:
            await populate(simulator)
            await simulator.do("phone.create", number=_RAW_OWNER, name="Raw")
            raw = Raw(folder, house.whatsapp, simulator, _RAW_OWNER)
            await raw.start()
            await add_account(house, home_assistant, simulator)
            yield Bench(plan, simulator, raw, home_assistant)
    finally:
        if raw:
            await raw.stop()
        await house.stop()


def _rounded(value: Any) -> Any:
    """Cut every number to two places."""
    match value:
        case float():
            return round(value, 2)
        case dict():
            return {key: _rounded(each) for key, each in value.items()}
        case list():
            return [_rounded(each) for each in value]
    return value


async def _main(chosen: argparse.Namespace) -> None:
    plan = QUICK if chosen.quick else Plan()
    with TemporaryDirectory(prefix="bench-", delete=not chosen.keep) as folder:
        progress(f"in {folder}")
        async with _everything(Path(folder), plan, recorder=not chosen.without_recorder) as bench:
            result = await bench.run()
    head = {"bench": "home-assistant", **vars(chosen), "cores": os.cpu_count()}
    sys.stdout.write(f"{json.dumps(_rounded(head | result))}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/bench home-assistant", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    parser.add_argument("--without-recorder", action="store_true", help="Home Assistant without its history")
    parser.add_argument("--keep", action="store_true", help="leave the folder with the logs where it is")
    asyncio.run(_main(parser.parse_args()))
