"""Waiting for conditions."""

import asyncio
from collections.abc import Awaitable, Callable

TIMEOUT = 15.0


async def until[T](condition: Callable[[], T], timeout: float = TIMEOUT) -> T:  # noqa: ASYNC109
    """Return the condition's value as soon as it is true; fail when that takes too long."""
    async with asyncio.timeout(timeout):
        while not (value := condition()):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return value


async def until_told[T](ask: Callable[[], Awaitable[T]], is_enough: Callable[[T], bool]) -> T:
    """Ask again until the answer is enough, and return it; fail when that takes too long."""
    async with asyncio.timeout(TIMEOUT):
        while not is_enough(answer := await ask()):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return answer
