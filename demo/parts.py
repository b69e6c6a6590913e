"""The programs of the house: started, watched and stopped."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import json
import os
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
_NODE: Final = str(ROOT / ".dev" / "bin" / "node")

# Seconds.
START_TIMEOUT: Final = 90.0
STOP_TIMEOUT: Final = 10.0

# Home Assistant logs long lines.
_LINE_LIMIT: Final = 4 * 1024 * 1024


class PartDiedError(Exception):
    """A program ended that should run."""


class Part[T]:
    """One program. All that it prints goes to its log, which every start begins anew."""

    def __init__(
        self,
        name: str,
        command: list[str],
        logs: Path,
        ready: Callable[[str], T | None],
        environment: dict[str, str] | None = None,
    ) -> None:
        """`ready` is asked about every line printed; what it returns first is what `start` returns.

        `environment` is added to this process' own.
        """
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = command
        self._environment = environment or {}
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
            env={**os.environ, **self._environment},
            limit=_LINE_LIMIT,
        )
        ready: asyncio.Future[T] = asyncio.get_running_loop().create_future()
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


def simulator_part(logs: Path) -> Part[dict[str, Any]]:
    """Return a simulated WhatsApp; it starts with `{whatsapp_url, control_url, root_key, ca_file}`."""
    return Part("simulator", [_NODE, str(ROOT / "bridge" / "simulator" / "main.ts")], logs, _json_with("control_url"))


def bridge_part(logs: Path, data: Path, whatsapp: dict[str, Any], *, port: int = 0) -> Part[dict[str, Any]]:
    """Return a bridge that keeps everything in `data` and uses this WhatsApp; it starts with `{port, …}`."""
    options = {
        "data": data,
        "port": port,
        "whatsapp-url": whatsapp["whatsapp_url"],
        "whatsapp-root-key": whatsapp["root_key"],
    }
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    command = [_NODE, str(ROOT / "bridge" / "src" / "main.ts"), *arguments]
    # The simulator's media server has a certificate of its own.
    return Part("bridge", command, logs, _json_with("port"), {"NODE_EXTRA_CA_CERTS": whatsapp["ca_file"]})


def _json_with(key: str) -> Callable[[str], dict[str, Any] | None]:
    """Return a reader of lines that finds the JSON object with this key."""

    def read(line: str) -> dict[str, Any] | None:
        try:
            value = json.loads(line)
        except ValueError:
            return None
        return value if isinstance(value, dict) and key in value else None

    return read
