"""The wire between the bridge and its clients.

Generated from bridge/src/protocol.ts by scripts/protocol: change it there.
"""

from typing import Any, Final, Literal, NotRequired, TypedDict

SCHEMA_MIN: Final = 1
SCHEMA_MAX: Final = 1
LIMIT_FRAME_BYTES: Final = 1048576
LIMIT_TEXT_CHARS: Final = 65536
LIMIT_CAPTION_CHARS: Final = 1024
LIMIT_NAME_CHARS: Final = 256
LIMIT_POLL_QUESTION_CHARS: Final = 255
LIMIT_POLL_OPTION_CHARS: Final = 100
LIMIT_POLL_OPTIONS_MIN: Final = 2
LIMIT_POLL_OPTIONS_MAX: Final = 12
LIMIT_CHOICES_MAX: Final = 32
LIMIT_CHOICE_TITLE_CHARS: Final = 100
LIMIT_CHOICE_DESCRIPTION_CHARS: Final = 256
LIMIT_MENTIONS_MAX: Final = 256
LIMIT_CONTACTS_MAX: Final = 16
LIMIT_EMOJI_CHARS: Final = 64
LIMIT_THUMBNAIL_CHARS: Final = 65536
LIMIT_WAVEFORM_CHARS: Final = 256
LIMIT_LISTED_CHATS: Final = 1000
LIMIT_LISTED_MESSAGES: Final = 200
LIMIT_MEMBERS_MAX: Final = 1024
LIMIT_GROUP_SUBJECT_CHARS: Final = 100
LIMIT_GROUP_DESCRIPTION_CHARS: Final = 2048
LIMIT_URL_CHARS: Final = 2048
LIMIT_TTL_SECONDS_MAX: Final = 86400
LIMIT_MEDIA_BYTES_MAX: Final = 268435456
CLOSE_BAD_FRAME: Final = 4400
CLOSE_UNAUTHORIZED: Final = 4401
CLOSE_AUTH_DEADLINE: Final = 4408
CLOSE_SCHEMA: Final = 4426
CLOSE_SLOW_CLIENT: Final = 4429


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
    restriction: Restriction | None
    settings: Settings
    queued: int


class Capability(TypedDict):
    """One thing an engine can do; `limits` are numbers by name, such as `text_chars` or `bytes`."""

    supported: bool
    limits: dict[str, float]


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


type ChatKind = Literal["person", "group", "self"]


class Connection(TypedDict):
    """How the account stands with WhatsApp, since when, and when the bridge tries again."""

    status: ConnectionStatus
    reason: ConnectionReason | None
    since: float
    retry_at: float | None


# Why an account is not connected. `null` on the wire while there is nothing to explain.
type ConnectionReason = Literal[
    "network", "server", "restart_required", "logged_out", "replaced", "banned", "client_outdated", "storage"
]


type ConnectionStatus = Literal["connecting", "connected", "disconnected", "unlinked"]


type ErrorCode = Literal[
    "invalid_request",
    "unknown_command",
    "unauthorized",
    "schema_incompatible",
    "account_not_found",
    "not_linked",
    "not_connected",
    "chat_not_found",
    "message_not_found",
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
    "storage_full",
    "storage_read_only",
    "storage_corrupt",
    "internal",
]


type LinkMethod = Literal["qr", "code"]


type LinkStatus = Literal["connecting", "qr", "code", "linking", "linked", "failed"]


class MediaPolicy(TypedDict):
    """What becomes of media that comes in.

    `max_bytes`: what is larger is not downloaded. Kept until either limit is reached; `keep_days` 0 keeps
    nothing.
    """

    download: Literal["lazy", "at_once"]
    max_bytes: int
    keep_days: int
    keep_bytes: int


class Pacing(TypedDict):
    """How fast messages go out.

    After `burst` messages at once, so many a minute; 0 means without limit. Messages of high priority do not
    wait.
    """

    burst: int
    chat_per_minute: int
    account_per_minute: int


class Person(TypedDict):
    """Somebody on WhatsApp.

    `phone` is in digits with country code and no plus, `lid` as WhatsApp writes it; either may be unknown.
    """

    id: str
    phone: str | None
    lid: str | None
    name: str | None


type Presence = Literal["available", "unavailable", "composing", "recording", "paused"]


class Restriction(TypedDict):
    """WhatsApp does not let the account start new chats; `until` is `null` when it did not say how long."""

    since: float
    until: float | None


