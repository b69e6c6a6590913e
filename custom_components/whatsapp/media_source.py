"""What came in to the chats that were added, in Home Assistant's media browser."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.media_player import BrowseError, MediaClass
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .account import Account, WhatsAppConfigEntry
from .bridge.protocol import StoredMessage
from .const import CONF_CHAT_ID, CONF_KIND, DOMAIN, SUBENTRY_TYPE_CHAT
from .errors import failed, invalid
from .figures import as_time
from .payloads import media_url
from .received import async_files, open_received, shown_type
from .targets import loaded_account

# So many files of a chat are shown at once.
PAGE: Final = 50

# No id of a message has a colon.
_BEFORE: Final = "before:"
_SHOWN_CHARS: Final = 64
_CLASSES: Final = {
    "image": MediaClass.IMAGE,
    "sticker": MediaClass.IMAGE,
    "video": MediaClass.VIDEO,
    "audio": MediaClass.MUSIC,
}


async def async_get_media_source(hass: HomeAssistant) -> WhatsAppMediaSource:
    """Set up the media source."""
    return WhatsAppMediaSource(hass)


class WhatsAppMediaSource(MediaSource):
    """Accounts, in them the chats that were added, in them files, newest first.

    Identifiers: `ENTRY`, `ENTRY/SUBENTRY`, `ENTRY/SUBENTRY/before:MESSAGE`, `ENTRY/SUBENTRY/MESSAGE`.
    """

    name = "WhatsApp"

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(DOMAIN)
        self.hass = hass

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return where the file of a message is, once it is sure that it can be had.

        Raises:
            Unresolvable: it cannot, and why.

        """
        try:
            # Home Assistant's None for an id of nothing but the domain.
            entry, chat, message_id = self._find(item.identifier or "")
            if chat is None or not message_id or message_id.startswith(_BEFORE):
                raise invalid("unknown_media")
            async with open_received(_usable(entry), message_id) as received:
                content_type, _ = shown_type(received.mime)
        except HomeAssistantError as err:
            raise Unresolvable(**_text(err)) from err
        return PlayMedia(media_url(entry.entry_id, message_id), content_type)

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """Return a folder with what is in it.

        Raises:
            BrowseError: there is no such folder, or it cannot be opened now, and why.

        """
        if not item.identifier:
            return _folder("", self.name, [_folder(entry.entry_id, entry.title) for entry in self._entries()])
        try:
            entry, chat, place = self._find(item.identifier)
            account = _usable(entry)
            if chat is None:
                added = sorted(entry.get_subentries_of_type(SUBENTRY_TYPE_CHAT), key=lambda chat: chat.title.casefold())
                children = [_folder(f"{entry.entry_id}/{each.subentry_id}", each.title) for each in added]
                return _folder(entry.entry_id, entry.title, children)
            if place and not place.startswith(_BEFORE):
                raise invalid("unknown_media")
            return await self._page(account, entry, chat, place.removeprefix(_BEFORE))
        except HomeAssistantError as err:
            raise BrowseError(**_text(err)) from err

    def _entries(self) -> list[WhatsAppConfigEntry]:
        return self.hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)

    def _find(self, identifier: str) -> tuple[WhatsAppConfigEntry, ConfigSubentry | None, str]:
        """Return what an identifier is made of. The chat is None, and the rest empty, where it has no such part."""
        entry_id, _, rest = identifier.partition("/")
        chat_id, _, place = rest.partition("/")
        entry = next((entry for entry in self._entries() if entry.entry_id == entry_id), None)
        chat = entry.subentries.get(chat_id) if entry else None
        if entry is None or (chat_id and (chat is None or chat.subentry_type != SUBENTRY_TYPE_CHAT)):
            raise invalid("unknown_media")
        return entry, chat, place

    async def _page(
        self, account: Account, entry: WhatsAppConfigEntry, chat: ConfigSubentry, before: str
    ) -> BrowseMediaSource:
        """Return so many files of a chat, and a folder with those before them."""
        words = await async_get_translations(self.hass, self.hass.config.language, "common", {DOMAIN})
        here = f"{entry.entry_id}/{chat.subentry_id}"
        found, goes_on_before = await async_files(account, chat.data[CONF_CHAT_ID], PAGE, before or None)
        children = [
            _file(f"{here}/{message['message_id']}", message, _title(message, entry, chat, words)) for message in found
        ]
        if goes_on_before:
            children.append(_folder(f"{here}/{_BEFORE}{goes_on_before}", words[f"component.{DOMAIN}.common.older"]))
        return _folder(here, chat.title, children)


def _usable(entry: WhatsAppConfigEntry) -> Account:
    account = loaded_account(entry)
    if not account.bridge_connected:
        raise failed("bridge_unreachable")
    if not account.available:
        raise failed("not_linked")
    return account


def _folder(identifier: str, title: str, children: list[BrowseMediaSource] | None = None) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=identifier,
        media_class=MediaClass.DIRECTORY,
        media_content_type="",
        title=_line(title),
        can_play=False,
        can_expand=True,
        children=children,
    )


def _file(identifier: str, message: StoredMessage, title: str) -> BrowseMediaSource:
    content_type, _ = shown_type(message["media"]["mime"] if message["media"] else "")
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=identifier,
        media_class=_CLASSES.get(message["kind"], MediaClass.URL),
        media_content_type=content_type,
        title=title,
        can_play=True,
        can_expand=False,
    )


def _title(message: StoredMessage, entry: WhatsAppConfigEntry, chat: ConfigSubentry, words: Mapping[str, str]) -> str:
    """Return when, by whom, and what: of a document the name. The browser shows little more than 20 characters."""
    when = dt_util.as_local(as_time(message["timestamp"])).strftime("%m-%d %H:%M")
    sender = message["sender"]
    if message["from_me"]:
        who = entry.title
    elif chat.data[CONF_KIND] == "person":
        who = chat.title
    else:
        who = sender["name"] or sender["phone"] or "?"
    media = message["media"]
    what = (media and media["file_name"]) or words.get(f"component.{DOMAIN}.common.{message['kind']}", message["kind"])
    return f"{when} · {_line(who)} · {_line(what)}"


def _line(text: str) -> str:
    """Return a text, which may be anybody's, as one line of no great length."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"


def _text(err: HomeAssistantError) -> dict[str, Any]:
    return {
        "translation_domain": err.translation_domain,
        "translation_key": err.translation_key,
        "translation_placeholders": err.translation_placeholders,
    }
