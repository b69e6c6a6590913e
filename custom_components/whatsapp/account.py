"""One WhatsApp account in Home Assistant: its connection to the bridge, its state and its events."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
import logging
from typing import Any, Final, cast
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.ssl import get_default_context

from .bridge import (
    BridgeClient,
    BridgeError,
    CannotConnect,
    CommandFailed,
    InvalidToken,
    SchemaIncompatible,
    SendOptions,
    protocol,
)
from .connector import Connector
from .const import CLIENT_NAME, CONF_ACCOUNT_ID
from .cursor import Cursor
from .errors import translated_errors
from .figures import Figures
from .inbox import Inbox
from .media import PreparedMedia
from .options import Options
from .privacy import Privacy
from .receipts import Receipts

_LOGGER = logging.getLogger(__name__)

# Seconds.
WAIT_FOR_BRIDGE: Final = 30.0

# Codes that mean that somebody has to link the account again.
RELINK_CODES: Final = {"account_not_found", "not_linked"}

type WhatsAppConfigEntry = ConfigEntry[Account]


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
    bridge_schema: protocol.HelloSchema
    # Why there is no connection to the bridge, a code; None while nothing is wrong.
    fault: str | None = None
    _stop_events: CALLBACK_TYPE

    def __init__(self, hass: HomeAssistant, entry: WhatsAppConfigEntry) -> None:
        self.account_id: str = entry.data[CONF_ACCOUNT_ID]
        self.chats: dict[str, protocol.Chat] = {}
        self.options = Options.from_mapping(entry.options)
        self.receipts = Receipts()
        self.figures = Figures()
        self.privacy = Privacy(entry.data[CONF_TOKEN] + entry.entry_id, mask=self.options.mask_logs)
        self.inbox = Inbox(hass, entry, self.options, self.receipts)
        self.hass = hass
        self._entry = entry
        self._connector = Connector(self.async_open, self._follow, self._notify)
        self._task: asyncio.Task[None] | None = None
        self._cursor = Cursor(self.account_id, entry.entry_id)
        self._state_listeners: list[CALLBACK_TYPE] = []

    @property
    def bridge_connected(self) -> bool:
        """Whether the bridge is there."""
        return self._connector.client is not None

    @property
    def available(self) -> bool:
        """Whether the account can be used: the bridge is there, and the account is linked."""
        return self.bridge_connected and self.state["connection"]["status"] != "unlinked"

    async def async_open(self) -> BridgeClient:
        """Connect and take a first look at the account. Its events come after `async_start`.

        Raises:
            BridgeError: as the client does, and one of `RELINK_CODES`.

        """
        client = create_client(self._entry.data)
        try:
            hello = await client.connect()
            state = self._find(await client.accounts())
            if state["settings"] != (settings := self.options.settings()):
                state["settings"] = await client.configure(
                    self.account_id, cast("protocol.ConfigureArgsSettings", settings)
                )
            chats = await client.chats(self.account_id, limit=protocol.LIMIT_LISTED_CHATS)
        except BaseException:
            await client.close()
            raise
        self._stop_events = client.on_event(self._handle)
        self.bridge_version, self.bridge_schema = hello["version"], hello["schema"]
        self.fault = None
        self.state = state
        self.chats = {chat["id"]: chat for chat in chats}
        self._connector.set_up(client)
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
        self._task = self._entry.async_create_background_task(
            self.hass, self._connector.run(self._is_final), "WhatsApp account"
        )

    async def async_close(self) -> None:
        """Disconnect for good. Harmless when called again."""
        client = self._connector.end()
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

    async def async_send(
        self,
        chat: str,
        content: protocol.Content,
        *,
        media: PreparedMedia | None = None,
        options: SendOptions | None = None,
        request_id: str | None = None,
        context: Context | None = None,
    ) -> protocol.SendResult:
        """Send a message, once, also when the connection is lost meanwhile, to a chat id, an alias of it or a number.

        `media`: the file that goes with it. Who asks again with the same `request_id` gets the same message and result.
        `context`: in which what becomes of it is told.

        Raises:
            ServiceValidationError: there is no such chat, or the content is not allowed.
            HomeAssistantError: it could not be sent.

        """
        request_id = request_id or uuid4().hex
        given = options or SendOptions()
        started = self.hass.loop.time()
        deadline = started + min(WAIT_FOR_BRIDGE, given.get("ttl", WAIT_FOR_BRIDGE))
        with translated_errors(), self.figures.noting_errors():
            while True:
                client = await self._connector.connected(deadline)
                now = self.hass.loop.time()
                left = given | {"ttl": max(0, given["ttl"] + started - now)} if "ttl" in given else given
                try:
                    sent = await client.send(
                        self.account_id, chat, await self._with_file(client, content, media), request_id, **left
                    )
                except CannotConnect as err:
                    _LOGGER.debug("Asking again when the bridge is back: %s", err)
                    self._connector.set_down(client)
                else:
                    self.receipts.sent(sent["message_id"], context)
                    self.figures.answered(sent, self.hass.loop.time() - started)
                    return sent

    async def _with_file(
        self, client: BridgeClient, content: protocol.Content, media: PreparedMedia | None
    ) -> protocol.Content:
        if media is None:
            return content
        session = async_get_clientsession(self.hass)
        ticket = await client.upload(session, self.account_id, media.path, media.size)
        return cast("protocol.Content", {**content, "ticket": ticket})

    async def async_ask[T](self, ask: Callable[[BridgeClient], Awaitable[T]]) -> T:
        """Return the bridge's answer to a command, such as `lambda client: client.groups(account.account_id)`.

        Raises:
            ServiceValidationError: what was asked for cannot be.
            HomeAssistantError: there is no answer.

        """
        with translated_errors(), self.figures.noting_errors():
            return await ask(await self._connector.connected(self.hass.loop.time() + WAIT_FOR_BRIDGE))

    @callback
    def _is_final(self, err: BridgeError) -> bool:
        """Return whether trying again is in vain: then the setup says what is wrong and what to do."""
        final = isinstance(err, InvalidToken | SchemaIncompatible) or err.code in RELINK_CODES
        if self.fault != err.code:
            self.fault = err.code
            self.figures.note_error(err)
            self._notify()
        if final:
            self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
        return final

    async def _follow(self, client: BridgeClient) -> None:
        """Listen until the connection is gone."""
        try:
            snapshot = await client.listen(self.account_id, self._entry.entry_id)
            self._cursor.rewind(snapshot["seq"])
            self.chats = {chat["id"]: chat for chat in snapshot["chats"]}
            self._set_state(snapshot["account"])
            self._connector.set_working()
            await client.wait_closed()
        finally:
            self._connector.set_down(client)
            await client.close()

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
                event_type = event["type"]
                where = self.account_id if event["type"] == "own_devices_changed" else event["chat"]["id"]
                _LOGGER.debug("Event %s: %s in %s", seq, event_type, self.privacy.shown(where))
                self.figures.note(event)
                self.inbox.deliver(frame, event)
        finally:
            # Also after a fault of ours: the same event again would only fail again, and hold up those behind it.
            self._cursor.handled(seq)
            if client := self._connector.client:
                self._entry.async_create_background_task(
                    self.hass, self._cursor.acknowledge(client), "WhatsApp acknowledgement"
                )
