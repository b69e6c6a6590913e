"""Who a message goes to: what people call accounts and chats."""

from collections.abc import Mapping
from functools import partial
import re
from typing import Any, Final, NamedTuple

from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_AREA_ID, ATTR_DEVICE_ID, ATTR_ENTITY_ID, ATTR_FLOOR_ID, ATTR_LABEL_ID, CONF_EXCLUDE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from .account import Account, WhatsAppConfigEntry
from .bridge import BridgeClient
from .bridge.protocol import Chat
from .const import CONF_CHAT_ID, CONF_LID, CONF_PHONE, DOMAIN
from .errors import invalid
from .phone import normalize_phone

ATTR_ACCOUNT: Final = "account"
ATTR_CHATS: Final = "chats"
ATTR_TARGET: Final = "target"

# Not what a template makes of a number: 4915112345678.0 would be somebody else's, with one more digit.
_NUMBER: Final = re.compile(r"(?![+\uff0b]?\d+\.0$)[+\uff0b]?[\d\s().\-/\u00a0\u2010-\u2015\u202f]{5,}")
_ADDRESS: Final = re.compile(r"[^@\s]+@(?:s\.whatsapp\.net|g\.us|lid)")
_OF_A_PHONE: Final = "@s.whatsapp.net"
_ENTITY: Final = re.compile(rf"{NOTIFY_DOMAIN}\.\w+")
# What a call may select, besides entities themselves.
_SELECTORS: Final = (ATTR_DEVICE_ID, ATTR_AREA_ID, ATTR_FLOOR_ID, ATTR_LABEL_ID)


class Place(NamedTuple):
    """A chat of an account, by what the bridge knows it by."""

    account: Account
    chat: str


# By what the caller calls each: the chat, or what is wrong.
type Found = dict[str, Place | HomeAssistantError]


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


async def async_find_targets(hass: HomeAssistant, data: Mapping[str, Any]) -> Found:
    """Return the chats that the data of an action name, or what is wrong, by what the caller calls them.

    `data` has entities, devices, areas, floors and labels as Home Assistant gives them, by themselves or in `chats`,
    and `target` with numbers, ids and names of chats of `account`. Two names may be of the same chat.

    Raises:
        ServiceValidationError: no target is named.

    """
    found: Found = {}
    for selection in (data, data.get(ATTR_CHATS, {})):
        for name in _selected_entities(hass, selection, found):
            try:
                found[name] = _entity_place(hass, name)
            except ServiceValidationError as err:
                found[name] = err
    if names := data.get(ATTR_TARGET):
        # Entities know their account, so that only the others need to know which.
        by_name = any(not _is_entity(hass, name) for name in names)
        account = find_account(hass, data.get(ATTR_ACCOUNT)) if by_name else None
        found |= await _async_named(hass, account, names)
    if not found:
        raise invalid("target_required")
    return await _async_told_apart(found)


async def async_find_named(hass: HomeAssistant, account: Account, names: list[str]) -> Found:
    """Return the chats that are called so, or what is wrong, by name: entities, and chats of `account`."""
    return await _async_told_apart(await _async_named(hass, account, names))


async def _async_named(hass: HomeAssistant, account: Account | None, names: list[str]) -> Found:
    found: Found = {}
    for name in names:
        try:
            if account is None or _is_entity(hass, name):
                found[name] = _entity_place(hass, name.strip())
            else:
                found[name] = Place(account, await async_find_chat(account, name))
        except ServiceValidationError as err:
            found[name] = err
    return found


async def _async_told_apart(found: Found) -> Found:
    """Have the bridge say who is who, where one who is not known yet may be another one of them."""
    if len(found) > 1:
        for name, place in found.items():
            if isinstance(place, HomeAssistantError) or _known(*place):
                continue
            account, chat = place
            try:
                resolved = await account.async_ask(partial(_async_resolve, account, chat))
                found[name] = Place(account, resolved["id"])
            except HomeAssistantError as err:
                found[name] = err
    return found


async def _async_resolve(account: Account, chat: str, client: BridgeClient) -> Chat:
    return await client.resolve(account.account_id, chat)


