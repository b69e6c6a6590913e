"""Turns what an automation names into a file that WhatsApp takes, and the content that describes it."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from homeassistant.core import HomeAssistant

from ..errors import failed
from .preparation import async_prepared
from .request import MediaContent, MediaKind, MediaRequest, PreparedMedia
from .workspace import workspace

__all__ = ["MediaContent", "MediaKind", "MediaRequest", "PreparedMedia", "async_prepare"]


@asynccontextmanager
async def async_prepare(hass: HomeAssistant, request: MediaRequest) -> AsyncGenerator[PreparedMedia]:
    """Yield the file to upload; what was made for it is gone afterwards.

    Raises:
        ServiceValidationError: the caller asked for something that cannot be.
        HomeAssistantError: it could not be fetched or converted.

    """
    async with AsyncExitStack() as stack:
        try:
            space = await stack.enter_async_context(workspace(hass))
            prepared = await async_prepared(space, request)
        except OSError as err:
            raise failed("media_io", error=err.strerror or type(err).__name__) from err
        yield prepared
