"""Baileys alone, as a process: the `raw.ts` of the bridge's own bench."""

import asyncio
from contextlib import suppress
import json
from pathlib import Path
from typing import Any, Final

from demo.parts import ROOT
from demo.simulator import Simulator

_MAIN: Final = ROOT / "bridge" / "bench" / "support" / "raw.ts"
_NODE: Final = ROOT / ".dev" / "bin" / "node"


class Raw:
    """Raw Baileys, linked to the account of one phone. Times are taken in its process, in milliseconds on the clock."""

    def __init__(self, folder: Path, whatsapp: dict[str, Any], simulator: Simulator, number: str) -> None:
        """`whatsapp` is what the simulator said when it started."""
        self.number = number
        self._command = [str(_NODE), str(_MAIN), "--data", str(folder / "raw.db")]
        self._command += ["--whatsapp-url", whatsapp["whatsapp_url"], "--whatsapp-root-key", whatsapp["root_key"]]
        self._simulator = simulator
        self._opened = asyncio.Event()
        self._sent: asyncio.Future[dict[str, Any]]
        self._heard: dict[str, asyncio.Future[float]] = {}

    async def start(self) -> None:
        """Start, and link."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        self._reader = asyncio.create_task(self._read(self._process))
        async with asyncio.timeout(60):
            await self._opened.wait()

    async def stop(self) -> None:
        """End."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()
        await self._reader

    async def send(self, to: str, text: str) -> tuple[float, float]:
        """Send, and return when Baileys was asked to and when WhatsApp's server had confirmed."""
        self._sent = asyncio.get_running_loop().create_future()
        if self._process.stdin is None:
            raise RuntimeError("a program without input")
        self._process.stdin.write(json.dumps({"to": to, "texts": [text]}).encode() + b"\n")
        line = await self._sent
        return line["asked"], line["asked"] + line["ms"]

    async def heard(self, text: str) -> float:
        """Return when this text came in."""
        return await self._heard.setdefault(text, asyncio.get_running_loop().create_future())

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            raise RuntimeError("a program without output")
        async for text in process.stdout:
            line = json.loads(text)
            match line["type"]:
                case "qr":
                    await self._simulator.do("phone.scan", number=self.number, qr=line["qr"])
                case "open":
                    self._opened.set()
                case "sent":
                    self._sent.set_result(line)
                case "message":
                    loop = asyncio.get_running_loop()
                    self._heard.setdefault(line["text"], loop.create_future()).set_result(line["at"])
