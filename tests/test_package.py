"""The integration as a package: would Home Assistant's own validator and the Marketplace take it?"""

import ast
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
import json
from pathlib import Path
import re
import sys
import tomllib

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.loader import async_get_integration
from packaging.requirements import Requirement
from PIL import Image
import pytest
from yarl import URL

from custom_components import whatsapp
from custom_components.whatsapp.const import DOMAIN
from demo.parts import ROOT
from tests.support.package import ICONS, MANIFEST, PACKAGE, sources, strings

FLOOR = "2026.10.0"


async def test_manifest(hass: HomeAssistant) -> None:
    assert list(MANIFEST) == ["domain", "name", *sorted(set(MANIFEST) - {"domain", "name"})]
    assert MANIFEST["domain"] == DOMAIN == PACKAGE.name
    assert MANIFEST["version"] == "0.0.0", "the release stamps it"
    assert AwesomeVersion(MANIFEST["version"]).strategy is AwesomeVersionStrategy.SEMVER
    assert MANIFEST["codeowners"]
    assert all(re.fullmatch(r"@[\w/-]+", owner) for owner in MANIFEST["codeowners"])
    for page in ("documentation", "issue_tracker"):
        assert URL(MANIFEST[page]).scheme == "https"
    integration = await async_get_integration(hass, DOMAIN)
    assert (integration.integration_type, integration.iot_class) == ("service", "cloud_push")
    assert integration.config_flow
    assert integration.has_services
    assert integration.has_triggers is (PACKAGE / "trigger.py").exists()
    assert integration.has_conditions is (PACKAGE / "condition.py").exists()


async def test_integrations_that_it_needs_are_there(hass: HomeAssistant) -> None:
    """Home Assistant sets up the first kind for us, and waits for the second where the user has them."""
    for key in ("dependencies", "after_dependencies"):
        assert MANIFEST.get(key, []) == sorted(MANIFEST.get(key, []))
        for domain in MANIFEST.get(key, []):
            assert (await async_get_integration(hass, domain)).is_built_in


def _needed() -> set[str]:
    """Return what the source imports and neither Python nor Home Assistant brings."""
    modules = {name.partition(".")[0] for _, tree in sources() for name in _imports(tree)}
    distributions = packages_distributions()
    brought = {Requirement(line).name.casefold() for line in requires("homeassistant") or ()}
    # Home Assistant lets its own validator answer to the name of voluptuous.
    brought |= {"homeassistant", "voluptuous"}
    found = {name for module in modules - sys.stdlib_module_names for name in distributions.get(module, ())}
    return {name for name in found if name.casefold() not in brought}


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_requirements_are_those_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tested: dict[str, str] = {}
    for line in project["dependency-groups"]["common"]:
        requirement = Requirement(line)
        tested[requirement.name] = next(iter(requirement.specifier)).version
    requirements = {requirement.name: requirement for requirement in map(Requirement, MANIFEST["requirements"])}
    assert MANIFEST["requirements"] == sorted(MANIFEST["requirements"])
    assert set(requirements) == _needed()
    for name, requirement in requirements.items():
        assert requirement.specifier.contains(tested[name])
    constraints = (Path(cv.__file__).parent.parent / "package_constraints.txt").read_text()
    assert f"websockets{requirements['websockets'].specifier}" in constraints, "as Home Assistant itself pins it"


def test_hacs() -> None:
    """Every key is one that the Marketplace reads; tests/e2e/test_package.py asks the Marketplace itself."""
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert set(hacs) <= {"name", "homeassistant", "zip_release", "filename", "hide_default_branch"}
    assert hacs["name"] == MANIFEST["name"]
    assert hacs["homeassistant"] == FLOOR
    assert AwesomeVersion(__version__) >= AwesomeVersion(hacs["homeassistant"])
    assert hacs["zip_release"] is True
    assert hacs["filename"].endswith(".zip")


def test_icons_are_of_material_design() -> None:
    for path, icon in strings(ICONS):
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


def test_platforms_are_sorted() -> None:
    assert sorted(whatsapp.PLATFORMS) == whatsapp.PLATFORMS
