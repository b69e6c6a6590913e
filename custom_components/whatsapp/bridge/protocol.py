"""The wire between the bridge and its clients.

Generated from bridge/src/protocol.ts by scripts/protocol: change it there.
"""

from typing import Any, Final, Literal, NotRequired, TypedDict

SCHEMA_MIN: Final = 1
SCHEMA_MAX: Final = 1
LIMIT_FRAME_BYTES: Final = 1048576
LIMIT_TEXT_CHARS: Final = 65536
LIMIT_NAME_CHARS: Final = 256
LIMIT_POLL_QUESTION_CHARS: Final = 255
LIMIT_POLL_OPTION_CHARS: Final = 100
LIMIT_POLL_OPTIONS_MIN: Final = 2
LIMIT_POLL_OPTIONS_MAX: Final = 12
LIMIT_LISTED_CHATS: Final = 1000
LIMIT_TTL_SECONDS_MAX: Final = 86400
CLOSE_BAD_FRAME: Final = 4400
CLOSE_UNAUTHORIZED: Final = 4401
CLOSE_AUTH_DEADLINE: Final = 4408
CLOSE_SCHEMA: Final = 4426
CLOSE_SLOW_CLIENT: Final = 4429

type ErrorCode = Literal[
    "invalid_request",
    "unknown_command",
    "unauthorized",
    "schema_incompatible",
    "account_not_found",
    "not_linked",
    "not_connected",
    "chat_not_found",
    "not_on_whatsapp",
    "unsupported",
    "rejected",
    "rate_limited",
    "restricted",
    "media_too_large",
    "media_unavailable",
    "link_expired",
    "link_conflict",
    "passkey_required",
    "timeout",
    "expired",
    "internal",
]


type ChatKind = Literal["person", "group", "self"]


type ConnectionStatus = Literal["connecting", "connected", "disconnected", "unlinked"]


# Why an account is not connected. `null` on the wire while there is nothing to explain.
type ConnectionReason = Literal[
    "network", "server", "restart_required", "logged_out", "replaced", "banned", "client_outdated"
]


type LinkMethod = Literal["qr", "code"]


type LinkStatus = Literal["connecting", "qr", "code", "linking", "linked", "failed"]


type MessageKind = Literal[
    "text", "poll", "image", "video", "audio", "document", "sticker", "location", "contact", "other"
]


# `queued`: accepted and kept on disk, WhatsApp's servers have not confirmed it yet.
type SendStatus = Literal["sent", "queued"]


type ReceiptStatus = Literal["sent", "delivered", "read", "played", "failed"]


type VoteError = Literal["poll_unknown", "secret_missing", "decrypt_failed"]


class Person(TypedDict):
    """Somebody on WhatsApp.

    `phone` is in digits with country code and no plus, `lid` as WhatsApp writes it; either may be unknown.
    """

    id: str
    phone: str | None
    lid: str | None
    name: str | None


class Chat(TypedDict):
    """Where messages go to and come from.

    `id` is opaque and never changes. `participants` and `is_admin` are known for groups only.
    """

    id: str
    kind: ChatKind
    phone: str | None
    lid: str | None
    name: str | None
    participants: int | None
    is_admin: bool | None


class Connection(TypedDict):
    """How the account stands with WhatsApp, since when, and when the bridge tries again."""

    status: ConnectionStatus
    reason: ConnectionReason | None
    since: float
    retry_at: float | None


class Capability(TypedDict):
    """One thing an engine can do; `limits` are numbers by name, such as `text_chars`."""

    supported: bool
    limits: dict[str, float]


class Account(TypedDict):
    """A linked WhatsApp account.

    `queued` counts messages that wait to be sent.
    """

    account_id: str
    phone: str | None
    lid: str | None
    name: str | None
    engine: str
    capabilities: dict[str, Capability]
    connection: Connection
    queued: int


class TextContent(TypedDict):
    """A text message to send, with WhatsApp's own formatting marks."""

    kind: Literal["text"]
    text: str


class PollContent(TypedDict):
    """A poll to send.

    `selectable`: how many options one person may choose; 0 means any number.
    """

    kind: Literal["poll"]
    question: str
    options: list[str]
    selectable: int


type Content = TextContent | PollContent


class Poll(TypedDict):
    """A poll as it was created, by whomever."""

    question: str
    options: list[str]
    selectable: int


class PollTally(TypedDict):
    """How many votes one option has now."""

    option: str
    votes: int


class MessageEvent(TypedDict):
    """Journal event: a message came in.

    `text` is the body or the caption. `from_me`: written by the account itself, on another device of it.
    """

    type: Literal["message"]
    message_id: str
    chat: Chat
    sender: Person
    from_me: bool
    kind: MessageKind
    text: str | None
    poll: Poll | None
    quoted_message_id: str | None
    forwarded: bool
    timestamp: float
    offline: bool


class PollVoteEvent(TypedDict):
    """Journal event: somebody voted.

    `options` is the voter's whole current choice: empty when withdrawn, or when `error` says why it is unknown.
    """

    type: Literal["poll_vote"]
    message_id: str
    poll_id: str
    chat: Chat
    voter: Person
    question: str | None
    options: list[str]
    tally: list[PollTally]
    error: VoteError | None
    timestamp: float
    offline: bool


class ReceiptEvent(TypedDict):
    """Journal event about a message that this bridge sent.

    `by` is the reader, where WhatsApp tells; `error` goes with `failed`.
    """

    type: Literal["receipt"]
    message_id: str
    chat: Chat
    status: ReceiptStatus
    by: Person | None
    error: ErrorCode | None
    timestamp: float


