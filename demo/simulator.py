"""The control of the simulated WhatsApp, and who lives in it."""

from typing import Any, Final, Self

from aiohttp import ClientSession, ClientTimeout

OWNER: Final = "15550000001"
BEA: Final = "15550000002"
CARLOS: Final = "15550000003"
FAMILY: Final = "120363000000000001@g.us"
NEIGHBOURS: Final = "120363000000000002@g.us"

_NAMES: Final = {OWNER: "Alex", BEA: "Bea", CARLOS: "Carlos"}


class SimulatorError(Exception):
    """The simulator refused, or nothing came in time."""


class Simulator:
    """Speaks to the simulator's control API; `bridge/simulator/README.md` describes its verbs."""

    def __init__(self, control_url: str) -> None:
        self.control_url = control_url

    async def __aenter__(self) -> Self:
        self._session = ClientSession(self.control_url, timeout=ClientTimeout(total=120))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def do(self, verb: str, **args: Any) -> dict[str, Any]:
        """Let somebody do something.

        Raises:
            SimulatorError: with the simulator's sentence.

        """
        async with self._session.post(f"/{verb}", json=args) as response:
            answer: dict[str, Any] = await response.json()
            if response.status != 200:  # noqa: PLR2004
                raise SimulatorError(answer["error"])
            return answer


async def populate(simulator: Simulator) -> None:
    """Let the owner and two friends move in, with two groups."""
    for number, name in _NAMES.items():
        await simulator.do("phone.create", number=number, name=name)
    await simulator.do("group.create", id=FAMILY, subject="Family", members=[OWNER, BEA])
    await simulator.do("group.create", id=NEIGHBOURS, subject="Neighbours", members=[CARLOS, OWNER, BEA])