class Settings(TypedDict):
    """What may be chosen for an account.

    `mark_online`: contacts see it online while the bridge is connected.
    """

    pacing: Pacing
    media: MediaPolicy
    mark_online: bool


type StorageStatus = Literal["ok", "full", "read_only", "corrupt"]


class AudioContent(TypedDict):
    """Sound; `voice`: a voice note (Opus in Ogg, mono).

    `waveform`: 64 bytes of loudness from 0 to 100, in base64.
    """

    kind: Literal["audio"]
    ticket: str
    voice: NotRequired[bool]
    seconds: NotRequired[float]
    waveform: NotRequired[str]
    view_once: NotRequired[bool]


class ButtonsContent(TypedDict):
    """A question with buttons.

    WhatsApp shows none from linked devices: it degrades to a poll or to numbered text.
    """

    kind: Literal["buttons"]
    text: str
    footer: NotRequired[str]
    buttons: list[Choice]


class Choice(TypedDict):
    """One thing to choose.

    `id` comes back in the `answer` event.
    """

    id: str
    title: str
    description: NotRequired[str]


class ContactCard(TypedDict):
    """Somebody's card.

    Numbers as people write them, with country code.
    """

    name: str
    phones: list[str]
    organization: NotRequired[str]


class ContactContent(TypedDict):
    """One or more cards."""

    kind: Literal["contact"]
    contacts: list[ContactCard]


type Content = (
    TextContent
    | ImageContent
    | VideoContent
    | AudioContent
    | DocumentContent
    | StickerContent
    | LocationContent
    | ContactContent
    | PollContent
    | ButtonsContent
    | ListContent
    | ReactionContent
    | EditContent
    | DeleteContent
    | ForwardContent
    | PinContent
    | UnpinContent
)


# What an engine may do to a content it cannot send as it is: nothing, only what leaves nothing out, or whatever comes
# closest.
type Degrade = Literal["never", "lossless", "lossy"]


class DeleteContent(TypedDict):
    """Deletes a message for everybody: an own one, or anybody's for the admin of a group."""

    kind: Literal["delete"]
    message_id: str


class DocumentContent(TypedDict):
    """Any file, under the name that the receiver sees."""

    kind: Literal["document"]
    ticket: str
    file_name: str
    caption: NotRequired[str]
    mentions: NotRequired[list[str]]
    thumbnail: NotRequired[str]


class EditContent(TypedDict):
    """A new text or caption for one of the account's own messages."""

    kind: Literal["edit"]
    message_id: str
    text: str
    mentions: NotRequired[list[str]]


class ForwardContent(TypedDict):
    """A message of any chat once more.

    `source_chat`: the chat in which `last` is looked for, when it is not the one written to.
    """

    kind: Literal["forward"]
    message_id: str
    source_chat: NotRequired[str]


class ImageContent(TypedDict):
    """A picture.

    `ticket` is an upload's; `thumbnail` a small JPEG in base64, `width` and `height` in pixels.
    """

    kind: Literal["image"]
    ticket: str
    caption: NotRequired[str]
    mentions: NotRequired[list[str]]
    thumbnail: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]
    view_once: NotRequired[bool]


class LinkPreview(TypedDict):
    """What the sender found behind a link of the text; the bridge itself never looks.

    `thumbnail`: JPEG in base64.
    """

    url: str
    title: str
    description: NotRequired[str]
    thumbnail: NotRequired[str]


class ListContent(TypedDict):
    """A question with a list of choices; degrades as buttons do."""

    kind: Literal["list"]
    text: str
    title: NotRequired[str]
    footer: NotRequired[str]
    sections: list[ListSection]


class ListSection(TypedDict):
    """The wire's `ListSection`."""

    title: NotRequired[str]
    rows: list[Choice]


class LocationContent(TypedDict):
    """A place on the map, in degrees."""

    kind: Literal["location"]
    latitude: float
    longitude: float
    name: NotRequired[str]
    address: NotRequired[str]


class PinContent(TypedDict):
    """Pins a message of the chat for 1, 7 or 30 days."""

    kind: Literal["pin"]
    message_id: str
    duration: Literal["1d", "7d", "30d"]


class PollContent(TypedDict):
    """A poll to send.

    `selectable`: how many options one person may choose; 0 means any number.
    """

    kind: Literal["poll"]
    question: str
    options: list[str]
    selectable: int


