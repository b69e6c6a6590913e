"""Links on a scripted bridge."""

from typing import Any

from .scripted_bridge import ScriptedBridge, chat
from .wait import until


def script_links(bridge: ScriptedBridge) -> None:
    """Let the bridge have no account, and take every link: `link_moves` says how each goes on."""
    bridge.answers |= {
        "accounts": {"accounts": []},
        "link": lambda _: {"link_id": f"link-{len(bridge.of('link'))}"},
        "link_cancel": {},
        "groups": lambda _: {"groups": [chat("120363000000000001@g.us", "Family")]},
    }


async def link_moves(bridge: ScriptedBridge, status: str, **changes: Any) -> None:
    """Let the newest link move on, as soon as there is one."""
    await until(lambda: bridge.of("link"))
    nothing = {"qr": None, "code": None, "number": 0, "total": 0, "account": None, "error": None}
    link_id = f"link-{len(bridge.of('link'))}"
    await bridge.event({"type": "link", "link_id": link_id, "status": status, **nothing, **changes})
    if status == "linked":
        bridge.answers["accounts"] = lambda _: {"accounts": [bridge.account]}
