"""Does the fixture that watches for blocked event loops find them, and nothing else?"""

import asyncio
from collections.abc import Callable, Generator
import gc
from pathlib import Path
import sys
from time import thread_time

import pytest

from tests.support.blocking import Guard, watching


def _work() -> None:
    end = thread_time() + 0.03
    while thread_time() < end:
        pass


async def _wait_then(work: Callable[[], object]) -> None:
    await asyncio.sleep(0)
    work()


def _fail() -> None:
    _work()
    raise LookupError


@pytest.fixture
def guard() -> Generator[Guard]:
    with watching(str(Path(__file__)), limit=0.02, tool=sys.monitoring.PROFILER_ID + 1) as guard:
        yield guard


async def test_work_on_the_loop_is_found(guard: Guard) -> None:
    await asyncio.create_task(_wait_then(_work))
    (blocked,) = guard.blocked
    assert blocked.startswith("_wait_then blocked for ")


async def test_work_that_fails_is_found(guard: Guard) -> None:
    with pytest.raises(LookupError):
        await asyncio.create_task(_wait_then(_fail))
    assert len(guard.blocked) == 1


async def test_work_in_a_thread_is_free(guard: Guard) -> None:
    await asyncio.to_thread(_work)
    assert not guard.blocked


async def test_waiting_is_free(guard: Guard) -> None:
    await asyncio.create_task(asyncio.sleep(0.03))
    await asyncio.create_task(_wait_then(lambda: None))
    assert not guard.blocked


def _litter() -> list[object]:
    garbage: list[object] = []
    for _ in range(300_000):
        garbage = [garbage, []]
    return garbage


async def test_garbage_is_free(guard: Guard) -> None:
    litter = await asyncio.to_thread(_litter)
    await asyncio.create_task(_wait_then(gc.collect))
    assert litter
    assert not guard.blocked
