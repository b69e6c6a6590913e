"""The programs of the house: started, watched and stopped."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

# Seconds.
START_TIMEOUT: Final = 90.0
STOP_TIMEOUT: Final = 10.0

# Home Assistant logs long lines.
_LINE_LIMIT: Final = 4 * 1024 * 1024


class PartDiedError(Exception):
    """A program ended that should run."""


class Part[T]:
    """One program. All that it prints goes to its log, which every start begins anew."""

    def __init__(self, name: str, command: list[str], log: Path, ready: Callable[[str], T | None]) -> None:
        """`ready` is asked about every line printed; what it returns first is what `start` returns."""
        self.name = name
        self.log = log
        self._command = command
        self._find_ready = ready
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> T:
        """Start, and return when it is ready.

        Raises:
            PartDiedError: it ended instead.
            TimeoutError: it is not ready in time.

        """
        # In a session of its own, since Ctrl-C is for whoever started us: we stop the programs in their order.
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=_LINE_LIMIT,
        )
        ready = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(self._process, ready))
        async with asyncio.timeout(START_TIMEOUT):
            return await ready

    async def _read(self, process: asyncio.subprocess.Process, ready: asyncio.Future[T]) -> None:
        if process.stdout is None:
            raise RuntimeError("a program without output")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("w", buffering=1) as log:
            async for line in process.stdout:
                text = line.decode(errors="replace")
                log.write(text)
                if not ready.done() and (found := self._find_ready(text)) is not None:
                    ready.set_result(found)
        await process.wait()
        if not ready.done():
            ready.set_exception(self._died())

    async def wait_died(self) -> PartDiedError:
        """Return when the program has ended."""
        if self._reader:
            await asyncio.wait([self._reader])
        return self._died()

    def _died(self) -> PartDiedError:
        return PartDiedError(f"{self.name} has stopped. Its log is {self.log}")

    async def stop(self) -> None:
        """Ask it to end, and insist after a while. Harmless when it has ended already."""
        if not self._process or not self._reader:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        _, pending = await asyncio.wait([self._reader], timeout=STOP_TIMEOUT)
        if pending:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, as when the power fails."""
        if not self._process or not self._reader:
            return
        with suppress(ProcessLookupError):
            self._process.kill()
        await asyncio.wait([self._reader])
