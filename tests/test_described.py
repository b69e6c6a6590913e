"""Everything that Home Assistant can do with the integration is described for the editors of automations.

Nothing here is listed by hand: actions are those that Home Assistant has registered, triggers and conditions those that
it is told of. Each needs its entry in services.yaml, triggers.yaml or conditions.yaml, in icons.json and in the texts.
"""

from importlib import import_module
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, selector
from homeassistant.helpers.condition import _CONDITIONS_DESCRIPTION_SCHEMA
from homeassistant.helpers.service import _SERVICES_SCHEMA
from homeassistant.helpers.trigger.descriptions import _TRIGGERS_DESCRIPTION_SCHEMA
import pytest
import voluptuous as vol

from custom_components.whatsapp.const import DOMAIN
from tests.support.described import (
    TARGET,
    example_of,
    flat_fields,
    is_required,
    keys_of,
    registered_actions,
    validator_of,
)
from tests.support.package import EN, ICONS, PACKAGE, find, read_yaml

SERVICES = read_yaml("services.yaml")
# The word that Home Assistant uses in every place for each kind of building block.
BLOCKS = {"trigger": read_yaml("triggers.yaml"), "condition": read_yaml("conditions.yaml")}


def _check_texts_and_icon(kind: str, name: str, description: dict[str, Any]) -> None:
    """Check that a building block and all its fields have texts and an icon, and that no text is left over."""
    texts = find(EN, f"{kind}s.{name}")
    assert texts, f"{kind}s.{name} has no texts"
    fields = flat_fields(description)
    sections = {field for field, content in (description.get("fields") or {}).items() if "fields" in content}
    assert set(texts) == {"name", "description"} | ({"fields"} if fields else set()) | (
        {"sections"} if sections else set()
    )
    assert set(texts.get("fields", {})) == set(fields), name
    assert set(texts.get("sections", {})) == sections, name
    for field in fields:
        assert set(texts["fields"][field]) == {"name", "description"}, f"{name}.{field}"
    assert find(ICONS, f"{kind}s.{name}.{kind}"), f"{kind}s.{name} has no icon"


def _check_selectors(fields: dict[str, dict[str, Any]]) -> None:
    for name, field in fields.items():
        assert "selector" in field, name
        config = selector.selector(field["selector"]).config
        if key := config.get("translation_key"):
            assert find(EN, f"selector.{key}.options"), f"selector.{key} has no texts"
        for option in config.get("options", []) if "translation_key" in config else []:
            assert find(EN, f"selector.{config['translation_key']}.options.{option}"), option


async def test_actions(hass: HomeAssistant) -> None:
    _SERVICES_SCHEMA(SERVICES)
    actions = await registered_actions(hass)
    assert set(SERVICES) == set(actions) == set(EN["services"]) == set(ICONS["services"])
    for name, service in actions.items():
        description = SERVICES[name] or {}
        fields = flat_fields(description)
        known = keys_of(service.schema)
        assert set(fields) == set(known) - TARGET, name
        # The tools refuse a call without a target when there may be one, but a number is enough: so it is a field.
        assert "target" not in description, name
        assert ("chats" in fields) == bool(TARGET & set(known)), name
        for field in fields:
            assert fields[field].get("required", False) is is_required(known[field]), f"{name}.{field}"
        _check_selectors(fields)
        _check_texts_and_icon("service", name, description)


async def test_examples_of_actions_are_accepted(hass: HomeAssistant) -> None:
    for name, service in (await registered_actions(hass)).items():
        for field, description in flat_fields(SERVICES[name] or {}).items():
            assert "example" in description, f"{name}.{field}"
            example = example_of(description)
            vol.Schema({field: validator_of(service.schema, field)})({field: example})
            editor: Any = selector.selector(description["selector"])
            editor(example if isinstance(example, list) or not editor.config.get("multiple") else [example])
            if "default" in description:
                vol.Schema({field: validator_of(service.schema, field)})({field: description["default"]})


async def test_notify_is_registered(hass: HomeAssistant) -> None:
    await registered_actions(hass)
    assert hass.services.has_service("notify", "whatsapp")


async def _blocks(hass: HomeAssistant, kind: str) -> dict[str, Any]:
    """Return the triggers or the conditions that Home Assistant is told of; nothing where there are none."""
    if not (PACKAGE / f"{kind}.py").exists():
        return {}
    module = import_module(f"custom_components.{DOMAIN}.{kind}")
    blocks: dict[str, Any] = await getattr(module, f"async_get_{kind}s")(hass)
    return blocks


async def _complaints(hass: HomeAssistant, block: Any, config: dict[str, Any]) -> dict[str, str]:
    """Return what the block has against a configuration, by the last part of the path."""
    try:
        await block.async_validate_config(hass, config)
    except vol.MultipleInvalid as err:
        return {str(error.path[-1]): str(error) for error in err.errors if error.path}
    except vol.Invalid as err:
        return {str(err.path[-1]): str(err)} if err.path else {}
    return {}


@pytest.mark.parametrize("kind", BLOCKS)
async def test_triggers_and_conditions(hass: HomeAssistant, kind: str) -> None:
    schema = _TRIGGERS_DESCRIPTION_SCHEMA if kind == "trigger" else _CONDITIONS_DESCRIPTION_SCHEMA
    schema(BLOCKS[kind])
    await registered_actions(hass)
    blocks = await _blocks(hass, kind)
    assert set(BLOCKS[kind]) == set(blocks) == set(EN.get(f"{kind}s", {})) == set(ICONS.get(f"{kind}s", {}))
    for name, block in blocks.items():
        description = BLOCKS[kind][name] or {}
        fields = flat_fields(description)
        _check_selectors(fields)
        _check_texts_and_icon(kind, name, description)
        target: dict[str, Any] = {"target": {"entity_id": ["event.x"]}} if "target" in description else {}
        missing = await _complaints(hass, block, {**target, "options": {}})
        required = {field for field, text in missing.items() if "required" in text}
        assert required == {field for field, content in fields.items() if content.get("required")}, name
        for field in [*fields, "no_such_field"]:
            complaints = await _complaints(hass, block, {**target, "options": {field: object()}})
            assert field in complaints, f"{name}.{field} takes anything"
            assert ("not a valid option" in complaints[field]) == (field == "no_such_field"), (
                f"{name}.{field} is unknown"
            )


def test_a_field_that_is_wrapped_is_found() -> None:
    schema = vol.All(vol.Schema({vol.Required("message"): cv.string, vol.Optional("caption", default=""): cv.string}))
    assert is_required(keys_of(schema)["message"])
    assert not is_required(keys_of(schema)["caption"])
    assert validator_of(schema, "message") is cv.string
