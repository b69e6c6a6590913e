"""Home Assistant's quality scale: no rule is missing, and those that a machine can check hold."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
import re
import tomllib
from typing import Final

from homeassistant import components
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsapp import PLATFORMS
from custom_components.whatsapp.const import CONF_ACCOUNT_ID, DOMAIN
from demo.parts import ROOT
from tests.support.described import registered_actions
from tests.support.docs import headings, page
from tests.support.package import EN, ICONS, MANIFEST, PACKAGE, calls, find, read_yaml, sources

RULES: Final = read_yaml("quality_scale.yaml")["rules"]
# An integration of Home Assistant with a grade names every rule that there is.
ALL_RULES: Final = load_yaml_dict(str(Path(components.__file__).parent / "fumis" / "quality_scale.yaml"))["rules"]
README: Final = (ROOT / "README.md").read_text()

TRANSLATED: Final = re.compile(
    r"HomeAssistantError|ServiceValidationError|ConfigEntry(Error|NotReady|AuthFailed)|Unresolvable|MediaSourceError"
)


def _functions(path: str) -> set[str]:
    file = PACKAGE / path
    tree = ast.parse(file.read_text() if file.exists() else "")
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _flow_steps() -> set[str]:
    return set().union(*(_functions(path.name) for path in PACKAGE.glob("*flow.py")))


def _forms() -> Iterator[dict[str, dict[str, str]]]:
    for block in (EN["config"], EN.get("options", {}), *EN["config_subentries"].values()):
        for step in block.get("step", {}).values():
            yield step
            yield from step.get("sections", {}).values()


def _raises_are_translated() -> bool:
    """Tell whether every exception of Home Assistant's that is made in the source has a text."""
    made = [call for _, call in calls() if TRANSLATED.fullmatch(ast.unparse(call.func))]
    return bool(made) and all({"translation_key", None} & {keyword.arg for keyword in call.keywords} for call in made)


def _listeners_call_super() -> bool:
    overrides = [
        ast.unparse(node)
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "async_added_to_hass"
    ]
    return bool(overrides) and all("super().async_added_to_hass()" in source for source in overrides)


def _source(pattern: str) -> bool:
    return any(re.search(pattern, path.read_text()) for path in PACKAGE.rglob("*.py"))


def _coverage(pattern: str) -> int:
    found = re.search(pattern, (ROOT / "scripts" / "test").read_text())
    return int(found[1]) if found else 0