type Priority = Literal["normal", "high"]


class ReactionContent(TypedDict):
    """A reaction to a message; an empty `emoji` takes it back."""

    kind: Literal["reaction"]
    message_id: str
    emoji: str


class StickerContent(TypedDict):
    """A sticker: WebP."""

    kind: Literal["sticker"]
    ticket: str
    width: NotRequired[int]
    height: NotRequired[int]
    animated: NotRequired[bool]


class TextContentPreview(TypedDict):
    """The wire's `TextContentPreview`."""

    url: str
    title: str
    description: NotRequired[str]
    thumbnail: NotRequired[str]


class TextContent(TypedDict):
    """A text message, with WhatsApp's own formatting marks.

    Without `preview` there is none.
    """

    kind: Literal["text"]
    text: str
    mentions: NotRequired[list[str]]
    preview: NotRequired[TextContentPreview]


class UnpinContent(TypedDict):
    """The wire's `UnpinContent`."""

    kind: Literal["unpin"]
    message_id: str


class VideoContent(TypedDict):
    """A video; `gif`: it plays in a loop, without sound."""

    kind: Literal["video"]
    ticket: str
    caption: NotRequired[str]
    mentions: NotRequired[list[str]]
    thumbnail: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]
    seconds: NotRequired[float]
    gif: NotRequired[bool]
    view_once: NotRequired[bool]


class AccountEvent(TypedDict):
    """State event: the account as it is now."""

    type: Literal["account"]
    account: Account


class AnswerEvent(TypedDict):
    """Journal event: somebody chose a button or a row of a message that this account sent.

    Be it by vote, by number or by its title: `form` says how. `question_id` is that message's, `message_id` the
    one that says it.
    """

    type: Literal["answer"]
    message_id: str
    question_id: str
    chat: Chat
    sender: Person
    from_me: bool
    origin: Origin
    timestamp: float
    option_id: str
    option_title: str
    form: Literal["vote", "number", "title"]


class CallEvent(TypedDict):
    """Journal event: a call.

    `missed` is one that ended before anybody took it.
    """

    type: Literal["call"]
    call_id: str
    chat: Chat
    caller: Person
    status: Literal["offered", "accepted", "rejected", "missed"]
    video: bool
    origin: Origin
    timestamp: float


class ChatsEvent(TypedDict):
    """State event: chats that are new or have changed, and the ids of those that are gone."""

    type: Literal["chats"]
    chats: list[Chat]
    removed: list[str]


class Contact(TypedDict):
    """Somebody's card.

    `phones` as the card writes them.
    """

    name: str | None
    phones: list[str]


# `no_session`: its key is missing here. `corrupt`: it does not fit its key. `unavailable`: WhatsApp did not hand it
# to this device.
type DecryptError = Literal["no_session", "corrupt", "unavailable"]


class EditEvent(TypedDict):
    """Journal event: a message has a new text.

    `message_id` is the message's.
    """

    type: Literal["edit"]
    message_id: str
    chat: Chat
    sender: Person
    from_me: bool
    origin: Origin
    timestamp: float
    text: str | None


class GroupChangeEvent(TypedDict):
    """Journal event: a group is not as it was.

    `members` are those it is about, `by` who did it; `value` is the new subject, description or setting.
    """

    type: Literal["group_change"]
    chat: Chat
    change: Literal[
        "join",
        "leave",
        "add",
        "remove",
        "promote",
        "demote",
        "subject",
        "description",
        "announce",
        "locked",
        "expiration",
    ]
    by: Person | None
    members: list[Person]
    value: str | None
    origin: Origin
    timestamp: float


class IdentityChangedEvent(TypedDict):
    """Journal event: a person's identity key is another one: a new phone, a new installation, or somebody else."""

    type: Literal["identity_changed"]
    chat: Chat
    timestamp: float


type JournalEvent = (
    MessageEvent
    | EditEvent
    | RevokeEvent
    | ReactionEvent
    | PollVoteEvent
    | AnswerEvent
    | ReceiptEvent
    | GroupChangeEvent
    | CallEvent
    | UndecryptableEvent
    | IdentityChangedEvent
    | OwnDevicesChangedEvent
)


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


class Location(TypedDict):
    """A place, in degrees.

    `live`: it went on moving.
    """

    latitude: float
    longitude: float
    name: str | None
    address: str | None
    live: bool


