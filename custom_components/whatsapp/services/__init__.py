"""The actions of the domain `whatsapp`, each file those of one subject."""

from homeassistant.core import HomeAssistant, callback

from . import chats, groups, media, queries, send, send_about, send_media


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    send.async_setup(hass)
    send_media.async_setup(hass)
    send_about.async_setup(hass)
    queries.async_setup(hass)
    chats.async_setup(hass)
    groups.async_setup(hass)
    media.async_setup(hass)
