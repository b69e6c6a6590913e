"""Turns what an automation names into a file that WhatsApp takes, and the content that describes it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .request import MediaContent, MediaKind, MediaRequest, PreparedMedia

__all__ = ["MediaContent", "MediaKind", "MediaRequest", "PreparedMedia", "async_prepare"]


@asynccontextmanager
async def async_prepare(hass: HomeAssistant, request: MediaRequest) -> AsyncGenerator[PreparedMedia]:
    """Yield the file to upload; what was made for it is gone afterwards.

    Raises:
        ServiceValidationError: the caller asked for something that cannot be.
        HomeAssistantError: it could not be fetched or converted.

    """
    raise HomeAssistantError(f"{request.kind} cannot be sent yet")
    yield  # type: ignore[unreachable]
