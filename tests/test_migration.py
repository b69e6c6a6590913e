"""Entries that another version of the integration has made."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.whatsapp.config_flow import WhatsAppConfigFlow
from tests.support.entry import scripted_entry
from tests.support.scripted_bridge import ScriptedBridge


async def test_an_entry_of_a_later_minor_version_is_used_and_stays_what_it_is(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge
) -> None:
    entry = scripted_entry(scripted_bridge)
    later = WhatsAppConfigFlow.MINOR_VERSION + 1
    data = {**entry.data, "of_a_later_version": 1}
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, data=data, options={"new": 1}, minor_version=later)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert (entry.version, entry.minor_version) == (WhatsAppConfigFlow.VERSION, later)
    assert dict(entry.data) == data
    assert dict(entry.options) == {"new": 1}


async def test_an_entry_of_a_later_major_version_is_refused_and_stays_what_it_is(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    entry = scripted_entry(scripted_bridge)
    later = WhatsAppConfigFlow.VERSION + 1
    data = dict(entry.data)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, version=later, minor_version=1)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert f"has version {later} which is higher than the current version {WhatsAppConfigFlow.VERSION}" in caplog.text
    assert entry.version == later
    assert dict(entry.data) == data
    assert not scripted_bridge.requests
