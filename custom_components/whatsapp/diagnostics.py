"""What may be told of an account to whoever helps: only what is listed here, with pseudonyms for people and chats."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir

from .account import Account, WhatsAppConfigEntry
from .bridge.protocol import SCHEMA_MAX, SCHEMA_MIN
from .const import CONF_CHAT_ID, CONF_KIND, CONF_LID, CONF_MEMBERS, CONF_PHONE, DOMAIN
from .entity import chat_identifier
from .figures import as_time

# Options that are one of a few words.
_CHOICES: Final = {"reach", "media_download"}
# What is told of the bridge's counters.
_HEALTH: Final = ("journal", "lag", "reconnects", "sent", "failed", "received", "last_sent_at", "last_received_at")


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> dict[str, Any]:
    """Return what may be told of an account."""
    account = entry.runtime_data
    return {
        "bridge": {
            "connected": account.bridge_connected,
            "fault": account.fault,
            "version": account.bridge_version,
            "schema": dict(account.bridge_schema),
            "schema_of_integration": {"min": SCHEMA_MIN, "max": SCHEMA_MAX},
            "secure": entry.data[CONF_URL].lower().startswith(("https:", "wss:")),
            **await _async_health(account),
        },
        "account": _account(account),
        "options": _options(account),
        "figures": {
            "counts": dict(account.figures.counts),
            "seconds_to_confirm": account.figures.seconds_to_confirm,
        },
        "errors": [{"at": as_time(at).isoformat(), "code": code} for at, code in account.figures.errors],
        "issues": sorted(
            str(issue.translation_key) for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN
        ),
        "chats_by_kind": dict(Counter(chat["kind"] for chat in account.chats.values())),
        "added_chats": [_added(account, chat) for chat in account.inbox.added_chats],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, device: dr.AnyDeviceEntry
) -> dict[str, Any]:
    """Return what may be told of an account; of the chat, when it is the device of one, and of no other."""
    found = await async_get_config_entry_diagnostics(hass, entry)
    account = entry.runtime_data
    added = account.inbox.added_chats
    own = [chat for chat in added if chat_identifier(account.account_id, chat) in device.identifiers]
    return found | {"added_chats": [_added(account, chat) for chat in own]} if own else found


def _account(account: Account) -> dict[str, Any]:
    state = account.state
    settings = state["settings"]
    return {
        "account": account.privacy.pseudonym(account.account_id),
        "engine": state["engine"],
        "capabilities": state["capabilities"],
        "connection": _pick(state["connection"], "status", "reason", "since", "retry_at"),
        "restriction": state["restriction"] and _pick(state["restriction"], "since", "until"),
        "queued": state["queued"],
        "settings": {
            "pacing": _pick(settings["pacing"], "burst", "chat_per_minute", "account_per_minute"),
            "media": _pick(settings["media"], "download", "max_bytes", "keep_days", "keep_bytes"),
            "mark_online": settings["mark_online"],
        },
    }


def _options(account: Account) -> dict[str, Any]:
    """Return switches, numbers and choices. Where files are saved may say who lives there."""
    options = asdict(account.options)
    plain = {key: value for key, value in options.items() if isinstance(value, int) or key in _CHOICES}
    return plain | {"media_folder": bool(account.options.media_folder)}


def _pick(values: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: values[key] for key in keys}


def _added(account: Account, chat: ConfigSubentry) -> dict[str, Any]:
    members = chat.data.get(CONF_MEMBERS)
    pseudonym = account.privacy.pseudonym
    return {
        "chat": pseudonym(chat.data[CONF_CHAT_ID]),
        "kind": chat.data[CONF_KIND],
        "has_phone": bool(chat.data.get(CONF_PHONE)),
        "has_lid": bool(chat.data.get(CONF_LID)),
        "known_to_bridge": chat.data[CONF_CHAT_ID] in account.chats,
        "members": None if members is None else [pseudonym(member["id"]) for member in members],
    }


async def _async_health(account: Account) -> dict[str, Any]:
    """Return the bridge's counters of this account, or why there are none."""
    if not account.bridge_connected:
        return {"health": None}
    try:
        health = await account.async_ask(lambda client: client.health())
    except HomeAssistantError as err:
        return {"health": err.translation_key}
    own = next((each for each in health["accounts"] if each["account_id"] == account.account_id), None)
    return {
        "uptime": health["uptime"],
        "clients": health["clients"],
        "storage": health["storage"],
        "accounts": len(health["accounts"]),
        "health": own and _pick(own, *_HEALTH),
    }