class Media(TypedDict):
    """Media of a message, as its sender describes it; fetched with `download`.

    `mime` is a bare type. `file_name` has no path in it. `view_once`: its sender wants it to be seen once only.
    """

    mime: str
    size: int | None
    file_name: str | None
    seconds: float | None
    width: int | None
    height: int | None
    voice: bool
    gif: bool
    animated: bool
    view_once: NotRequired[bool]


class MessageEvent(TypedDict):
    """Journal event: a message came in, or the account itself wrote one, here or on another device.

    `text` is the body or the caption.
    """

    type: Literal["message"]
    message_id: str
    chat: Chat
    sender: Person
    from_me: bool
    origin: Origin
    timestamp: float
    kind: MessageKind
    text: str | None
    poll: Poll | None
    media: Media | None
    location: Location | None
    contacts: list[Contact]
    mentions: list[Person]
    quoted_message_id: str | None


type MessageKind = Literal[
    "text", "poll", "image", "video", "audio", "document", "sticker", "location", "contact", "other"
]


class Origin(TypedDict):
    """What a careful consumer needs to decide whether to act.

    `e2e`: it came end-to-end encrypted. `device`: the sender's device number, 0 is a phone. `forwarded`,
    `edited`, `view_once`, `quoted` (it answers a message), `broadcast` (it went to a list). `offline`: WhatsApp
    kept it while this device was away. `replayed`: it was in the bridge's journal before this client listened.
    `server_time`: by WhatsApp's clock.
    """

    source: Source
    e2e: bool
    device: int | None
    forwarded: bool
    edited: bool
    view_once: bool
    quoted: bool
    broadcast: bool
    offline: bool
    replayed: bool
    server_time: float


class OwnDevicesChangedEvent(TypedDict):
    """Journal event: devices were added to the account or removed from it.

    Numbers as in `origin.device`.
    """

    type: Literal["own_devices_changed"]
    added: list[int]
    removed: list[int]
    timestamp: float


class Poll(TypedDict):
    """A poll as it was created, by whomever."""

    question: str
    options: list[str]
    selectable: int


class PollTally(TypedDict):
    """How many votes one option has now."""

    option: str
    votes: int


class PollVoteEvent(TypedDict):
    """Journal event: somebody voted.

    `options` is the voter's whole current choice: empty when withdrawn, or when `error` says why it is unknown.
    """

    type: Literal["poll_vote"]
    message_id: str
    poll_id: str
    chat: Chat
    voter: Person
    from_me: bool
    question: str | None
    options: list[str]
    tally: list[PollTally]
    error: VoteError | None
    origin: Origin
    timestamp: float


class PresenceEvent(TypedDict):
    """State event: what somebody does in a chat that is watched."""

    type: Literal["presence"]
    chat: Chat
    person: Person
    presence: Presence
    last_seen: float | None


class ReactionEvent(TypedDict):
    """Journal event: somebody reacted to a message.

    `emoji` is `null` when they took it back.
    """

    type: Literal["reaction"]
    message_id: str
    chat: Chat
    sender: Person
    from_me: bool
    origin: Origin
    timestamp: float
    emoji: str | None


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


type ReceiptStatus = Literal["sent", "delivered", "read", "played", "failed"]


class RevokeEvent(TypedDict):
    """Journal event: a message was deleted for everybody.

    `sender` is who deleted it.
    """

    type: Literal["revoke"]
    message_id: str
    chat: Chat
    sender: Person
    from_me: bool
    origin: Origin
    timestamp: float


# `queued`: accepted and kept on disk, WhatsApp's servers have not confirmed it yet.
type SendStatus = Literal["sent", "queued"]


# Whose device wrote it: another person's, the account's own phone, another linked device of the account, this bridge.
type Source = Literal["person", "phone", "device", "bridge"]


type StateEvent = AccountEvent | ChatsEvent | PresenceEvent | LinkEvent


class UndecryptableEvent(TypedDict):
    """Journal event: a message came that cannot be read.

    When it can be later, a `message` event follows with the same `message_id`.
    """

    type: Literal["undecryptable"]
    message_id: str
    chat: Chat
    sender: Person
    from_me: bool
    origin: Origin
    timestamp: float
    reason: DecryptError


type VoteError = Literal["poll_unknown", "secret_missing", "decrypt_failed"]


