"""`scripts/demo`: starts the house, says what to do in it, and stops it on Ctrl-C."""

import argparse
import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
import shutil
import signal
from typing import Final

from .camera import Camera
from .home_assistant import HomeAssistant
from .house import PASSWORD, USER, House
from .parts import ROOT, PartDiedError
from .simulator import Simulator, populate

_WELCOME: Final = """
Home Assistant    {url}
  user {user}, password {password}

1. Open it and log in.
2. Settings → Devices & services → Add integration → WhatsApp. Its questions:
     Address  {bridge_url}
     Token    {bridge_token}
   Choose “Scan a QR code”.
3. The phones of this demo are a page of their own: open it beside Home Assistant and press Scan.
     {phones}
4. Choose chats. Then, on the phones page, write "status?" or "lamp on" to the house as Bea.

{again}Logs are in {logs}. Ctrl-C ends everything.
"""
_AGAIN: Final = """\
The simulated WhatsApp forgets linked devices when it stops. Instead of step 2, link an account of an earlier run again:
“Reconfigure” on the page of the integration. `scripts/demo --reset` starts anew.

"""


async def _run(folder: Path, *, again: bool) -> None:
    house = House(folder, bridge_port=3000, port=8123)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(house.stop)
        print("Starting the simulated WhatsApp, the bridge and Home Assistant …", flush=True)
        await house.start()
        simulator = await stack.enter_async_context(Simulator(house.control_url))
        await populate(simulator)
        home_assistant = await stack.enter_async_context(HomeAssistant(house.url, house.token))
        camera = Camera(home_assistant, house.control_url)
        stack.push_async_callback(camera.stop)
        await camera.start()
        print(
            _WELCOME.format(
                url=house.url,
                user=USER,
                password=PASSWORD,
                bridge_url=house.bridge_url,
                bridge_token=house.bridge_token,
                phones=f"{house.control_url}/?camera={camera.url}",
                again=_AGAIN if again else "",
                logs=folder / "logs",
            ),
            flush=True,
        )
        raise await house.wait_died()


async def _main(folder: Path, *, again: bool) -> int:
    run = asyncio.create_task(_run(folder, again=again))

    def end() -> None:
        # Only once: an impatient second Ctrl-C would leave programs running.
        if not run.cancelling():
            run.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        await run
    except asyncio.CancelledError:
        print("Stopped.")
    except PartDiedError as err:
        print(f"{err}. Everything else is stopped too.")
        return 1
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Starts a house to try WhatsApp in.")
    parser.add_argument("--reset", action="store_true", help="forget everything that an earlier run left")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where everything is kept")
    arguments = parser.parse_args()
    if arguments.reset:
        shutil.rmtree(arguments.folder, ignore_errors=True)
    has_run_before = arguments.folder.exists()
    arguments.folder.mkdir(mode=0o700, exist_ok=True)
    raise SystemExit(asyncio.run(_main(arguments.folder.absolute(), again=has_run_before)))
