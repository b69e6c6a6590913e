"""The steps of a config flow that reach a bridge and link a device."""

from abc import abstractmethod
import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
import voluptuous as vol

from . import issues
from .account import create_client
from .bridge import BridgeError, CannotConnect, InvalidToken, SchemaIncompatible
from .bridge.protocol import Account, Chat, LinkMethod, Person
from .const import CONF_BRIDGE_ID, CONF_PHONE, DOMAIN
from .link import Link
from .targets import async_find_phone

_LOGGER = logging.getLogger(__name__)

_PHONE_SELECTOR: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.TEL, autocomplete="tel"))
_PHONE_SCHEMA: Final = vol.Schema({vol.Required(CONF_PHONE): _PHONE_SELECTOR})

# Error codes that have a text of their own in `config.error` and `config_subentries.chat.error`.
TOLD: Final = {
    "invalid_url",
    "connection_lost",
    "account_not_found",
    "not_linked",
    "not_connected",
    "chat_not_found",
    "not_on_whatsapp",
    "rate_limited",
    "rejected",
    "link_expired",
    "link_conflict",
    "passkey_required",
    "restricted",
    "storage_full",
    "storage_read_only",
    "storage_corrupt",
    "timeout",
}
# Where a form shows an error that belongs to one field.
_FIELDS: Final = {"invalid_url": CONF_URL, "invalid_token": CONF_TOKEN}


def error_key(error: BridgeError) -> str:
    """Return the key of the text that tells a person what went wrong."""
    match error:
        case InvalidToken():
            return "invalid_token"
        case SchemaIncompatible():
            return "bridge_too_old" if error.bridge_is_older else "bridge_too_new"
        case _ if error.code in TOLD:
            return error.code
        case CannotConnect():
            return "cannot_connect"
    _LOGGER.error("Unexpected error of the bridge: %s", error.code)
    return "unknown"


def phone_error(hass: HomeAssistant) -> str:
    """Return the key of the text that tells a person how to type a number."""
    return "invalid_phone" if hass.config.country else "country_code_required"


def display_name(whom: Account | Chat | Person) -> str:
    """Return what a person recognises an account, a chat or somebody by: the name, else the number."""
    if whom["name"]:
        return whom["name"]
    return f"+{whom['phone']}" if whom["phone"] else str(whom.get("id") or whom.get("account_id"))


class LinkFlow(ConfigFlow):
    """Knows a bridge and links a device there, by QR code or by pairing code."""

    # The account that is to be linked again.
    _relink_id: str | None = None

    def __init__(self) -> None:
        self._bridge: dict[str, str] = {}
        self._accounts: dict[str, Account] = {}
        self._link: Link | None = None
        self._phone: str | None = None
        self._change: asyncio.Task[None] | None = None

    async def _async_visit(self, url: str, token: str) -> dict[str, str]:
        """Connect, and keep the bridge's id and its accounts. Returns the errors for a form."""
        self._bridge = {CONF_URL: url.strip(), CONF_TOKEN: token.strip()}
        try:
            client = create_client(self._bridge)
            try:
                self._bridge[CONF_BRIDGE_ID] = (await client.connect())["bridge_id"]
                self._accounts = {account["account_id"]: account for account in await client.accounts()}
            finally:
                await client.close()
        except BridgeError as err:
            key = error_key(err)
            return {_FIELDS.get(key, "base"): key}
        return {}

    async def async_step_qr(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show QR codes until one is scanned."""
        if not self._link:
            self._start_link("qr")
        return self._show_link("qr", "qr_failed")

    async def async_step_qr_failed(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say why there is no QR code any more, and start over."""
        if user_input is None:
            return self.async_show_form(step_id="qr_failed", errors=self._link_errors())
        self._link = None
        return await self.async_step_qr()

    async def async_step_phone(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which phone a pairing code is for; again after a code has failed."""
        errors = self._link_errors()
        if user_input is not None:
            self._phone = user_input[CONF_PHONE]
            if number := await async_find_phone(self.hass, self._phone):
                # On a double click it runs already.
                if not self._link or self._link.status == "failed":
                    self._start_link("code", number)
                return await self.async_step_code()
            errors = {CONF_PHONE: phone_error(self.hass)}
        schema = self.add_suggested_values_to_schema(_PHONE_SCHEMA, {CONF_PHONE: self._phone})
        return self.async_show_form(
            step_id="phone",
            data_schema=schema,
            errors=errors,
            description_placeholders={"number": self._phone or ""},
        )

    async def async_step_code(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the pairing code until the phone has taken it."""
        return self._show_link("code", "phone")

    async def async_step_linked(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Go on with the account of the phone that has just agreed."""
        if TYPE_CHECKING:
            assert self._link
        return await self._async_take(self._link.account)

    @abstractmethod
    async def _async_take(self, account: Account) -> ConfigFlowResult:
        """Go on with an account of the bridge."""

    def _start_link(self, method: LinkMethod, phone: str | None = None) -> None:
        self._link = Link(self.hass, create_client(self._bridge), method, phone=phone, account_id=self._relink_id)

    def _link_errors(self) -> dict[str, str]:
        if not self._link or not self._link.error:
            return {}
        key = error_key(self._link.error)
        if key == "passkey_required" and self.source == SOURCE_REAUTH:
            # It takes a while, and not all who read that have the time just now.
            entry = self._get_reauth_entry()
            issues.async_raise(self.hass, key, entry.entry_id, name=entry.title)
        return {"base": "other_phone" if self._relink_id and key == "link_conflict" else key}

    def _show_link(self, step_id: str, failed_step_id: str) -> ConfigFlowResult:
        link = self._link
        if TYPE_CHECKING:
            assert link
        if link.status == "failed":
            return self.async_show_progress_done(next_step_id=failed_step_id)
        if link.status == "linked":
            return self.async_show_progress_done(next_step_id="linked")
        if not self._change or self._change.done():
            self._change = self.hass.async_create_background_task(link.wait_changed(), "Watch a link")
        return self.async_show_progress(
            step_id=step_id,
            progress_action=link.status,
            progress_task=self._change,
            description_placeholders={
                "qr": link.image,
                # A hyphen that no narrow screen breaks the line at.
                "code": f"{link.code[:4]}\u2011{link.code[4:]}",
                "number": str(link.number),
                "total": str(link.total),
            },
        )

    @callback
    @override
    def async_remove(self) -> None:
        """End the link; log the device out again when nothing came of it. Called on cancel and at the end."""
        link, self._link = self._link, None
        if link:
            self.hass.async_create_task(self._async_abandon(link))

    async def _async_abandon(self, link: Link) -> None:
        await link.async_end()
        if link.status != "linked" or self._is_claimed(link.account["account_id"]):
            return
        try:
            async with create_client(self._bridge) as client:
                await client.unlink(link.account["account_id"])
        except BridgeError as err:
            _LOGGER.warning("The device just linked could not be logged out (%s). Remove it on the phone", err)

    def _is_claimed(self, account_id: str) -> bool:
        """Tell whether an entry has the account, or another flow that goes on with it."""
        return bool(
            self.hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, account_id)
            or self._async_in_progress(include_uninitialized=True, match_context={"unique_id": account_id})
        )
