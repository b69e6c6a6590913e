"""Actions that tell what an account knows."""

from typing import Any, Final, cast

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..bridge.protocol import LIMIT_LISTED_CHATS, LIMIT_LISTED_MESSAGES, LIMIT_NAME_CHARS, Chat, StoredMessage
from ..const import DOMAIN
from ..errors import invalid
from ..failures import shown
from ..markdown import escaped
from ..payloads import jid
from ..targets import ATTR_ACCOUNT, async_find_phone, find_account
from .addressed import ADDRESSED_SCHEMA, async_one_chat
from .answers import chat_answer, person_answer
from .common import ACCOUNT_FIELD, filled

SERVICE_CHECK_NUMBER: Final = "check_number"
SERVICE_GET_CHAT_MESSAGES: Final = "get_chat_messages"
SERVICE_GET_CHATS: Final = "get_chats"
SERVICE_GET_CONTACT_INFO: Final = "get_contact_info"
SERVICE_GET_CONTACTS: Final = "get_contacts"
SERVICE_GET_POLL_RESULTS: Final = "get_poll_results"
SERVICE_SEARCH_GROUPS: Final = "search_groups"

ATTR_BEFORE: Final = "before"
ATTR_KIND: Final = "kind"
ATTR_LIMIT: Final = "limit"
ATTR_MESSAGE_ID: Final = "message_id"
ATTR_NAME_FILTER: Final = "name_filter"
ATTR_NUMBER: Final = "number"
ATTR_QUERY: Final = "query"

_KINDS: Final = ["person", "group", "self"]
_NUMBERS_MAX: Final = 50

_CHECK_NUMBER_SCHEMA: Final = vol.Schema(
    {
        **ACCOUNT_FIELD,
        vol.Required(ATTR_NUMBER): vol.All(
            cv.ensure_list, [filled(LIMIT_NAME_CHARS)], vol.Length(min=1, max=_NUMBERS_MAX)
        ),
    }
)
_CONTACTS_SCHEMA: Final = vol.Schema(
    {
        **ACCOUNT_FIELD,
        vol.Optional(ATTR_QUERY, default=""): vol.All(cv.string, vol.Length(max=LIMIT_NAME_CHARS)),
        vol.Optional(ATTR_LIMIT, default=LIMIT_LISTED_CHATS): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=LIMIT_LISTED_CHATS)
        ),
    }
)
_CHATS_SCHEMA: Final = _CONTACTS_SCHEMA.extend(
    {vol.Optional(ATTR_KIND): vol.All(cv.ensure_list, [vol.In(_KINDS)], vol.Length(min=1))}
)
_CHAT_MESSAGES_SCHEMA: Final = ADDRESSED_SCHEMA.extend(
    {
        vol.Optional(ATTR_LIMIT, default=50): vol.All(vol.Coerce(int), vol.Range(min=1, max=LIMIT_LISTED_MESSAGES)),
        vol.Optional(ATTR_BEFORE): filled(LIMIT_NAME_CHARS),
    }
)
_POLL_RESULTS_SCHEMA: Final = vol.Schema({**ACCOUNT_FIELD, vol.Required(ATTR_MESSAGE_ID): filled(LIMIT_NAME_CHARS)})
_SEARCH_GROUPS_SCHEMA: Final = vol.Schema({**ACCOUNT_FIELD, vol.Optional(ATTR_NAME_FILTER, default=""): cv.string})


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        SERVICE_SEARCH_GROUPS,
        _search_groups,
        _SEARCH_GROUPS_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )
    for name, answer, schema in (
        (SERVICE_CHECK_NUMBER, _check_number, _CHECK_NUMBER_SCHEMA),
        (SERVICE_GET_CHAT_MESSAGES, _get_chat_messages, _CHAT_MESSAGES_SCHEMA),
        (SERVICE_GET_CHATS, _get_chats, _CHATS_SCHEMA),
        (SERVICE_GET_CONTACT_INFO, _get_contact_info, ADDRESSED_SCHEMA),
        (SERVICE_GET_CONTACTS, _get_contacts, _CONTACTS_SCHEMA),
        (SERVICE_GET_POLL_RESULTS, _get_poll_results, _POLL_RESULTS_SCHEMA),
    ):
        hass.services.async_register(DOMAIN, name, answer, schema, supports_response=SupportsResponse.ONLY)


async def _search_groups(call: ServiceCall) -> ServiceResponse:
    """Answer `{groups: [{id, name, participants, is_admin}]}`: those with the filter in their name.

    Where nobody wants an answer, they are shown as a notification.
    """
    account = find_account(call.hass, call.data.get(ATTR_ACCOUNT))
    known = await account.async_ask(lambda client: client.groups(account.account_id))
    wanted = call.data[ATTR_NAME_FILTER].strip().casefold()
    groups = [group for group in known if wanted in (group["name"] or "").casefold()]
    if call.return_response:
        return {
            "groups": [
                {
                    "id": group["id"],
                    "name": group["name"],
                    "participants": group["participants"],
                    "is_admin": group["is_admin"],
                }
                for group in groups
            ]
        }
    lines = [f"{escaped(group['name'] or '')}: `{group['id']}`" for group in groups]
    persistent_notification.async_create(call.hass, "\n\n".join(lines) or "-", "WhatsApp", f"{DOMAIN}_groups")
    return None


