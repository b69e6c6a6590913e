"""Would the Marketplace of the newest Home Assistant list and install this? Its own code says so."""

from importlib import import_module
import json
from typing import Any

from demo.parts import ROOT

PACKAGE = ROOT / "custom_components" / "whatsapp"


def _marketplace(module: str) -> Any:
    # The other environment, where types are checked, has a Home Assistant without it.
    return import_module(f"homeassistant.components.marketplace.{module}")


def test_every_value_of_hacs_is_read() -> None:
    known = _marketplace("utils.validate").REPOSITORY_MANIFEST_VALUES
    for key, value in json.loads((ROOT / "hacs.json").read_text()).items():
        assert known[key](value) == value


def test_manifest_is_loaded() -> None:
    known = _marketplace("utils.validate").INTEGRATION_MANIFEST_VALUES
    manifest = json.loads((PACKAGE / "manifest.json").read_text())
    for key, valid in known.items():
        assert valid(manifest[key]) == manifest[key]
    _marketplace("repositories.integration")._check_loadable_manifest(PACKAGE, "whatsapp")
