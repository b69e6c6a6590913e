"""The account that is measured."""

import asyncio
from typing import Any, Final

from custom_components.whatsapp.bridge import BridgeClient
from custom_components.whatsapp.bridge.protocol import EventFrame
from demo.home_assistant import HomeAssistant
from demo.house import House
from demo.simulator import BEA, OWNER, Simulator

# No pacing: it is not what is measured.
_OPTIONS: Final = {"pacing_burst": 1000, "pacing_chat": 0, "pacing_account": 0}


async def add_account(house: House, home_assistant: HomeAssistant, simulator: Simulator) -> None:
    """Link the owner's phone to the bridge, and add the account and its chat with Bea to Home Assistant."""
    codes = asyncio.Queue[Any]()

    def listen(frame: EventFrame) -> None:
        if frame["event"]["type"] == "link":
            codes.put_nowait(frame["event"])

    async with BridgeClient(house.bridge_url, house.bridge_token, name="bench") as client:
        client.on_event(listen)
        await client.link("qr")
        while not (account := (event := await codes.get())["account"]):
            if event["error"]:
                raise RuntimeError(event["error"])
            if event["qr"]:
                await simulator.do("phone.scan", number=OWNER, qr=event["qr"])
        chat = await client.resolve(account["account_id"], BEA)
    data = {
        "url": house.bridge_url,
        "token": house.bridge_token,
        "bridge_id": "bench",
        "account_id": account["account_id"],
        "phone": account["phone"],
    }
    entry = {"data": data, "options": _OPTIONS, "account_id": account["account_id"], "chats": [{**chat, "name": "Bea"}]}
    await home_assistant.act("whatsapp_bench.add_entry", entry)
    await simulator.do("phone.wait_device", number=OWNER, state="ready")
