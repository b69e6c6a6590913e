"""The YAML examples of the pages, as what they are: actions, automations, scripts, or configuration."""

from collections.abc import Iterator
from dataclasses import dataclass
import re
from typing import Any, Literal

from homeassistant.util.yaml import parse_yaml

from demo.parts import ROOT
from demo.simulator import BEA

from .docs import pages

_BLOCK = re.compile(r"^( *)```ya?ml\n(.*?)^ *```", re.DOTALL | re.MULTILINE)

# A number that pages show where people put one of their own.
_PLACEHOLDERS = {"+41 79 123 45 67": f"+{BEA}"}

type Kind = Literal["automation", "script", "configuration"]


@dataclass(frozen=True)
class Example:
    """One block of a page. `parts` are its automations or its scripts; actions are the sequence of one script."""

    name: str
    kind: Kind
    parts: list[dict[str, Any]]


def examples() -> Iterator[Example]:
    """Yield every example of every page."""
    for path in pages():
        text = path.read_text()
        for block in _BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            content = re.sub(rf"^{block[1]}", "", block[2], flags=re.MULTILINE)
            for placeholder, number in _PLACEHOLDERS.items():
                content = content.replace(placeholder, number)
            yield Example(f"{path.relative_to(ROOT)}:{line}", *_of_what_kind(parse_yaml(content)))


def _of_what_kind(content: Any) -> tuple[Kind, list[dict[str, Any]]]:
    if isinstance(content, dict) and not {"triggers", "sequence", "action", "use_blueprint"} & set(content):
        return "configuration", [content]
    items = content if isinstance(content, list) else [content]
    if all("sequence" in item or _is_of_blueprint(item, "script") for item in items):
        return "script", items
    if all("triggers" in item or _is_of_blueprint(item, "automation") for item in items):
        return "automation", items
    return "script", [{"sequence": items}]


def _is_of_blueprint(item: dict[str, Any], domain: str) -> bool:
    """Tell whether the item uses a blueprint of ours for this domain."""
    return "use_blueprint" in item and (ROOT / "blueprints" / domain / item["use_blueprint"]["path"]).exists()


def find_all(content: Any, *keys: str) -> Iterator[Any]:
    """Yield the values that stand under one of the keys, however deep."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key in keys:
                yield from value if isinstance(value, list) else [value]
            yield from find_all(value, *keys)
    elif isinstance(content, list):
        for value in content:
            yield from find_all(value, *keys)
