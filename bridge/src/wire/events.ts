/** What can happen. */
import Type, { type Static } from 'typebox'

import { Account, Chat, ErrorCode, id, LinkStatus, Person, Presence } from './basics.ts'
import { nullable, object, strings, timestamp } from './schema.ts'

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
/** `no_session`: its key is missing here. `corrupt`: it does not fit its key. `unavailable`: WhatsApp did not hand it to this device. */
export const DecryptError = strings('no_session', 'corrupt', 'unavailable')
/** Whose device wrote it: another person's, the account's own phone, another linked device of the account, this bridge. */
export const Source = strings('person', 'phone', 'device', 'bridge')

/**
 * What a careful consumer needs to decide whether to act. `e2e`: it came end-to-end encrypted. `device`: the sender's device number, 0 is a
 * phone. `forwarded`, `edited`, `view_once`, `quoted` (it answers a message), `broadcast` (it went to a list). `offline`: WhatsApp kept it while
 * this device was away. `replayed`: it was in the bridge's journal before this client listened. `server_time`: by WhatsApp's clock.
 */
export const Origin = object({
  source: Source,
  e2e: Type.Boolean(),
  device: nullable(Type.Integer()),
  forwarded: Type.Boolean(),
  edited: Type.Boolean(),
  view_once: Type.Boolean(),
  quoted: Type.Boolean(),
  broadcast: Type.Boolean(),
  offline: Type.Boolean(),
  replayed: Type.Boolean(),
  server_time: timestamp,
})
/**
 * Media of a message, as its sender describes it; fetched with `download`. `mime` is a bare type. `file_name` has no path in it. `view_once`:
 * its sender wants it to be seen once only.
 */
export const Media = object({
  mime: Type.String(),
  size: nullable(Type.Integer()),
  file_name: nullable(Type.String()),
  seconds: nullable(Type.Number()),
  width: nullable(Type.Integer()),
  height: nullable(Type.Integer()),
  voice: Type.Boolean(),
  gif: Type.Boolean(),
  animated: Type.Boolean(),
  view_once: Type.Optional(Type.Boolean()),
})
/** A place, in degrees. `live`: it went on moving. */
export const Location = object({
  latitude: Type.Number(),
  longitude: Type.Number(),
  name: nullable(Type.String()),
  address: nullable(Type.String()),
  live: Type.Boolean(),
})
/** Somebody's card. `phones` as the card writes them. */
export const Contact = object({ name: nullable(Type.String()), phones: Type.Array(Type.String()) })
/** A poll as it was created, by whomever. */
export const Poll = object({ question: Type.String(), options: Type.Array(Type.String()), selectable: Type.Integer() })
/** How many votes one option has now. */
export const PollTally = object({ option: Type.String(), votes: Type.Integer() })

const said = {
  kind: MessageKind,
  text: nullable(Type.String()),
  poll: nullable(Poll),
  media: nullable(Media),
  location: nullable(Location),
  contacts: Type.Array(Contact),
}
const written = { chat: Chat, sender: Person, from_me: Type.Boolean(), origin: Origin, timestamp }

/** Journal event: a message came in, or the account itself wrote one, here or on another device. `text` is the body or the caption. */
export const MessageEvent = object({
  type: Type.Literal('message'),
  message_id: id,
  ...written,
  ...said,
  mentions: Type.Array(Person),
  quoted_message_id: nullable(id),
})
/** Journal event: a message has a new text. `message_id` is the message's. */
export const EditEvent = object({
  type: Type.Literal('edit'),
  message_id: id,
  ...written,
  text: nullable(Type.String()),
})
/** Journal event: a message was deleted for everybody. `sender` is who deleted it. */
export const RevokeEvent = object({ type: Type.Literal('revoke'), message_id: id, ...written })
/** Journal event: somebody reacted to a message. `emoji` is `null` when they took it back. */
export const ReactionEvent = object({
  type: Type.Literal('reaction'),
  message_id: id,
  ...written,
  emoji: nullable(Type.String()),
})
/** Journal event: somebody voted. `options` is the voter's whole current choice: empty when withdrawn, or when `error` says why it is unknown. */
export const PollVoteEvent = object({
  type: Type.Literal('poll_vote'),
  message_id: id,
  poll_id: id,
  chat: Chat,
  voter: Person,
  from_me: Type.Boolean(),
  question: nullable(Type.String()),
  options: Type.Array(Type.String()),
  tally: Type.Array(PollTally),
  error: nullable(VoteError),
  origin: Origin,
  timestamp,
})
/**
 * Journal event: somebody chose a button or a row of a message that this account sent. Be it by vote, by number or by its title:
 * `form` says how. `question_id` is that message's, `message_id` the one that says it.
 */
