/**
 * The wire between the bridge and its clients: every frame that may cross the websocket.
 *
 * JSON text frames, snake_case, one object a frame. `tools/protocol.ts` turns this file into the Python half
 * (`custom_components/whatsapp/bridge/protocol.py`). Clients ignore unknown fields and unknown events; the bridge
 * answers an unknown command with an error. Changes are listed in `docs/protocol.md`.
 */
import Type, { type Static, type TProperties, type TSchema } from 'typebox'

/** The schema versions that this bridge speaks. */
export const SCHEMA = { min: 1, max: 1 } as const

export const LIMITS = {
  frame_bytes: 1024 * 1024,
  text_chars: 65_536,
  name_chars: 256,
  poll_question_chars: 255,
  poll_option_chars: 100,
  poll_options_min: 2,
  poll_options_max: 12,
  listed_chats: 1000,
  ttl_seconds_max: 86_400,
} as const

/** Websocket close codes of the bridge. */
export const CLOSE = {
  bad_frame: 4400,
  unauthorized: 4401,
  auth_deadline: 4408,
  schema: 4426,
  slow_client: 4429,
} as const

const object = <P extends TProperties>(properties: P) => Type.Object(properties)
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const text = (maxLength: number, minLength = 1) => Type.String({ minLength, maxLength })
const id = text(LIMITS.name_chars)
const strings = <const V extends readonly string[]>(...values: V) => Type.Enum<[...V]>([...values])
/** Seconds since 1970, as WhatsApp states them. */
const timestamp = Type.Number()

export const ErrorCode = strings(
  'invalid_request',
  'unknown_command',
  'unauthorized',
  'schema_incompatible',
  'account_not_found',
  'not_linked',
  'not_connected',
  'chat_not_found',
  'not_on_whatsapp',
  'unsupported',
  'rejected',
  'rate_limited',
  'restricted',
  'media_too_large',
  'media_unavailable',
  'link_expired',
  'link_conflict',
  'passkey_required',
  'timeout',
  'expired',
  'internal',
)
export const ChatKind = strings('person', 'group', 'self')
export const ConnectionStatus = strings('connecting', 'connected', 'disconnected', 'unlinked')
/** Why an account is not connected. `null` on the wire while there is nothing to explain. */
export const ConnectionReason = strings(
  'network',
  'server',
  'restart_required',
  'logged_out',
  'replaced',
  'banned',
  'client_outdated',
)
export const LinkMethod = strings('qr', 'code')
export const LinkStatus = strings('connecting', 'qr', 'code', 'linking', 'linked', 'failed')
export const MessageKind = strings(
  'text',
  'poll',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contact',
  'other',
)
/** `queued`: accepted and kept on disk, WhatsApp's servers have not confirmed it yet. */
export const SendStatus = strings('sent', 'queued')
export const ReceiptStatus = strings('sent', 'delivered', 'read', 'played', 'failed')
export const VoteError = strings('poll_unknown', 'secret_missing', 'decrypt_failed')

/** Somebody on WhatsApp. `phone` is in digits with country code and no plus, `lid` as WhatsApp writes it; either may be unknown. */
export const Person = object({ id, phone: nullable(id), lid: nullable(id), name: nullable(Type.String()) })
/** Where messages go to and come from. `id` is opaque and never changes. `participants` and `is_admin` are known for groups only. */
export const Chat = object({
  id,
  kind: ChatKind,
  phone: nullable(id),
  lid: nullable(id),
  name: nullable(Type.String()),
  participants: nullable(Type.Integer()),
  is_admin: nullable(Type.Boolean()),
})
/** How the account stands with WhatsApp, since when, and when the bridge tries again. */
export const Connection = object({
  status: ConnectionStatus,
  reason: nullable(ConnectionReason),
  since: timestamp,
  retry_at: nullable(timestamp),
})
/** One thing an engine can do; `limits` are numbers by name, such as `text_chars`. */
export const Capability = object({ supported: Type.Boolean(), limits: Type.Record(Type.String(), Type.Number()) })
/** A linked WhatsApp account. `queued` counts messages that wait to be sent. */
export const Account = object({
  account_id: id,
  phone: nullable(id),
  lid: nullable(id),
  name: nullable(Type.String()),
  engine: Type.String(),
  capabilities: Type.Record(Type.String(), Capability),
  connection: Connection,
  queued: Type.Integer(),
})

/** A text message to send, with WhatsApp's own formatting marks. */
export const TextContent = object({ kind: Type.Literal('text'), text: text(LIMITS.text_chars) })
/** A poll to send. `selectable`: how many options one person may choose; 0 means any number. */
export const PollContent = object({
  kind: Type.Literal('poll'),
  question: text(LIMITS.poll_question_chars),
  options: Type.Array(text(LIMITS.poll_option_chars), {
    minItems: LIMITS.poll_options_min,
    maxItems: LIMITS.poll_options_max,
    uniqueItems: true,
  }),
  selectable: Type.Integer({ minimum: 0, maximum: LIMITS.poll_options_max }),
})
export const Content = Type.Union([TextContent, PollContent])

