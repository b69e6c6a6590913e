"""One message for one chat or several."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal, Self, cast

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .account import Account
from .bridge import SendOptions
from .bridge.protocol import LIMIT_NAME_CHARS, LIMIT_TTL_SECONDS_MAX, Content, ReceiptStatus, SendResult
from .contents import Fields, filled, seconds
from .errors import failed, wire_error
from .failures import raise_failures
from .media import PreparedMedia
from .targets import Place, async_find_chat

# Seconds.
DEFAULT_TIMEOUT: Final = 60.0
# How long the bridge itself waits for WhatsApp to confirm.
_CONFIRMATION: Final = 20.0
_EXPIRATION_MAX: Final = 365 * 24 * 60 * 60
# Chats that are written to at the same time, so that one that is slow holds up no other. The bridge paces them.
_AT_ONCE: Final = 8
# Room for what tells the messages of several targets apart.
_REQUEST_ID_CHARS: Final = 200

REQUEST_ID_FIELD: Final[Fields] = {vol.Optional("request_id"): filled(_REQUEST_ID_CHARS)}
URGENCY_FIELDS: Final[Fields] = {
    vol.Optional("ttl"): seconds(LIMIT_TTL_SECONDS_MAX),
    vol.Optional("priority"): vol.In(["normal", "high"]),
}
EXPIRATION_FIELD: Final[Fields] = {vol.Optional("expiration"): vol.All(seconds(_EXPIRATION_MAX), vol.Coerce(int))}
QUOTE_FIELD: Final[Fields] = {vol.Optional("quote"): filled(LIMIT_NAME_CHARS)}
DEGRADE_FIELD: Final[Fields] = {vol.Optional("degrade"): vol.In(["never", "lossless", "lossy"])}
TYPING_FIELD: Final[Fields] = {vol.Optional("typing"): cv.boolean}
# Of whatever is sent.
DELIVERY_FIELDS: Final[Fields] = {
    **REQUEST_ID_FIELD,
    **URGENCY_FIELDS,
    vol.Optional("wait_for"): vol.In(["sent", "delivered", "read"]),
    vol.Optional("timeout", default=DEFAULT_TIMEOUT): seconds(LIMIT_TTL_SECONDS_MAX),
}
_OPTIONS: Final = ("quote", "expiration", "ttl", "priority", "degrade", "typing")

type WaitFor = Literal["sent", "delivered", "read"]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a message is sent, besides what goes to the bridge.

    `request_id`: whoever uses it again gets the same message. `wait_for`: how far it is to come within `timeout`
    seconds. `context`: in which what becomes of it is told.
    """

    options: SendOptions
    request_id: str | None = None
    wait_for: WaitFor | None = None
    timeout: float = DEFAULT_TIMEOUT
    context: Context | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Any], context: Context | None = None) -> Self:
        """Return the terms that the data of an action name, in its fields above."""
        return cls(
            options=cast("SendOptions", {key: data[key] for key in _OPTIONS if key in data}),
            request_id=data.get("request_id"),
            wait_for=data.get("wait_for"),
            timeout=data.get("timeout", DEFAULT_TIMEOUT),
            context=context,
        )


@dataclass
class _Attempt:
    target: str
    place: Place | None = None
    error: HomeAssistantError | None = None
    sent: SendResult | None = None
    status: ReceiptStatus | Literal["queued"] = "queued"
    reached: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {"target": self.target}
        if self.sent:
            told |= {
                "chat_id": self.sent["chat_id"],
                "message_id": self.sent["message_id"],
                "status": self.status,
                "sent_as": self.sent["sent_as"],
                "timestamp": self.sent["timestamp"],
            }
        if self.reached is not None:
            told["reached"] = self.reached
        if self.error:
            told |= {"error": str(self.error), "error_code": self.error.translation_key}
        return told


