"""A client of the bridge. It knows nothing of Home Assistant."""

from .client import BridgeClient, SendOptions
from .connection import normalize_url
from .errors import BridgeError, CannotConnect, CommandFailed, InvalidToken, SchemaIncompatible

__all__ = [
    "BridgeClient",
    "BridgeError",
    "CannotConnect",
    "CommandFailed",
    "InvalidToken",
    "SchemaIncompatible",
    "SendOptions",
    "normalize_url",
]
