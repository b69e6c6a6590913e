"""The files of the integration, read as what they are."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.util.yaml import load_yaml_dict

from custom_components import whatsapp

PACKAGE: Final = Path(whatsapp.__file__).parent


def read_json(name: str) -> dict[str, Any]:
    """Return the content of a JSON file."""
    content: dict[str, Any] = json.loads((PACKAGE / name).read_text())
    return content


def read_yaml(name: str) -> dict[str, Any]:
    """Return the content of a YAML file; nothing where there is no such file."""
    path = PACKAGE / name
    return load_yaml_dict(str(path)) if path.exists() else {}


EN: Final = read_json("translations/en.json")
ICONS: Final = read_json("icons.json")
MANIFEST: Final = read_json("manifest.json")


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a tree with their dotted paths."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, f"{path}.{key}" if path else key)
    else:
        yield path, value


def find(tree: dict[str, Any], path: str) -> Any:
    """Return what is at a dotted path of a tree, or nothing."""
    node: Any = tree
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    return node


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return set(re.findall(r"{(\w+)}", text))


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Yield every source file of the integration by its path."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text())


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call in the source with the file where it is."""
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield path, node


def constants(tree: ast.AST) -> Iterator[str]:
    """Yield the texts that are written there, like both of `"a" if x else "b"`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
