"""Participants of groups: whom a caller means, and what became of each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Self

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..account import Account
from ..bridge.protocol import LIMIT_MEMBERS_MAX, LIMIT_NAME_CHARS, ErrorCode, MemberResult
from ..errors import failed, wire_error
from ..failures import raise_failures
from ..targets import async_find_chat
from .common import filled

PARTICIPANTS: Final = vol.All(cv.ensure_list, [filled(LIMIT_NAME_CHARS)], vol.Length(min=1, max=LIMIT_MEMBERS_MAX))

# What codes mean when they are about a person in a group.
_TEXTS: Final[dict[ErrorCode, str]] = {
    "invalid_request": "participant_not_a_person",
    "rejected": "participant_refused",
}


@dataclass
class Participants:
    """People as the caller calls them. One who cannot be found does not stop the others."""

    _asked: list[str]
    _found: dict[str, str] = field(default_factory=dict)
    _failures: dict[str, HomeAssistantError] = field(default_factory=dict)

    @classmethod
    async def async_find(cls, account: Account, asked: Iterable[str]) -> Self:
        """Find out whom numbers as people write them here, ids, addresses and names of added chats mean."""
        people = cls(list(dict.fromkeys(asked)))
        for each in people._asked:
            try:
                people._found[each] = await async_find_chat(account, each)
            except HomeAssistantError as err:
                people._failures[each] = err
        return people

    @property
    def references(self) -> list[str]:
        """What the bridge knows those by who were found."""
        return list(dict.fromkeys(self._found.values()))

    def note(self, results: Iterable[MemberResult]) -> None:
        """Note what the bridge says became of them."""
        errors = {result["member"]: result["error"] for result in results}
        for each, reference in self._found.items():
            if code := errors[reference]:
                text = _TEXTS.get(code)
                self._failures[each] = failed(text) if text else wire_error(code)

    def raise_unless_found(self) -> None:
        """Raise what is wrong when nobody was found.

        Raises:
            ServiceValidationError: nobody was found.

        """
        if not self._found:
            raise_failures(self._failures, succeeded=0)

    def raise_failures(self, *, told: bool = False) -> None:
        """Raise what went wrong; where that is `told` otherwise only when it did for everybody.

        Raises:
            HomeAssistantError: it did.

        """
        raise_failures(self._failures, succeeded=len(self._asked) - len(self._failures), told=told)

    def results(self) -> list[dict[str, Any]]:
        """Return `[{participant, error, error_code}]` in the order asked, both None where it worked."""
        return [
            {
                "participant": each,
                "error": str(failure) if (failure := self._failures.get(each)) else None,
                "error_code": failure.translation_key if failure else None,
            }
            for each in self._asked
        ]
