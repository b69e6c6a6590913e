"""Actions about groups: making them, who is in them, what they are about."""

from typing import Any, Final, Literal

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..account import Account
from ..bridge.protocol import LIMIT_NAME_CHARS, Chat
from ..const import DOMAIN
from ..errors import invalid
from ..targets import ATTR_ACCOUNT, find_account
from .addressed import ADDRESSED_SCHEMA, async_one_chat
from .answers import chat_answer, person_answer
from .common import ACCOUNT_FIELD, filled
from .participants import PARTICIPANTS, Participants

SERVICE_CREATE_GROUP: Final = "create_group"
SERVICE_GET_GROUP: Final = "get_group"
SERVICE_GET_GROUP_INVITE: Final = "get_group_invite"
SERVICE_JOIN_GROUP: Final = "join_group"
SERVICE_LEAVE_GROUP: Final = "leave_group"
SERVICE_UPDATE_GROUP_DESCRIPTION: Final = "update_group_description"
SERVICE_UPDATE_GROUP_SETTINGS: Final = "update_group_settings"
SERVICE_UPDATE_GROUP_SUBJECT: Final = "update_group_subject"
SERVICE_OF_CHANGE: Final[dict[Literal["add", "remove", "promote", "demote"], str]] = {
    "add": "add_group_participant",
    "remove": "remove_group_participant",
    "promote": "promote_group_participant",
    "demote": "demote_group_participant",
}

ATTR_ANNOUNCE: Final = "announce"
ATTR_CODE: Final = "code"
ATTR_DESCRIPTION: Final = "description"
ATTR_EXPIRATION: Final = "expiration"
ATTR_LOCKED: Final = "locked"
ATTR_PARTICIPANTS: Final = "participants"
ATTR_RENEW: Final = "renew"
ATTR_SUBJECT: Final = "subject"

_SUBJECT: Final = filled(100)
_DESCRIPTION_CHARS: Final = 2048
_EXPIRATION_MAX: Final = 31_536_000
_SETTINGS: Final = (ATTR_ANNOUNCE, ATTR_LOCKED, ATTR_EXPIRATION)

_CREATE_SCHEMA: Final = vol.Schema(
    {**ACCOUNT_FIELD, vol.Required(ATTR_SUBJECT): _SUBJECT, vol.Required(ATTR_PARTICIPANTS): PARTICIPANTS}
)
_MEMBERS_SCHEMA: Final = ADDRESSED_SCHEMA.extend({vol.Required(ATTR_PARTICIPANTS): PARTICIPANTS})
_SUBJECT_SCHEMA: Final = ADDRESSED_SCHEMA.extend({vol.Required(ATTR_SUBJECT): _SUBJECT})
_DESCRIPTION_SCHEMA: Final = ADDRESSED_SCHEMA.extend(
    {vol.Required(ATTR_DESCRIPTION): vol.All(cv.string, vol.Length(max=_DESCRIPTION_CHARS))}
)
_SETTINGS_SCHEMA: Final = vol.All(
    ADDRESSED_SCHEMA.extend(
        {
            vol.Optional(ATTR_ANNOUNCE): cv.boolean,
            vol.Optional(ATTR_LOCKED): cv.boolean,
            vol.Optional(ATTR_EXPIRATION): vol.All(vol.Coerce(int), vol.Range(min=0, max=_EXPIRATION_MAX)),
        }
    ),
    cv.has_at_least_one_key(*_SETTINGS),
)
_INVITE_SCHEMA: Final = ADDRESSED_SCHEMA.extend({vol.Optional(ATTR_RENEW, default=False): cv.boolean})
_JOIN_SCHEMA: Final = vol.Schema({**ACCOUNT_FIELD, vol.Required(ATTR_CODE): filled(LIMIT_NAME_CHARS)})


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, act, schema in (
        (SERVICE_CREATE_GROUP, _create, _CREATE_SCHEMA),
        *((name, _change_members, _MEMBERS_SCHEMA) for name in SERVICE_OF_CHANGE.values()),
        (SERVICE_LEAVE_GROUP, _leave, ADDRESSED_SCHEMA),
        (SERVICE_UPDATE_GROUP_SUBJECT, _update, _SUBJECT_SCHEMA),
        (SERVICE_UPDATE_GROUP_DESCRIPTION, _update, _DESCRIPTION_SCHEMA),
        (SERVICE_UPDATE_GROUP_SETTINGS, _update, _SETTINGS_SCHEMA),
        (SERVICE_JOIN_GROUP, _join, _JOIN_SCHEMA),
    ):
        hass.services.async_register(DOMAIN, name, act, schema, supports_response=SupportsResponse.OPTIONAL)
    for name, answer, schema in (
        (SERVICE_GET_GROUP, _get, ADDRESSED_SCHEMA),
        (SERVICE_GET_GROUP_INVITE, _get_invite, _INVITE_SCHEMA),
    ):
        hass.services.async_register(DOMAIN, name, answer, schema, supports_response=SupportsResponse.ONLY)