class AccountEvent(TypedDict):
    """State event: the account as it is now."""

    type: Literal["account"]
    account: Account


class ChatsEvent(TypedDict):
    """State event: chats that are new or have changed, and the ids of those that are gone."""

    type: Literal["chats"]
    chats: list[Chat]
    removed: list[str]


class LinkEvent(TypedDict):
    """State event: a link moves on.

    Only the client that asked for the link hears it. `qr` is the text to draw (status `qr`), `code` the eight
    characters to type on the phone (status `code`), `number` of `total` counts the codes shown, `error` goes with
    `failed`.
    """

    type: Literal["link"]
    link_id: str
    status: LinkStatus
    qr: str | None
    code: str | None
    number: int
    total: int
    account: Account | None
    error: ErrorCode | None


type JournalEvent = MessageEvent | PollVoteEvent | ReceiptEvent


type StateEvent = AccountEvent | ChatsEvent | LinkEvent


class HelloSchema(TypedDict):
    """The wire's `HelloSchema`."""

    min: int
    max: int


class Hello(TypedDict):
    """The first frame of a connection, from the bridge."""

    type: Literal["hello"]
    bridge_id: str
    version: str
    schema: HelloSchema


class Request(TypedDict):
    """A command from the client.

    `args` is checked against the command's own schema once the command is known.
    """

    id: int
    command: str
    args: Any


class Result(TypedDict):
    """The answer to the request with this id."""

    id: int
    result: Any


class FailureError(TypedDict):
    """The wire's `FailureError`."""

    code: ErrorCode
    message: str
    details: dict[str, Any]


class Failure(TypedDict):
    """The error that answers the request with this id.

    `message` is for people who read logs; `details` depend on the code.
    """

    id: int
    error: FailureError


class EventFrame(TypedDict):
    """Something that happened.

    `seq`, `replayed` and `age` (seconds since it happened, when it was sent to this client) come with journal
    events only.
    """

    type: Literal["event"]
    account_id: str | None
    seq: NotRequired[int]
    replayed: NotRequired[bool]
    age: NotRequired[float]
    event: JournalEvent | StateEvent


class AuthenticateArgs(TypedDict):
    """Arguments of `authenticate`.

    Must come first, within five seconds. `client` names the client and its version.
    """

    token: str
    schema: int
    client: str


class AuthenticateResult(TypedDict):
    """Answer to `authenticate`."""

    bridge_id: str
    version: str


class AccountsResult(TypedDict):
    """Answer to `accounts`."""

    accounts: list[Account]


class ListenArgs(TypedDict):
    """Arguments of `listen`.

    Snapshot and subscription in one: events after this consumer's cursor follow, then live ones. `seq` is the
    journal's head.
    """

    account_id: str
    consumer: str


class ListenResult(TypedDict):
    """Answer to `listen`."""

    account: Account
    chats: list[Chat]
    seq: int


class AckArgs(TypedDict):
    """Arguments of `ack`.

    Cumulative, after handling.
    """

    account_id: str
    consumer: str
    seq: int


class SendArgs(TypedDict):
    """Arguments of `send`.

    `chat` is a chat id, any alias of it, or a phone number. The same `request_id` again is the same message and
    result. `ttl` seconds to be sent within (600 when absent; 0: now or an error). Waits `wait` seconds (20 when
    absent) for WhatsApp's confirmation before it answers `queued`.
    """

    account_id: str
    chat: str
    content: Content
    request_id: str
    ttl: NotRequired[float]
    wait: NotRequired[float]


class SendResult(TypedDict):
    """Answer to `send`."""

    message_id: str
    chat_id: str
    status: SendStatus
    timestamp: float | None


class ResolveArgs(TypedDict):
    """Arguments of `resolve`.

    Finds the chat of an id, an alias or a phone number; an unknown number is checked on WhatsApp.
    """

    account_id: str
    chat: str


class ResolveResult(TypedDict):
    """Answer to `resolve`."""

    chat: Chat


class GroupsArgs(TypedDict):
    """Arguments of `groups`."""

    account_id: str


class GroupsResult(TypedDict):
    """Answer to `groups`."""

    groups: list[Chat]


class ChatsArgs(TypedDict):
    """Arguments of `chats`.

    Chats whose name, number or id contains `query`; most recent first.
    """

    account_id: str
    query: NotRequired[str]
    limit: NotRequired[int]


class ChatsResult(TypedDict):
    """Answer to `chats`."""

    chats: list[Chat]


class LinkArgs(TypedDict):
    """Arguments of `link`.

    Starts a link; `link` events follow on this socket. `phone` is needed for a code; `account_id` to link that
    account again.
    """

    method: LinkMethod
    phone: NotRequired[str]
    account_id: NotRequired[str]


class LinkResult(TypedDict):
    """Answer to `link`."""

    link_id: str


class LinkCancelArgs(TypedDict):
    """Arguments of `link_cancel`."""

    link_id: str


class UnlinkArgs(TypedDict):
    """Arguments of `unlink`.

    Logs the device out on WhatsApp. Messages and polls stay.
    """

    account_id: str


class HealthResultAccountsItem(TypedDict):
    """The wire's `HealthResultAccountsItem`."""

    account_id: str
    connection: Connection
    queued: int
    journal: int


class HealthResult(TypedDict):
    """Answer to `health`."""

    version: str
    uptime: float
    clients: int
    accounts: list[HealthResultAccountsItem]
