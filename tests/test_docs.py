"""Do the pages in docs/ say what the code does? What there is has its heading and its rows, and nothing else has.

The format is the same everywhere: a `##` heading with the name, then tables with names in backticks in the first cell.

    ## whatsapp.send_message

    | field | |
    |---|---|
    | `message` | the text |
    | `target`, `account` | two that belong together |

- actions.md: a heading for each action, a row for each field. Fields that many actions have can be in a table under any
  other heading, once for all. `notify.whatsapp` has a heading too.
- triggers.md: a heading for each trigger and each condition, a row for each field.
- events.md: a heading for each bus event. That its rows are the keys is tested with the events.
- configuration.md: a row for each field of the forms that add and configure an account or a chat.
- repairs.md: a row for each issue, by its key in the texts.
- entities.md: the name of each entity of an account.
"""

import re
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.whatsapp.const import DOMAIN
from tests.support.described import flat_fields, registered_actions
from tests.support.docs import headings, page, rows, sections
from tests.support.package import EN, constants, read_yaml, sources

SERVICES = read_yaml("services.yaml")


def _is_named(heading: str) -> bool:
    return bool(re.fullmatch(r"\w+\.\w+", heading))


def _check_fields(text: str, described: dict[str, Any]) -> None:
    """Check that each `domain.name` of these descriptions has its heading and its rows."""
    assert sorted(filter(_is_named, headings(text))) == sorted(described)
    common = {row for heading, content in sections(text).items() if not _is_named(heading) for row in rows(content)}
    own = {heading: rows(content) for heading, content in sections(text).items() if _is_named(heading)}
    documented = {name: set(own[name]) for name in described}
    for name, description in described.items():
        fields = set(flat_fields(description or {}))
        assert documented[name] <= fields, f"{name} has no such field"
        assert fields <= documented[name] | common, f"{name} has fields without a row"
        assert len(own[name]) == len(set(own[name])), f"{name} has two rows for one field"


async def test_actions(hass: HomeAssistant) -> None:
    text = page("actions.md")
    await registered_actions(hass)
    assert "notify.whatsapp" in headings(text)
    actions = {f"{DOMAIN}.{name}": SERVICES[name] for name in hass.services.async_services_for_domain(DOMAIN)}
    _check_fields(text.replace("## notify.whatsapp", "## Notify").replace("## `notify.whatsapp`", "## Notify"), actions)


def test_triggers_and_conditions() -> None:
    described = read_yaml("triggers.yaml") | read_yaml("conditions.yaml")
    _check_fields(page("triggers.md"), {f"{DOMAIN}.{name}": description for name, description in described.items()})


def test_bus_events() -> None:
    written = {text for _, tree in sources() for text in constants(tree)}
    events = {text for text in written if re.fullmatch(r"whatsapp_(message|button|poll|media)_[a-z]+", text)}
    assert events
    assert {heading for heading in headings(page("events.md")) if heading.startswith("whatsapp_")} == events


def _form_fields(forms: dict[str, Any]) -> set[str]:
    """Return the fields of all steps, and those of their sections."""
    fields: set[str] = set()
    for step in forms.get("step", {}).values():
        fields |= set(step.get("data", {}))
        for section in step.get("sections", {}).values():
            fields |= set(section.get("data", {}))
    return fields


def test_configuration() -> None:
    text = page("configuration.md")
    fields = (
        _form_fields(EN.get("options", {})) | _form_fields(EN["config"]) | _form_fields(EN["config_subentries"]["chat"])
    )
    assert set(rows(text)) == fields


def test_repairs() -> None:
    assert sorted(rows(page("repairs.md"))) == sorted(EN["issues"])


def test_entities() -> None:
    text = page("entities.md")
    named = {
        (platform, entity["name"])
        for platform in ("binary_sensor", "button", "sensor")
        for entity in EN["entity"][platform].values()
    }
    cells = re.findall(r"^\| `(\w+)` ([^|]*)\|", text, re.MULTILINE)
    documented = {(platform, name) for platform, cell in cells for name in re.findall(r"\*([^*]+)\*", cell)}
    assert {entity for entity in documented if entity[0] != "event"} == named | {("binary_sensor", "Connectivity")}
    for sensor in ("state", "reason"):
        for state in EN["entity"]["sensor"][sensor]["state"]:
            assert f"`{state}`" in text, state


def test_rows_are_found() -> None:
    text = "# A\n\n| `z` | |\n\n## `whatsapp.x`\n\n| field | |\n|---|---|\n| `a`, `b` | of `c` |\n\n## More\n"
    assert headings(text) == ["whatsapp.x", "More"]
    assert {heading: rows(content) for heading, content in sections(text).items()} == {
        "": ["z"],
        "whatsapp.x": ["a", "b"],
        "More": [],
    }
    _check_fields(text, {"whatsapp.x": {"fields": {"a": {}, "b": {}, "z": {}}}})
    for fields in ({"a"}, {"a", "b", "d"}):
        with pytest.raises(AssertionError):
            _check_fields(text, {"whatsapp.x": {"fields": {field: {} for field in fields}}})