async def _get_chats(call: ServiceCall) -> ServiceResponse:
    """Answer `{chats: […]}`, each as `chat_answer` says, most recent first."""
    chats = await _known_chats(call, call.data.get(ATTR_KIND, _KINDS))
    return {"chats": [chat_answer(chat) for chat in chats]}


async def _get_contacts(call: ServiceCall) -> ServiceResponse:
    """Answer `{contacts: […]}`, people as `person_answer` says, most recent first."""
    contacts = await _known_chats(call, ["person"])
    return {"contacts": [person_answer(contact) for contact in contacts]}


async def _known_chats(call: ServiceCall, kinds: list[str]) -> list[Chat]:
    account = find_account(call.hass, call.data.get(ATTR_ACCOUNT))
    # The limit is of those that are answered, so that it comes after the kinds.
    known = await account.async_ask(
        lambda client: client.chats(account.account_id, call.data[ATTR_QUERY], LIMIT_LISTED_CHATS)
    )
    return [chat for chat in known if chat["kind"] in kinds][: call.data[ATTR_LIMIT]]


async def _get_contact_info(call: ServiceCall) -> ServiceResponse:
    """Answer what `chat_answer` says of a chat, also of a number that is not known yet."""
    account, chat = await async_one_chat(call)
    return chat_answer(await account.async_ask(lambda client: client.resolve(account.account_id, chat)))


async def _check_number(call: ServiceCall) -> ServiceResponse:
    """Answer `{numbers: [{number, exists, chat_id, jid}]}` in the order asked, of a single one also on the top level.

    `number`: digits with country code. `chat_id` and `jid`: None for a number that is not on WhatsApp.
    """
    account = find_account(call.hass, call.data.get(ATTR_ACCOUNT))
    phones = [await _async_phone(call.hass, text) for text in call.data[ATTR_NUMBER]]
    checked = await account.async_ask(lambda client: client.check(account.account_id, phones))
    numbers: list[dict[str, Any]] = [
        {
            "number": number["phone"],
            "exists": number["chat"] is not None,
            "chat_id": number["chat"] and number["chat"]["id"],
            "jid": number["chat"] and jid(number["chat"]),
        }
        for number in checked
    ]
    return {"numbers": cast("JsonValueType", numbers), **(numbers[0] if len(numbers) == 1 else {})}


async def _async_phone(hass: HomeAssistant, text: str) -> str:
    phone = await async_find_phone(hass, text.removesuffix("@s.whatsapp.net"))
    if phone is None:
        raise invalid("not_a_number", number=shown(text))
    return phone


async def _get_chat_messages(call: ServiceCall) -> ServiceResponse:
    """Answer `{id, jid, name, messages: […]}`: what the bridge keeps of a chat, newest first."""
    account, chat = await async_one_chat(call)
    known = await account.async_ask(lambda client: client.resolve(account.account_id, chat))
    messages = await account.async_ask(
        lambda client: client.messages(
            account.account_id, known["id"], call.data[ATTR_LIMIT], call.data.get(ATTR_BEFORE)
        )
    )
    return {
        "id": known["id"],
        "jid": jid(known),
        "name": known["name"],
        "messages": [_message_answer(message) for message in messages],
    }


def _message_answer(message: StoredMessage) -> dict[str, Any]:
    """Return a message under the keys of `whatsapp_message_received`, as it is after edits.

    `id`, `kind`, `content`, `from_me`, `sender`, `sender_name`, `sender_number`, `raw_sender`, `quoted_message_id`,
    `edited`, `revoked`, `timestamp`, and `poll`, `media`, `location`, `contacts` of messages that have them.
    """
    sender = message["sender"]
    extras: dict[str, Any] = {key: message[key] for key in ("poll", "media", "location", "contacts") if message[key]}
    return {
        "id": message["message_id"],
        "kind": message["kind"],
        "content": (message["poll"]["question"] if message["poll"] else message["text"]) or "",
        "from_me": message["from_me"],
        "sender": jid(sender),
        "sender_name": sender["name"],
        "sender_number": sender["phone"],
        "raw_sender": sender["id"],
        "quoted_message_id": message["quoted_message_id"],
        "edited": message["edited"],
        "revoked": message["revoked"],
        "timestamp": message["timestamp"],
        **extras,
    }


async def _get_poll_results(call: ServiceCall) -> ServiceResponse:
    """Answer `{id, question, options, allow_multiple_responses, tally: [{option, votes}], votes: […]}`.

    Each of `votes` has `options`, all that this person has chosen, and `voter`, `voter_name`, `voter_number`.
    """
    account = find_account(call.hass, call.data.get(ATTR_ACCOUNT))
    message_id = call.data[ATTR_MESSAGE_ID]
    standing = await account.async_ask(lambda client: client.poll(account.account_id, message_id))
    return {
        "id": message_id,
        "question": standing["poll"]["question"],
        "options": standing["poll"]["options"],
        "allow_multiple_responses": standing["poll"]["selectable"] != 1,
        "tally": [{"option": each["option"], "votes": each["votes"]} for each in standing["tally"]],
        "votes": [
            {
                "options": vote["options"],
                "voter": jid(vote["voter"]),
                "voter_name": vote["voter"]["name"],
                "voter_number": vote["voter"]["phone"],
            }
            for vote in standing["votes"]
        ],
    }
