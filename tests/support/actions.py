"""Calling the actions of the domain."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.whatsapp.const import DOMAIN


async def call(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    """Call an action and return its response."""
    response = await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)
    assert response is not None
    return dict(response)


async def call_blindly(hass: HomeAssistant, action: str, **data: Any) -> None:
    """Call an action without wanting its response."""
    await hass.services.async_call(DOMAIN, action, data, blocking=True)


async def refused(hass: HomeAssistant, action: str, **data: Any) -> HomeAssistantError:
    """Return why an action fails that nobody wants a response of."""
    with pytest.raises(HomeAssistantError) as caught:
        await call_blindly(hass, action, **data)
    assert caught.value.translation_key
    return caught.value
