"""What went wrong where an action does the same for several: whom it names, and what it raises."""

from collections.abc import Mapping
import re
from typing import Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN

_SHOWN_CHARS: Final = 64


def raise_failures(failures: Mapping[str, HomeAssistantError], *, succeeded: int, told: bool = False) -> None:
    """Raise what went wrong, by whom it went wrong for; where that is `told` otherwise only when nothing succeeded.

    Raises:
        ServiceValidationError: the caller is to blame for all of it.
        HomeAssistantError: something else is.

    """
    errors = list(failures.values())
    if not errors or (told and succeeded):
        return
    if len(errors) == 1 and not succeeded:
        raise errors[0]
    to_blame = all(isinstance(error, ServiceValidationError) for error in errors)
    raise (ServiceValidationError if to_blame else HomeAssistantError)(
        translation_domain=DOMAIN,
        translation_key="some_failed",
        translation_placeholders={
            "failed": str(len(errors)),
            "total": str(len(errors) + succeeded),
            "errors": "; ".join(f"{shown(whom)}: {error}" for whom, error in failures.items()),
        },
    )


def shown(whom: str) -> str:
    """Return what somebody was called, for an error that ends up in a log: no number, nothing that breaks a line."""
    text = "".join(char if char.isprintable() else " " for char in whom)
    text = re.sub(r"\d(?=(?:\D*\d){3})", "•", text)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
