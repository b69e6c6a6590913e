"""The whole house on this machine: simulator, bridge and Home Assistant, each a program of its own."""

import asyncio
import json
from pathlib import Path
import shutil
import socket
import subprocess
import sys
from typing import Any, Final

from .parts import ROOT, Part, PartDiedError, bridge_part, simulator_part

USER: Final = "demo"
# Only this machine reaches that Home Assistant.
PASSWORD: Final = "demo"  # noqa: S105

_TEMPLATE: Final = Path(__file__).parent / "home-assistant"


class House:
    """Keeps all its state in one folder, with what the programs print under `logs`.

    After `start`, `whatsapp` is what the simulator said, `control_url` its control, and `token` a long-lived access
    token of Home Assistant's owner.
    """

    whatsapp: dict[str, Any]
    bridge: Part[dict[str, Any]]
    home_assistant: Part[bool]

    def __init__(self, folder: Path, *, bridge_port: int = 0, port: int = 0) -> None:
        """Prepare. The ports are wishes; where one is taken or 0 the system chooses."""
        self.control_url = ""
        self.token = ""
        self._folder = folder
        self._config = folder / "home-assistant"
        self._bridge_port = _free_port(bridge_port)
        self._port = _free_port(port)
        self._parts: list[Part[Any]] = []

    @property
    def bridge_url(self) -> str:
        """The address that Home Assistant asks for."""
        return f"ws://127.0.0.1:{self._bridge_port}"

    @property
    def bridge_token(self) -> str:
        """The token that Home Assistant asks for."""
        return (self._folder / "bridge" / "token").read_text().strip()

    @property
    def url(self) -> str:
        """Where Home Assistant is."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Start everything.

        Raises:
            PartDiedError: a program ended instead.

        """
        logs = self._folder / "logs"
        simulator = self._keep(simulator_part(logs))
        whatsapp = self.whatsapp = await simulator.start()
        self.control_url = whatsapp["control_url"]
        self.bridge = self._keep(bridge_part(logs, self._folder / "bridge", whatsapp, port=self._bridge_port))
        await asyncio.gather(self.bridge.start(), asyncio.to_thread(self._prepare_config))
        command = [sys.executable, "-m", "homeassistant", "--config", str(self._config)]
        self.home_assistant = self._keep(Part("home-assistant", command, logs, _initialized))
        await self.home_assistant.start()

    def _prepare_config(self) -> None:
        """Make Home Assistant's folder with an owner, unless it is there. What differs between runs is written anew."""
        storage = self._config / ".storage"
        owner = self._folder / "owner.json"
        if not owner.exists():
            shutil.copytree(_TEMPLATE, self._config, dirs_exist_ok=True)
            storage.mkdir(exist_ok=True)
            command = [sys.executable, "-m", "demo.owner", str(self._config), USER, PASSWORD]
            owner.write_text(subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout)
        components = self._config / "custom_components"
        components.mkdir(exist_ok=True)
        integration = components / "whatsapp"
        if not integration.exists():
            integration.symlink_to(ROOT / "custom_components" / "whatsapp")
        # In YAML it would be a trial that Home Assistant reverts. Every version migrates the oldest form.
        http = {"server_host": ["127.0.0.1"], "server_port": self._port}
        (storage / "http").write_text(json.dumps({"version": 1, "minor_version": 1, "key": "http", "data": http}))
        self.token = json.loads(owner.read_text())["token"]

    def _keep[T](self, part: Part[T]) -> Part[T]:
        self._parts.append(part)
        return part

    async def wait_died(self) -> PartDiedError:
        """Return when one of the programs has ended."""
        watches = [asyncio.create_task(part.wait_died()) for part in self._parts]
        done, pending = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
        for watch in pending:
            watch.cancel()
        return done.pop().result()

    async def stop(self) -> None:
        """Stop everything, last started first, since the later ones use the earlier."""
        for part in reversed(self._parts):
            await part.stop()


def _free_port(wanted: int) -> int:
    """Return a port that nobody listens on: the one wanted if possible."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("there is no free port")


def _initialized(line: str) -> bool | None:
    return True if "Home Assistant initialized in" in line else None