async def _create(call: ServiceCall) -> ServiceResponse:
    """Answer the new group as `chat_answer` says, and `results` as `Participants.results` does."""
    account = find_account(call.hass, call.data.get(ATTR_ACCOUNT))
    people = await Participants.async_find(account, call.data[ATTR_PARTICIPANTS])
    people.raise_unless_found()
    made = await account.async_ask(
        lambda client: client.group_create(account.account_id, call.data[ATTR_SUBJECT], people.references)
    )
    people.note(made["members"])
    if not call.return_response:
        people.raise_failures()
    # Whoever asks for the response needs the id of the group, whatever became of the people.
    return {**chat_answer(made["chat"]), "results": people.results()}


async def _change_members(call: ServiceCall) -> ServiceResponse:
    """Answer `{id, jid, name, results}`, the last as `Participants.results` does."""
    account, group = await _group(call)
    people = await Participants.async_find(account, call.data[ATTR_PARTICIPANTS])
    people.raise_unless_found()
    change = next(change for change, name in SERVICE_OF_CHANGE.items() if name == call.service)
    people.note(
        await account.async_ask(
            lambda client: client.group_members(account.account_id, group["id"], change, people.references)
        )
    )
    people.raise_failures(told=call.return_response)
    return {**_name_of(group), "results": people.results()}


async def _leave(call: ServiceCall) -> ServiceResponse:
    """Answer `{id, jid, name}`."""
    account, group = await _group(call)
    await account.async_ask(lambda client: client.group_leave(account.account_id, group["id"]))
    return _name_of(group)


async def _update(call: ServiceCall) -> ServiceResponse:
    """Answer `{id, jid, name}`, and what was changed as it was given."""
    account, group = await _group(call)
    changes = {key: call.data[key] for key in (ATTR_SUBJECT, ATTR_DESCRIPTION, *_SETTINGS) if key in call.data}
    await account.async_ask(lambda client: client.group_update(account.account_id, group["id"], **changes))
    return {**_name_of(group), **({"name": changes[ATTR_SUBJECT]} if ATTR_SUBJECT in changes else {})}


async def _join(call: ServiceCall) -> ServiceResponse:
    """Answer the group as `chat_answer` says."""
    account = find_account(call.hass, call.data.get(ATTR_ACCOUNT))
    return chat_answer(
        await account.async_ask(lambda client: client.group_join(account.account_id, call.data[ATTR_CODE]))
    )


async def _get(call: ServiceCall) -> ServiceResponse:
    """Answer the group as `chat_answer` says, `description`, `announce`, `locked`, `expiration` and `members`.

    Each of `members` is as `person_answer` says, with `is_admin`.
    """
    account, group = await _group(call)
    told = await account.async_ask(lambda client: client.group(account.account_id, group["id"]))
    return {
        **chat_answer(told["chat"]),
        "description": told["description"],
        "announce": told["announce"],
        "locked": told["locked"],
        "expiration": told["expiration"],
        "members": [{**person_answer(member), "is_admin": member["is_admin"]} for member in told["members"]],
    }


async def _get_invite(call: ServiceCall) -> ServiceResponse:
    """Answer `{id, jid, name, code, url}`."""
    account, group = await _group(call)
    invite = await account.async_ask(
        lambda client: client.group_invite(account.account_id, group["id"], renew=call.data[ATTR_RENEW])
    )
    return {**_name_of(group), "code": invite["code"], "url": invite["url"]}


async def _group(call: ServiceCall) -> tuple[Account, Chat]:
    """Return the only group that a call addresses.

    Raises:
        ServiceValidationError: it addresses none, or several chats, or one that is not a group.

    """
    account, reference = await async_one_chat(call)
    chat = await account.async_ask(lambda client: client.resolve(account.account_id, reference))
    if chat["kind"] != "group":
        raise invalid("not_a_group")
    return account, chat


def _name_of(group: Chat) -> dict[str, Any]:
    told = chat_answer(group)
    return {key: told[key] for key in ("id", "jid", "name")}
