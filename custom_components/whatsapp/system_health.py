"""How the bridges are doing, for Settings, System, Repairs, System information."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from .account import WhatsAppConfigEntry
from .bridge.protocol import SCHEMA_MAX
from .const import CONF_BRIDGE_ID, DOMAIN


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what to tell."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return all accounts in one: versions of several bridges with commas between them."""
    entries: list[WhatsAppConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    accounts = [entry.runtime_data for entry in entries]
    there = [account for account in accounts if account.bridge_connected]
    connected = sum(account.state["connection"]["status"] == "connected" for account in there)
    bridges = {entry.data[CONF_BRIDGE_ID]: entry for entry in entries if entry.runtime_data.bridge_connected}
    return {
        "bridge_version": _joined({account.bridge_version for account in there}),
        "schema": _joined({str(min(account.bridge_schema["max"], SCHEMA_MAX)) for account in there}),
        "accounts_connected": f"{connected}/{len(hass.config_entries.async_entries(DOMAIN, include_ignore=False))}",
        "queued": sum(account.state["queued"] for account in there),
        "storage": _async_storage(list(bridges.values())),
    }


async def _async_storage(bridges: list[WhatsAppConfigEntry]) -> str | dict[str, str]:
    try:
        found = {(await bridge.runtime_data.async_ask(lambda client: client.health()))["storage"] for bridge in bridges}
    except HomeAssistantError:
        return {"type": "failed", "error": "unreachable"}
    if found - {"ok"}:
        return {"type": "failed", "error": _joined(found - {"ok"})}
    return _joined(found)


def _joined(values: set[Any]) -> str:
    return ", ".join(sorted(values)) or "-"
