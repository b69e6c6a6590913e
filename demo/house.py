"""The whole house on this machine: simulator, bridge and Home Assistant, each a program of its own."""

import asyncio
from collections.abc import Callable
import json
from pathlib import Path
import shutil
import socket
import sys
from typing import Any, Final

from .parts import Part, PartDiedError

ROOT: Final = Path(__file__).parent.parent
USER: Final = "demo"
# Only this machine reaches that Home Assistant.
PASSWORD: Final = "demo"  # noqa: S105

_NODE: Final = str(ROOT / ".dev" / "bin" / "node")
_BRIDGE: Final = ROOT / "bridge"
_TEMPLATE: Final = Path(__file__).parent / "home-assistant"


class House:
    """Keeps all its state in one folder, with what the programs print under `logs`.

    After `start`, `control_url` is the simulator's and `token` a long-lived access token of Home Assistant's owner.
    """

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
        simulator = self._part("simulator", [_NODE, str(_BRIDGE / "simulator" / "main.ts")], _json_with("control_url"))
        found = await simulator.start()
        self.control_url = found["control_url"]
        self.bridge = self._part("bridge", self._bridge_command(found), _json_with("ready"))
        await asyncio.gather(self.bridge.start(), self._prepare_config())
        command = [sys.executable, "-m", "homeassistant", "--config", str(self._config)]
        self.home_assistant = self._part("home-assistant", command, _initialized)
        await self.home_assistant.start()

    def _bridge_command(self, simulator: dict[str, Any]) -> list[str]:
        options = {
            "data": self._folder / "bridge",
            "port": self._bridge_port,
            "whatsapp-url": simulator["whatsapp_url"],
            "whatsapp-root-key": simulator["root_key"],
        }
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        return [_NODE, str(_BRIDGE / "src" / "main.ts"), *arguments]

    async def _prepare_config(self) -> None:
        """Make Home Assistant's folder with an owner, unless it is there; what differs from run to run is written anew."""
        storage = self._config / ".storage"
        owner = self._folder / "owner.json"
        if not owner.exists():
            shutil.copytree(_TEMPLATE, self._config, dirs_exist_ok=True)
            storage.mkdir(exist_ok=True)
            owner.write_text(await _run([sys.executable, "-m", "demo.owner", str(self._config), USER, PASSWORD]))
        components = self._config / "custom_components"
        components.mkdir(exist_ok=True)
        integration = components / "whatsapp"
        if not integration.exists():
            integration.symlink_to(ROOT / "custom_components" / "whatsapp")
        # Home Assistant takes an address in YAML for a trial that it reverts; the oldest version is one that it migrates.
        http = {"server_host": ["127.0.0.1"], "server_port": self._port}
        (storage / "http").write_text(json.dumps({"version": 1, "minor_version": 1, "key": "http", "data": http}))
        self.token = json.loads(owner.read_text())["token"]

    def _part[T](self, name: str, command: list[str], ready: Callable[[str], T | None]) -> Part[T]:
        part = Part(name, command, self._folder / "logs" / f"{name}.log", ready)
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


def _json_with(key: str) -> Callable[[str], dict[str, Any] | None]:
    """Return a reader of lines that finds the JSON object with this key."""

    def read(line: str) -> dict[str, Any] | None:
        try:
            value = json.loads(line)
        except ValueError:
            return None
        return value if isinstance(value, dict) and key in value else None

    return read


def _initialized(line: str) -> bool | None:
    return True if "Home Assistant initialized in" in line else None


async def _run(command: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise PartDiedError(f"{' '.join(command[1:3])} failed")
    return output.decode()
