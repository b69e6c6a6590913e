"""Actions that tell what an account knows."""

import re
from typing import Final

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..const import DOMAIN
from ..targets import ATTR_ACCOUNT, find_account
from .common import ACCOUNT_FIELD

SERVICE_SEARCH_GROUPS: Final = "search_groups"

ATTR_NAME_FILTER: Final = "name_filter"

# The subject of a group is anybody's, and a notification shows Markdown.
_MARKDOWN: Final = re.compile(r"[^\w\s]")

_SEARCH_GROUPS_SCHEMA: Final = vol.Schema({**ACCOUNT_FIELD, vol.Optional(ATTR_NAME_FILTER, default=""): cv.string})


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        SERVICE_SEARCH_GROUPS,
        _search_groups,
        _SEARCH_GROUPS_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _search_groups(call: ServiceCall) -> ServiceResponse:
    """Answer `{groups: [{id, name, participants, is_admin}]}`: those with the filter in their name.

    Where nobody wants an answer, they are shown as a notification.
    """
    account = find_account(call.hass, call.data.get(ATTR_ACCOUNT))
    known = await account.async_ask(lambda client: client.groups(account.account_id))
    wanted = call.data[ATTR_NAME_FILTER].strip().casefold()
    groups = [group for group in known if wanted in (group["name"] or "").casefold()]
    if call.return_response:
        return {
            "groups": [
                {
                    "id": group["id"],
                    "name": group["name"],
                    "participants": group["participants"],
                    "is_admin": group["is_admin"],
                }
                for group in groups
            ]
        }
    lines = [f"{_MARKDOWN.sub(r'\\\g<0>', group['name'] or '')}: `{group['id']}`" for group in groups]
    persistent_notification.async_create(call.hass, "\n\n".join(lines) or "-", "WhatsApp", f"{DOMAIN}_groups")
    return None
