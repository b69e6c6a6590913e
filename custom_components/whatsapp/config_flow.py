"""Config flow: a bridge, then an account on it, then the chats that automations may use."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry, ConfigFlowResult, ConfigSubentryFlow, OptionsFlow
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .account import create_client
from .bridge import BridgeError
from .bridge.protocol import Account, Chat
from .chat_flow import ChatFlow, async_list_chats, chat_selector, chat_subentry, label_all
from .const import CONF_ACCOUNT_ID, CONF_BRIDGE_ID, CONF_PHONE, DOMAIN, SUBENTRY_TYPE_CHAT
from .link_flow import LinkFlow, display_name, error_key, phone_error
from .options_flow import AccountOptionsFlow
from .targets import async_find_phone

DEFAULT_URL: Final = "ws://127.0.0.1:3000"
CONF_ACCOUNT: Final = "account"
CONF_GROUPS: Final = "groups"
CONF_PEOPLE: Final = "people"
CONF_NUMBERS: Final = "numbers"

# Seconds. WhatsApp tells of the groups a moment after a new link; who has none waits for so long.
FIRST_GROUPS_WITHIN: Final = 5.0
_ASK_AGAIN_AFTER: Final = 0.25

# Why WhatsApp has ended a session without a logout: a new link does not mend it. Each has a text that says what does.
_ENDED: Final = {"replaced", "banned", "client_outdated"}

# Not of type URL: browsers refuse an address without a scheme, and a bridge's needs none.
_URL_SELECTOR: Final = TextSelector()
_TOKEN_SELECTOR: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
_NUMBERS_SELECTOR: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.TEL, multiple=True))

_USER_SCHEMA: Final = vol.Schema(
    {vol.Required(CONF_URL, default=DEFAULT_URL): _URL_SELECTOR, vol.Required(CONF_TOKEN): _TOKEN_SELECTOR}
)
_RECONFIGURE_SCHEMA: Final = vol.Schema(
    {vol.Required(CONF_URL): _URL_SELECTOR, vol.Optional(CONF_TOKEN): _TOKEN_SELECTOR}
)
_TOKEN_SCHEMA: Final = vol.Schema({vol.Required(CONF_TOKEN): _TOKEN_SELECTOR})


class WhatsAppConfigFlow(LinkFlow, domain=DOMAIN):
    """Adds, repairs and moves the entry of an account."""

    VERSION = 1
    MINOR_VERSION = 1

    _account: Account

    def __init__(self) -> None:
        super().__init__()
        # By what the form shows of each.
        self._chats: dict[str, Chat] = {}

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Offer chats."""
        return {SUBENTRY_TYPE_CHAT: ChatFlow}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Offer options."""
        return AccountOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the bridge and reach it."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._async_visit(user_input[CONF_URL], user_input[CONF_TOKEN])
            if not errors:
                return await self.async_step_link()
        return self.async_show_form(
            step_id="user", data_schema=self.add_suggested_values_to_schema(_USER_SCHEMA, user_input), errors=errors
        )

    async def async_step_link(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer what the bridge has linked already and no entry uses, and the ways to link another phone."""
        names = [display_name(account) for account in self._unclaimed()]
        return self.async_show_menu(
            step_id="link",
            menu_options=[*(["existing"] if names else []), "qr", "phone"],
            description_placeholders={"accounts": ", ".join(names)},
        )

    async def async_step_existing(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take an account that is linked already; ask which when there are several."""
        accounts = self._unclaimed()
        if user_input is not None:
            return await self._async_take(self._accounts[user_input[CONF_ACCOUNT]])
        if not accounts:
            return self.async_abort(reason="already_configured")
        if len(accounts) == 1:
            return await self._async_take(accounts[0])
        options = [SelectOptionDict(value=account["account_id"], label=display_name(account)) for account in accounts]
        selector = SelectSelector(SelectSelectorConfig(options=options))
        return self.async_show_form(step_id="existing", data_schema=vol.Schema({vol.Required(CONF_ACCOUNT): selector}))

    def _unclaimed(self) -> list[Account]:
        claimed = self._async_current_ids()
        return [
            account
            for account in self._accounts.values()
            if account["account_id"] not in claimed and account["connection"]["status"] != "unlinked"
        ]

    @override
    async def _async_take(self, account: Account) -> ConfigFlowResult:
        # Another flow may have linked it and be waiting for somebody who closed the browser.
        await self.async_set_unique_id(account["account_id"], raise_on_progress=False)
        if self.source == SOURCE_REAUTH:
            self._abort_if_unique_id_mismatch(reason="wrong_account")
            return self._save(self._get_reauth_entry())
        self._abort_if_unique_id_configured()
        self._account = account
        return await self.async_step_chats()

    async def async_step_chats(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the chats be chosen that automations may use, and make the entry."""
        placeholders = {"name": display_name(self._account), "number": ""}
        if user_input is None:
            errors = await self._async_list_chats()
        else:
            picked = user_input.get(CONF_GROUPS, []) + user_input.get(CONF_PEOPLE, [])
            chosen = {chat["id"]: chat for chat in (self._chats[label] for label in picked)}
            # The form leaves an empty text where a line was added and nothing typed.
            numbers = [number for number in user_input.get(CONF_NUMBERS, []) if number.strip()]
            errors = await self._async_add_numbers(numbers, chosen, placeholders)
            if not errors:
                return self._create(chosen.values())
        return self.async_show_form(
            step_id="chats",
            data_schema=self.add_suggested_values_to_schema(self._chats_schema(), user_input),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _async_list_chats(self) -> dict[str, str]:
        account_id = self._account["account_id"]
        deadline = self.hass.loop.time() + (FIRST_GROUPS_WITHIN if self._link else 0.0)
        try:
            async with create_client(self._bridge) as client:
                chats = await async_list_chats(client, account_id)
                while not any(chat["kind"] == "group" for chat in chats) and self.hass.loop.time() < deadline:
                    await asyncio.sleep(_ASK_AGAIN_AFTER)
                    chats = await async_list_chats(client, account_id)
        except BridgeError as err:
            return {"base": error_key(err)}
        self._chats = label_all(chats)
        return {}

    async def _async_add_numbers(
        self, numbers: list[str], chosen: dict[str, Chat], placeholders: dict[str, str]
    ) -> dict[str, str]:
        """Add the chats of phone numbers to those chosen. Returns the error of the first that has none."""
        if not numbers:
            return {}
        try:
            async with create_client(self._bridge) as client:
                for typed in numbers:
                    placeholders["number"] = typed
                    number = await async_find_phone(self.hass, typed)
                    if not number:
                        return {CONF_NUMBERS: phone_error(self.hass)}
                    chat = await client.resolve(self._account["account_id"], number)
                    chosen[chat["id"]] = chat
        except BridgeError as err:
            return {CONF_NUMBERS: error_key(err)}
        return {}

    def _chats_schema(self) -> vol.Schema:
        groups = [label for label, chat in self._chats.items() if chat["kind"] == "group"]
        people = [label for label, chat in self._chats.items() if chat["kind"] != "group"]
        return vol.Schema(
            {
                **({vol.Optional(CONF_GROUPS): chat_selector(groups, multiple=True)} if groups else {}),
                **({vol.Optional(CONF_PEOPLE): chat_selector(people, multiple=True)} if people else {}),
                vol.Optional(CONF_NUMBERS): _NUMBERS_SELECTOR,
            }
        )

    def _create(self, chats: Iterable[Chat]) -> ConfigFlowResult:
        account = self._account
        # On a double click the first has made it by now. A second would take its place, and log it out.
        self._abort_if_unique_id_configured()
        return self.async_create_entry(
            title=display_name(account),
            data={**self._bridge, CONF_ACCOUNT_ID: account["account_id"], CONF_PHONE: account["phone"]},
            subentries=[chat_subentry(chat) for chat in chats],
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Find out what has to be renewed."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a new token when the bridge wants one, and for a new link when the account was logged out."""
        entry = self._get_reauth_entry()
        token = (user_input or {}).get(CONF_TOKEN, entry.data[CONF_TOKEN])
        errors = await self._async_visit(entry.data[CONF_URL], token)
        account = self._accounts.get(entry.data[CONF_ACCOUNT_ID])
        if not errors and account and (reason := account["connection"]["reason"]) in _ENDED:
            errors = {"base": str(reason)}
        if errors:
            schema = _TOKEN_SCHEMA if CONF_TOKEN in errors else vol.Schema({})
            return self.async_show_form(step_id="reauth_confirm", data_schema=schema, errors=errors)
        self._relink_id = entry.data[CONF_ACCOUNT_ID]
        if not account:
            return await self.async_step_link_anew()
        if account["connection"]["status"] == "unlinked":
            return await self.async_step_relink()
        return self._save(entry)

    async def async_step_relink(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say that WhatsApp has logged out the account, and offer the ways to link the same phone again."""
        return self._offer_links("relink")

    async def async_step_link_anew(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say that the bridge has lost the account, and offer the ways to link the same phone again."""
        return self._offer_links("link_anew")

    def _offer_links(self, step_id: str) -> ConfigFlowResult:
        return self.async_show_menu(
            step_id=step_id,
            menu_options=["qr", "phone"],
            description_placeholders={"name": self._get_reauth_entry().title},
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take another address or another token of the bridge, which keeps the account."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._async_visit(user_input[CONF_URL], user_input.get(CONF_TOKEN, entry.data[CONF_TOKEN]))
            if not errors and entry.data[CONF_ACCOUNT_ID] not in self._accounts:
                errors = {CONF_URL: "account_not_found"}
            if not errors:
                return self._save(entry)
        shown = user_input or {CONF_URL: entry.data[CONF_URL]}
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(_RECONFIGURE_SCHEMA, shown),
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    def _save(self, entry: ConfigEntry) -> ConfigFlowResult:
        """Keep the bridge's address and token, and have the entry reloaded. Others that use the bridge go along."""
        for other in self._async_current_entries(include_ignore=False):
            if other is not entry and other.data[CONF_BRIDGE_ID] == self._bridge[CONF_BRIDGE_ID]:
                listens = bool(other.update_listeners)
                self.hass.config_entries.async_update_entry(other, data={**other.data, **self._bridge})
                if not listens:
                    self.hass.config_entries.async_schedule_reload(other.entry_id)
        if entry.update_listeners:
            return self.async_update_and_abort(entry, data_updates=self._bridge)
        # An entry that failed to set up has no listener yet that would reload it.
        return self.async_update_reload_and_abort(entry, data_updates=self._bridge)
