"""A folder for what is made of one file, and the threads that work in it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
import shutil
import tempfile
from threading import Lock

from homeassistant.core import HomeAssistant


class Workspace:
    """Runs one job at a time, and none once the folder is gone."""

    folder: Path

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self._lock = Lock()
        self._closed = False

    async def async_run[**P, T](self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the job returns, done in a thread."""
        return await self.hass.async_add_executor_job(lambda: self._run(job, *args, **kwargs))

    def _run[**P, T](self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._lock:
            if self._closed:
                raise RuntimeError("The folder is gone")
            return job(*args, **kwargs)

    def open(self) -> None:
        """Make the folder."""
        self.folder = Path(tempfile.mkdtemp(prefix="whatsapp-"))

    def close(self) -> None:
        """Remove the folder, after the job that is still in it: a thread goes on when its task is cancelled."""
        with self._lock:
            self._closed = True
            if hasattr(self, "folder"):
                shutil.rmtree(self.folder)


@asynccontextmanager
async def workspace(hass: HomeAssistant) -> AsyncGenerator[Workspace]:
    """Yield a workspace whose folder is gone afterwards."""
    space = Workspace(hass)
    try:
        await space.async_run(space.open)
        yield space
    finally:
        await asyncio.shield(hass.async_add_executor_job(space.close))
