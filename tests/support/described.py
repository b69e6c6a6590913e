"""What Home Assistant can do with the integration, as it is registered there: actions, triggers and conditions."""

import json
from typing import Any

from homeassistant.core import HomeAssistant, Service
from homeassistant.helpers import config_validation as cv
from homeassistant.setup import async_setup_component
import voluptuous as vol

from custom_components.whatsapp.const import DOMAIN

TARGET = {str(key) for key in cv.ENTITY_SERVICE_FIELDS}


async def registered_actions(hass: HomeAssistant) -> dict[str, Service]:
    """Return the actions of the domain once it is set up, without any account."""
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    return hass.services.async_services_for_domain(DOMAIN)


def keys_of(schema: Any) -> dict[str, Any]:
    """Return the keys of a schema by name, each a marker such as `vol.Required`, also through `vol.All`."""
    inner = getattr(schema, "schema", None)
    if isinstance(inner, dict):
        return {str(key): key for key in inner}
    for part in getattr(schema, "validators", None) or ([inner] if inner is not None else []):
        if found := keys_of(part):
            return found
    return {}


def validator_of(schema: Any, name: str) -> Any:
    """Return what checks one key."""
    inner = getattr(schema, "schema", None)
    if isinstance(inner, dict):
        return inner[name]
    for part in getattr(schema, "validators", None) or [inner]:
        if name in keys_of(part):
            return validator_of(part, name)
    raise KeyError(name)


def is_required(key: Any) -> bool:
    """Tell whether a caller has to give it."""
    return isinstance(key, vol.Required) and isinstance(key.default, vol.Undefined)


def flat_fields(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of a description, those of its sections too."""
    flat: dict[str, dict[str, Any]] = {}
    for name, field in (description.get("fields") or {}).items():
        flat |= field.get("fields", {name: field})
    return flat


def example_of(field: dict[str, Any]) -> Any:
    """Return the example of a field; lists and objects are written as JSON, which the editor shows as it is."""
    example = field["example"]
    return json.loads(example) if isinstance(example, str) and example[:1] in "[{" else example
