"""Actions that send."""

from typing import Any, Final

from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
import voluptuous as vol

from ..bridge.protocol import (
    LIMIT_POLL_OPTION_CHARS,
    LIMIT_POLL_OPTIONS_MAX,
    LIMIT_POLL_OPTIONS_MIN,
    LIMIT_POLL_QUESTION_CHARS,
    Content,
    PollContent,
)
from ..const import CONF_CHAT_ID, DOMAIN
from ..targets import ATTR_ACCOUNT, ATTR_TARGET, Delivery, find_account, invalid, loaded_account, text_content
from .common import ACCOUNT_FIELD, filled

SERVICE_SEND_MESSAGE: Final = "send_message"
SERVICE_SEND_POLL: Final = "send_poll"

ATTR_ALLOW_MULTIPLE: Final = "allow_multiple_responses"
ATTR_MESSAGE: Final = "message"
ATTR_OPTIONS: Final = "options"
ATTR_QUESTION: Final = "question"


_SEND_SCHEMA: Final = vol.Schema(
    {
        **cv.ENTITY_SERVICE_FIELDS,
        vol.Optional(ATTR_TARGET): vol.All(cv.ensure_list, [cv.string]),
        **ACCOUNT_FIELD,
    }
)
SEND_MESSAGE_SCHEMA: Final = _SEND_SCHEMA.extend({vol.Required(ATTR_MESSAGE): cv.string})
SEND_POLL_SCHEMA: Final = _SEND_SCHEMA.extend(
    {
        vol.Required(ATTR_QUESTION): filled(LIMIT_POLL_QUESTION_CHARS),
        vol.Required(ATTR_OPTIONS): vol.All(
            cv.ensure_list,
            [filled(LIMIT_POLL_OPTION_CHARS)],
            vol.Length(min=LIMIT_POLL_OPTIONS_MIN, max=LIMIT_POLL_OPTIONS_MAX),
            vol.Unique(),
        ),
        vol.Optional(ATTR_ALLOW_MULTIPLE, default=False): cv.boolean,
    }
)


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN, SERVICE_SEND_MESSAGE, _send_message, SEND_MESSAGE_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )
    hass.services.async_register(
        DOMAIN, SERVICE_SEND_POLL, _send_poll, SEND_POLL_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )


async def _send_message(call: ServiceCall) -> ServiceResponse:
    return await _send(call, text_content(call.data[ATTR_MESSAGE]))


async def _send_poll(call: ServiceCall) -> ServiceResponse:
    content = PollContent(
        kind="poll",
        question=call.data[ATTR_QUESTION],
        options=call.data[ATTR_OPTIONS],
        selectable=0 if call.data[ATTR_ALLOW_MULTIPLE] else 1,
    )
    return await _send(call, content)


async def _send(call: ServiceCall, content: Content) -> dict[str, Any] | None:
    delivery = Delivery()
    _add_entities(delivery, call)
    if targets := call.data.get(ATTR_TARGET):
        delivery.add_named(find_account(call.hass, call.data.get(ATTR_ACCOUNT)), targets)
    await delivery.async_send(content)
    # Whoever asks for the response finds the errors in there.
    delivery.raise_errors(unless_some_sent=call.return_response)
    return delivery.response() if call.return_response else None


def _add_entities(delivery: Delivery, call: ServiceCall) -> None:
    """Add the chats of the notify entities that the call targets, also by their device, area or label."""
    selected = async_extract_referenced_entity_ids(call.hass, TargetSelection(call.data))
    for entity_id in sorted(selected.referenced | selected.indirectly_referenced):
        entity = er.async_get(call.hass).async_get(entity_id)
        if not entity or entity.platform != DOMAIN or entity.domain != NOTIFY_DOMAIN:
            if entity_id in selected.referenced:
                delivery.fail(entity_id, invalid("not_a_chat", entity_id=entity_id))
            continue
        entry = call.hass.config_entries.async_get_known_entry(entity.config_entry_id or "")
        try:
            account = loaded_account(entry)
            chat = entry.subentries[entity.config_subentry_id or ""]
        except ServiceValidationError as err:
            delivery.fail(entity_id, err)
        else:
            delivery.add(entity_id, account, chat.data[CONF_CHAT_ID])