# What the files must be like for a rule that is said to be done.
FILES: Final[dict[str, Callable[[], bool]]] = {
    "action-setup": lambda: "async_setup_services" in ast.unparse(ast.parse((PACKAGE / "__init__.py").read_text())),
    "appropriate-polling": lambda: not _source(r"SCAN_INTERVAL|update_before_add=True"),
    "brands": (PACKAGE / "brand" / "icon.png").exists,
    "common-modules": (PACKAGE / "entity.py").exists,
    "config-flow": lambda: all(
        form.get("data", {}).keys() == form.get("data_description", {}).keys() for form in _forms()
    ),
    "config-flow-test-coverage": lambda: _coverage(r"flow.py.*--fail-under=(\d+)") == 100,
    "diagnostics": lambda: (
        {"async_get_config_entry_diagnostics", "async_get_device_diagnostics"} <= _functions("diagnostics.py")
    ),
    "discovery": lambda: {"async_step_hassio", "async_step_zeroconf"} <= _flow_steps(),
    "docs-actions": lambda: "whatsapp.send_message" in headings(page("actions.md")),
    "docs-conditions": lambda: "whatsapp.is_connected" in headings(page("triggers.md")),
    "docs-configuration-parameters": lambda: bool(page("configuration.md")),
    "docs-examples": lambda: "```yaml" in README,
    "docs-installation-instructions": lambda: "\n## Install\n" in README,
    "docs-known-limitations": lambda: "\n## Known limits\n" in README,
    "docs-removal-instructions": lambda: "\n## Remove\n" in README,
    "docs-supported-devices": lambda: "\n## Supported accounts\n" in README,
    "docs-troubleshooting": lambda: "\n## What can go wrong\n" in README,
    "docs-triggers": lambda: "whatsapp.message_received" in headings(page("triggers.md")),
    "docs-use-cases": lambda: "\n## What people use it for\n" in README,
    "entity-event-setup": _listeners_call_super,
    "exception-translations": _raises_are_translated,
    "icon-translations": lambda: not _source(r"_attr_icon|def icon\b|icon="),
    "inject-websession": lambda: not _source(r"ClientSession\("),
    "integration-owner": lambda: bool(MANIFEST["codeowners"]),
    "parallel-updates": lambda: all(
        re.search(r"^PARALLEL_UPDATES = \d$", (PACKAGE / f"{platform}.py").read_text(), re.MULTILINE)
        for platform in PLATFORMS
    ),
    "reauthentication-flow": lambda: "async_step_reauth" in _flow_steps(),
    "reconfiguration-flow": lambda: "async_step_reconfigure" in _flow_steps(),
    "repair-issues": lambda: bool(EN["issues"]),
    "runtime-data": lambda: _source(r"entry\.runtime_data = ") and not _source(r"hass\.data\[DOMAIN\]"),
    "stale-devices": lambda: "async_remove_config_entry_device" in _functions("__init__.py"),
    "strict-typing": lambda: tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["strict"] is True,
    "test-before-setup": lambda: _source("ConfigEntryNotReady") and _source("ConfigEntryAuthFailed"),
    "test-coverage": lambda: _coverage(r"--cov-fail-under=(\d+)") >= 97,
    "unique-config-entry": lambda: _source("_abort_if_unique_id_configured"),
}


def test_every_rule_is_kept() -> None:
    assert set(RULES) == set(ALL_RULES)
    assert len(RULES) == 54
    for name, rule in RULES.items():
        if rule != "done":
            assert rule["status"] == "exempt", name
            assert re.fullmatch(r"[A-Z].{10,}\.", rule["comment"]), name


@pytest.mark.parametrize("rule", sorted(FILES))
def test_files(rule: str) -> None:
    assert RULES[rule] != "done" or FILES[rule](), rule


async def test_entities(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """has-entity-name, entity-unique-id, devices, entity-translations, icon-translations, entity-category."""
    entities = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    assert {entity.domain for entity in entities} == set(PLATFORMS)
    for entity in entities:
        assert entity.has_entity_name, entity.entity_id
        assert entity.unique_id.startswith(f"{entry.data[CONF_ACCOUNT_ID]}_"), entity.entity_id
        assert not re.search(r"127\.0\.0\.1|localhost", entity.unique_id)
        assert device_registry.async_get(entity.device_id or ""), entity.entity_id
        is_main = entity.config_subentry_id is not None and entity.original_name is None
        assert entity.translation_key or entity.original_device_class or is_main, entity.entity_id
        icon = find(ICONS, f"entity.{entity.domain}.{entity.translation_key}.default")
        assert icon or entity.original_device_class or entity.domain == Platform.NOTIFY, entity.entity_id
        if state := hass.states.get(entity.entity_id):
            assert "icon" not in state.attributes, entity.entity_id
    connectivity = entity_registry.async_get("binary_sensor.alex_connectivity")
    assert connectivity
    assert connectivity.entity_category is EntityCategory.DIAGNOSTIC
    if RULES["entity-disabled-by-default"] == "done":
        assert [entity for entity in entities if entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION]


async def test_actions_outlive_the_account(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """action-setup, config-entry-unloading."""
    before = set(await registered_actions(hass))
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert set(hass.services.async_services_for_domain(DOMAIN)) == before
    with pytest.raises(ServiceValidationError) as caught:
        await hass.services.async_call(DOMAIN, "send_message", {"target": "Bea", "message": "x"}, blocking=True)
    assert caught.value.translation_key == "no_account"
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert hass.config_entries.async_get_known_entry(entry.entry_id).state is ConfigEntryState.LOADED