/** A poll as it was created, by whomever. */
export const Poll = object({ question: Type.String(), options: Type.Array(Type.String()), selectable: Type.Integer() })
/** How many votes one option has now. */
export const PollTally = object({ option: Type.String(), votes: Type.Integer() })

/** Journal event: a message came in. `text` is the body or the caption. `from_me`: written by the account itself, on another device of it. */
export const MessageEvent = object({
  type: Type.Literal('message'),
  message_id: id,
  chat: Chat,
  sender: Person,
  from_me: Type.Boolean(),
  kind: MessageKind,
  text: nullable(Type.String()),
  poll: nullable(Poll),
  quoted_message_id: nullable(id),
  forwarded: Type.Boolean(),
  timestamp,
  offline: Type.Boolean(),
})
/** Journal event: somebody voted. `options` is the voter's whole current choice: empty when withdrawn, or when `error` says why it is unknown. */
export const PollVoteEvent = object({
  type: Type.Literal('poll_vote'),
  message_id: id,
  poll_id: id,
  chat: Chat,
  voter: Person,
  question: nullable(Type.String()),
  options: Type.Array(Type.String()),
  tally: Type.Array(PollTally),
  error: nullable(VoteError),
  timestamp,
  offline: Type.Boolean(),
})
/** Journal event about a message that this bridge sent. `by` is the reader, where WhatsApp tells; `error` goes with `failed`. */
export const ReceiptEvent = object({
  type: Type.Literal('receipt'),
  message_id: id,
  chat: Chat,
  status: ReceiptStatus,
  by: nullable(Person),
  error: nullable(ErrorCode),
  timestamp,
})
/** State event: the account as it is now. */
export const AccountEvent = object({ type: Type.Literal('account'), account: Account })
/** State event: chats that are new or have changed, and the ids of those that are gone. */
export const ChatsEvent = object({
  type: Type.Literal('chats'),
  chats: Type.Array(Chat),
  removed: Type.Array(id),
})
/**
 * State event: a link moves on. Only the client that asked for the link hears it. `qr` is the text to draw (status `qr`), `code` the eight characters
 * to type on the phone (status `code`), `number` of `total` counts the codes shown, `error` goes with `failed`.
 */
export const LinkEvent = object({
  type: Type.Literal('link'),
  link_id: id,
  status: LinkStatus,
  qr: nullable(Type.String()),
  code: nullable(Type.String()),
  number: Type.Integer(),
  total: Type.Integer(),
  account: nullable(Account),
  error: nullable(ErrorCode),
})
export const JournalEvent = Type.Union([MessageEvent, PollVoteEvent, ReceiptEvent])
export const StateEvent = Type.Union([AccountEvent, ChatsEvent, LinkEvent])

const none = object({})
const account = { account_id: id }

/** Every command: what it takes and what it answers. */
export const COMMANDS = {
  /** Must come first, within five seconds. `client` names the client and its version. */
  authenticate: {
    args: object({
      token: Type.String(),
      schema: Type.Integer(),
      client: Type.String({ maxLength: LIMITS.name_chars }),
    }),
    result: object({ bridge_id: id, version: Type.String() }),
  },
  accounts: { args: none, result: object({ accounts: Type.Array(Account) }) },
  /** Snapshot and subscription in one: events after this consumer's cursor follow, then live ones. `seq` is the journal's head. */
  listen: {
    args: object({ ...account, consumer: id }),
    result: object({ account: Account, chats: Type.Array(Chat), seq: Type.Integer() }),
  },
  /** Cumulative, after handling. */
  ack: { args: object({ ...account, consumer: id, seq: Type.Integer({ minimum: 0 }) }), result: none },
  /**
   * `chat` is a chat id, any alias of it, or a phone number. The same `request_id` again is the same message and result.
   * `ttl` seconds to be sent within (600 when absent; 0: now or an error). Waits `wait` seconds (20 when absent) for WhatsApp's
   * confirmation before it answers `queued`.
   */
  send: {
    args: object({
      ...account,
      chat: id,
      content: Content,
      request_id: id,
      ttl: Type.Optional(Type.Number({ minimum: 0, maximum: LIMITS.ttl_seconds_max })),
      wait: Type.Optional(Type.Number({ minimum: 0, maximum: 60 })),
    }),
    result: object({ message_id: id, chat_id: id, status: SendStatus, timestamp: nullable(timestamp) }),
  },
  /** Finds the chat of an id, an alias or a phone number; an unknown number is checked on WhatsApp. */
  resolve: { args: object({ ...account, chat: id }), result: object({ chat: Chat }) },
  groups: { args: object(account), result: object({ groups: Type.Array(Chat) }) },
  /** Chats whose name, number or id contains `query`; most recent first. */
  chats: {
    args: object({
      ...account,
      query: Type.Optional(Type.String({ maxLength: LIMITS.name_chars })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.listed_chats })),
    }),
    result: object({ chats: Type.Array(Chat) }),
  },
  /** Starts a link; `link` events follow on this socket. `phone` is needed for a code; `account_id` to link that account again. */
  link: {
    args: object({ method: LinkMethod, phone: Type.Optional(id), account_id: Type.Optional(id) }),
    result: object({ link_id: id }),
  },
  link_cancel: { args: object({ link_id: id }), result: none },
  /** Logs the device out on WhatsApp. Messages and polls stay. */
  unlink: { args: object(account), result: none },
  health: {
    args: none,
    result: object({
      version: Type.String(),
      uptime: Type.Number(),
      clients: Type.Integer(),
      accounts: Type.Array(
        object({ account_id: id, connection: Connection, queued: Type.Integer(), journal: Type.Integer() }),
      ),
    }),
  },
} as const satisfies Record<string, { args: TSchema; result: TSchema }>

