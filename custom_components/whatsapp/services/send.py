"""What the actions that send have in common, and those that send a message without a file."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .. import contents
from ..bridge.protocol import LIMIT_CONTACTS_MAX, LIMIT_NAME_CHARS, ContactContent, Content
from ..const import DOMAIN
from ..contents import Fields, filled, renamed
from ..delivery import DEGRADE_FIELD, DELIVERY_FIELDS, EXPIRATION_FIELD, QUOTE_FIELD, TYPING_FIELD, Delivery, Terms
from ..targets import Place, async_find_phone, async_find_targets, no_number
from .common import TARGET_FIELDS

ATTR_CONTACT_NUMBER: Final = "contact_number"
ATTR_NAME: Final = "name"
ATTR_ORGANIZATION: Final = "organization"

# Of what is a message by itself.
MESSAGE_FIELDS: Final[Fields] = {**QUOTE_FIELD, **EXPIRATION_FIELD, **DELIVERY_FIELDS}

type Handler = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]

_REPLY_TO: Final = {"reply_to": "quote"}
_CONTACT_FIELDS: Final[Fields] = {
    vol.Required(ATTR_NAME): filled(LIMIT_NAME_CHARS),
    vol.Required(ATTR_CONTACT_NUMBER): vol.All(
        cv.ensure_list, [filled(LIMIT_NAME_CHARS)], vol.Length(min=1, max=LIMIT_CONTACTS_MAX)
    ),
    vol.Optional(ATTR_ORGANIZATION): filled(LIMIT_NAME_CHARS),
}


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    register(hass, "send_message", sends(contents.text), {**contents.TEXT_FIELDS, **MESSAGE_FIELDS, **TYPING_FIELD})
    register(hass, "send_location", sends(contents.location), {**contents.LOCATION_FIELDS, **MESSAGE_FIELDS})
    register(hass, "send_contact", _send_contact, {**_CONTACT_FIELDS, **MESSAGE_FIELDS})
    register(hass, "send_poll", sends(contents.poll), {**contents.POLL_FIELDS, **MESSAGE_FIELDS})
    choices = {**MESSAGE_FIELDS, **DEGRADE_FIELD}
    register(hass, "send_buttons", sends(contents.buttons), {**contents.BUTTONS_FIELDS, **choices})
    register(hass, "send_list", sends(contents.choice_list), {**contents.LIST_FIELDS, **choices})


@callback
def register(
    hass: HomeAssistant,
    name: str,
    handler: Handler,
    fields: Fields,
    other_names: Mapping[str, str] | None = None,
) -> None:
    """Register an action that sends. `other_names`: what older automations call some of its fields."""
    schema = vol.All(renamed({**_REPLY_TO, **(other_names or {})}), vol.Schema({**TARGET_FIELDS, **fields}))
    hass.services.async_register(DOMAIN, name, handler, schema, supports_response=SupportsResponse.OPTIONAL)


def delivery_of(call: ServiceCall, targets: Mapping[str, Place | HomeAssistantError]) -> Delivery:
    """Return the delivery to these targets, as the call wants it."""
    return Delivery(call.hass, targets, Terms.from_data(call.data, call.context))


async def async_finish(call: ServiceCall, delivery: Delivery) -> ServiceResponse:
    """Wait as the call wants it, and return its response.

    Raises:
        HomeAssistantError: something went wrong, and the response does not tell.

    """
    await delivery.async_wait()
    # Whoever asks for the response finds the errors in there.
    delivery.raise_errors(told=call.return_response)
    return delivery.response() if call.return_response else None


async def async_send(call: ServiceCall, content: Content) -> ServiceResponse:
    """Send to the targets of the call, and return its response."""
    delivery = delivery_of(call, await async_find_targets(call.hass, call.data))
    await delivery.async_send(content)
    return await async_finish(call, delivery)


def sends(content: Callable[[Mapping[str, Any]], Content]) -> Handler:
    """Return the handler that sends what the content is of the call's data."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        return await async_send(call, content(call.data))

    return handle


async def _send_contact(call: ServiceCall) -> ServiceResponse:
    phones = []
    for number in call.data[ATTR_CONTACT_NUMBER]:
        digits = await async_find_phone(call.hass, number)
        if digits is None:
            raise no_number(call.hass)
        phones.append(f"+{digits}")
    card: Any = {"name": call.data[ATTR_NAME], "phones": phones}
    if ATTR_ORGANIZATION in call.data:
        card["organization"] = call.data[ATTR_ORGANIZATION]
    return await async_send(call, ContactContent(kind="contact", contacts=[card]))
