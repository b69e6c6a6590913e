"""Files in folders that the user allowed. A file is there when it is complete, and not before."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
import tempfile
from threading import Lock
from typing import BinaryIO, Final

from homeassistant.core import HomeAssistant

from ..errors import failed, invalid

# As Home Assistant's own files: others may read, for example through a share.
_MODE: Final = 0o644
_NAMES_MAX: Final = 100


@dataclass(frozen=True)
class SavedFile:
    """A file as it was when it was saved. `path` leads through no link."""

    path: Path
    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def look(cls, path: Path) -> SavedFile:
        """Return what is there. It blocks.

        Raises:
            OSError: there is nothing.

        """
        found = path.lstat()
        return cls(path, found.st_size, found.st_mtime_ns, found.st_ino)

    def is_untouched(self) -> bool:
        """Return whether it is there as it was saved. It blocks.

        Raises:
            OSError: that cannot be told.

        """
        try:
            return self.path.parent.resolve() == self.path.parent and SavedFile.look(self.path) == self
        except FileNotFoundError:
            return False


def checked_folder(hass: HomeAssistant, text: str) -> Path:
    """Return a folder to write to, where it really is; a relative one is in the configuration folder. It blocks.

    Raises:
        ServiceValidationError: Home Assistant may not write there.

    """
    try:
        folder = Path(hass.config.path(text)).resolve()
        allowed = hass.config.is_allowed_path(str(folder))
    except (OSError, RuntimeError, ValueError) as err:
        raise invalid("folder_invalid") from err
    if not allowed:
        raise invalid("folder_not_allowed", folder=str(folder))
    return folder


async def async_write(
    hass: HomeAssistant, folder: Path, name: str, chunks: AsyncIterator[bytes], *, taken: str = "rename"
) -> SavedFile:
    """Write a file into a folder, which is made where it is not there.

    `taken`: what becomes of a file that has the name already: `rename` gives the new one another name, `overwrite`
    replaces it, `refuse` leaves it.

    Raises:
        ServiceValidationError: `refuse`, and the name is taken.
        HomeAssistantError: it cannot be written; or whatever `chunks` raises.

    """
    part = _Part(folder)
    run = hass.async_add_executor_job
    try:
        await run(part.open)
        async for chunk in chunks:
            await run(part.write, chunk)
        saved = await run(part.finish, name, taken)
    except _TakenError as err:
        raise invalid("file_exists", file_name=name) from err
    except OSError as err:
        raise failed("file_not_written", error=err.strerror or type(err).__name__) from err
    else:
        part.hand_over()
        return saved
    finally:
        await asyncio.shield(run(part.discard))


class _TakenError(Exception):
    """There is a file of that name."""


class _Part:
    """A file that is being written. Its methods block, and wait for one another: a thread outlives its task."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._file: BinaryIO | None = None
        self._path: Path | None = None

    def open(self) -> None:
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, path = tempfile.mkstemp(prefix=".whatsapp-", suffix=".part", dir=self._folder)
            self._file, self._path = os.fdopen(descriptor, "wb"), Path(path)

    def write(self, chunk: bytes) -> None:
        with self._lock:
            if self._file:
                self._file.write(chunk)

    def finish(self, name: str, taken: str) -> SavedFile:
        with self._lock:
            if not self._file or not self._path:
                raise OSError("It was given up")
            os.fchmod(self._file.fileno(), _MODE)
            self._file.close()
            reserved = None if taken == "overwrite" else self._reserve(name, taken)
            target = reserved or self._folder / name
            try:
                self._path.replace(target)
            except OSError:
                if reserved:
                    reserved.unlink(missing_ok=True)
                raise
            self._path = reserved
            return SavedFile.look(target)

    def hand_over(self) -> None:
        # From here on somebody knows of it. Until here whoever wanted it may have gone away.
        self._path = None

    def _reserve(self, name: str, taken: str) -> Path:
        """Return a path at which there was nothing: now an empty file of ours is there."""
        names = _variants(name) if taken == "rename" else iter([name])
        for each in names:
            path = self._folder / each
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE))
            except FileExistsError:
                continue
            return path
        raise _TakenError

    def discard(self) -> None:
        with self._lock:
            if self._file:
                # On a full disk closing fails as writing did.
                with suppress(OSError):
                    self._file.close()
                self._file = None
            if self._path:
                self._path.unlink(missing_ok=True)
                self._path = None


def _variants(name: str) -> Iterator[str]:
    yield name
    stem, _, extension = name.rpartition(".")
    yield from (f"{stem}_{number}.{extension}" for number in range(2, _NAMES_MAX))
