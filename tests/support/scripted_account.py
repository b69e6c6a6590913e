"""What tests of one account on a scripted bridge have in common."""

from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
import pytest

from custom_components.whatsapp import connector as connector_module
from custom_components.whatsapp.bridge import connection
from tests.support.scripted_bridge import Fail, chat

BOB = chat("15550000002@s.whatsapp.net", "Bob")
FAMILY = chat("120363000000000001@g.us", "Family")
STRANGER = chat("15550000099@s.whatsapp.net", "Stranger")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for seconds."""
    monkeypatch.setattr(connector_module, "RECONNECT_MIN", 0.02)
    monkeypatch.setattr(connector_module, "RECONNECT_MAX", 0.1)
    monkeypatch.setattr(connection, "CLOSE_TIMEOUT", 0.1)


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity that is there."""
    state = hass.states.get(entity_id)
    assert state, entity_id
    return state.state


def reauth_flows(hass: HomeAssistant) -> list[Any]:
    """Return the flows that ask somebody to put an account right."""
    return [flow for flow in hass.config_entries.flow.async_progress() if flow["context"]["source"] == SOURCE_REAUTH]


def fail(code: str) -> Any:
    """Return an answer of a scripted bridge that is an error."""

    def answer(_: dict[str, Any]) -> dict[str, Any]:
        raise Fail(code)

    return answer
