"""Keeps the files of messages in a folder as they come in, and deletes them when their time is up."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
import logging
from typing import Final
from weakref import WeakValueDictionary

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..account import Account, WhatsAppConfigEntry
from ..bridge.protocol import MessageEvent
from ..const import DOMAIN
from ..errors import invalid
from ..options import MEBIBYTE
from ..payloads import Happening, jid
from .disk import async_write, checked_folder
from .fetch import PASSING, open_received
from .ledger import Kept, Ledger, Waiting
from .names import made_name

_LOGGER = logging.getLogger(__name__)

EVENT_MEDIA_SAVED: Final = "whatsapp_media_saved"

_KEEPERS: HassKey[dict[str, Keeper]] = HassKey(f"{DOMAIN}_keepers")
_AT_ONCE: Final = 2
_WAITING_MAX: Final = 1000
_DAY: Final = timedelta(days=1)


async def async_setup_keeper(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> None:
    """Keep what comes in for an account, until its entry is unloaded."""
    keeper = Keeper(hass, entry)
    hass.data.setdefault(_KEEPERS, {})[entry.runtime_data.account_id] = keeper
    await keeper.async_start()


async def async_remove(hass: HomeAssistant, entry: WhatsAppConfigEntry) -> None:
    """Forget what was saved for an entry. The files stay: they are the user's now."""
    await Ledger(hass, entry.entry_id).async_remove()


def keeper_of(account: Account) -> Keeper:
    """Return the keeper of an account whose entry is loaded."""
    return account.hass.data[_KEEPERS][account.account_id]


class Keeper:
    """Saves files for one account."""

    def __init__(self, hass: HomeAssistant, entry: WhatsAppConfigEntry) -> None:
        self.entry_id = entry.entry_id
        self._hass = hass
        self._entry = entry
        self._account = entry.runtime_data
        self._options = self._account.options
        self._ledger = Ledger(hass, entry.entry_id)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._under_way: set[str] = set()
        self._was_connected = self._is_connected
        self._has_complained = False

    async def async_start(self) -> None:
        """Go on where the last run has ended."""
        await self._ledger.async_load()
        self._entry.async_on_unload(self._async_stop)
        if self._options.media_folder:
            self._entry.async_on_unload(self._account.inbox.on_event(self._handle))
            self._entry.async_on_unload(self._account.on_change(self._look_again))
            self._save_soon(self._ledger.waiting)
        else:
            self._ledger.settle(*self._ledger.waiting)
        if self._options.media_folder or not self._ledger.is_empty:
            self._entry.async_on_unload(
                async_track_time_interval(self._hass, self._tidy_soon, _DAY, cancel_on_shutdown=True)
            )
            self._tidy_soon()

    async def _async_stop(self) -> None:
        del self._hass.data[_KEEPERS][self._account.account_id]
        await self._ledger.async_flush()

    async def async_save(self, message_id: str) -> Kept:
        """Save the file of a message in the folder of the options, unless it is there.

        Raises:
            ServiceValidationError: there is no folder, or no such message.
            HomeAssistantError: it cannot be fetched or written.

        """
        if not self._options.media_folder:
            raise invalid("no_media_folder")
        async with self._locks.setdefault(message_id, asyncio.Lock()):
            known = self._ledger.of_message(message_id)
            is_there = known is not None and await self._hass.async_add_executor_job(known.file.is_untouched)
            if known and is_there:
                return known
            folder = await self._hass.async_add_executor_job(checked_folder, self._hass, self._options.media_folder)
            async with open_received(self._account, message_id) as received:
                name = made_name(received.name, received.mime, self._account.account_id, message_id)
                file = await async_write(self._hass, folder, name, received.chunks)
            kept = Kept(file, message_id, received.mime, dt_util.utcnow().timestamp())
            self._ledger.keep(kept)
            return kept

    @callback
    def _handle(self, happening: Happening) -> None:
        event = happening.event
        if event["type"] != "message" or not happening.added or not happening.is_received or not self._is_wanted(event):
            return
        if len(self._ledger.waiting) >= _WAITING_MAX:
            self._complain("too_many")
            return
        self._ledger.wait(
            event["message_id"],
            Waiting(chat=jid(event["chat"]), timestamp=event["timestamp"], context_id=happening.context.id),
        )
        self._save_soon([event["message_id"]])

    def _is_wanted(self, event: MessageEvent) -> bool:
        media = event["media"]
        # What is to be seen once is not ours to keep.
        if media is None or event["origin"]["view_once"]:
            return False
        return (media["size"] or 0) <= self._options.media_max_mib * MEBIBYTE

    @property
    def _is_connected(self) -> bool:
        return self._account.bridge_connected and self._account.state["connection"]["status"] == "connected"

    @callback
    def _look_again(self) -> None:
        """Try again, once WhatsApp is back, what did not work without it."""
        was_connected, self._was_connected = self._was_connected, self._is_connected
        if self._was_connected and not was_connected:
            self._save_soon(self._ledger.waiting)

    @callback
    def _save_soon(self, message_ids: Iterable[str]) -> None:
        for message_id in set(message_ids) - self._under_way:
            self._under_way.add(message_id)
            self._entry.async_create_background_task(
                self._hass, self._async_save_waiting(message_id), "WhatsApp media", eager_start=False
            )

    async def _async_save_waiting(self, message_id: str) -> None:
        try:
            async with self._slots:
                kept = await self.async_save(message_id)
        except HomeAssistantError as err:
            if err.translation_key not in PASSING:
                self._ledger.settle(message_id)
            self._complain(err.translation_key)
        else:
            self._has_complained = False
            self._tell(kept, self._ledger.waiting[message_id])
            self._ledger.settle(message_id)
        finally:
            self._under_way.discard(message_id)

    @callback
    def _tell(self, kept: Kept, waiting: Waiting) -> None:
        self._hass.bus.async_fire(
            EVENT_MEDIA_SAVED,
            {
                "id": kept.message_id,
                "chat": waiting["chat"],
                "path": str(kept.file.path),
                "mimetype": kept.mime,
                "size": kept.file.size,
                "entry_id": self.entry_id,
                "timestamp": waiting["timestamp"],
            },
            context=Context(parent_id=waiting["context_id"]),
        )

    def _complain(self, code: str | None) -> None:
        if not self._has_complained:
            self._has_complained = True
            _LOGGER.warning("A file that came in could not be saved: %s", code)

    @callback
    def _tidy_soon(self, _: datetime | None = None) -> None:
        self._entry.async_create_background_task(self._hass, self._async_tidy(), "WhatsApp media retention")

    async def _async_tidy(self) -> None:
        days = self._options.media_folder_days
        due = self._ledger.older_than((dt_util.utcnow() - timedelta(days=days)).timestamp()) if days else []
        if due:
            self._ledger.drop(await self._hass.async_add_executor_job(_delete, due))


def _delete(due: list[Kept]) -> list[Kept]:
    """Delete files, but those that somebody has changed. Returns those that are no business of ours any more."""
    done = []
    for kept in due:
        try:
            # A disk that is not there now may come back.
            if not kept.file.path.parent.exists():
                continue
            if kept.file.is_untouched():
                kept.file.path.unlink()
        except OSError as err:
            error = err.strerror
            _LOGGER.debug("A file that was saved cannot be deleted now: %s", error)
        else:
            done.append(kept)
    return done
