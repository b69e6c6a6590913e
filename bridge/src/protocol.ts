/**
 * The wire between the bridge and its clients: every frame that may cross the websocket.
 *
 * JSON text frames, snake_case, one object a frame. What commands and events are made of is in `wire/`. `tools/protocol.ts` turns all of it
 * into the Python half (`custom_components/whatsapp/bridge/protocol.py`). Clients ignore unknown fields and unknown events; the bridge
 * answers an unknown command with an error. Changes are listed in `docs/protocol.md`.
 */
import Type, { type Static, type TSchema } from 'typebox'

import * as basics from './wire/basics.ts'
import * as contents from './wire/content.ts'
import * as events from './wire/events.ts'
import { integer, nullable, object, strings, text, timestamp } from './wire/schema.ts'

export * from './wire/basics.ts'
export * from './wire/content.ts'
export * from './wire/events.ts'

/** The schema versions that this bridge speaks. */
export const SCHEMA = { min: 1, max: 1 } as const

/** Websocket close codes of the bridge. */
export const CLOSE = {
  bad_frame: 4400,
  unauthorized: 4401,
  auth_deadline: 4408,
  schema: 4426,
  slow_client: 4429,
} as const

const { Account, Chat, Connection, id, LIMITS, Person, Settings } = basics

/** A message as it is kept: after edits, and without a body once it was deleted. */
export const StoredMessage = object({
  message_id: id,
  sender: Person,
  from_me: Type.Boolean(),
  kind: events.MessageKind,
  text: nullable(Type.String()),
  poll: nullable(events.Poll),
  media: nullable(events.Media),
  location: nullable(events.Location),
  contacts: Type.Array(events.Contact),
  quoted_message_id: nullable(id),
  edited: Type.Boolean(),
  revoked: Type.Boolean(),
  timestamp,
})
/** What one person has chosen in a poll. */
export const Vote = object({ voter: Person, options: Type.Array(Type.String()) })
/** Somebody in a group. */
export const Member = object({ ...Person.properties, is_admin: Type.Boolean() })
/** What became of one member of a request, named as in the request. `error` is `null` when it was done. */
export const MemberResult = object({ member: id, error: nullable(basics.ErrorCode) })
/** Counters of one account since the bridge started. `lag`: events that the slowest consumer has not acknowledged. */
export const AccountHealth = object({
  account_id: id,
  connection: Connection,
  queued: Type.Integer(),
  journal: Type.Integer(),
  lag: Type.Integer(),
  reconnects: Type.Integer(),
  sent: Type.Integer(),
  failed: Type.Integer(),
  received: Type.Integer(),
  last_sent_at: nullable(timestamp),
  last_received_at: nullable(timestamp),
})

const none = object({})
const account = { account_id: id }
const chat = { ...account, chat: id }
const ticket = Type.String()
const members = Type.Array(id, { minItems: 1, maxItems: LIMITS.members_max })