class StoredMessage(TypedDict):
    """A message as it is kept: after edits, and without a body once it was deleted."""

    message_id: str
    sender: Person
    from_me: bool
    kind: MessageKind
    text: str | None
    poll: Poll | None
    media: Media | None
    location: Location | None
    contacts: list[Contact]
    quoted_message_id: str | None
    edited: bool
    revoked: bool
    timestamp: float


class Vote(TypedDict):
    """What one person has chosen in a poll."""

    voter: Person
    options: list[str]


class Member(TypedDict):
    """Somebody in a group."""

    id: str
    phone: str | None
    lid: str | None
    name: str | None
    is_admin: bool


class MemberResult(TypedDict):
    """What became of one member of a request, named as in the request.

    `error` is `null` when it was done.
    """

    member: str
    error: ErrorCode | None


class AccountHealth(TypedDict):
    """Counters of one account since the bridge started.

    `lag`: events that the slowest consumer has not acknowledged.
    """

    account_id: str
    connection: Connection
    queued: int
    journal: int
    lag: int
    reconnects: int
    sent: int
    failed: int
    received: int
    last_sent_at: float | None
    last_received_at: float | None


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

    The same `request_id` again is the same message and result. `ttl` seconds to be sent within (600 when absent;
    0: now or an error). Waits `wait` seconds (20 when absent) for WhatsApp's confirmation before it answers
    `queued`. `quote`: the message it answers, `last` is the newest that somebody else wrote. `expiration`:
    seconds after which it disappears, when not as the chat has it. `typing`: shown first. `sent_as`: the kind it
    was sent as.
    """

    account_id: str
    chat: str
    content: Content
    request_id: str
    quote: NotRequired[str]
    expiration: NotRequired[int]
    typing: NotRequired[bool]
    priority: NotRequired[Literal["normal", "high"]]
    degrade: NotRequired[Literal["never", "lossless", "lossy"]]
    ttl: NotRequired[float]
    wait: NotRequired[float]


class SendResult(TypedDict):
    """Answer to `send`."""

    message_id: str
    chat_id: str
    status: SendStatus
    sent_as: str
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


class UploadArgs(TypedDict):
    """Arguments of `upload`.

    Room for one file of `size` bytes: `PUT /media/<ticket>` once, within a minute. The ticket then names the file
    in a content.
    """

    account_id: str
    size: int


class UploadResult(TypedDict):
    """Answer to `upload`."""

    ticket: str
    expires_at: float


class DownloadArgs(TypedDict):
    """Arguments of `download`.

    The media of a message, fetched from WhatsApp unless it is here: `GET /media/<ticket>` once, within a minute.
    `mime` is what the bytes are.
    """

    account_id: str
    message_id: str


class DownloadResult(TypedDict):
    """Answer to `download`."""

    ticket: str
    expires_at: float
    mime: str
    size: int
    file_name: str | None


class PictureArgs(TypedDict):
    """Arguments of `picture`.

    The picture of a person or a group, by ticket as `download`; `ticket` is `null` when there is none to be seen.
    """

    account_id: str
    chat: str


class PictureResult(TypedDict):
    """Answer to `picture`."""

    ticket: str | None
    mime: str | None
    size: int | None


class MessagesArgs(TypedDict):
    """Arguments of `messages`.

    What a chat holds, newest first, older than `before`.
    """

    account_id: str
    chat: str
    limit: NotRequired[int]
    before: NotRequired[str]


class MessagesResult(TypedDict):
    """Answer to `messages`."""

    messages: list[StoredMessage]


class PollArgs(TypedDict):
    """Arguments of `poll`.

    How a poll stands.
    """

    account_id: str
    message_id: str


class PollResult(TypedDict):
    """Answer to `poll`."""

    poll: Poll
    tally: list[PollTally]
    votes: list[Vote]


class MarkReadArgs(TypedDict):
    """Arguments of `mark_read`.

    Shows the sender that a message was read, and what came before it; without `message_id` the newest of the
    chat.
    """

    account_id: str
    chat: str
    message_id: NotRequired[str]


class PresenceArgs(TypedDict):
    """Arguments of `presence`.

    Shows this presence: `available` and `unavailable` to all contacts, the others in `chat`.
    """

    account_id: str
    presence: Presence
    chat: NotRequired[str]


class WatchPresenceArgs(TypedDict):
    """Arguments of `watch_presence`.

    Asks for `presence` events of a person, until the connection to WhatsApp ends.
    """

    account_id: str
    chat: str


class CheckArgs(TypedDict):
    """Arguments of `check`.

    Which of these numbers are on WhatsApp, in the same order.
    """

    account_id: str
    phones: list[str]


class CheckResultNumbersItem(TypedDict):
    """The wire's `CheckResultNumbersItem`."""

    phone: str
    chat: Chat | None


