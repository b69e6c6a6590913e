"""People and chats in logs and diagnostics: told apart, without saying who they are."""

import hashlib
import hmac
from typing import Final

_PSEUDONYM_CHARS: Final = 10
_SHOWN_CHARS: Final = 64


class Privacy:
    """Pseudonyms of one account. The same id has the same one as long as the secret is the same."""

    def __init__(self, secret: str, *, mask: bool) -> None:
        """`secret`: without it nobody finds out whose a pseudonym is by trying all numbers. `mask`: also in logs."""
        self._secret = hashlib.sha256(secret.encode()).digest()
        self._mask = mask

    def pseudonym(self, identifier: str) -> str:
        """Return the pseudonym of a person or a chat by the bridge's id of it."""
        return hmac.digest(self._secret, identifier.encode(), "sha256").hex()[:_PSEUDONYM_CHARS]

    def shown(self, identifier: str) -> str:
        """Return what a log calls a person or a chat: the pseudonym, or the id itself where that is wished."""
        if self._mask:
            return self.pseudonym(identifier)
        return "".join(char if char.isprintable() else " " for char in identifier)[:_SHOWN_CHARS]