@callback
def _selected_entities(hass: HomeAssistant, data: Mapping[str, Any], failures: Found) -> list[str]:
    """Return the notify entities that are selected, also by their device, area, floor or label, and not excluded."""
    direct = async_extract_referenced_entity_ids(
        hass, TargetSelection({key: value for key, value in data.items() if key == ATTR_ENTITY_ID})
    ).referenced
    entity_ids = dict.fromkeys(sorted(direct))
    for key in _SELECTORS:
        selection = data.get(key)
        for each in cv.ensure_list(selection) if TargetSelection({key: selection}).has_any_target else []:
            selected = async_extract_referenced_entity_ids(hass, TargetSelection({key: each}))
            chats = [entity_id for entity_id in selected.indirectly_referenced if _is_entity(hass, entity_id)]
            if not chats:
                failures[str(each)] = invalid("nothing_selected", selected=str(each))
            entity_ids |= dict.fromkeys(sorted(chats))
    # Home Assistant has this since 2026.11.
    excluded = async_extract_referenced_entity_ids(hass, TargetSelection(data.get(CONF_EXCLUDE, {})))
    without = excluded.referenced | excluded.indirectly_referenced
    return [entity_id for entity_id in entity_ids if entity_id not in without]


def _is_entity(hass: HomeAssistant, name: str) -> bool:
    """Return whether this is the notify entity of a chat, and not switched off."""
    if not _ENTITY.fullmatch(name.strip()):
        return False
    entity = er.async_get(hass).async_get(name.strip())
    return entity is not None and entity.platform == DOMAIN and not entity.disabled


def _entity_place(hass: HomeAssistant, entity_id: str) -> Place:
    entity = er.async_get(hass).async_get(entity_id)
    if not entity or not _is_entity(hass, entity_id):
        raise invalid("not_a_chat", entity_id=entity_id)
    entry = hass.config_entries.async_get_known_entry(entity.config_entry_id or "")
    account = loaded_account(entry)
    return Place(account, entry.subentries[entity.config_subentry_id or ""].data[CONF_CHAT_ID])


async def async_find_chat(account: Account, target: str) -> str:
    """Return what the bridge knows a chat by: a number, an address, the title of an added chat or a group's subject.

    What people call themselves finds nobody: anyone may call themselves anything. A title may have been made of it, so
    what is a number or an address is never one.

    Raises:
        ServiceValidationError: none is named, there is no such chat, or more than one, or it looks like a number and is
            none.

    """
    target = target.strip()
    if not target:
        # A template that rendered nothing.
        raise invalid("target_required")
    # One person is one chat, as a number and as an address.
    digits = _digits(target.removesuffix(_OF_A_PHONE))
    if digits:
        return _known(account, digits) or await _async_new_number(account, target, digits)
    if _ADDRESS.fullmatch(target) or target in account.chats:
        return _known(account, target) or target
    return _only(_named(account, target))


async def _async_new_number(account: Account, target: str, digits: str) -> str:
    if target.endswith(_OF_A_PHONE):
        return digits
    if number := await async_find_phone(account.hass, target):
        return _known(account, number) or number
    if named := _named(account, target):
        return _only(named)
    raise no_number(account.hass)


async def async_find_phone(hass: HomeAssistant, text: str) -> str | None:
    """Return a number in any usual writing as digits with country code, or None when it is none."""
    return await hass.async_add_executor_job(normalize_phone, text, hass.config.country)


def _known(account: Account, reference: str) -> str | None:
    """Return the chat that has this id, number or lid."""
    added = account.inbox.added_chat({"id": reference, CONF_PHONE: reference, CONF_LID: reference})
    if added:
        return str(added.data[CONF_CHAT_ID])
    if reference in account.chats:
        return reference
    chats = account.chats.values()
    return next((chat["id"] for chat in chats if reference in (chat["phone"], chat["lid"])), None)


def _named(account: Account, name: str) -> list[str]:
    """Return the added chats of this title, or else the groups of this subject."""
    if titled := [chat.data[CONF_CHAT_ID] for chat in account.inbox.added_chats if _same(chat.title, name)]:
        return titled
    groups = [chat for chat in account.chats.values() if chat["kind"] == "group"]
    return [group["id"] for group in groups if _same(group["name"] or "", name)]


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
    """Return whether a name is the wanted one. Nothing is nobody's name: a template may have come to nothing."""
    return bool(wanted.strip()) and name.strip().casefold() == wanted.strip().casefold()


def _only(chats: list[str]) -> str:
    if not chats:
        raise invalid("unknown_chat")
    if len(chats) > 1:
        raise invalid("ambiguous_chat")
    return chats[0]


def no_number(hass: HomeAssistant) -> ServiceValidationError:
    """Return the error that tells how to write a number."""
    return invalid("invalid_number" if hass.config.country else "country_code_required")