/** The first frame of a connection, from the bridge. */
export const Hello = object({
  type: Type.Literal('hello'),
  bridge_id: id,
  version: Type.String(),
  schema: object({ min: Type.Integer(), max: Type.Integer() }),
})
/** A command from the client. `args` is checked against the command's own schema once the command is known. */
export const Request = object({ id: Type.Integer(), command: Type.String(), args: Type.Unknown() })
/** The answer to the request with this id. */
export const Result = object({ id: Type.Integer(), result: Type.Unknown() })
/** The error that answers the request with this id. `message` is for people who read logs; `details` depend on the code. */
export const Failure = object({
  id: Type.Integer(),
  error: object({
    code: ErrorCode,
    message: Type.String(),
    details: Type.Record(Type.String(), Type.Unknown()),
  }),
})
/** Something that happened. `seq`, `replayed` and `age` (seconds since it happened, when it was sent to this client) come with journal events only. */
export const EventFrame = object({
  type: Type.Literal('event'),
  account_id: nullable(id),
  seq: Type.Optional(Type.Integer()),
  replayed: Type.Optional(Type.Boolean()),
  age: Type.Optional(Type.Number()),
  event: Type.Union([JournalEvent, StateEvent]),
})

export type ErrorCode = Static<typeof ErrorCode>
export type ChatKind = Static<typeof ChatKind>
export type ConnectionStatus = Static<typeof ConnectionStatus>
export type ConnectionReason = Static<typeof ConnectionReason>
export type LinkMethod = Static<typeof LinkMethod>
export type LinkStatus = Static<typeof LinkStatus>
export type MessageKind = Static<typeof MessageKind>
export type SendStatus = Static<typeof SendStatus>
export type ReceiptStatus = Static<typeof ReceiptStatus>
export type VoteError = Static<typeof VoteError>
export type Person = Static<typeof Person>
export type Chat = Static<typeof Chat>
export type Connection = Static<typeof Connection>
export type Capability = Static<typeof Capability>
export type Account = Static<typeof Account>
export type TextContent = Static<typeof TextContent>
export type PollContent = Static<typeof PollContent>
export type Content = Static<typeof Content>
export type Poll = Static<typeof Poll>
export type PollTally = Static<typeof PollTally>
export type MessageEvent = Static<typeof MessageEvent>
export type PollVoteEvent = Static<typeof PollVoteEvent>
export type ReceiptEvent = Static<typeof ReceiptEvent>
export type AccountEvent = Static<typeof AccountEvent>
export type ChatsEvent = Static<typeof ChatsEvent>
export type LinkEvent = Static<typeof LinkEvent>
export type JournalEvent = Static<typeof JournalEvent>
export type StateEvent = Static<typeof StateEvent>
export type Hello = Static<typeof Hello>
export type Request = Static<typeof Request>
export type Result = Static<typeof Result>
export type Failure = Static<typeof Failure>
export type EventFrame = Static<typeof EventFrame>
export type Command = keyof typeof COMMANDS
export type CommandArgs<C extends Command> = Static<(typeof COMMANDS)[C]['args']>
export type CommandResult<C extends Command> = Static<(typeof COMMANDS)[C]['result']>

/** What the Python half is made of, by name and in this order. */
export const DEFINITIONS = {
  ErrorCode,
  ChatKind,
  ConnectionStatus,
  ConnectionReason,
  LinkMethod,
  LinkStatus,
  MessageKind,
  SendStatus,
  ReceiptStatus,
  VoteError,
  Person,
  Chat,
  Connection,
  Capability,
  Account,
  TextContent,
  PollContent,
  Content,
  Poll,
  PollTally,
  MessageEvent,
  PollVoteEvent,
  ReceiptEvent,
  AccountEvent,
  ChatsEvent,
  LinkEvent,
  JournalEvent,
  StateEvent,
  Hello,
  Request,
  Result,
  Failure,
  EventFrame,
} as const satisfies Record<string, TSchema>
