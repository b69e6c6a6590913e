"""Chats in flows: how they are offered and kept, and the flow that adds one to an account."""

from collections.abc import Iterable
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .account import WhatsAppConfigEntry, create_client
from .bridge import BridgeError
from .bridge.protocol import Chat
from .const import CONF_CHAT_ID, CONF_KIND, CONF_LID, CONF_PHONE, SUBENTRY_TYPE_CHAT
from .link_flow import display_name, error_key

CONF_CHAT: Final = "chat"
CONF_NUMBER: Final = "number"

_NUMBER_SELECTOR: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.TEL))
_RENAME_SCHEMA: Final = vol.Schema({vol.Required(CONF_NAME): TextSelector()})


def label_chats(chats: Iterable[Chat]) -> dict[str, Chat]:
    """Return the chats by what a list shows of each, in its order. No two look alike."""
    labelled: dict[str, Chat] = {}
    for chat in sorted(chats, key=lambda chat: display_name(chat).casefold()):
        label = f"{chat['name']} (+{chat['phone']})" if chat["name"] and chat["phone"] else display_name(chat)
        labelled[f"{label} ({chat['id']})" if label in labelled else label] = chat
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


class ChatFlow(ConfigSubentryFlow):
    """Adds a chat to an account, or renames it."""

    def __init__(self) -> None:
        self._offered: dict[str, Chat] = {}

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Let a chat be picked from the list, or a number be typed."""
        entry: WhatsAppConfigEntry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        errors: dict[str, str] = {}
        # A field that was emptied again is there, and empty.
        given = {field: text for field, text in (user_input or {}).items() if text.strip()}
        if len(given) == 1:
            [(field, text)] = given.items()
            reference = self._offered[text]["id"] if text in self._offered else text
            try:
                async with create_client(entry.data) as client:
                    chat = await client.resolve(entry.runtime_data.account_id, reference)
            except BridgeError as err:
                errors = {field: error_key(err)}
            else:
                if not self._is_added(chat):
                    new = chat_subentry(chat)
                    return self.async_create_entry(title=new["title"], data=new["data"], unique_id=new["unique_id"])
                errors = {field: "already_configured"}
        elif user_input is not None:
            errors = {"base": "choose_one"}
        self._offered = label_chats(chat for chat in entry.runtime_data.chats.values() if not self._is_added(chat))
        schema = vol.Schema(
            {
                **({vol.Optional(CONF_CHAT): chat_selector(self._offered, multiple=False)} if self._offered else {}),
                vol.Optional(CONF_NUMBER): _NUMBER_SELECTOR,
            }
        )
        return self.async_show_form(
            step_id="user", data_schema=self.add_suggested_values_to_schema(schema, user_input), errors=errors
        )

    def _is_added(self, chat: Chat) -> bool:
        names = {chat["id"], chat["phone"], chat["lid"]} - {None}
        return any(
            names & {subentry.data[key] for key in (CONF_CHAT_ID, CONF_PHONE, CONF_LID)}
            for subentry in self._get_entry().get_subentries_of_type(SUBENTRY_TYPE_CHAT)
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Rename the chat."""
        subentry = self._get_reconfigure_subentry()
        if user_input is not None:
            return self.async_update_and_abort(self._get_entry(), subentry, title=user_input[CONF_NAME])
        schema = self.add_suggested_values_to_schema(_RENAME_SCHEMA, {CONF_NAME: subentry.title})
        return self.async_show_form(step_id="reconfigure", data_schema=schema)
