"""The files beside the code: are they what Home Assistant expects, and do they agree with the code?"""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
import tomllib
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import _SERVICES_SCHEMA
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from packaging.requirements import Requirement
from PIL import Image
import pytest
import voluptuous as vol

from custom_components import whatsapp
from custom_components.whatsapp import errors, services
from custom_components.whatsapp.account import RELINK_CODES
from custom_components.whatsapp.const import DOMAIN
from demo.parts import ROOT

PACKAGE = Path(whatsapp.__file__).parent
FLOORS = ("2026.10.0", "2026.11.0")


def _json(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((PACKAGE / name).read_text())
    return content


EN = _json("translations/en.json")
ICONS = _json("icons.json")
MANIFEST = _json("manifest.json")
SERVICES = load_yaml_dict(str(PACKAGE / "services.yaml"))
SCHEMAS = {
    "send_message": services.SEND_MESSAGE_SCHEMA,
    "send_poll": services.SEND_POLL_SCHEMA,
    "search_groups": services.SEARCH_GROUPS_SCHEMA,
}


def _strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, f"{path}.{key}")
    else:
        yield path, value


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def _constants(expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call in the source outside of the flows, whose texts are tested with them."""
    for path in PACKAGE.glob("*.py"):
        if not path.stem.endswith("flow"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield path.stem, node


async def test_manifest(hass: HomeAssistant) -> None:
    assert list(MANIFEST) == ["domain", "name", *sorted(set(MANIFEST) - {"domain", "name"})]
    assert MANIFEST["domain"] == DOMAIN == PACKAGE.name
    assert MANIFEST["version"] == "0.0.0", "the release stamps it"
    assert AwesomeVersion(MANIFEST["version"]).strategy is AwesomeVersionStrategy.SEMVER
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    integration = await async_get_integration(hass, DOMAIN)
    assert (integration.integration_type, integration.iot_class) == ("service", "cloud_push")
    assert integration.config_flow
    assert integration.has_services


def test_requirements_are_those_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tested: dict[str, str] = {}
    for line in project["dependency-groups"]["common"]:
        requirement = Requirement(line)
        tested[requirement.name] = next(iter(requirement.specifier)).version
    imported = {"segno", "websockets"}
    requirements = {requirement.name: requirement for requirement in map(Requirement, MANIFEST["requirements"])}
    assert set(requirements) == imported
    for name, requirement in requirements.items():
        assert requirement.specifier.contains(tested[name])
    constraints = (Path(cv.__file__).parent.parent / "package_constraints.txt").read_text()
    assert f"websockets{requirements['websockets'].specifier}" in constraints, "as Home Assistant itself pins it"


def test_hacs() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert set(hacs) <= {"name", "homeassistant", "zip_release", "filename", "hide_default_branch"}
    assert hacs["name"] == MANIFEST["name"]
    assert hacs["homeassistant"] == FLOORS[0]
    assert AwesomeVersion(__version__) >= AwesomeVersion(hacs["homeassistant"])
    assert hacs["zip_release"] is True
    assert hacs["filename"].endswith(".zip")


def test_actions_are_described() -> None:
    _SERVICES_SCHEMA(SERVICES)
    assert set(SERVICES) == set(SCHEMAS) == set(EN["services"]) == set(ICONS["services"])
    for action, schema in SCHEMAS.items():
        fields = SERVICES[action]["fields"]
        known = {str(key): key for key in schema.schema if key not in cv.ENTITY_SERVICE_FIELDS}
        assert set(fields) == set(known) == set(EN["services"][action]["fields"])
        assert ("target" in SERVICES[action]) == any(key in schema.schema for key in cv.ENTITY_SERVICE_FIELDS)
        for name, field in fields.items():
            assert field.get("required", False) is isinstance(known[name], vol.Required), name
            assert "example" in field
            assert set(EN["services"][action]["fields"][name]) == {"name", "description"}


def test_examples_of_actions_are_accepted() -> None:
    for action, schema in SCHEMAS.items():
        fields = SERVICES[action]["fields"]
        examples = {name: field["example"] for name, field in fields.items()}
        if "options" in examples:
            examples["options"] = json.loads(examples["options"])
        schema(examples)


async def test_actions_are_registered(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(SCHEMAS)
    assert hass.services.has_service("notify", "whatsapp")


@pytest.mark.parametrize(("path", "text"), [pytest.param(*string, id=string[0]) for string in _strings(EN)])
def test_texts(path: str, text: str) -> None:
    cv.string_with_no_html(text)
    assert "[%key" not in text
    assert text == text.strip()
    assert text


async def test_texts_are_loaded(hass: HomeAssistant) -> None:
    exceptions = await async_get_translations(hass, "en", "exceptions", {DOMAIN})
    assert set(exceptions) == {f"component.{DOMAIN}.exceptions.{key}.message" for key in EN["exceptions"]}


def test_every_exception_has_a_text_and_every_text_an_exception() -> None:
    raised: set[str] = set()
    for module, call in _calls():
        name = ast.unparse(call.func)
        if name == "invalid":
            values = [call.args[0]]
        elif name.endswith(("Error", "Failed", "NotReady", "_issue")) or name.startswith("("):
            values = [keyword.value for keyword in call.keywords if keyword.arg == "translation_key"]
        else:
            continue
        for key in (constant for value in values for constant in _constants(value)):
            assert key in EN["exceptions"] | EN["issues"], f"{module}: {key}"
            raised.add(key)
    # Keys that are codes of the wire, or chosen before.
    raised |= errors._CALLERS_FAULT | errors._OTHERS | RELINK_CODES | {"bridge_too_old", "bridge_too_new"}
    assert raised == set(EN["exceptions"]) | set(EN["issues"])


def test_placeholders_of_exceptions_are_filled() -> None:
    for _, call in _calls():
        if ast.unparse(call.func) == "invalid":
            for key in _constants(call.args[0]):
                text = EN["exceptions"][key]["message"]
                assert {keyword.arg for keyword in call.keywords} == _placeholders(text), key
    filled = {"bridge_error": {"code"}, "some_failed": {"failed", "total", "errors"}}
    invalids = {"message_too_long": {"limit"}, "not_a_chat": {"entity_id"}, "unsupported_data": {"keys"}}
    needed = {key: _placeholders(text["message"]) for key, text in EN["exceptions"].items()}
    assert {key: names for key, names in needed.items() if names} == filled | invalids
    for issue in EN["issues"].values():
        assert set(issue) == {"title", "description"}
        assert _placeholders(issue["title"] + issue["description"]) == {"name"}


def test_entities_have_names_and_icons() -> None:
    keys: dict[str, set[str]] = {}
    for platform in whatsapp.PLATFORMS:
        source = (PACKAGE / f"{platform}.py").read_text()
        keys[platform] = set(re.findall(r'_attr_translation_key = "(\w+)"', source))
        assert "PARALLEL_UPDATES" in source
    used = {platform: found for platform, found in keys.items() if found}
    assert {platform: set(texts) for platform, texts in EN["entity"].items()} == used
    assert {platform: set(icons) for platform, icons in ICONS["entity"].items()} == used
    states = EN["entity"]["event"]["chat"]["state_attributes"]["event_type"]["state"]
    assert set(states) == set(ICONS["entity"]["event"]["chat"]["state_attributes"]["event_type"]["state"])


def test_icons_are_of_material_design() -> None:
    for path, icon in _strings(ICONS):
        assert re.fullmatch(r"mdi:[a-z0-9-]+", icon), path


@pytest.mark.parametrize("scale", ["", "@2x"])
@pytest.mark.parametrize("theme", ["", "dark_"])
def test_brand(theme: str, scale: str) -> None:
    size = 512 if scale else 256
    for name, ratio in (("icon", 1), ("logo", 2)):
        with Image.open(PACKAGE / "brand" / f"{theme}{name}{scale}.png") as image:
            assert image.format == "PNG"
            assert image.size == (size * ratio, size)
            assert image.mode == "RGBA"
            assert image.getpixel((0, 0))[3] == 0, "the corners show what is behind"  # type: ignore[index]


def test_quality_scale() -> None:
    rules = load_yaml_dict(str(PACKAGE / "quality_scale.yaml"))["rules"]
    assert len(rules) == 54
    for name, rule in rules.items():
        if rule != "done":
            assert rule["status"] in ("todo", "exempt"), name
            assert rule["comment"].endswith("."), name


def test_platforms_are_sorted() -> None:
    assert sorted(whatsapp.PLATFORMS) == whatsapp.PLATFORMS
