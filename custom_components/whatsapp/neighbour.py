"""The other product of this domain: its app puts its own integration where this one is."""

import json
import logging
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.hassio import is_hassio
from homeassistant.loader import async_get_integration

from . import issues
from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

# Its option that says whether it does so, at every start.
_OPTION: Final = "auto_install_integration"
# What tells one integration from another. The version is another after an update, too.
_IDENTITY: Final = ("name", "documentation", "codeowners")


class _SilentError(Exception):
    """The Supervisor does not answer."""


async def async_check(hass: HomeAssistant) -> None:
    """Raise the issues of what is there, and clear the others."""
    if await _is_overwritten(hass):
        issues.async_raise(hass, "overwritten", DOMAIN)
    else:
        issues.async_clear(hass, {"overwritten"}, DOMAIN)
    if is_hassio(hass):
        await _check_app(hass)


async def _is_overwritten(hass: HomeAssistant) -> bool:
    """Return whether another integration would run in our place after a restart."""
    integration = await async_get_integration(hass, DOMAIN)
    there = await hass.async_add_executor_job(_read, integration.file_path / "manifest.json")
    ours: Any = integration.manifest
    return any(there.get(key) != ours.get(key) for key in _IDENTITY)


def _read(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError, ValueError:
        # As Home Assistant sees it: there is no integration.
        return {}
    return manifest if isinstance(manifest, dict) else {}


async def _check_app(hass: HomeAssistant) -> None:
    # Where there is a Supervisor it is loaded already; elsewhere that would take a second for nothing.
    from homeassistant.components.hassio import SupervisorError, get_supervisor_client  # noqa: PLC0415

    apps = get_supervisor_client(hass).addons
    try:
        running = [app for app in await apps.list() if DOMAIN in app.slug and app.state == "started"]
        names = [app.name for app in running if (await apps.addon_info(app.slug)).options.get(_OPTION)]
    except SupervisorError as err:
        _LOGGER.warning("The Supervisor does not say which apps there are: %s", err)
        return
    if names:
        issues.async_raise(hass, "other_app", DOMAIN, app=names[0], option=_OPTION)
    else:
        issues.async_clear(hass, {"other_app"}, DOMAIN)
