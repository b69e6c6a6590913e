"""The texts: complete in every language, and neither one too few nor one too many for the code."""

import ast
from collections.abc import Callable, Iterator
import json
from pathlib import Path
import re

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.translation import async_get_translations
import pytest
import voluptuous as vol

from custom_components import whatsapp
from custom_components.whatsapp.const import DOMAIN
from tests.support.package import EN, ICONS, PACKAGE, calls, constants, placeholders, sources, strings
from tests.support.translations import Texts

LANGUAGES = {"en", "de", "es", "fr", "it", "nl", "pt-BR"}
FILES = {path.stem: path for path in (PACKAGE / "translations").glob("*.json")}
MAKERS = {"invalid", "failed"}
FLOWS = re.compile(r"(.*_)?flow\.py|repairs\.py")


def _texts(path: Path) -> dict[str, str]:
    return dict(strings(json.loads(path.read_text())))


def _exceptions() -> Iterator[tuple[str, ast.Call, list[ast.expr]]]:
    """Yield every place where an exception or an issue with a text is made, with what its key is made of."""
    for path, call in calls():
        if FLOWS.fullmatch(path):
            continue
        name = ast.unparse(call.func)
        keys = [keyword.value for keyword in call.keywords if keyword.arg == "translation_key"]
        if name.rpartition(".")[2] in MAKERS:
            yield path, call, [call.args[0]]
        elif keys and (name.endswith(("Error", "Failed", "NotReady", "_issue")) or name.startswith("(")):
            yield path, call, keys


def test_languages() -> None:
    assert set(FILES) in ({"en"}, LANGUAGES)


@pytest.mark.parametrize("language", sorted(FILES))
def test_language(language: str) -> None:
    texts, english = _texts(FILES[language]), _texts(FILES["en"])
    assert texts.keys() == english.keys()
    for path, text in texts.items():
        cv.string_with_no_html(text)
        assert text, path
        assert text == text.strip(), path
        assert "[%key" not in text, path
        assert "://" not in text, f"{path}: addresses are placeholders"
        assert placeholders(text) == placeholders(english[path]), path


async def test_texts_are_loaded(hass: HomeAssistant) -> None:
    exceptions = await async_get_translations(hass, "en", "exceptions", {DOMAIN})
    assert set(exceptions) == {f"component.{DOMAIN}.exceptions.{key}.message" for key in EN["exceptions"]}


def test_every_exception_has_a_text_and_every_text_an_exception() -> None:
    known = set(EN["exceptions"]) | set(EN["issues"])
    for path, _, keys in _exceptions():
        for key in (constant for expression in keys for constant in constants(expression)):
            assert key in known, f"{path}: {key}"
    # Also where the key is chosen before, such as a code of the wire.
    written = {key for path, tree in sources() if not FLOWS.fullmatch(path) for key in constants(tree)}
    assert not known - written


def test_placeholders_of_exceptions_are_filled() -> None:
    for path, call, keys in _exceptions():
        if ast.unparse(call.func).rpartition(".")[2] in MAKERS:
            given = {keyword.arg for keyword in call.keywords}
            if None not in given:
                for key in constants(keys[0]):
                    assert given == placeholders(EN["exceptions"][key]["message"]), f"{path}: {key}"


def test_entities_and_their_icons() -> None:
    """Each key in the source has a text or an icon; what an entity asks for while it is used, the fixture checks."""
    used: dict[str, set[str]] = {}
    for platform in whatsapp.PLATFORMS:
        source = (PACKAGE / f"{platform}.py").read_text()
        used[platform] = set(re.findall(r'translation_key\s*=\s*"(\w+)"', source))
    texts = {str(platform): set(keys) for platform, keys in EN["entity"].items()}
    assert texts == {platform: keys for platform, keys in used.items() if keys}
    for platform, keys in ICONS["entity"].items():
        assert set(keys) <= texts[platform], platform
    for platform, icons in ICONS["entity"].items():
        for key, icon in icons.items():
            for attribute, content in icon.get("state_attributes", {}).items():
                states = EN["entity"][platform][key]["state_attributes"][attribute]["state"]
                assert set(content["state"]) == set(states)
            assert set(icon.get("state", {})) <= set(EN["entity"][platform][key].get("state", {}))


def _missing(look: Callable[[Texts], None]) -> set[str]:
    texts = Texts({"exceptions": {"known": {"message": "{code} is wrong"}}, "config": {"error": {"e": "{number}"}}})
    look(texts)
    return texts.missing


@pytest.mark.parametrize(
    ("key", "given", "missing"),
    [
        ("known", "code", set()),
        ("known", "name", {"exceptions.known.message: code is not filled"}),
        ("other", "code", {"exceptions.other.message"}),
    ],
)
def test_the_fixture_finds_exceptions_without_text(key: str, given: str, missing: set[str]) -> None:
    error = HomeAssistantError("text")
    error.translation_domain, error.translation_key, error.translation_placeholders = DOMAIN, key, {given: "1"}
    assert _missing(lambda texts: texts.exception(error)) == missing


def test_the_fixture_finds_issues_and_entities_without_text() -> None:
    assert _missing(lambda texts: texts.issue(DOMAIN, is_fixable=True, key="x", given=())) == {
        "issues.x.title",
        "issues.x.fix_flow",
    }
    assert _missing(lambda texts: texts.issue(DOMAIN, is_fixable=False, key="x", given=())) == {
        "issues.x.title",
        "issues.x.description",
    }
    assert _missing(lambda texts: texts.entity("sensor", "x", "X", {"options": ["a"]})) == {
        "entity.sensor.x.name",
        "entity.sensor.x.state.a",
    }
    assert _missing(lambda texts: texts.entity("event", "x", None, {"event_types": ["a"]})) == {
        "entity.event.x.state_attributes.event_type.state.a"
    }


def test_the_fixture_finds_steps_without_text() -> None:
    schema = vol.Schema({vol.Required("url"): str, vol.Required("more"): section(vol.Schema({"token": str}))})
    form = {"type": FlowResultType.FORM, "step_id": "s", "errors": {"base": "e"}, "data_schema": schema}
    assert _missing(lambda texts: texts.flow("config", form)) == {
        "config.step.s.title",
        "config.step.s.data.url",
        "config.step.s.data_description.url",
        "config.step.s.sections.more.name",
        "config.step.s.sections.more.data.token",
        "config.step.s.sections.more.data_description.token",
        "config.error.e: number is not filled",
    }
    menu = {"type": FlowResultType.MENU, "step_id": "m", "menu_options": ["a"]}
    assert _missing(lambda texts: texts.flow("config", menu)) == {"config.step.m.title", "config.step.m.menu_options.a"}
    progress = {"type": FlowResultType.SHOW_PROGRESS, "step_id": "p", "progress_action": "a"}
    assert _missing(lambda texts: texts.flow("config", progress)) == {"config.step.p.title", "config.progress.a"}
    aborted = {"type": FlowResultType.ABORT, "reason": "a"}
    assert _missing(lambda texts: texts.flow("config", aborted)) == {"config.abort.a"}
    assert not _missing(lambda texts: texts.flow("config", aborted | {"translation_domain": "homeassistant"}))
