"""The flows that put right what issues.py has raised."""

from abc import abstractmethod
import asyncio
from typing import Any, Final, override

from homeassistant.components.repairs import ConfirmRepairFlow, FlowType, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigEntryState, ConfigFlowContext
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import voluptuous as vol

from . import neighbour
from .account import WhatsAppConfigEntry
from .const import DOMAIN
from .issues import SCHEMA, issue_id

# Seconds.
CONNECT_TIMEOUT: Final = 60.0


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow for an issue, by what issues.py has put into its data."""
    key, of = str((data or {})["key"]), str((data or {})["of"])
    if key in ("replaced", "banned"):
        return ReconnectFlow(of)
    if key in SCHEMA:
        return ReloadFlow(of)
    if key == "passkey_required":
        return RelinkFlow(of)
    if key in ("other_app", "overwritten"):
        return NeighbourFlow()
    return ConfirmRepairFlow()


class FixFlow(RepairsFlow):
    """Says what will be done, does it, and says when that was in vain."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask, then do it."""
        error = None
        if user_input is not None:
            error = await self.async_fix()
            if error is None:
                return self.async_done()
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            errors={"base": error} if error else {},
            description_placeholders=issue.translation_placeholders if issue else None,
        )

    @abstractmethod
    async def async_fix(self) -> str | None:
        """Put it right. Returns the key of what was in the way."""

    def async_done(self) -> RepairsFlowResult:
        """End: Home Assistant deletes the issue then."""
        return self.async_create_entry(data={})


class EntryFixFlow(FixFlow):
    """A flow for a config entry. Entries that are gone need nothing."""

    def __init__(self, entry_id: str) -> None:
        self._entry_id = entry_id

    @override
    async def async_fix(self) -> str | None:
        entry: WhatsAppConfigEntry | None = self.hass.config_entries.async_get_entry(self._entry_id)
        return await self.async_fix_entry(entry) if entry else None

    @abstractmethod
    async def async_fix_entry(self, entry: WhatsAppConfigEntry) -> str | None:
        """Put it right. Returns the key of what was in the way."""


class ReconnectFlow(EntryFixFlow):
    """Has the bridge connect to WhatsApp again, which it does not do by itself."""

    @override
    async def async_fix_entry(self, entry: WhatsAppConfigEntry) -> str | None:
        if entry.state is not ConfigEntryState.LOADED:
            return "not_loaded"
        account = entry.runtime_data
        before = account.state["connection"]["since"]
        changed = asyncio.Event()
        end = account.on_change(changed.set)
        try:
            await account.async_ask(lambda client: client.reconnect(account.account_id))
            async with asyncio.timeout(CONNECT_TIMEOUT):
                while (now := account.state["connection"])["since"] == before or now["status"] == "connecting":
                    await changed.wait()
                    changed.clear()
        except HomeAssistantError:
            return "bridge_unreachable"
        except TimeoutError:
            return "not_connected"
        finally:
            end()
        return None if now["status"] == "connected" else "not_connected"


class ReloadFlow(EntryFixFlow):
    """Loads the entry again after something was updated."""

    @override
    async def async_fix_entry(self, entry: WhatsAppConfigEntry) -> str | None:
        await self.hass.config_entries.async_reload(entry.entry_id)
        if entry.state is ConfigEntryState.LOADED:
            return None
        still_there = any(
            ir.async_get(self.hass).async_get_issue(DOMAIN, issue_id(key, entry.entry_id)) for key in SCHEMA
        )
        return "still_there" if entry.state is ConfigEntryState.SETUP_ERROR and still_there else "bridge_unreachable"


class RelinkFlow(EntryFixFlow):
    """Opens the dialog that links the account again."""

    _flow_id: str | None = None

    @override
    async def async_fix_entry(self, entry: WhatsAppConfigEntry) -> str | None:
        flow = next(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH, SOURCE_RECONFIGURE}), None)
        if not flow:
            context = ConfigFlowContext(
                source=SOURCE_REAUTH,
                entry_id=entry.entry_id,
                title_placeholders={"name": entry.title},
                unique_id=entry.unique_id,
            )
            flow = await self.hass.config_entries.flow.async_init(DOMAIN, context=context, data=dict(entry.data))
        if flow.get("type") is not FlowResultType.ABORT:
            self._flow_id = flow["flow_id"]
        return None

    @override
    def async_done(self) -> RepairsFlowResult:
        next_flow = (FlowType.CONFIG_FLOW, self._flow_id) if self._flow_id else None
        return self.async_create_entry(data={}, next_flow=next_flow)


class NeighbourFlow(FixFlow):
    """Looks again whether the other product is in the way, and loads what is ours again."""

    @override
    async def async_fix(self) -> str | None:
        await neighbour.async_check(self.hass)
        if ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id):
            return "still_there"
        for entry in self.hass.config_entries.async_loaded_entries(DOMAIN):
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return None
