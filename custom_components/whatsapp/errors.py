"""The bridge's errors in Home Assistant's form, with a text for the person in front of it."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .bridge import BridgeError, CannotConnect
from .const import DOMAIN

# Codes of the wire that have a text of their own in `exceptions` of the translations.
_CALLERS_FAULT: Final = {"chat_not_found", "invalid_request", "not_on_whatsapp", "unsupported"}
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
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="bridge_unreachable") from err
    except BridgeError as err:
        if err.code in _CALLERS_FAULT:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key=err.code) from err
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=err.code if err.code in _OTHERS else "bridge_error",
            translation_placeholders={"code": err.code},
        ) from err