class CheckResult(TypedDict):
    """Answer to `check`."""

    numbers: list[CheckResultNumbersItem]


class GroupArgs(TypedDict):
    """Arguments of `group`."""

    account_id: str
    chat: str


class GroupResult(TypedDict):
    """Answer to `group`."""

    chat: Chat
    description: str | None
    announce: bool
    locked: bool
    expiration: int
    members: list[Member]


class GroupCreateArgs(TypedDict):
    """Arguments of `group_create`."""

    account_id: str
    subject: str
    members: list[str]


class GroupCreateResult(TypedDict):
    """Answer to `group_create`."""

    chat: Chat
    members: list[MemberResult]


class GroupMembersArgs(TypedDict):
    """Arguments of `group_members`."""

    account_id: str
    chat: str
    action: Literal["add", "remove", "promote", "demote"]
    members: list[str]


class GroupMembersResult(TypedDict):
    """Answer to `group_members`."""

    members: list[MemberResult]


class GroupUpdateArgs(TypedDict):
    """Arguments of `group_update`.

    `announce`: only admins write. `locked`: only admins change subject, description and picture. `expiration`: of
    new messages, in seconds; 0: never.
    """

    account_id: str
    chat: str
    subject: NotRequired[str]
    description: NotRequired[str]
    announce: NotRequired[bool]
    locked: NotRequired[bool]
    expiration: NotRequired[int]


class GroupInviteArgs(TypedDict):
    """Arguments of `group_invite`.

    The code of the invitation; `renew` makes the one before it worthless.
    """

    account_id: str
    chat: str
    renew: NotRequired[bool]


class GroupInviteResult(TypedDict):
    """Answer to `group_invite`."""

    code: str
    url: str


class GroupJoinArgs(TypedDict):
    """Arguments of `group_join`.

    `code`: of an invitation, or its whole link.
    """

    account_id: str
    code: str


class GroupJoinResult(TypedDict):
    """Answer to `group_join`."""

    chat: Chat


class GroupLeaveArgs(TypedDict):
    """Arguments of `group_leave`."""

    account_id: str
    chat: str


class ConfigureArgsSettingsPacing(TypedDict):
    """The wire's `ConfigureArgsSettingsPacing`."""

    burst: int
    chat_per_minute: int
    account_per_minute: int


class ConfigureArgsSettingsMedia(TypedDict):
    """The wire's `ConfigureArgsSettingsMedia`."""

    download: Literal["lazy", "at_once"]
    max_bytes: int
    keep_days: int
    keep_bytes: int


class ConfigureArgsSettings(TypedDict):
    """The wire's `ConfigureArgsSettings`."""

    pacing: NotRequired[ConfigureArgsSettingsPacing]
    media: NotRequired[ConfigureArgsSettingsMedia]
    mark_online: NotRequired[bool]


class ConfigureArgs(TypedDict):
    """Arguments of `configure`.

    Changes what is given, and answers all.
    """

    account_id: str
    settings: ConfigureArgsSettings


class ConfigureResult(TypedDict):
    """Answer to `configure`."""

    settings: Settings


class BackupResult(TypedDict):
    """Answer to `backup`."""

    ticket: str
    expires_at: float
    size: int


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


class ReconnectArgs(TypedDict):
    """Arguments of `reconnect`.

    Connects to WhatsApp from the beginning, also when that was given up. Answers before it is connected.
    """

    account_id: str


class UnlinkArgs(TypedDict):
    """Arguments of `unlink`.

    Logs the device out on WhatsApp. Messages and polls stay.
    """

    account_id: str


class ForgetArgs(TypedDict):
    """Arguments of `forget`.

    Logs the device out and deletes all that is kept of the account: messages, polls, files, settings.
    """

    account_id: str


class HealthResult(TypedDict):
    """Answer to `health`."""

    version: str
    uptime: float
    clients: int
    storage: StorageStatus
    accounts: list[AccountHealth]
