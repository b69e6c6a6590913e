"""A fixture that fails a test in which Home Assistant asks for a text of the integration that there is not.

The real thing runs; these wrappers look at what goes through it: results of flows, exceptions, issues and entities.
"""

from collections.abc import Callable, Generator, Iterable
from functools import wraps
from typing import Any

from homeassistant.components.repairs import RepairsFlow
from homeassistant.config_entries import ConfigFlow, ConfigSubentryFlow, OptionsFlow
from homeassistant.data_entry_flow import FlowManager, FlowResultType, section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_registry import EntityRegistry
from homeassistant.helpers.issue_registry import IssueRegistry
from homeassistant.helpers.selector import SelectSelector
import pytest

from custom_components.whatsapp.const import DOMAIN
from tests.support.package import EN, find, placeholders


class Texts:
    """Collects what is missing of the texts of one language."""

    def __init__(self, texts: dict[str, Any]) -> None:
        self._texts = texts
        self.missing: set[str] = set()

    def need(self, path: str, given: Iterable[str] | None = None) -> None:
        """Note that a text is shown, with these placeholders; None where placeholders are not known."""
        text = find(self._texts, path)
        if not isinstance(text, str):
            self.missing.add(path)
        elif given is not None and (unfilled := placeholders(text) - set(given)):
            self.missing.add(f"{path}: {', '.join(sorted(unfilled))} is not filled")

    def need_if_there(self, path: str, given: Iterable[str]) -> None:
        """Note that a text is shown where there is one."""
        if find(self._texts, path) is not None:
            self.need(path, given)

    def exception(self, error: HomeAssistantError) -> None:
        """An exception was made."""
        if error.translation_domain == DOMAIN and error.translation_key:
            self.need(f"exceptions.{error.translation_key}.message", error.translation_placeholders or ())

    def issue(self, domain: str, *, is_fixable: bool, key: str, given: Iterable[str]) -> None:
        """An issue was made."""
        if domain == DOMAIN:
            self.need(f"issues.{key}.title", given)
            if not is_fixable:
                self.need(f"issues.{key}.description", given)
            elif find(self._texts, f"issues.{key}.fix_flow") is None:
                self.missing.add(f"issues.{key}.fix_flow")

    def entity(self, platform: str, key: str | None, name: str | None, capabilities: dict[str, Any]) -> None:
        """An entity was registered. Without a key it bears the name of its device or of its device class."""
        if not key:
            return
        if name is not None:
            self.need(f"entity.{platform}.{key}.name")
        for option in capabilities.get("options") or ():
            self.need(f"entity.{platform}.{key}.state.{option}")
        for event_type in capabilities.get("event_types") or ():
            self.need(f"entity.{platform}.{key}.state_attributes.event_type.state.{event_type}")

    def flow(self, base: str, result: dict[str, Any]) -> None:
        """A flow shows something."""
        given = result.get("description_placeholders") or {}
        step = f"{base}.step.{result.get('step_id')}"
        match result["type"]:
            case FlowResultType.FORM:
                self._form(base, step, result, given)
            case FlowResultType.MENU:
                self.need(f"{step}.title", given)
                self.need_if_there(f"{step}.description", given)
                options = result["menu_options"]
                for option in options if not isinstance(options, dict) else ():
                    self.need(f"{step}.menu_options.{option}", given)
            case FlowResultType.SHOW_PROGRESS:
                self.need(f"{step}.title", given)
                self.need(f"{base}.progress.{result['progress_action']}", given)
            case FlowResultType.ABORT if "translation_domain" not in result:
                self.need(f"{base}.abort.{result['reason']}", given)

    def _form(self, base: str, step: str, result: dict[str, Any], given: dict[str, str]) -> None:
        self.need(f"{step}.title", given)
        self.need_if_there(f"{step}.description", given)
        for error in (result.get("errors") or {}).values():
            self.need(f"{base}.error.{error}", given)
        if (schema := result["data_schema"]) is not None:
            self._fields(step, schema.schema, given)

    def _fields(self, step: str, fields: dict[Any, Any], given: dict[str, str]) -> None:
        for name, field in fields.items():
            if isinstance(field, section):
                self.need(f"{step}.sections.{name}.name", given)
                self._fields(f"{step}.sections.{name}", field.schema.schema, given)
                continue
            self.need(f"{step}.data.{name}", given)
            self.need(f"{step}.data_description.{name}", given)
            if isinstance(field, SelectSelector) and (key := field.config.get("translation_key")):
                for option in field.config["options"]:
                    self.need(f"selector.{key}.options.{option if isinstance(option, str) else option['value']}")


def _base(flow: Any) -> str | None:
    """Return where the texts of a flow are, or nothing when it is of another integration."""
    match flow:
        case ConfigFlow() if flow.handler == DOMAIN:
            return "config"
        case OptionsFlow() if flow.config_entry.domain == DOMAIN:
            return "options"
        case ConfigSubentryFlow() if flow._get_entry().domain == DOMAIN:
            return f"config_subentries.{flow._subentry_type}"
        case RepairsFlow() if flow.handler == DOMAIN:
            issue = IssueRegistry.async_get_issue(flow.hass.data["issue_registry"], DOMAIN, flow.issue_id)
            return f"issues.{issue.translation_key}.fix_flow" if issue else None
    return None


@pytest.fixture(autouse=True)
def _texts_are_there(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    texts = Texts(EN)

    def watch(owner: type, name: str, look: Callable[..., None]) -> None:
        original = getattr(owner, name)

        @wraps(original)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(self, *args, **kwargs)
            look(self, *args, **kwargs)
            return result

        monkeypatch.setattr(owner, name, wrapper)

    handle_step = FlowManager._async_handle_step

    async def handle(self: Any, flow: Any, *args: Any) -> Any:
        base = _base(flow)
        result = await handle_step(self, flow, *args)
        if base:
            texts.flow(base, dict(result))
        return result

    def issue(_: Any, domain: str, __: str, **issue: Any) -> None:
        given = issue.get("translation_placeholders") or ()
        texts.issue(domain, is_fixable=issue["is_fixable"], key=issue["translation_key"], given=given)

    def entity(_: Any, domain: str, platform: str, __: str, **entity: Any) -> None:
        if platform == DOMAIN:
            capabilities = dict(entity.get("capabilities") or {})
            texts.entity(domain, entity.get("translation_key"), entity.get("original_name"), capabilities)

    monkeypatch.setattr(FlowManager, "_async_handle_step", handle)
    watch(HomeAssistantError, "__init__", lambda error, *_, **__: texts.exception(error))
    watch(IssueRegistry, "async_get_or_create", issue)
    watch(EntityRegistry, "async_get_or_create", entity)
    yield
    assert not texts.missing, "texts that Home Assistant asked for in vain"
