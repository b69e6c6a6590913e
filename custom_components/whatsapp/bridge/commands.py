"""What commands to the bridge have in common."""

from typing import Any, Final

from .connection import BridgeConnection

# Seconds to wait for an answer: what the bridge answers by itself, and what it has to ask WhatsApp for.
LOCAL_TIMEOUT: Final = 10.0
WHATSAPP_TIMEOUT: Final = 40.0
# What may take long: a large file that comes from WhatsApp, a copy of a large database.
LONG_TIMEOUT: Final = 300.0


class Commands:
    """Commands over one connection."""

    _connection: BridgeConnection

    async def _request(self, command: str, *, answer_within: float = LOCAL_TIMEOUT, **args: Any) -> Any:
        """Send a command with the arguments that are not None."""
        given = {key: value for key, value in args.items() if value is not None}
        return await self._connection.request(command, given, timeout=answer_within)
