"""What somebody has to put right, for Home Assistant's repairs: when it is raised, and when it is over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import instance_id, issue_registry as ir
from homeassistant.util import dt as dt_util

from .account import Account, WhatsAppConfigEntry
from .const import DOMAIN
from .figures import as_time
from .privacy import Privacy


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`fixable`: there is a flow in repairs.py. `lasting`: Home Assistant keeps it over a restart."""

    fixable: bool = False
    lasting: bool = False
    severity: ir.IssueSeverity = ir.IssueSeverity.ERROR


# Home Assistant writes all of an issue that lasts into diagnostics: it has no placeholders that say whose it is.
# Each is a key of `issues` in the translations, and a row in docs/repairs.md.
KINDS: Final = {
    "backup_failed": Kind(severity=ir.IssueSeverity.WARNING),
    "banned": Kind(fixable=True),
    "bridge_too_new": Kind(fixable=True),
    "bridge_too_old": Kind(fixable=True),
    "client_outdated": Kind(),
    "other_app": Kind(fixable=True),
    "overwritten": Kind(fixable=True),
    "passkey_required": Kind(fixable=True),
    "replaced": Kind(fixable=True),
    "restricted": Kind(severity=ir.IssueSeverity.WARNING),
    "restricted_until": Kind(severity=ir.IssueSeverity.WARNING),
    "storage_corrupt": Kind(),
    "storage_full": Kind(),
    "storage_read_only": Kind(),
    "unlink_failed": Kind(fixable=True, lasting=True, severity=ir.IssueSeverity.WARNING),
}
# What WhatsApp answers that the bridge does not try to change by itself.
GIVEN_UP: Final = {"banned", "client_outdated", "replaced"}
SCHEMA: Final = {"bridge_too_new", "bridge_too_old"}
STORAGE: Final = {"storage_corrupt", "storage_full", "storage_read_only"}
# What is told from how the account stands.
_WATCHED: Final = {*GIVEN_UP, *STORAGE, "restricted", "restricted_until"}


def issue_id(key: str, of: str) -> str:
    """Return the id of an issue. `of`: the id of the config entry, the pseudonym of an account, or the domain."""
    return f"{key}_{of}"


async def async_pseudonym(hass: HomeAssistant, account_id: str) -> str:
    """Return what an issue calls an account that has no entry any more."""
    return Privacy(await instance_id.async_get(hass), mask=True).pseudonym(account_id)


@callback
def async_raise(hass: HomeAssistant, key: str, of: str, **placeholders: str) -> None:
    """Raise an issue, or say the same again with other placeholders."""
    kind = KINDS[key]
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(key, of),
        data={"key": key, "of": of},
        is_fixable=kind.fixable,
        is_persistent=kind.lasting,
        severity=kind.severity,
        translation_key=key,
        translation_placeholders=placeholders or None,
    )


@callback
def async_clear(hass: HomeAssistant, keys: set[str], of: str) -> None:
    """Say that these are over, or have never been."""
    for key in keys:
        ir.async_delete_issue(hass, DOMAIN, issue_id(key, of))


@callback
def async_clear_all(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Say that the entry has nothing more to say."""
    async_clear(hass, set(KINDS), entry.entry_id)


class AccountIssues:
    """Raises and clears what is told from how an account stands."""

    def __init__(self, hass: HomeAssistant, entry: WhatsAppConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._asking = False

    @callback
    def async_start(self) -> None:
        """Follow the account until the entry is unloaded."""
        self._entry.async_on_unload(self._entry.runtime_data.on_change(self._update))
        self._entry.async_on_unload(lambda: async_clear(self._hass, _WATCHED, self._entry.entry_id))
        self._update()

    @callback
    def _update(self) -> None:
        account = self._entry.runtime_data
        if account.fault in STORAGE:
            self._set({account.fault})
            return
        connection = account.state["connection"]
        # Neither says that what was wrong is right again.
        if not account.bridge_connected or connection["status"] == "connecting":
            return
        if connection["reason"] == "storage":
            self._ask_storage(account)
        elif connection["reason"] in GIVEN_UP and connection["status"] == "disconnected":
            self._set({connection["reason"]})
        else:
            self._set(set())

    @callback
    def _set(self, wanted: set[str]) -> None:
        """Have these, and the restriction, and no others."""
        restriction = self._entry.runtime_data.state["restriction"]
        until: datetime | None = None
        if restriction:
            if restriction["until"] is not None:
                until = dt_util.as_local(as_time(restriction["until"]))
            wanted = {*wanted, "restricted_until" if until else "restricted"}
        async_clear(self._hass, _WATCHED - wanted, self._entry.entry_id)
        placeholders = {"name": self._entry.title}
        if until:
            placeholders["until"] = f"{until:%Y-%m-%d %H:%M}"
        for key in wanted:
            async_raise(self._hass, key, self._entry.entry_id, **placeholders)

    @callback
    def _ask_storage(self, account: Account) -> None:
        if not self._asking:
            self._asking = True
            self._entry.async_create_background_task(
                self._hass, self._async_ask_storage(account), "WhatsApp bridge's storage"
            )

    async def _async_ask_storage(self, account: Account) -> None:
        """Find out what is wrong with the bridge's disk: the account's state does not say that."""
        try:
            storage = (await account.async_ask(lambda client: client.health()))["storage"]
        except HomeAssistantError:
            # The bridge went away meanwhile. It says how it is when it is back, and so this is asked again.
            return
        finally:
            self._asking = False
        if account.state["connection"]["reason"] == "storage" and storage != "ok":
            self._set({f"storage_{storage}"})
