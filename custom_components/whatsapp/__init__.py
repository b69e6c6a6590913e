"""WhatsApp for Home Assistant."""

import logging

from homeassistant.const import CONF_NAME, EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr, discovery, start
from homeassistant.helpers.device_registry import DeviceEntryType
from homeassistant.helpers.typing import ConfigType

from . import backup, issues, neighbour
from .account import RELINK_CODES, Account, WhatsAppConfigEntry, create_client
from .bridge import BridgeError, CannotConnect, InvalidToken, SchemaIncompatible
from .const import CONF_ACCOUNT_ID, CONF_BRIDGE_ID, DOMAIN
from .entity import account_identifier, chat_identifier
from .marking import async_mark_as_read
from .received import async_remove, async_setup_keeper
from .services import async_setup_services
from .views import MediaView

_LOGGER = logging.getLogger(__name__)

PLATFORMS = [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.EVENT, Platform.NOTIFY, Platform.SENSOR]

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, and `notify.whatsapp` once for all accounts."""
    async_setup_services(hass)
    hass.http.register_view(MediaView)
    start.async_at_started(hass, neighbour.async_check)
    hass.async_create_task(discovery.async_load_platform(hass, Platform.NOTIFY, DOMAIN, {CONF_NAME: DOMAIN}, config))
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> bool:
    """Take an entry of another minor version as it is: that is what makes it minor.

    Home Assistant itself refuses one of a newer major version, and says so in the log.
    """
    return True


async def async_setup_entry(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> bool:
    """Set up one account."""
    account = entry.runtime_data = Account(hass, entry)
    await _async_open(hass, entry, account)
    entry.async_on_unload(account.async_close)
    _register_device(hass, entry, account)
    await async_setup_keeper(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    async_mark_as_read(entry)
    issues.AccountIssues(hass, entry).async_start()
    # Not before automations are armed and the entities are there: what is acknowledged does not come again.
    entry.async_on_unload(start.async_at_started(hass, account.async_start))

    async def close(_: Event) -> None:
        await account.async_close()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, close))
    entry.async_on_unload(entry.add_update_listener(_async_reload))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> bool:
    """Stop listening, so that no event passes by, and take the entities away."""
    await entry.runtime_data.async_close()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> None:
    """Log the device out on WhatsApp, as far as that is possible."""
    issues.async_clear_all(hass, entry)
    await async_remove(hass, entry)
    bridge_id = entry.data[CONF_BRIDGE_ID]
    if not any(other.data[CONF_BRIDGE_ID] == bridge_id for other in hass.config_entries.async_entries(DOMAIN)):
        await backup.async_delete_copy(hass, entry)
    try:
        async with create_client(entry.data) as client:
            await client.unlink(entry.data[CONF_ACCOUNT_ID])
    except BridgeError as err:
        if err.code in RELINK_CODES:
            return
        _LOGGER.warning(
            "The device could not be logged out of WhatsApp (%s). Remove it on the phone: Settings, Linked devices", err
        )
        issues.async_raise(hass, "unlink_failed", await issues.async_pseudonym(hass, entry.data[CONF_ACCOUNT_ID]))


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Let a device be removed when nothing of ours is behind it any more."""
    account_id = entry.data[CONF_ACCOUNT_ID]
    used = {account_identifier(account_id), *(chat_identifier(account_id, chat) for chat in entry.subentries.values())}
    return used.isdisjoint(device.identifiers)


async def _async_reload(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> None:
    await hass.config_entries.async_reload(entry.entry_id)


async def _async_open(hass: HomeAssistant, entry: WhatsAppConfigEntry, account: Account) -> None:
    """Connect, and say what is wrong when that fails."""
    try:
        await account.async_open()
    except InvalidToken as err:
        raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="invalid_token") from err
    except SchemaIncompatible as err:
        key = "bridge_too_old" if err.bridge_is_older else "bridge_too_new"
        issues.async_clear(hass, issues.SCHEMA - {key}, entry.entry_id)
        issues.async_raise(hass, key, entry.entry_id, name=entry.title)
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key=key) from err
    except CannotConnect as err:
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="bridge_unreachable") from err
    except BridgeError as err:
        if err.code in RELINK_CODES:
            raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key=err.code) from err
        if err.code in issues.STORAGE:
            issues.async_raise(hass, err.code, entry.entry_id, name=entry.title)
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="bridge_error", translation_placeholders={"code": err.code}
        ) from err
    # What is watched while the entry is loaded is told then.
    issues.async_clear(hass, {*issues.SCHEMA, *issues.STORAGE, "passkey_required"}, entry.entry_id)
    issues.async_clear(hass, {"unlink_failed"}, await issues.async_pseudonym(hass, account.account_id))


def _register_device(hass: HomeAssistant, entry: WhatsAppConfigEntry, account: Account) -> None:
    # The devices of the chats point to it, so it has to be there first.
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={account_identifier(account.account_id)},
        entry_type=DeviceEntryType.SERVICE,
        manufacturer="WhatsApp",
        name=entry.title,
        sw_version=account.bridge_version,
    )
