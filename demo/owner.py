"""Makes the owner of a Home Assistant that is not running. Run as `python -m demo.owner CONFIG NAME PASSWORD`.

Prints `{"token": …}`: a long-lived access token of the owner's.
"""

import asyncio
from datetime import timedelta
import json
from pathlib import Path
import sys

from homeassistant import runner
from homeassistant.auth import auth_manager_from_config
from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN
from homeassistant.auth.providers.homeassistant import HassAuthProvider
from homeassistant.config_entries import ConfigEntries
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

_ONBOARDED = {"done": ["user", "core_config", "analytics", "integration"]}


async def _make_owner(config: Path, name: str, password: str) -> str:
    hass = HomeAssistant(str(config))
    hass.config_entries = ConfigEntries(hass, {})
    await hass.config_entries.async_initialize()
    dr.async_setup(hass)
    await asyncio.gather(dr.async_load(hass), er.async_load(hass))
    hass.auth = await auth_manager_from_config(hass, [{"type": "homeassistant"}], [])
    provider = hass.auth.auth_providers[0]
    if not isinstance(provider, HassAuthProvider):
        raise TypeError("not the provider of names and passwords")
    await provider.async_initialize()
    await provider.async_add_auth(name, password)
    # The first user is the owner.
    user = await hass.auth.async_create_user(name.capitalize(), group_ids=[GROUP_ID_ADMIN])
    await hass.auth.async_link_user(user, await provider.async_get_or_create_credentials({"username": name}))
    refresh_token = await hass.auth.async_create_refresh_token(
        user,
        client_name="demo",
        token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN,
        access_token_expiration=timedelta(days=3650),
    )
    token = hass.auth.async_create_access_token(refresh_token)
    onboarding = {"version": 4, "minor_version": 1, "key": "onboarding", "data": _ONBOARDED}
    (config / ".storage" / "onboarding").write_text(json.dumps(onboarding))
    # Without force it would not write what it knows: it never ran.
    await hass.async_stop(force=True)
    return token


if __name__ == "__main__":
    _, folder, name, password = sys.argv
    made = _make_owner(Path(folder).absolute(), name, password)
    print(json.dumps({"token": asyncio.run(made, loop_factory=runner.create_event_loop)}))
