"""Chats in flows: how they are offered and kept, and the flow that adds one to an account."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntryState,
    ConfigSubentryData,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .account import WhatsAppConfigEntry, create_client
from .bridge import BridgeClient, BridgeError
from .bridge.protocol import LIMIT_LISTED_CHATS, Chat, Person
from .const import CONF_ACCOUNT_ID, CONF_CHAT_ID, CONF_KIND, CONF_LID, CONF_MEMBERS, CONF_PHONE, SUBENTRY_TYPE_CHAT
from .inbox import is_same
from .link_flow import display_name, error_key, phone_error
from .markdown import escaped
from .targets import async_find_phone

CONF_CHAT: Final = "chat"
CONF_NUMBER: Final = "number"
CONF_WHOSE: Final = "whose"
EVERYONE: Final = "everyone"
CHOSEN: Final = "chosen"

_NUMBER_SELECTOR: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.TEL))
_WHOSE_SELECTOR: Final = SelectSelector(
    SelectSelectorConfig(options=[EVERYONE, CHOSEN], translation_key=CONF_WHOSE, mode=SelectSelectorMode.LIST)
)
_NAME_FIELD: Final = {vol.Required(CONF_NAME): TextSelector()}
_WHOSE_FIELD: Final = {vol.Required(CONF_WHOSE): _WHOSE_SELECTOR}


def label_all[Somebody: (Chat, Person)](whom: Iterable[Somebody]) -> dict[str, Somebody]:
    """Return chats or people by what a list shows of each, in the same order. No two look alike.

    People choose their names themselves: behind it stands what they cannot choose.
    """
    labelled: dict[str, Somebody] = {}
    for each in whom:
        known_by = f"+{each['phone']}" if each["phone"] else each["lid"]
        label = f"{each['name']} ({known_by})" if each["name"] and known_by else display_name(each)
        labelled[f"{label} ({each['id']})" if label in labelled else label] = each
    return labelled


def chat_selector(labels: Iterable[str], *, multiple: bool) -> SelectSelector:
    """Return a list that can be searched. One that takes a single chat takes typed text too: others have no search."""
    return SelectSelector(
        SelectSelectorConfig(
            options=list(labels), multiple=multiple, custom_value=not multiple, mode=SelectSelectorMode.DROPDOWN
        )
    )


def chat_subentry(chat: Chat) -> ConfigSubentryData:
    """Return the subentry that keeps a chat."""
    return {
        "subentry_type": SUBENTRY_TYPE_CHAT,
        "title": display_name(chat),
        "unique_id": chat["id"],
        "data": {CONF_CHAT_ID: chat["id"], CONF_KIND: chat["kind"], CONF_PHONE: chat["phone"], CONF_LID: chat["lid"]},
    }


async def async_list_chats(client: BridgeClient, account_id: str) -> list[Chat]:
    """Return the people who wrote and the contacts, most recent first, with every group of the account.

    Raises:
        BridgeError: as the client does.

    """
    known = [*await client.chats(account_id, limit=LIMIT_LISTED_CHATS), *await client.groups(account_id)]
    return list({chat["id"]: chat for chat in known}.values())


class ChatFlow(ConfigSubentryFlow):
    """Adds a chat to an account; later renames it, and changes who of a group counts."""

    def __init__(self) -> None:
        # By what the form shows of each.
        self._offered: dict[str, Chat] = {}
        self._title = ""
        # Of the subentry, without the members.
        self._data: dict[str, Any] = {}
        self._members: dict[str, Person] = {}
        self._chosen: list[str] = []

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Let a chat be picked from the list, or a number be typed."""
        entry: WhatsAppConfigEntry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        if user_input is None:
            errors = await self._async_offer(entry)
        else:
            # A field that was emptied again is there, and empty.
            given = {field: text for field, text in user_input.items() if text.strip()}
            errors = await self._async_choose(entry, given)
            if not errors:
                group = self._data[CONF_KIND] == "group"
                return await self.async_step_group() if group else self._finish()
        schema = vol.Schema(
            {
                **({vol.Optional(CONF_CHAT): chat_selector(self._offered, multiple=False)} if self._offered else {}),
                vol.Optional(CONF_NUMBER): _NUMBER_SELECTOR,
            }
        )
        return self.async_show_form(
            step_id="user", data_schema=self.add_suggested_values_to_schema(schema, user_input), errors=errors
        )

    async def _async_offer(self, entry: WhatsAppConfigEntry) -> dict[str, str]:
        """Find out what can be added. Returns why that is not up to date."""
        chats: Iterable[Chat] = entry.runtime_data.chats.values()
        errors = {}
        try:
            async with create_client(entry.data) as client:
                chats = await async_list_chats(client, entry.runtime_data.account_id)
        except BridgeError as err:
            errors = {"base": error_key(err)}
        self._offered = label_all(chat for chat in chats if not self._is_added(chat))
        return errors

    async def _async_choose(self, entry: WhatsAppConfigEntry, given: dict[str, str]) -> dict[str, str]:
        """Find the chat that was picked or typed. Returns what is wrong with it."""
        if len(given) != 1:
            return {"base": "choose_one"}
        [(field, text)] = given.items()
        if text in self._offered:
            reference = self._offered[text]["id"]
        elif number := await async_find_phone(self.hass, text):
            reference = number
        elif field == CONF_NUMBER:
            return {field: phone_error(self.hass)}
        else:
            reference = text
        try:
            async with create_client(entry.data) as client:
                chat = await client.resolve(entry.runtime_data.account_id, reference)
        except BridgeError as err:
            return {field: error_key(err)}
        if self._is_added(chat):
            return {field: "already_configured"}
        new = chat_subentry(chat)
        self._title, self._data = new["title"], dict(new["data"])
        return {}

    def _is_added(self, chat: Mapping[str, Any]) -> bool:
        added = self._get_entry().get_subentries_of_type(SUBENTRY_TYPE_CHAT)
        return any(is_same(subentry.data, chat, id_key=CONF_CHAT_ID) for subentry in added)

    async def async_step_group(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask whose messages count in a group that is added."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_WHOSE] == EVERYONE:
                return self._finish()
            if not (errors := await self._async_list_members([])):
                return await self.async_step_members()
        schema = self.add_suggested_values_to_schema(vol.Schema(_WHOSE_FIELD), user_input or {CONF_WHOSE: EVERYONE})
        return self.async_show_form(
            step_id="group",
            data_schema=schema,
            errors=errors,
            description_placeholders={"name": escaped(self._title)},
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Rename the chat, and ask anew whose messages count in a group."""
        subentry = self._get_reconfigure_subentry()
        self._data = {key: value for key, value in subentry.data.items() if key != CONF_MEMBERS}
        chosen = subentry.data.get(CONF_MEMBERS)
        errors: dict[str, str] = {}
        if user_input is not None:
            self._title = user_input[CONF_NAME].strip()
            if not self._title:
                errors = {CONF_NAME: "name_required"}
            elif user_input.get(CONF_WHOSE, EVERYONE) == EVERYONE:
                return self._finish()
            elif not (errors := await self._async_list_members(chosen or [])):
                return await self.async_step_members()
        shown = {CONF_NAME: subentry.title, CONF_WHOSE: CHOSEN if chosen else EVERYONE}
        fields = {**_NAME_FIELD, **(_WHOSE_FIELD if self._data[CONF_KIND] == "group" else {})}
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), user_input or shown),
            errors=errors,
        )

    async def async_step_members(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Let the members be chosen whose messages count."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_MEMBERS]:
                return self._finish([self._members[member] for member in user_input[CONF_MEMBERS]])
            errors = {CONF_MEMBERS: "member_required"}
        labels = label_all(sorted(self._members.values(), key=lambda member: display_name(member).casefold()))
        options = [SelectOptionDict(value=member["id"], label=label) for label, member in labels.items()]
        selector = SelectSelector(
            SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.DROPDOWN)
        )
        schema = vol.Schema({vol.Required(CONF_MEMBERS): selector})
        return self.async_show_form(
            step_id="members",
            data_schema=self.add_suggested_values_to_schema(schema, {CONF_MEMBERS: self._chosen}),
            errors=errors,
            description_placeholders={"name": escaped(self._title)},
        )

    async def _async_list_members(self, chosen: list[Person]) -> dict[str, str]:
        """Find out who else is in the group, and which of them are chosen. Returns why that is not known."""
        entry: WhatsAppConfigEntry = self._get_entry()
        try:
            async with create_client(entry.data) as client:
                group = await client.group(entry.data[CONF_ACCOUNT_ID], self._data[CONF_CHAT_ID])
        except BridgeError as err:
            return {"base": error_key(err)}
        own = entry.data[CONF_PHONE]
        self._members = {
            member["id"]: Person(id=member["id"], phone=member["phone"], lid=member["lid"], name=member["name"])
            for member in group["members"]
            if not own or member["phone"] != own
        }
        self._chosen = []
        for person in chosen:
            # Who has left stays as they were.
            now = next((member for member in self._members.values() if is_same(person, member)), person)
            self._members[now["id"]] = now
            self._chosen.append(now["id"])
        return {} if self._members else {"base": "no_members"}

    def _finish(self, members: list[Person] | None = None) -> SubentryFlowResult:
        """Keep the chat: all of it counts, or what these members say."""
        data = {**self._data, **({CONF_MEMBERS: members} if members else {})}
        if self.source != SOURCE_USER:
            subentry = self._get_reconfigure_subentry()
            return self.async_update_and_abort(self._get_entry(), subentry, title=self._title, data=data)
        # Somebody may have been faster in another tab.
        if self._is_added({**data, "id": data[CONF_CHAT_ID]}):
            return self.async_abort(reason="already_configured")
        return self.async_create_entry(title=self._title, data=data, unique_id=data[CONF_CHAT_ID])
