"""Triggers of automations. Each listens to a bus event, which is there however often an entry is loaded again."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, override

from homeassistant.const import CONF_EXCLUDE, CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.helpers.trigger import (
    NotTriggeredInfo,
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .const import DOMAIN
from .payloads import EVENT_BUTTON_PRESSED, EVENT_MESSAGE_RECEIVED, EVENT_MESSAGE_STATUS, EVENT_POLL_VOTE
from .phone import normalize_phone
from .text_match import MATCHES, check_pattern, matcher

CONF_BUTTON_ID: Final = "button_id"
CONF_CASE_SENSITIVE: Final = "case_sensitive"
CONF_CHAT: Final = "chat"
CONF_INCLUDE_REPLAYED: Final = "include_replayed"
CONF_MATCH: Final = "match"
CONF_MAX_AGE: Final = "max_age"
CONF_MESSAGE_ID: Final = "message_id"
CONF_OPTION: Final = "option"
CONF_POLL_ID: Final = "poll_id"
CONF_QUESTION_ID: Final = "question_id"
CONF_SENDER: Final = "sender"
CONF_STATUS: Final = "status"
CONF_TEXT: Final = "text"

# Seconds. What is older was waiting, wherever it was.
LATE: Final = 300
STATUSES: Final = ["sent", "delivered", "read", "played", "failed"]

type _Data = Mapping[str, Any]


def _texts(value: Any) -> list[str]:
    """Take one text or several."""
    texts = value if isinstance(value, list) else [value]
    if not texts:
        raise vol.Invalid("at least one is required")
    if not all(isinstance(text, str | int) and not isinstance(text, bool) and str(text).strip() for text in texts):
        raise vol.Invalid("only texts are allowed, and none that is empty")
    return [str(text) for text in texts]


def _statuses(value: Any) -> list[str]:
    if unknown := set(texts := _texts(value)) - set(STATUSES):
        raise vol.Invalid(f"{', '.join(sorted(unknown))}: only {', '.join(STATUSES)} are known")
    return texts


def _patterns_are_sound(options: ConfigType) -> ConfigType:
    if options[CONF_MATCH] == "regex":
        for pattern in options.get(CONF_TEXT, []):
            try:
                check_pattern(pattern)
            except ValueError as err:
                raise vol.Invalid(str(err), path=[CONF_TEXT]) from err
    return options


def _addresses(values: list[str], country: str | None) -> list[str]:
    """Return the addresses of people and chats that are given by number or address."""
    addresses = []
    for value in values:
        number = None if "@" in value else normalize_phone(value, country)
        if number is None and "@" not in value:
            raise vol.Invalid("not a phone number with country code, and not an id")
        addresses.append(f"{number}@s.whatsapp.net" if number else value.strip())
    return addresses


_CHAT: Final[dict[vol.Marker, Any]] = {vol.Optional(CONF_CHAT): _texts}
_SENDER: Final[dict[vol.Marker, Any]] = {vol.Optional(CONF_SENDER): _texts}
_AGE: Final[dict[vol.Marker, Any]] = {
    vol.Optional(CONF_INCLUDE_REPLAYED, default=False): cv.boolean,
    vol.Optional(CONF_MAX_AGE): cv.positive_float,
}


class _WhatsAppTrigger(Trigger):
    """Runs when an event of this type has everything that is asked for."""

    _event_type: ClassVar[str]
    _description: ClassVar[str]
    _options_schema: ClassVar[Any]
    # What the event calls the person who did it.
    _role: ClassVar[str] = "sender"

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options, and find the addresses of people and chats."""
        schema = vol.Schema(
            {
                vol.Optional(CONF_TARGET): cv.TARGET_FIELDS,
                vol.Optional(CONF_OPTIONS, default=dict): cls._options_schema,
            }
        )
        checked: ConfigType = schema(config)
        for key in (CONF_CHAT, CONF_SENDER):
            if values := checked[CONF_OPTIONS].get(key):
                try:
                    # The first number of a country reads a file.
                    found = await hass.async_add_executor_job(_addresses, values, hass.config.country)
                except vol.Invalid as err:
                    raise vol.Invalid(err.error_message, path=[CONF_OPTIONS, key]) from err
                checked[CONF_OPTIONS][key] = found
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        self._options = config.options or {}
        target = TargetSelection(config.target or {})
        self._target = target if target.has_any_target else None
        # Home Assistant has this since 2026.11. It takes away entities, and what is left of a chat would still be it.
        self._excluded = TargetSelection((config.target or {}).get(CONF_EXCLUDE, {}))

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Listen, and run the action with the event's data as `trigger.data`."""

        @callback
        def handle(event: Event[dict[str, Any]]) -> None:
            data = event.data
            if not (self._is_wanted(data) and self._is_from(data) and self._is_in(data)):
                return
            if self._is_late(data):
                if did_not_trigger:
                    info = NotTriggeredInfo("late", {"age": data["age"], "replayed": data["replayed"]})
                    did_not_trigger(info, event.context)
                return
            run_action({"data": data}, self._description, event.context)

        return self._hass.bus.async_listen(self._event_type, handle)

    @abstractmethod
    def _is_wanted(self, data: _Data) -> bool:
        """Return whether the event is what the options of this trigger ask for."""

    def _is_one_of(self, key: str, value: str) -> bool:
        return key not in self._options or value in self._options[key]

    def _is_from(self, data: _Data) -> bool:
        known = {data.get(self._role), data.get(f"{self._role}_lid"), data.get("raw_sender")}
        return CONF_SENDER not in self._options or not known.isdisjoint(self._options[CONF_SENDER])

    def _is_in(self, data: _Data) -> bool:
        known = {data.get("from"), data.get("chat"), data["chat_id"]}
        if CONF_CHAT in self._options and known.isdisjoint(self._options[CONF_CHAT]):
            return False
        if self._target is None:
            return True
        return self._selects(self._target, data) and not self._selects(self._excluded, data)

    def _selects(self, target: TargetSelection, data: _Data) -> bool:
        # Looked up each time: what is in an area or has a label may be another thing tomorrow.
        selected = async_extract_referenced_entity_ids(self._hass, target)
        registry = er.async_get(self._hass)
        entities = map(registry.async_get, selected.referenced | selected.indirectly_referenced)
        chat = (DOMAIN, data["entry_id"], data["subentry_id"])
        return any(
            (entity.platform, entity.config_entry_id, entity.config_subentry_id) == chat
            for entity in entities
            if entity
        )

    def _is_late(self, data: _Data) -> bool:
        """Return whether it has waited for too long to act on it now."""
        replayed = self._options.get(CONF_INCLUDE_REPLAYED, True)
        max_age = self._options.get(CONF_MAX_AGE, None if replayed else LATE)
        return (data["replayed"] and not replayed) or (max_age is not None and data["age"] > max_age)


