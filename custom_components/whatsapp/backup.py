"""A consistent copy of every bridge's store, in Home Assistant's backups: docs/backup.md says how to restore it."""

from collections.abc import Iterable
from functools import partial
import logging
import os
from pathlib import Path
import re
from typing import BinaryIO, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.storage import STORAGE_DIR

from . import issues
from .account import WhatsAppConfigEntry
from .bridge import BridgeClient
from .const import CONF_BRIDGE_ID, DOMAIN

_LOGGER = logging.getLogger(__name__)

_CHUNK_BYTES: Final = 1024 * 1024


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Copy the store of every bridge that is there. One that is not does not keep the others from being backed up."""
    for entry in _one_of_each_bridge(hass):
        try:
            await _async_copy(hass, entry, copy_path(hass, entry))
        except (HomeAssistantError, OSError) as err:
            error = type(err).__name__ if isinstance(err, OSError) else err
            _LOGGER.warning("The backup will be without the bridge's store: %s", error)
            issues.async_raise(hass, "backup_failed", entry.entry_id, name=entry.title)
        else:
            issues.async_clear(hass, {"backup_failed"}, entry.entry_id)


async def async_post_backup(hass: HomeAssistant) -> None:
    """Delete the copies: whoever has one can be this device."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        await async_delete_copy(hass, entry)


async def async_delete_copy(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> None:
    """Delete the copy of an entry's bridge, if there is one: also one that came with a backup that was restored."""
    await hass.async_add_executor_job(partial(copy_path(hass, entry).unlink, missing_ok=True))


def copy_path(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> Path:
    """Return where the copy of an entry's bridge is while a backup is made."""
    name = re.sub(r"[^\w-]", "_", entry.data[CONF_BRIDGE_ID], flags=re.ASCII)
    return Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{name}.db"))


def _one_of_each_bridge(hass: HomeAssistant) -> Iterable[WhatsAppConfigEntry]:
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
    # Of several that share a bridge one that has it at hand: the last one stays.
    entries.sort(key=_is_connected)
    return {entry.data[CONF_BRIDGE_ID]: entry for entry in entries}.values()


def _is_connected(entry: WhatsAppConfigEntry) -> bool:
    return entry.state is ConfigEntryState.LOADED and entry.runtime_data.bridge_connected


async def _async_copy(hass: HomeAssistant, entry: WhatsAppConfigEntry, path: Path) -> None:
    """Write the copy.

    Raises:
        HomeAssistantError: the bridge does not give it.
        OSError: it cannot be written.

    """
    if not _is_connected(entry):
        # Nobody waits for it: the rest of the backup is more urgent.
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="bridge_unreachable")

    async def fetch(client: BridgeClient) -> None:
        ticket = (await client.backup())["ticket"]
        async with client.open_file(async_get_clientsession(hass), ticket) as response:
            copy = await hass.async_add_executor_job(_create, path)
            try:
                async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                    await hass.async_add_executor_job(copy.write, chunk)
                await hass.async_add_executor_job(copy.close)
            except BaseException:
                # Half a store is none.
                await hass.async_add_executor_job(path.unlink)
                raise
            finally:
                await hass.async_add_executor_job(copy.close)

    await entry.runtime_data.async_ask(fetch)


def _create(path: Path) -> BinaryIO:
    """Create a file that nobody else may read."""
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
