"""The bridge's errors in Home Assistant's form, with a text for the person in front of it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from .bridge import BridgeError, CannotConnect
from .const import DOMAIN

_MEBIBYTE: Final = 1024 * 1024

# Codes of the wire that have a text of their own in `exceptions` of the translations.
_CALLERS_FAULT: Final = {
    "chat_not_found",
    "invalid_request",
    "message_not_found",
    "not_on_whatsapp",
    "unsupported",
}
_OTHERS: Final = {
    "account_not_found",
    "expired",
    "internal",
    "not_connected",
    "not_linked",
    "rate_limited",
    "rejected",
    "restricted",
    "storage_corrupt",
    "storage_full",
    "storage_read_only",
    "timeout",
}


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error with this translation key, for what the caller asked wrongly."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders or None
    )


def failed(key: str, **placeholders: str) -> HomeAssistantError:
    """Return the error with this translation key, for what was asked rightly and did not work."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders or None
    )


def wire_error(code: str, details: Mapping[str, Any] | None = None) -> HomeAssistantError:
    """Return the error for a code of the wire. `details` depend on the code, and any of them may be missing."""
    match code, details or {}:
        case "invalid_request", {"field": str(field), **more}:
            error = _invalid_request(field, more)
        case "media_too_large", {"limit": int(limit)}:
            error = invalid("media_too_large", limit=f"{limit / _MEBIBYTE:g}")
        case "media_too_large", _:
            error = invalid("file_too_large")
        case "media_unavailable", _:
            error = failed("file_unavailable")
        case "restricted", {"until": int(until) | float(until)}:
            when = dt_util.as_local(dt_util.utc_from_timestamp(until))
            error = failed("restricted_until", until=f"{when:%Y-%m-%d %H:%M}")
        case _ if code in _CALLERS_FAULT:
            error = invalid(code)
        case _:
            error = failed(code) if code in _OTHERS else failed("bridge_error", code=code)
    return error


def _invalid_request(field: str, details: Mapping[str, Any]) -> HomeAssistantError:
    match field:
        case "/code":
            return invalid("not_an_invitation")
        case "/content/mentions":
            return invalid("mention_not_possible")
        case "/content/message_id":
            return invalid("message_not_possible")
        case "/content/text" if "limit" in details:
            return invalid("message_too_long", limit=str(details["limit"]))
        case "/quote":
            return invalid("quote_not_possible")
    return invalid("invalid_request")


@contextmanager
def translated_errors() -> Generator[None]:
    """Turn a BridgeError into an exception that Home Assistant shows in the user's language.

    Raises:
        ServiceValidationError: the caller asked for something that cannot be.
        HomeAssistantError: everything else.

    """
    try:
        yield
    except CannotConnect as err:
        raise failed("bridge_unreachable") from err
    except BridgeError as err:
        raise wire_error(err.code, err.details) from err