class MessageReceivedTrigger(_WhatsAppTrigger):
    """Somebody wrote."""

    _event_type = EVENT_MESSAGE_RECEIVED
    _description = "WhatsApp message received"
    _options_schema = vol.All(
        {
            vol.Optional(CONF_TEXT): _texts,
            vol.Optional(CONF_MATCH, default="contains"): vol.In(MATCHES),
            vol.Optional(CONF_CASE_SENSITIVE, default=False): cv.boolean,
            **_SENDER,
            **_CHAT,
            **_AGE,
        },
        _patterns_are_sound,
    )

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        options = self._options
        self._matches: Callable[[str], bool] | None = None
        if CONF_TEXT in options:
            self._matches = matcher(
                options[CONF_TEXT], options[CONF_MATCH], case_sensitive=options[CONF_CASE_SENSITIVE]
            )

    @override
    def _is_wanted(self, data: _Data) -> bool:
        # Votes and answers come as messages too, for older automations; here they have triggers of their own.
        if data["type"] not in ("message", "poll"):
            return False
        return self._matches is None or self._matches(data["content"])


class AnsweredTrigger(_WhatsAppTrigger):
    """Somebody chose a button or a row of a list."""

    _event_type = EVENT_BUTTON_PRESSED
    _description = "WhatsApp answer received"
    _options_schema = {
        vol.Optional(CONF_BUTTON_ID): _texts,
        vol.Optional(CONF_QUESTION_ID): _texts,
        **_SENDER,
        **_CHAT,
        **_AGE,
    }

    @override
    def _is_wanted(self, data: _Data) -> bool:
        return self._is_one_of(CONF_BUTTON_ID, data["button_id"]) and self._is_one_of(
            CONF_QUESTION_ID, data["message_id"]
        )


class PollVotedTrigger(_WhatsAppTrigger):
    """Somebody voted, changed the vote or took it back."""

    _event_type = EVENT_POLL_VOTE
    _description = "WhatsApp poll vote received"
    _role = "voter"
    _options_schema = {
        vol.Optional(CONF_OPTION): _texts,
        vol.Optional(CONF_POLL_ID): _texts,
        **_SENDER,
        **_CHAT,
        **_AGE,
    }

    @override
    def _is_wanted(self, data: _Data) -> bool:
        if CONF_OPTION in self._options and set(self._options[CONF_OPTION]).isdisjoint(data["options"]):
            return False
        return self._is_one_of(CONF_POLL_ID, data["poll_id"])


class MessageStatusTrigger(_WhatsAppTrigger):
    """There is news of a message that Home Assistant sent. News is worth telling however late it comes."""

    _event_type = EVENT_MESSAGE_STATUS
    _description = "WhatsApp message status changed"
    _options_schema = {vol.Optional(CONF_STATUS): _statuses, vol.Optional(CONF_MESSAGE_ID): _texts, **_CHAT}

    @override
    def _is_wanted(self, data: _Data) -> bool:
        return self._is_one_of(CONF_STATUS, data["status"]) and self._is_one_of(CONF_MESSAGE_ID, data["id"])


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by name."""
    return {
        "message_received": MessageReceivedTrigger,
        "answered": AnsweredTrigger,
        "poll_voted": PollVotedTrigger,
        "message_status": MessageStatusTrigger,
    }
