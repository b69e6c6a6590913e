"""A fixture that fails a test in which code of ours keeps an event loop from everything else for too long.

It counts the processor's time and not the clock's, so that a machine with much else to do fails no test, and it begins
where code of ours is entered from a loop and ends where it returns or waits. What runs in threads of their own is free,
and so is the collection of garbage, of which a long run of tests makes more than a house ever has.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
import gc
import sys
from threading import local
from time import thread_time
from types import CodeType, FrameType
from typing import Any, Final

import pytest

from tests.support.package import PACKAGE

# Seconds.
LIMIT: Final = 0.05

_EVENTS: Final = sys.monitoring.events


class Watch(local):
    """What one thread is in, and since when."""

    outermost: FrameType | None = None
    since = 0.0
    collecting_since = 0.0


class Guard:
    """Notes what blocks. `folder` is where the code is that it looks at."""

    def __init__(self, folder: str, limit: float) -> None:
        self.blocked: list[str] = []
        self._folder = folder
        self._limit = limit
        self._watch = Watch()

    def enter(self, code: CodeType, *_: Any) -> Any:
        """A function begins or goes on."""
        if not code.co_filename.startswith(self._folder):
            return sys.monitoring.DISABLE
        self._begin(sys._getframe(1))
        return None

    def thrown_into(self, code: CodeType, *_: Any) -> None:
        """A function goes on with an exception. Others' code cannot be left out of these events."""
        if code.co_filename.startswith(self._folder):
            self._begin(sys._getframe(1))

    def _begin(self, frame: FrameType) -> None:
        if self._watch.outermost is None and asyncio._get_running_loop() is not None:
            self._watch.outermost = frame
            self._watch.since = thread_time()

    def leave(self, code: CodeType, *_: Any) -> Any:
        """A function ends or waits."""
        if not code.co_filename.startswith(self._folder):
            return sys.monitoring.DISABLE
        self._end(code)
        return None

    def unwind(self, code: CodeType, *_: Any) -> None:
        """A function ends by an exception."""
        if code.co_filename.startswith(self._folder):
            self._end(code)

    def collect(self, phase: str, _: dict[str, int]) -> None:
        """Garbage is about to be collected, or was."""
        if phase == "start":
            self._watch.collecting_since = thread_time()
        else:
            self._watch.since += thread_time() - self._watch.collecting_since

    def _end(self, code: CodeType) -> None:
        if self._watch.outermost is not sys._getframe(2):
            return
        self._watch.outermost = None
        took = thread_time() - self._watch.since
        if took > self._limit:
            self.blocked.append(f"{code.co_qualname} blocked for {took * 1000:.0f} ms")


@contextmanager
def watching(folder: str, limit: float = LIMIT, tool: int = sys.monitoring.PROFILER_ID) -> Generator[Guard]:
    """Watch the code of a folder. Each tool has an id of its own to Python."""
    guard = Guard(folder, limit)
    callbacks = {
        _EVENTS.PY_START: guard.enter,
        _EVENTS.PY_RESUME: guard.enter,
        _EVENTS.PY_THROW: guard.thrown_into,
        _EVENTS.PY_RETURN: guard.leave,
        _EVENTS.PY_YIELD: guard.leave,
        _EVENTS.PY_UNWIND: guard.unwind,
    }
    sys.monitoring.use_tool_id(tool, "blocking")
    for event, callback in callbacks.items():
        sys.monitoring.register_callback(tool, event, callback)
    sys.monitoring.set_events(tool, sum(callbacks))
    sys.monitoring.restart_events()
    gc.callbacks.append(guard.collect)
    try:
        yield guard
    finally:
        gc.callbacks.remove(guard.collect)
        sys.monitoring.set_events(tool, 0)
        sys.monitoring.free_tool_id(tool)


@pytest.fixture(autouse=True)
def _nothing_blocks() -> Generator[None]:
    with watching(str(PACKAGE)) as guard:
        yield
    assert not guard.blocked, guard.blocked
