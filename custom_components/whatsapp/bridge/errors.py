"""What can go wrong between a client and the bridge."""

from typing import Any


class BridgeError(Exception):
    """The root of everything this package raises.

    `code` is one of `protocol.ErrorCode` when the bridge named it, otherwise a word of this package. `details` depend
    on the code. The message is for logs: it never holds a token, a text or a number.
    """

    code: str

    def __init__(self, message: str, *, code: str, details: dict[str, Any] | None = None) -> None:
        """Keep the code and its details beside the message."""
        super().__init__(message)
        self.code = code
        self.details = details or {}


class CannotConnect(BridgeError):
    """The bridge is not there, is not a bridge, or went away.

    Codes: `invalid_url`, `unreachable`, `not_a_bridge`, `connection_lost`, `bad_frame`.
    """


class InvalidToken(BridgeError):
    """The bridge refused the token."""

    def __init__(self) -> None:
        """Carry the wire's code for it."""
        super().__init__("the bridge refused the token", code="unauthorized")


class SchemaIncompatible(BridgeError):
    """The bridge speaks no schema version that this client speaks."""

    def __init__(self, *, bridge_is_older: bool) -> None:
        """`bridge_is_older` says which side has to be updated: the bridge, or else the client."""
        super().__init__(
            f"the bridge is too {'old' if bridge_is_older else 'new'} for this client",
            code="schema_incompatible",
        )
        self.bridge_is_older = bridge_is_older


class CommandFailed(BridgeError):
    """The bridge answered a command with an error, or not in time (`timeout`)."""
