/** What an engine tells, in our nouns. */
import type {
  CallEvent,
  ChatKind,
  Contact,
  DecryptError,
  GroupChangeEvent,
  Location,
  Media,
  MessageKind,
  Origin,
  Poll,
  Presence,
  ReceiptStatus,
  VoteError,
} from '../protocol.ts'

/** One name under which a chat or a person is known. `kind` is open: `phone`, `lid`, `group`, later `username`, `bsuid`. */
export interface Alias {
  kind: string
  /** As the engine needs it to address this chat again; `phone` values carry the digits before the first `@`. */
  value: string
}

/** Who or where, as one stanza tells it: at least one alias, all of the same chat or person. */
export interface Address {
  kind: ChatKind
  aliases: Alias[]
  /** What they call themselves. Hostile: never used to decide anything. */
  name?: string
}

/** The account itself, known from the moment of pairing. */
export interface Self {
  aliases: Alias[]
  name?: string
}

/** A chat from the engine's lists; `name` here is a group's subject or the name in the owner's address book. */
export interface ListedChat extends Address {
  participants?: number
  is_admin?: boolean
}

/** What a message says. */
export interface Said {
  kind: MessageKind
  /** The body or the caption. */
  text: string | null
  poll: Poll | null
  media: Media | null
  location: Location | null
  contacts: Contact[]
}

/** What every event from a person has. `timestamp`: seconds since 1970, by WhatsApp's clock. */
interface Written {
  chat: Address
  sender: Address
  from_me: boolean
  /** The bridge sets `replayed`. */
  origin: Omit<Origin, 'replayed'>
  timestamp: number
}

export interface MessageReceived extends Written, Said {
  type: 'message'
  external_id: string
  mentions: Address[]
  quoted_external_id: string | null
  /** The engine's own form of the message; kept, and given back by `EngineHost.message`. */
  raw: Uint8Array
}

/** `target_external_id` is the message that has a new text. */
export interface EditReceived extends Written {
  type: 'edit'
  external_id: string
  target_external_id: string
  text: string | null
}

/**
 * `sender` deleted the message `target_external_id` for everybody. `as_admin`: WhatsApp's server passed it on as the deletion of a group's admin
 * (`edit="8"`), which it takes from admins only. Whether a message was the sender's own is for the core to know.
 */
export interface RevokeReceived extends Written {
  type: 'revoke'
  external_id: string
  target_external_id: string
  as_admin: boolean
}

/** `emoji` is `null` when it was taken back. */
export interface ReactionReceived extends Written {
  type: 'reaction'
  external_id: string
  target_external_id: string
  emoji: string | null
}

/** A message that cannot be read. When it can be later, it is told as `MessageReceived` with the same `external_id`. */
export interface UndecryptableReceived extends Written {
  type: 'undecryptable'
  external_id: string
  reason: DecryptError
}

export interface VoteReceived {
  type: 'poll_vote'
  external_id: string
  poll_external_id: string
  chat: Address
  voter: Address
  from_me: boolean
  /** The voter's whole current choice by name; empty means withdrawn. Empty too when `error` says why it is unknown. */
  options: string[]
  error: VoteError | null
  origin: Omit<Origin, 'replayed'>
  timestamp: number
}

/** `once` is what makes it the same event when WhatsApp tells it twice. */
export interface GroupChanged {
  type: 'group_change'
  once: string
  chat: Address
  change: GroupChangeEvent['change']
  by: Address | null
  members: Address[]
  value: string | null
  origin: Omit<Origin, 'replayed'>
  timestamp: number
}

export interface CallReceived {
  type: 'call'
  call_id: string
  chat: Address
  caller: Address
  status: CallEvent['status']
  video: boolean
  origin: Omit<Origin, 'replayed'>
  timestamp: number
}

export interface IdentityChanged {
  type: 'identity_changed'
  person: Address
  timestamp: number
}

export interface OwnDevicesChanged {
  type: 'own_devices_changed'
  added: number[]
  removed: number[]
  timestamp: number
}

/** Not kept: it is over when it is told. */
export interface PresenceReceived {
  type: 'presence'
  chat: Address
  person: Address
  presence: Presence
  last_seen: number | null
}

export interface ReceiptReceived {
  type: 'receipt'
  external_id: string
  status: Exclude<ReceiptStatus, 'sent' | 'failed'>
  by: Address | null
  timestamp: number
}

export interface ChatsListed {
  type: 'chats'
  chats: ListedChat[]
  removed: Alias[]
  /** True when `chats` holds every group there is: groups not in it are gone. */
  all_groups: boolean
}

export type EngineEvent =
  | MessageReceived
  | EditReceived
  | RevokeReceived
  | ReactionReceived
  | UndecryptableReceived
  | VoteReceived
  | ReceiptReceived
  | GroupChanged
  | CallReceived
  | IdentityChanged
  | OwnDevicesChanged
  | PresenceReceived
  | ChatsListed
