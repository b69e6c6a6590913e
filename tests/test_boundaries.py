"""Who may import whom, and what may not be written where: the rules of docs/architecture.md, checked on the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from custom_components import whatsapp

PACKAGE = Path(whatsapp.__file__).parent

# Layers from the outside in, by module; a module imports only from its own layer or one further in.
LAYERS = [
    {"__init__"},
    {
        *("services", "media_source", "views", "config_flow", "condition", "logbook", "trigger", "marking"),
        *("notify", "event", "sensor", "binary_sensor", "button"),
        *("backup", "diagnostics", "repairs", "system_health"),
    },
    {
        "attachments",
        "contents",
        "delivery",
        "notification",
        "targets",
        "entity",
        "chat_flow",
        "issues",
        "link_flow",
        "neighbour",
        "options_flow",
    },
    {"received"},
    {"account", "link"},
    {"inbox"},
    {
        "connector",
        "cursor",
        "errors",
        "failures",
        "figures",
        "markdown",
        "media",
        "options",
        "payloads",
        "phone",
        "privacy",
        "qr",
        "receipts",
        "text_match",
    },
    {"bridge", "const"},
]
BRIDGE_LIBRARIES = {"websockets", "aiohttp", "yarl"}
LIBRARIES = {"homeassistant", "voluptuous", "phonenumbers", "segno"}
# What Home Assistant itself brings, for those who need it.
MORE_LIBRARIES = {"media": {"PIL", "aiohttp", "yarl"}, "received": {"aiohttp"}, "views": {"aiohttp"}}


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    """Yield what a file imports, as absolute dotted names."""
    package = ["custom_components", "whatsapp", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *([node.module] if node.module else [])]
            # `from . import x` imports a module, `from .x import y` something of it.
            yield from ([".".join(base)] if node.module else [".".join([*base, alias.name]) for alias in node.names])


def _ours(name: str) -> str | None:
    """Return the module of the integration that a dotted name leads to."""
    parts = name.split(".")
    return parts[2] if parts[:2] == ["custom_components", "whatsapp"] and len(parts) > 2 else None


def _module(path: Path) -> str:
    """Return the module or package of the integration that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _layer(module: str) -> int:
    (layer,) = (index for index, modules in enumerate(LAYERS) if module in modules)
    return layer


def _is_standard(name: str) -> bool:
    import sys  # noqa: PLC0415

    return name.partition(".")[0] in sys.stdlib_module_names


def test_every_module_has_a_layer() -> None:
    modules = {_module(path) for path in _modules()}
    assert modules == set().union(*LAYERS)
    assert sum(map(len, LAYERS)) == len(modules)


@pytest.mark.parametrize(
    "path", [path for path in _modules() if _module(path) != "bridge"], ids=lambda path: f"{_module(path)}-{path.stem}"
)
def test_imports_lead_inwards(path: Path) -> None:
    libraries = LIBRARIES | MORE_LIBRARIES.get(_module(path), set())
    for name in _imports(path):
        module = _ours(name)
        if module:
            assert _layer(module) >= _layer(_module(path)), f"{path.stem} imports {module}"
        else:
            assert name.partition(".")[0] in libraries or _is_standard(name), name


@pytest.mark.parametrize("path", sorted((PACKAGE / "bridge").glob("*.py")), ids=lambda path: path.stem)
def test_the_client_knows_nothing_of_home_assistant(path: Path) -> None:
    for name in _imports(path):
        allowed = name.startswith("custom_components.whatsapp.bridge") or name.partition(".")[0] in BRIDGE_LIBRARIES
        assert allowed or _is_standard(name), f"bridge/{path.stem} imports {name}"
    if path.stem == "protocol":
        assert set(_imports(path)) == {"typing"}


@pytest.mark.parametrize("path", _modules(), ids=lambda path: path.stem)
def test_files_and_functions_stay_small(path: Path) -> None:
    if path.name == "protocol.py":
        return
    source = path.read_text()
    assert len(source.splitlines()) <= 300
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name


def _is_masked(value: ast.expr) -> bool:
    """Tell whether it is what `Privacy.shown` makes of an id."""
    return isinstance(value, ast.Call) and ast.unparse(value.func).endswith("privacy.shown")


@pytest.mark.parametrize("path", _modules(), ids=lambda path: path.stem)
def test_logs_hold_nothing_of_whatsapp(path: Path) -> None:
    """A log line may hold an error of ours, whose message is ours, a code, or a type: see the names below."""
    harmless = {"err", "error", "event_type", "self._error", "err.code", "error.code", "code", "seq"}
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="_LOGGER")), args=[ast.Constant(), *values]):
                shown = {ast.unparse(value) for value in values if not _is_masked(value)}
                assert shown <= harmless, ast.unparse(node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="_LOGGER"))):
                pytest.fail(f"a log line whose text is not constant: {ast.unparse(node)}")
            case ast.Call(func=ast.Name(id="print")):
                pytest.fail("print")


@pytest.mark.parametrize("path", _modules(), ids=lambda path: path.stem)
def test_nothing_is_rendered_as_a_template(path: Path) -> None:
    assert not [name for name in _imports(path) if "template" in name.lower()]
