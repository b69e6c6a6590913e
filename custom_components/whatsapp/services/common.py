"""What the actions have in common."""

from typing import Any, Final

from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..targets import ATTR_ACCOUNT

ACCOUNT_FIELD: Final[dict[Any, Any]] = {vol.Optional(ATTR_ACCOUNT): cv.string}


def filled(limit: int) -> vol.All:
    """Return the schema of a text that is not empty, and at most so long."""
    return vol.All(cv.string, vol.Strip, vol.Length(min=1, max=limit))
