"""What was saved and what is still to be saved, across restarts."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypedDict

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from .disk import SavedFile

_VERSION: Final = 1
# Seconds. Many files that come at once are written down at once.
_SAVE_DELAY: Final = 1


class Waiting(TypedDict):
    """A message whose file is to be saved. `chat` is its address, `context_id` that of its event."""

    chat: str
    timestamp: float
    context_id: str


@dataclass(frozen=True)
class Kept:
    """A file that was saved: of which message, when (seconds since 1970), and what its bytes are."""

    file: SavedFile
    message_id: str
    mime: str
    saved_at: float

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Kept:
        """Return what `as_dict` was called on."""
        file = {**data["file"], "path": Path(data["file"]["path"])}
        return cls(**{**data, "file": SavedFile(**file)})

    def as_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        data = asdict(self)
        data["file"]["path"] = str(self.file.path)
        return data


class Ledger:
    """The bookkeeping of one entry. `waiting` is by message."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self.waiting: dict[str, Waiting] = {}
        self._kept: dict[str, Kept] = {}
        self._has_changed = False
        self._store = Store[dict[str, Any]](hass, _VERSION, f"{DOMAIN}.media.{entry_id}", private=True)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept."""
        return not self._kept

    async def async_load(self) -> None:
        """Read what was written down."""
        data = await self._store.async_load() or {"waiting": {}, "kept": []}
        self.waiting = data["waiting"]
        self._kept = {kept.message_id: kept for kept in map(Kept.from_dict, data["kept"])}

    async def async_flush(self) -> None:
        """Write down now what has changed."""
        if self._has_changed:
            await self._store.async_save(self._data())

    async def async_remove(self) -> None:
        """Forget everything."""
        await self._store.async_remove()

    def of_message(self, message_id: str) -> Kept | None:
        """Return what was saved of a message."""
        return self._kept.get(message_id)

    def older_than(self, moment: float) -> list[Kept]:
        """Return what was saved before a moment, in seconds since 1970."""
        return [kept for kept in self._kept.values() if kept.saved_at < moment]

    def wait(self, message_id: str, waiting: Waiting) -> None:
        """Note that the file of a message is to be saved."""
        self.waiting[message_id] = waiting
        self._changed()

    def settle(self, *message_ids: str) -> None:
        """Note that nothing is to be saved of these messages any more."""
        for message_id in message_ids:
            if self.waiting.pop(message_id, None):
                self._changed()

    def keep(self, kept: Kept) -> None:
        """Note that a file was saved."""
        self._kept[kept.message_id] = kept
        self._changed()

    def drop(self, gone: Iterable[Kept]) -> None:
        """Know nothing more of these files."""
        for kept in gone:
            if self._kept.get(kept.message_id) == kept:
                del self._kept[kept.message_id]
                self._changed()

    def _changed(self) -> None:
        self._has_changed = True
        self._store.async_delay_save(self._data, _SAVE_DELAY)

    def _data(self) -> dict[str, Any]:
        return {"waiting": dict(self.waiting), "kept": [kept.as_dict() for kept in self._kept.values()]}
