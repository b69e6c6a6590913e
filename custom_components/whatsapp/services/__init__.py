"""The actions of the domain `whatsapp`, each file those of one subject."""

from homeassistant.core import HomeAssistant, callback

from . import queries, send


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    send.async_setup(hass)
    queries.async_setup(hass)
