"""Config entries as the flows make them."""

from collections.abc import Iterable
from typing import Any, cast

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsapp.bridge.protocol import Account, Chat
from custom_components.whatsapp.chat_flow import chat_subentry
from custom_components.whatsapp.const import CONF_ACCOUNT_ID, CONF_BRIDGE_ID, CONF_PHONE, DOMAIN
from tests.support.scripted_bridge import TOKEN, ScriptedBridge


def make_entry(
    url: str, token: str, account: Account, chats: Iterable[Chat] = (), title: str | None = None, **options: Any
) -> MockConfigEntry:
    """Return the entry of an account with the chats that were added to it, and with these options."""
    subentries: list[ConfigSubentryData] = [chat_subentry(chat) for chat in chats]
    data: dict[str, Any] = {
        CONF_URL: url,
        CONF_TOKEN: token,
        CONF_BRIDGE_ID: "bridge-1",
        CONF_ACCOUNT_ID: account["account_id"],
        CONF_PHONE: account["phone"],
    }
    return MockConfigEntry(
        domain=DOMAIN,
        title=title or account["name"] or "WhatsApp",
        data=data,
        unique_id=account["account_id"],
        options=options,
        subentries_data=subentries,
    )


def scripted_entry(
    bridge: ScriptedBridge, chats: Iterable[Chat] = (), title: str | None = None, **options: Any
) -> MockConfigEntry:
    """Return the entry of a scripted bridge's account, with these options."""
    return make_entry(bridge.url, TOKEN, bridge.account, chats, title, **options)


async def load(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Load the entry. Home Assistant listens to the bridge when this returns."""
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id), entry.reason
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    # It goes through the same socket, after the command to listen.
    await search_groups(hass, account=entry.entry_id)


async def search_groups(hass: HomeAssistant, **data: Any) -> list[dict[str, Any]]:
    """Call the action and return the groups."""
    response = await hass.services.async_call(DOMAIN, "search_groups", data, blocking=True, return_response=True)
    assert response
    groups = response["groups"]
    assert isinstance(groups, list)
    return cast("list[dict[str, Any]]", groups)
