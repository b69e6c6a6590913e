"""Would the newest Home Assistant take the package, its Marketplace too? Its own code says so."""

from importlib import import_module
import json
from pathlib import Path
from typing import Any

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.util.yaml import load_yaml_dict
import pytest

from demo.parts import ROOT

PACKAGE = ROOT / "custom_components" / "whatsapp"
BLUEPRINTS = sorted((ROOT / "blueprints").rglob("*.yaml"))


def _newest(module: str) -> Any:
    # The other environment, where types are checked, has a Home Assistant without it.
    return import_module(f"homeassistant.{module}")


def test_every_value_of_hacs_is_read() -> None:
    known = _newest("components.marketplace.utils.validate").REPOSITORY_MANIFEST_VALUES
    for key, value in json.loads((ROOT / "hacs.json").read_text()).items():
        assert known[key](value) == value


def test_manifest_is_loaded() -> None:
    known = _newest("components.marketplace.utils.validate").INTEGRATION_MANIFEST_VALUES
    manifest = json.loads((PACKAGE / "manifest.json").read_text())
    for key, valid in known.items():
        assert valid(manifest[key]) == manifest[key]
    _newest("components.marketplace.repositories.integration")._check_loadable_manifest(PACKAGE, "whatsapp")


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("services", _newest("helpers.service")._SERVICES_SCHEMA),
        ("triggers", _newest("helpers.trigger.descriptions")._TRIGGERS_DESCRIPTION_SCHEMA),
        ("conditions", _newest("helpers.condition.descriptions")._CONDITIONS_DESCRIPTION_SCHEMA),
    ],
)
def test_descriptions_are_read(name: str, schema: Any) -> None:
    assert schema(load_yaml_dict(str(PACKAGE / f"{name}.yaml")))


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_blueprints_are_imported(path: Path) -> None:
    domain = path.relative_to(ROOT / "blueprints").parts[0]
    schema: Any = AUTOMATION_BLUEPRINT_SCHEMA if domain == "automation" else BLUEPRINT_SCHEMA
    blueprint = Blueprint(load_yaml_dict(str(path)), expected_domain=domain, path=path.name, schema=schema)
    assert blueprint.validate() is None