export const AnswerEvent = object({
  type: Type.Literal('answer'),
  message_id: id,
  question_id: id,
  ...written,
  option_id: id,
  option_title: Type.String(),
  form: strings('vote', 'number', 'title'),
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
/** Journal event: a group is not as it was. `members` are those it is about, `by` who did it; `value` is the new subject, description or setting. */
export const GroupChangeEvent = object({
  type: Type.Literal('group_change'),
  chat: Chat,
  change: strings(
    'join',
    'leave',
    'add',
    'remove',
    'promote',
    'demote',
    'subject',
    'description',
    'announce',
    'locked',
    'expiration',
  ),
  by: nullable(Person),
  members: Type.Array(Person),
  value: nullable(Type.String()),
  origin: Origin,
  timestamp,
})
/** Journal event: a call. `missed` is one that ended before anybody took it. */
export const CallEvent = object({
  type: Type.Literal('call'),
  call_id: id,
  chat: Chat,
  caller: Person,
  status: strings('offered', 'accepted', 'rejected', 'missed'),
  video: Type.Boolean(),
  origin: Origin,
  timestamp,
})
/** Journal event: a message came that cannot be read. When it can be later, a `message` event follows with the same `message_id`. */
export const UndecryptableEvent = object({
  type: Type.Literal('undecryptable'),
  message_id: id,
  ...written,
  reason: DecryptError,
})
/** Journal event: a person's identity key is another one: a new phone, a new installation, or somebody else. */
export const IdentityChangedEvent = object({ type: Type.Literal('identity_changed'), chat: Chat, timestamp })
/** Journal event: devices were added to the account or removed from it. Numbers as in `origin.device`. */
export const OwnDevicesChangedEvent = object({
  type: Type.Literal('own_devices_changed'),
  added: Type.Array(Type.Integer()),
  removed: Type.Array(Type.Integer()),
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
/** State event: what somebody does in a chat that is watched. */
export const PresenceEvent = object({
  type: Type.Literal('presence'),
  chat: Chat,
  person: Person,
  presence: Presence,
  last_seen: nullable(timestamp),
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
export const JournalEvent = Type.Union([
  MessageEvent,
  EditEvent,
  RevokeEvent,
  ReactionEvent,
  PollVoteEvent,
  AnswerEvent,
  ReceiptEvent,
  GroupChangeEvent,
  CallEvent,
  UndecryptableEvent,
  IdentityChangedEvent,
  OwnDevicesChangedEvent,
])
export const StateEvent = Type.Union([AccountEvent, ChatsEvent, PresenceEvent, LinkEvent])

export type MessageKind = Static<typeof MessageKind>
export type SendStatus = Static<typeof SendStatus>
export type ReceiptStatus = Static<typeof ReceiptStatus>
export type VoteError = Static<typeof VoteError>
export type DecryptError = Static<typeof DecryptError>
export type Source = Static<typeof Source>
export type Origin = Static<typeof Origin>
export type Media = Static<typeof Media>
export type Location = Static<typeof Location>
export type Contact = Static<typeof Contact>
export type Poll = Static<typeof Poll>
export type PollTally = Static<typeof PollTally>
export type MessageEvent = Static<typeof MessageEvent>
export type EditEvent = Static<typeof EditEvent>
export type RevokeEvent = Static<typeof RevokeEvent>
export type ReactionEvent = Static<typeof ReactionEvent>
export type PollVoteEvent = Static<typeof PollVoteEvent>
export type AnswerEvent = Static<typeof AnswerEvent>
export type ReceiptEvent = Static<typeof ReceiptEvent>
export type GroupChangeEvent = Static<typeof GroupChangeEvent>
export type CallEvent = Static<typeof CallEvent>
export type UndecryptableEvent = Static<typeof UndecryptableEvent>
export type IdentityChangedEvent = Static<typeof IdentityChangedEvent>
export type OwnDevicesChangedEvent = Static<typeof OwnDevicesChangedEvent>
export type AccountEvent = Static<typeof AccountEvent>
export type ChatsEvent = Static<typeof ChatsEvent>
export type PresenceEvent = Static<typeof PresenceEvent>
export type LinkEvent = Static<typeof LinkEvent>
export type JournalEvent = Static<typeof JournalEvent>
export type StateEvent = Static<typeof StateEvent>
