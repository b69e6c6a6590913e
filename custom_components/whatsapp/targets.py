"""Who a message goes to: what people call accounts and chats, and sending to several of them."""

from dataclasses import dataclass, field
import re
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .account import Account, WhatsAppConfigEntry
from .bridge.protocol import LIMIT_TEXT_CHARS, Content, SendResult, TextContent
from .const import CONF_CHAT_ID, CONF_LID, CONF_PHONE, DOMAIN
from .failures import raise_failures

ATTR_ACCOUNT: Final = "account"
ATTR_TARGET: Final = "target"

_NUMBER: Final = re.compile(r"\+?[\d\s().\-/\u00a0\u2010-\u2015\u202f]{5,}")
_ADDRESS: Final = re.compile(r"[^@\s]+@(?:s\.whatsapp\.net|g\.us|lid)")


def text_content(message: str, title: str | None = None) -> TextContent:
    """Return the content of a text message, with the title as a bold first line.

    Raises:
        ServiceValidationError: it is empty or too long.

    """
    if not message.strip():
        raise invalid("empty_message")
    # WhatsApp's bold ends with the line.
    heading = " ".join((title or "").split())
    text = f"*{heading}*\n{message}" if heading else message
    if len(text) > LIMIT_TEXT_CHARS:
        raise invalid("message_too_long", limit=str(LIMIT_TEXT_CHARS))
    return TextContent(kind="text", text=text)


def find_account(hass: HomeAssistant, wanted: str | None) -> Account:
    """Return the account with this entry id, phone number or title; without `wanted` the only one.

    Raises:
        ServiceValidationError: there is none, or more than one.

    """
    entries: list[WhatsAppConfigEntry] = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    if wanted is None:
        entries = [entry for entry in entries if entry.state is ConfigEntryState.LOADED]
    else:
        entries = [entry for entry in entries if _is_called(entry, wanted)]
    if not entries:
        raise invalid("no_account" if wanted is None else "unknown_account")
    if len(entries) > 1:
        raise invalid("several_accounts")
    return loaded_account(entries[0])


def loaded_account(entry: WhatsAppConfigEntry) -> Account:
    """Return the account of an entry.

    Raises:
        ServiceValidationError: the entry is not loaded.

    """
    if entry.state is not ConfigEntryState.LOADED:
        raise invalid("account_not_loaded")
    return entry.runtime_data


def find_chat(account: Account, target: str) -> str:
    """Return what the bridge knows a chat by: the title of an added chat, a number, an address or a group's subject.

    What people call themselves finds nobody: anyone may call themselves anything.

    Raises:
        ServiceValidationError: there is no such chat, or more than one.

    """
    target = target.strip()
    titled = [chat.data[CONF_CHAT_ID] for chat in account.inbox.added_chats if _same(chat.title, target)]
    if titled:
        return _only(titled)
    if _NUMBER.fullmatch(target) or _ADDRESS.fullmatch(target) or target in account.chats:
        added = account.inbox.added_chat({"id": target, CONF_PHONE: _digits(target), CONF_LID: target})
        return added.data[CONF_CHAT_ID] if added else target
    return _only(
        [
            chat["id"]
            for chat in account.chats.values()
            if chat["kind"] == "group" and chat["name"] and _same(chat["name"], target)
        ]
    )


@dataclass
class Delivery:
    """One content for several chats. A chat that cannot be reached does not stop the others."""

    _chats: dict[tuple[Account, str], str] = field(default_factory=dict)
    _results: dict[str, SendResult] = field(default_factory=dict)
    _errors: dict[str, HomeAssistantError] = field(default_factory=dict)

    def add(self, target: str, account: Account, chat: str) -> None:
        """Send to this chat, once, whatever it is called. `target` is what the caller calls it."""
        self._chats.setdefault((account, chat), target)

    def add_named(self, account: Account, targets: list[str]) -> None:
        """Send to the chats that are called so."""
        for target in targets:
            try:
                self.add(target, account, find_chat(account, target))
            except ServiceValidationError as err:
                self.fail(target, err)

    def fail(self, target: str, error: HomeAssistantError) -> None:
        """Note that the target cannot be reached."""
        self._errors[target] = error

    async def async_send(self, content: Content) -> None:
        """Send, one after the other.

        Raises:
            ServiceValidationError: there is no target.

        """
        if not self._chats and not self._errors:
            raise invalid("target_required")
        for (account, chat), target in self._chats.items():
            try:
                self._results[target] = await account.async_send(chat, content)
            except HomeAssistantError as err:
                self.fail(target, err)

    def raise_errors(self, *, unless_some_sent: bool = False) -> None:
        """Raise what went wrong; with `unless_some_sent` only when nothing was sent.

        Raises:
            ServiceValidationError: the targets are to blame.
            HomeAssistantError: something else is.

        """
        raise_failures(self._errors, succeeded=len(self._results), told=unless_some_sent)

    def response(self) -> dict[str, Any]:
        """Return `{results: [{target, message_id, chat_id, status} | {target, error}]}`.

        `status` is `sent`, or `queued` when WhatsApp has not confirmed yet. For a single target the keys are also on
        the top level.
        """
        results: list[dict[str, Any]] = [
            {
                "target": target,
                "message_id": result["message_id"],
                "chat_id": result["chat_id"],
                "status": result["status"],
            }
            for target, result in self._results.items()
        ]
        results += [{"target": target, "error": str(error)} for target, error in self._errors.items()]
        if len(results) > 1:
            return {"results": results}
        flat = {key: value for key, value in results[0].items() if key != "target"}
        return {"results": results, **flat}


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error with this translation key."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders or None
    )


def _is_called(entry: WhatsAppConfigEntry, wanted: str) -> bool:
    number = _digits(wanted)
    return (
        entry.entry_id == wanted
        or _same(entry.title, wanted)
        or (number is not None and number == entry.data[CONF_PHONE])
    )


def _digits(text: str) -> str | None:
    return re.sub(r"\D", "", text).removeprefix("00") if _NUMBER.fullmatch(text.strip()) else None


def _same(name: str, wanted: str) -> bool:
    return name.strip().casefold() == wanted.strip().casefold()


def _only(chats: list[str]) -> str:
    if not chats:
        raise invalid("unknown_chat")
    if len(chats) > 1:
        raise invalid("ambiguous_chat")
    return chats[0]
