"""What the actions have in common."""

from typing import Any, Final

from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..contents import filled
from ..targets import ATTR_ACCOUNT, ATTR_CHATS, ATTR_TARGET

__all__ = ["ACCOUNT_FIELD", "TARGET_FIELDS", "filled"]

ACCOUNT_FIELD: Final[dict[Any, Any]] = {vol.Optional(ATTR_ACCOUNT): cv.string}
# Whom an action is about: entities, devices, areas, floors, labels; or numbers, ids and names of chats of an account.
# The former may be a field as well: what is described with a target cannot be called in the tools without one.
TARGET_FIELDS: Final[dict[Any, Any]] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_CHATS): vol.Schema(cv.TARGET_FIELDS),
    vol.Optional(ATTR_TARGET): vol.All(cv.ensure_list, [cv.string]),
    **ACCOUNT_FIELD,
}