class Delivery:
    """What is sent to every target. A chat that cannot be reached does not stop the others."""

    def __init__(self, hass: HomeAssistant, targets: Mapping[str, Place | HomeAssistantError], terms: Terms) -> None:
        """Take what `async_find_targets` has found. A chat that has two names is written to once."""
        self._hass = hass
        self._terms = terms
        self._deadline = 0.0
        self._attempts: list[_Attempt] = []
        places: set[Place] = set()
        for target, found in targets.items():
            if isinstance(found, HomeAssistantError):
                self._attempts.append(_Attempt(target, error=found))
            elif found not in places:
                places.add(found)
                self._attempts.append(_Attempt(target, found))

    @property
    def is_hopeless(self) -> bool:
        """Whether nobody can be reached."""
        return all(attempt.error for attempt in self._attempts)

    async def async_send(self, content: Content, media: PreparedMedia | None = None, part: int = 0) -> None:
        """Send to all that can still be reached. `part` tells several messages of one action apart."""
        slots = asyncio.Semaphore(_AT_ONCE)
        # Files may have taken their time until here.
        self._deadline = self._hass.loop.time() + self._terms.timeout

        async def send(attempt: _Attempt, place: Place) -> None:
            async with slots:
                try:
                    await self._async_send_to(attempt, place, content, media, part)
                except HomeAssistantError as err:
                    attempt.error = err
                except OSError as err:
                    # The file is gone, or cannot be read any more.
                    attempt.error = failed("media_io", error=err.strerror or type(err).__name__)

        await asyncio.gather(*(send(each, each.place) for each in self._attempts if each.place and not each.error))

    async def _async_send_to(
        self, attempt: _Attempt, place: Place, content: Content, media: PreparedMedia | None, part: int
    ) -> None:
        account, chat = place
        options = self._terms.options
        if part:
            # One answer to a message is enough.
            options = cast("SendOptions", {key: value for key, value in options.items() if key != "quote"})
        if self._terms.wait_for:
            options = options | {"wait": max(0.0, min(_CONFIRMATION, self._remaining))}
        attempt.sent = await account.async_send(
            chat,
            await _async_with_mentions(account, content),
            media=media,
            options=options,
            request_id=self._request_id(attempt.target, part),
            context=self._terms.context,
        )
        attempt.status = attempt.sent["status"]

    @property
    def _remaining(self) -> float:
        return self._deadline - self._hass.loop.time()

    def _request_id(self, target: str, part: int) -> str | None:
        """Return the id for one target: an account takes each id for one message only, to whichever chat."""
        request_id = self._terms.request_id
        if request_id is None:
            return None
        request_id = f"{request_id}:{sha256(target.strip().casefold().encode()).hexdigest()[:16]}"
        return f"{request_id}#{part}" if part else request_id

    async def async_wait(self) -> None:
        """Wait for all of them at the same time, until they came as far as was wished or the time is up."""
        if wanted := self._terms.wait_for:
            await asyncio.gather(*(self._async_wait_for(attempt, wanted) for attempt in self._attempts if attempt.sent))

    async def _async_wait_for(self, attempt: _Attempt, wanted: WaitFor) -> None:
        if not attempt.place or not attempt.sent or attempt.error:
            return
        attempt.reached = wanted == attempt.status == "sent"
        if attempt.reached:
            return
        status, code = await attempt.place.account.receipts.wait(attempt.sent["message_id"], wanted, self._remaining)
        attempt.status = status or attempt.status
        attempt.reached = status != "failed" and _is_as_far(attempt.status, wanted)
        if status == "failed":
            attempt.error = wire_error(code or "rejected")

    def raise_errors(self, *, told: bool) -> None:
        """Raise what went wrong. When the caller is `told` by the response, only if nothing was sent.

        Raises:
            ServiceValidationError: the targets are to blame.
            HomeAssistantError: something else is.

        """
        errors = {attempt.target: attempt.error for attempt in self._attempts if attempt.error}
        if not told:
            late = [attempt.target for attempt in self._attempts if attempt.reached is False and not attempt.error]
            errors |= {target: self._late() for target in late}
        raise_failures(errors, succeeded=len(self._attempts) - len(errors), told=told)

    def _late(self) -> HomeAssistantError:
        seconds = f"{self._terms.timeout:g}"
        match self._terms.wait_for:
            case "read":
                return failed("not_read_in_time", seconds=seconds)
            case "delivered":
                return failed("not_delivered_in_time", seconds=seconds)
        return failed("not_sent_in_time", seconds=seconds)

    def response(self) -> dict[str, Any]:
        """Return `{results: [{target, chat_id, message_id, status, sent_as, timestamp, reached, error, error_code}]}`.

        `status` is `queued` when WhatsApp has not confirmed yet, else how far a receipt says that the message came.
        `reached` is there when somebody waits for that, `error` and `error_code` when something went wrong, what is
        about the message when there is one. For a single target the keys are also on the top level.
        """
        results = [attempt.as_dict() for attempt in self._attempts]
        if len(results) > 1:
            return {"results": results}
        return {"results": results, **{key: value for key, value in results[0].items() if key != "target"}}


async def _async_with_mentions(account: Account, content: Content) -> Content:
    people = cast("list[str]", content.get("mentions") or [])
    if not people:
        return content
    return cast("Content", {**content, "mentions": [await async_find_chat(account, person) for person in people]})


def _is_as_far(status: str, wanted: str) -> bool:
    order = ["queued", "sent", "delivered", "read", "played"]
    return order.index(status) >= order.index(wanted)