/** Every command: what it takes and what it answers. A `chat` or a `member` is an id, any alias of it, or a phone number. */
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
  ack: { args: object({ ...account, consumer: id, seq: integer(0) }), result: none },
  /**
   * The same `request_id` again is the same message and result. `ttl` seconds to be sent within (600 when absent; 0: now or an error). Waits
   * `wait` seconds (20 when absent) for WhatsApp's confirmation before it answers `queued`. `quote`: the message it answers, `last` is the newest that
   * somebody else wrote. `expiration`: seconds after which it disappears, when not as the chat has it. `typing`: shown first. `sent_as`: the kind it
   * was sent as.
   */
  send: {
    args: object({
      ...chat,
      content: contents.Content,
      request_id: id,
      quote: Type.Optional(id),
      expiration: Type.Optional(integer(0, 31_536_000)),
      typing: Type.Optional(Type.Boolean()),
      priority: Type.Optional(contents.Priority),
      degrade: Type.Optional(contents.Degrade),
      ttl: Type.Optional(Type.Number({ minimum: 0, maximum: LIMITS.ttl_seconds_max })),
      wait: Type.Optional(Type.Number({ minimum: 0, maximum: 60 })),
    }),
    result: object({
      message_id: id,
      chat_id: id,
      status: events.SendStatus,
      sent_as: Type.String(),
      timestamp: nullable(timestamp),
    }),
  },
  /** Finds the chat of an id, an alias or a phone number; an unknown number is checked on WhatsApp. */
  resolve: { args: object({ ...account, chat: id }), result: object({ chat: Chat }) },
  groups: { args: object(account), result: object({ groups: Type.Array(Chat) }) },
  /** Chats whose name, number or id contains `query`; most recent first. */
  chats: {
    args: object({
      ...account,
      query: Type.Optional(Type.String({ maxLength: LIMITS.name_chars })),
      limit: Type.Optional(integer(1, LIMITS.listed_chats)),
    }),
    result: object({ chats: Type.Array(Chat) }),
  },
  /** Room for one file of `size` bytes: `PUT /media/<ticket>` once, within a minute. The ticket then names the file in a content. */
  upload: {
    args: object({ ...account, size: integer(1, LIMITS.media_bytes_max) }),
    result: object({ ticket, expires_at: timestamp }),
  },
  /** The media of a message, fetched from WhatsApp unless it is here: `GET /media/<ticket>` once, within a minute. `mime` is what the bytes are. */
  download: {
    args: object({ ...account, message_id: id }),
    result: object({
      ticket,
      expires_at: timestamp,
      mime: Type.String(),
      size: Type.Integer(),
      file_name: nullable(Type.String()),
    }),
  },
  /** The picture of a person or a group, by ticket as `download`; `ticket` is `null` when there is none to be seen. */
  picture: {
    args: object(chat),
    result: object({ ticket: nullable(ticket), mime: nullable(Type.String()), size: nullable(Type.Integer()) }),
  },
  /** What a chat holds, newest first, older than `before`. */
  messages: {
    args: object({
      ...chat,
      limit: Type.Optional(integer(1, LIMITS.listed_messages)),
      before: Type.Optional(id),
    }),
    result: object({ messages: Type.Array(StoredMessage) }),
  },
  /** How a poll stands. */
  poll: {
    args: object({ ...account, message_id: id }),
    result: object({ poll: events.Poll, tally: Type.Array(events.PollTally), votes: Type.Array(Vote) }),
  },
  /** Shows the sender that a message was read, and what came before it; without `message_id` the newest of the chat. */
  mark_read: { args: object({ ...chat, message_id: Type.Optional(id) }), result: none },
  /** Shows this presence: `available` and `unavailable` to all contacts, the others in `chat`. */
  presence: { args: object({ ...account, presence: basics.Presence, chat: Type.Optional(id) }), result: none },
  /** Asks for `presence` events of a person, until the connection to WhatsApp ends. */
  watch_presence: { args: object(chat), result: none },
  /** Which of these numbers are on WhatsApp, in the same order. */
  check: {
    args: object({ ...account, phones: Type.Array(id, { minItems: 1, maxItems: 50 }) }),
    result: object({ numbers: Type.Array(object({ phone: id, chat: nullable(Chat) })) }),
  },
  group: {
    args: object(chat),
    result: object({
      chat: Chat,
      description: nullable(Type.String()),
      announce: Type.Boolean(),
      locked: Type.Boolean(),
      expiration: Type.Integer(),
      members: Type.Array(Member),
    }),
  },
  group_create: {
    args: object({ ...account, subject: text(LIMITS.group_subject_chars), members }),
    result: object({ chat: Chat, members: Type.Array(MemberResult) }),
  },
  group_members: {
    args: object({ ...chat, action: strings('add', 'remove', 'promote', 'demote'), members }),
    result: object({ members: Type.Array(MemberResult) }),
  },
  /** `announce`: only admins write. `locked`: only admins change subject, description and picture. `expiration`: of new messages, in seconds; 0: never. */
  group_update: {
    args: object({
      ...chat,
      subject: Type.Optional(text(LIMITS.group_subject_chars)),
      description: Type.Optional(text(LIMITS.group_description_chars, 0)),
      announce: Type.Optional(Type.Boolean()),
      locked: Type.Optional(Type.Boolean()),
      expiration: Type.Optional(integer(0, 31_536_000)),
    }),
    result: none,
  },
  /** The code of the invitation; `renew` makes the one before it worthless. */
  group_invite: {
    args: object({ ...chat, renew: Type.Optional(Type.Boolean()) }),
    result: object({ code: id, url: Type.String() }),
  },
  /** `code`: of an invitation, or its whole link. */
  group_join: { args: object({ ...account, code: id }), result: object({ chat: Chat }) },
  group_leave: { args: object(chat), result: none },
  /** Changes what is given, and answers all. */
  configure: {
    args: object({ ...account, settings: Type.Partial(Settings) }),
    result: object({ settings: Settings }),
  },
  /** A consistent copy of the whole store, by ticket as `download`. It holds the sessions: whoever has it is this device. */
  backup: { args: none, result: object({ ticket, expires_at: timestamp, size: Type.Integer() }) },
  /** Starts a link; `link` events follow on this socket. `phone` is needed for a code; `account_id` to link that account again. */
  link: {
    args: object({ method: basics.LinkMethod, phone: Type.Optional(id), account_id: Type.Optional(id) }),
    result: object({ link_id: id }),
  },
  link_cancel: { args: object({ link_id: id }), result: none },
  /** Connects to WhatsApp from the beginning, also when that was given up. Answers before it is connected. */
  reconnect: { args: object(account), result: none },
  /** Logs the device out on WhatsApp. Messages and polls stay. */
  unlink: { args: object(account), result: none },
  /** Logs the device out and deletes all that is kept of the account: messages, polls, files, settings. */
  forget: { args: object(account), result: none },
  health: {
    args: none,
    result: object({
      version: Type.String(),
      uptime: Type.Number(),
      clients: Type.Integer(),
      storage: basics.StorageStatus,
      accounts: Type.Array(AccountHealth),
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
    code: basics.ErrorCode,
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
  event: Type.Union([events.JournalEvent, events.StateEvent]),
})

export type StoredMessage = Static<typeof StoredMessage>
export type Vote = Static<typeof Vote>
export type Member = Static<typeof Member>
export type MemberResult = Static<typeof MemberResult>
export type AccountHealth = Static<typeof AccountHealth>
export type Hello = Static<typeof Hello>
export type Request = Static<typeof Request>
export type Result = Static<typeof Result>
export type Failure = Static<typeof Failure>
export type EventFrame = Static<typeof EventFrame>
export type Command = keyof typeof COMMANDS
export type CommandArgs<C extends Command> = Static<(typeof COMMANDS)[C]['args']>
export type CommandResult<C extends Command> = Static<(typeof COMMANDS)[C]['result']>

/** What the Python half is made of, by name. */
export const DEFINITIONS: Record<string, TSchema> = {
  ...named(basics),
  ...named(contents),
  ...named(events),
  StoredMessage,
  Vote,
  Member,
  MemberResult,
  AccountHealth,
  Hello,
  Request,
  Result,
  Failure,
  EventFrame,
}

/** The schemas of a file with a name of their own. */
function named(file: object): Record<string, TSchema> {
  return Object.fromEntries(Object.entries(file).filter(([name]) => /^[A-Z][a-z]/u.test(name)))
}
