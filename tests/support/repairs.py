"""Repairs as the frontend sees and drives them."""

from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsapp.const import DOMAIN


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return the issues of the integration that are shown, by key."""
    found = [issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN and issue.active]
    assert len({issue.translation_key for issue in found}) == len(found)
    return {str(issue.translation_key): issue for issue in found}


class Repair:
    """The dialog of one issue. `step` is what it shows."""

    step: dict[str, Any]

    def __init__(self, hass: HomeAssistant, hass_client: ClientSessionGenerator) -> None:
        self._hass = hass
        self._hass_client = hass_client

    async def open(self, key: str) -> None:
        """Open the dialog of the issue with this key."""
        assert await async_setup_component(self._hass, REPAIRS, {})
        self._client = await self._hass_client()
        issue_id = issues(self._hass)[key].issue_id
        response = await self._client.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue_id})
        assert response.status == 200, await response.text()
        self.step = await response.json()
        assert (self.step["type"], self.step["step_id"]) == ("form", "confirm")

    async def submit(self) -> None:
        """Confirm."""
        response = await self._client.post(f"/api/repairs/issues/fix/{self.step['flow_id']}", json={})
        assert response.status == 200, await response.text()
        self.step = await response.json()
