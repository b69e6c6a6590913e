"""One WhatsApp account in Home Assistant: its connection to the bridge, its state and its events."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
import logging
import random
from typing import Any, Final
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util.ssl import get_default_context

from . import payloads
from .bridge import BridgeClient, BridgeError, CannotConnect, CommandFailed, InvalidToken, SchemaIncompatible, protocol
from .const import CLIENT_NAME, CONF_ACCOUNT_ID, CONF_CHAT_ID, CONF_LID, CONF_PHONE, SUBENTRY_TYPE_CHAT
from .cursor import Cursor
from .errors import translated_errors

_LOGGER = logging.getLogger(__name__)

# Seconds.
RECONNECT_MIN: Final = 1.0
RECONNECT_MAX: Final = 60.0
WAIT_FOR_BRIDGE: Final = 30.0

# Codes that mean that somebody has to link the account again.
RELINK_CODES: Final = {"account_not_found", "not_linked"}

type WhatsAppConfigEntry = ConfigEntry[Account]
type ChatListener = Callable[[protocol.EventFrame, protocol.JournalEvent], None]


def create_client(bridge: Mapping[str, Any]) -> BridgeClient:
    """Return a client, not connected yet, for the bridge of an entry's data.

    Raises:
        CannotConnect: `invalid_url`.

    """
    return BridgeClient(bridge[CONF_URL], bridge[CONF_TOKEN], name=CLIENT_NAME, ssl=get_default_context())


class Account:
    """The account of one config entry. `state`, `chats` and `bridge_version` are what the bridge said last."""

    state: protocol.Account
    bridge_version: str
    _stop_events: CALLBACK_TYPE

    def __init__(self, hass: HomeAssistant, entry: WhatsAppConfigEntry) -> None:
        self.account_id: str = entry.data[CONF_ACCOUNT_ID]
        self.chats: dict[str, protocol.Chat] = {}
        self.hass = hass
        self._entry = entry
        self._client: BridgeClient | None = None
        # Set while there is a client, and for good after the end.
        self._up = asyncio.Event()
        self._wanted = asyncio.Event()
        self._waiting = 0
        self._down_logged = False
        self._task: asyncio.Task[None] | None = None
        self._cursor = Cursor(self.account_id, entry.entry_id)
        self._state_listeners: list[CALLBACK_TYPE] = []
        self._chat_listeners: dict[str, list[ChatListener]] = {}

    @property
    def bridge_connected(self) -> bool:
        """Whether the bridge is there."""
        return self._client is not None

    @property
    def available(self) -> bool:
        """Whether the account can be used: the bridge is there, and the account is linked."""
        return self.bridge_connected and self.state["connection"]["status"] != "unlinked"

    @property
    def added_chats(self) -> list[ConfigSubentry]:
        """The chats that were added to the account."""
        return list(self._entry.get_subentries_of_type(SUBENTRY_TYPE_CHAT))

    async def async_open(self) -> BridgeClient:
        """Connect and take a first look at the account. Its events come after `async_start`.

        Raises:
            BridgeError: as the client does, and one of `RELINK_CODES`.

        """
        client = create_client(self._entry.data)
        try:
            hello = await client.connect()
            state = self._find(await client.accounts())
            chats = await client.chats(self.account_id, limit=protocol.LIMIT_LISTED_CHATS)
        except BaseException:
            await client.close()
            raise
        self._stop_events = client.on_event(self._handle)
        self.bridge_version = hello["version"]
        self.state = state
        self.chats = {chat["id"]: chat for chat in chats}
        self._client = client
        self._up.set()
        return client

    def _find(self, accounts: list[protocol.Account]) -> protocol.Account:
        for account in accounts:
            if account["account_id"] == self.account_id:
                if account["connection"]["status"] == "unlinked":
                    raise CommandFailed("the account is logged out", code="not_linked")
                return account
        raise CommandFailed("the bridge does not know the account", code="account_not_found")

    @callback
    def async_start(self, _: HomeAssistant) -> None:
        """Listen to the account's events, and stay connected. Call it once, after `async_open`."""
        self._task = self._entry.async_create_background_task(self.hass, self._run(), "WhatsApp account")

    async def async_close(self) -> None:
        """Disconnect for good. Harmless when called again."""
        # Nobody is notified: what the entities show now is what they begin with next time.
        client, self._client = self._client, None
        self._up.set()
        if client:
            # What comes from here on is not acknowledged, and so comes again.
            self._stop_events()
            await self._cursor.finish(client)
        if self._task:
            self._task.cancel()
        if client:
            await client.close()

    @callback
    def on_change(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back when anything about the account has changed. Returns what ends it."""
        self._state_listeners.append(listener)
        return lambda: self._state_listeners.remove(listener)

    @callback
    def on_chat_event(self, subentry_id: str, listener: ChatListener) -> CALLBACK_TYPE:
        """Call back with every journal event of an added chat. Returns what ends it."""
        listeners = self._chat_listeners.setdefault(subentry_id, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def added_chat(self, chat: Mapping[str, Any]) -> ConfigSubentry | None:
        """Return the added chat that has the id, the phone or the lid of this one."""
        for entry in self.added_chats:
            if entry.data[CONF_CHAT_ID] == chat["id"] or any(
                entry.data.get(key) and entry.data[key] == chat[key] for key in (CONF_PHONE, CONF_LID)
            ):
                return entry
        return None

    async def async_send(self, chat: str, content: protocol.Content) -> protocol.SendResult:
        """Send a message, once, also when the connection is lost meanwhile, to a chat id, an alias of it or a number.

        Raises:
            ServiceValidationError: there is no such chat, or the content is not allowed.
            HomeAssistantError: it could not be sent.

        """
        request_id = uuid4().hex
        deadline = self.hass.loop.time() + WAIT_FOR_BRIDGE
        with translated_errors():
            while True:
                client = await self._connected(deadline)
                try:
                    return await client.send(self.account_id, chat, content, request_id)
                except CannotConnect as err:
                    _LOGGER.debug("Asking again when the bridge is back: %s", err)
                    self._set_down(client)

    async def async_groups(self) -> list[protocol.Chat]:
        """Return the groups that the account is in.

        Raises:
            HomeAssistantError: they could not be listed.

        """
        with translated_errors():
            client = await self._connected(self.hass.loop.time() + WAIT_FOR_BRIDGE)
            return await client.groups(self.account_id)

    async def _connected(self, deadline: float) -> BridgeClient:
        self._waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout_at(deadline):
                await self._up.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1
        if self._client is None:
            raise CannotConnect("the bridge is not there", code="unreachable")
        return self._client

    async def _run(self) -> None:
        delay = RECONNECT_MIN
        while True:
            try:
                await self._follow(self._client or await self.async_open())
                delay = RECONNECT_MIN
            except BridgeError as err:
                if isinstance(err, InvalidToken | SchemaIncompatible) or err.code in RELINK_CODES:
                    # The setup says what is wrong and what to do.
                    self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
                    return
                _LOGGER.debug("Still not connected: %s", err)
            self._wanted.clear()
            seconds = RECONNECT_MIN if self._waiting else delay
            with suppress(TimeoutError):
                # Not all at once after the bridge was restarted.
                async with asyncio.timeout(seconds * random.uniform(0.5, 1)):  # noqa: S311
                    await self._wanted.wait()
            delay = min(delay * 2, RECONNECT_MAX)

    async def _follow(self, client: BridgeClient) -> None:
        """Listen until the connection is gone."""
        try:
            snapshot = await client.listen(self.account_id, self._entry.entry_id)
            self._cursor.rewind(snapshot["seq"])
            self.chats = {chat["id"]: chat for chat in snapshot["chats"]}
            self._set_state(snapshot["account"])
            if self._down_logged:
                _LOGGER.info("The connection to the bridge is back")
                self._down_logged = False
            await client.wait_closed()
        finally:
            self._set_down(client)
            await client.close()

    @callback
    def _set_down(self, client: BridgeClient) -> None:
        if self._client is not client:
            return
        self._client = None
        self._up.clear()
        if not self._down_logged:
            _LOGGER.info("The connection to the bridge is lost")
            self._down_logged = True
        self._notify()

    @callback
    def _set_state(self, state: protocol.Account) -> None:
        was_linked = self.state["connection"]["status"] != "unlinked"
        self.state = state
        if was_linked and state["connection"]["status"] == "unlinked":
            self._entry.async_start_reauth(self.hass)
        self._notify()

    @callback
    def _notify(self) -> None:
        for listener in list(self._state_listeners):
            listener()

    @callback
    def _handle(self, frame: protocol.EventFrame) -> None:
        event = frame["event"]
        if frame["account_id"] != self.account_id or event["type"] == "link":
            return
        if event["type"] == "account":
            self._set_state(event["account"])
        elif event["type"] == "chats":
            self.chats |= {chat["id"]: chat for chat in event["chats"]}
            for chat_id in event["removed"]:
                self.chats.pop(chat_id, None)
            self._notify()
        elif event["type"] != "presence":
            self._handle_journal(frame, event)

    @callback
    def _handle_journal(self, frame: protocol.EventFrame, event: protocol.JournalEvent) -> None:
        seq = frame["seq"]
        try:
            if self._cursor.is_new(seq):
                self._deliver(event, frame)
        finally:
            # Also after a fault of ours: the same event again would only fail again, and hold up those behind it.
            self._cursor.handled(seq)
            if self._client:
                self._entry.async_create_background_task(
                    self.hass, self._cursor.acknowledge(self._client), "WhatsApp acknowledgement"
                )

    @callback
    def _deliver(self, event: protocol.JournalEvent, frame: protocol.EventFrame) -> None:
        if event["type"] == "receipt":
            # Also of chats that were not added: whoever wrote to one wants to know.
            self.hass.bus.async_fire(*payloads.status_event(frame, event, self._entry.entry_id))
        # A house that hears itself answers itself: of what it sends the receipts tell.
        own = event["type"] == "message" and event["origin"]["source"] == "bridge"
        if own or event["type"] == "own_devices_changed" or not (added := self.added_chat(event["chat"])):
            return
        for event_type, data in payloads.bus_events(frame, self._entry.entry_id):
            self.hass.bus.async_fire(event_type, data)
        for listener in list(self._chat_listeners.get(added.subentry_id, ())):
            listener(frame, event)
