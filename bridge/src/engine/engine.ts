/**
 * The port behind which WhatsApp sits, in our nouns. Baileys is the first engine; nothing outside `engine/baileys/` knows it.
 *
 * One engine instance serves one account for the life of the process. It keeps its own connection alive: it reconnects by
 * itself, with backoff, and tells every change through `EngineHost.connection`.
 */
import type { Readable } from 'node:stream'

import type { Logger } from '../log.ts'
import type { ButtonsContent, Capability, Connection, Content, ErrorCode, ListContent, Presence } from '../protocol.ts'
import type { Address, Alias, EngineEvent, ListedChat, Self } from './events.ts'

export type * from './events.ts'

/** A message that another one is about. */
export interface MessageRef {
  external_id: string
  from_me: boolean
  chat: Address
  sender: Address
  raw: Uint8Array
  /** What it says since it was edited; absent when it says what is in `raw`. */
  edited?: string | null
}

/** A file on the bridge's own disk. `mime` is what its bytes say; `file_name` what its sender calls it. */
export interface MediaFile {
  path: string
  size: number
  mime: string
}

/** What an engine may be given to send: contents that degrade are planned into others before. */
export type Sendable = Exclude<Content, ButtonsContent | ListContent>

/** What goes with a content, with every reference resolved. */
export interface SendContext {
  /** The message it answers. */
  quote?: MessageRef
  /** The message that a reaction, an edit, a deletion, a forward or a pin is about. */
  target?: MessageRef
  mentions: Address[]
  /** The bytes of the content's ticket. */
  media?: MediaFile
  /** Seconds after which it disappears; absent: as the chat has it. */
  expiration?: number
}

/** A message made ready to send: the same `external_id` and `payload` sent twice are one message on WhatsApp. */
export interface Prepared {
  external_id: string
  payload: Uint8Array
}

export interface OutboundMessage extends Prepared {
  to: Address
}

/** What WhatsApp says of a group. `expiration`: of new messages, in seconds; 0: never. */
export interface GroupInfo extends ListedChat {
  description: string | null
  announce: boolean
  locked: boolean
  expiration: number
  members: (Address & { is_admin: boolean })[]
}

export interface GroupChanges {
  subject?: string
  description?: string
  announce?: boolean
  locked?: boolean
  expiration?: number
}

/** What became of one member of a request, in its order. */
export type MemberOutcome = ErrorCode | null

/** All of these ask WhatsApp, and throw `EngineError`: `chat_not_found`, `rejected` when this account may not, `not_connected`, `timeout`. */
export interface GroupAdmin {
  info(group: Address, signal: AbortSignal): Promise<GroupInfo>
  create(
    subject: string,
    members: Address[],
    signal: AbortSignal,
  ): Promise<{ group: GroupInfo; members: MemberOutcome[] }>
  change(
    group: Address,
    action: 'add' | 'remove' | 'promote' | 'demote',
    members: Address[],
    signal: AbortSignal,
  ): Promise<MemberOutcome[]>
  update(group: Address, changes: GroupChanges, signal: AbortSignal): Promise<void>
  /** The code of the invitation. */
  invite(group: Address, renew: boolean, signal: AbortSignal): Promise<string>
  join(code: string, signal: AbortSignal): Promise<Address>
  leave(group: Address, signal: AbortSignal): Promise<void>
}

export interface PairRequest {
  method: 'qr' | 'code'
  /** Digits with country code; needed for `code`. */
  phone?: string
}

/** `number` of `total` counts the codes shown so far. `paired`: the phone has agreed and `self` is known; the login follows. */
export type PairProgress =
  | { status: 'qr'; qr: string; number: number; total: number }
  | { status: 'code'; code: string }
  | { status: 'paired'; self: Self }

/** Structured values by type and id, as one account's engine stores them. JSON text; the engine encodes. */
export interface KeyValue {
  get(type: string, ids: readonly string[]): Map<string, string>
  /** Every value of one type, by id. */
  all(type: string): Map<string, string>
  /** One commit for all of it. `null` deletes. Throws when nothing was written. */
  set(changes: Record<string, Record<string, string | null>>): void
  /** Deletes everything. */
  clear(): void
}

export interface StoredMessage {
  raw: Uint8Array
  from_me: boolean
}

/** All that an engine ever sees of the rest. */
export interface EngineHost {
  /** Returns only when the journal has committed; throws if it has not. Telling the same event twice is harmless. */
  emit(event: EngineEvent): void
  /** What `work` emits and stores is one commit, or nothing of it is kept and this throws. */
  transaction<T>(work: () => T): T
  /** WhatsApp does not let this account start chats, until then when it said so; `undefined`: not any more. */
  restricted(until: number | null | undefined): void
  /** Whether contacts may see this account online while it is connected. */
  markOnline(): boolean
  connection(state: Pick<Connection, 'status' | 'reason' | 'retry_at'>): void
  /** Pairs of aliases that the engine has learnt to be one chat. */
  learn(aliases: Alias[]): void
  /** Every alias known for the chat of this one. */
  aliases(alias: Alias): Alias[]
  /** A message sent or received earlier, by its external id. */
  message(external_id: string): StoredMessage | undefined
  store: KeyValue
  log: Logger
}

export interface Engine {
  readonly name: string
  capabilities(): Record<string, Capability>
  /** Connects with the stored session and stays connected until `stop`. Returns at once; throws `not_linked` without a session. */
  start(): void
  /** Closes the connection. Resolves when nothing more will be emitted. */
  stop(): Promise<void>
  /**
   * Pairs a new device, then goes on as after `start`. Resolves when logged in.
   * @throws EngineError `link_expired` when nobody scanned in time, `not_connected`, `passkey_required`.
   */
  pair(request: PairRequest, progress: (step: PairProgress) => void, signal: AbortSignal): Promise<Self>
  /** Logs the device out on WhatsApp (as far as it can be reached) and forgets the session. */
  unlink(): Promise<void>
  /** Fixes what will be sent, before it is stored. Works without a connection. @throws EngineError `invalid_request`, `unsupported`. */
  prepare(to: Address, content: Sendable, context: SendContext): Promise<Prepared>
  /**
   * Hands the file of a prepared message over and returns the payload to send in place of the prepared one.
   * @throws EngineError `media_unavailable`, `media_too_large`, `rate_limited`, `not_connected`, `timeout`.
   */
  upload(message: OutboundMessage, media: MediaFile, signal: AbortSignal): Promise<Uint8Array>
  /**
   * Sends and resolves when WhatsApp's server has confirmed.
   * @throws EngineError with `retry` saying whether the same message may be tried again.
   */
  send(message: OutboundMessage, signal: AbortSignal): Promise<{ accepted_at: number }>
  /** All aliases of a phone number on WhatsApp, or `null` when it has no account. Digits with country code. */
  lookup(phone: string, signal: AbortSignal): Promise<Address | null>
  /**
   * The file of a message. It is only what was sent when the stream comes to its end: otherwise the stream fails with an `EngineError`.
   * @throws EngineError `media_unavailable`, `not_connected`, `timeout`.
   */
  download(message: MessageRef, signal: AbortSignal): Promise<Readable>
  /** The picture of a person or a group, or `null` when there is none that this account may see. */
  picture(whom: Address, signal: AbortSignal): Promise<Readable | null>
  markRead(messages: readonly MessageRef[], signal: AbortSignal): Promise<void>
  /** `to`: for what is shown in one chat only. */
  presence(presence: Presence, to: Address | null, signal: AbortSignal): Promise<void>
  /** `presence` events of this person follow, until the connection ends. */
  watchPresence(whom: Address, signal: AbortSignal): Promise<void>
  readonly groups: GroupAdmin
}

export type EngineFactory = (host: EngineHost) => Engine

export class EngineError extends Error {
  readonly code: ErrorCode
  /** `never`: the outcome is final. `later`: it may be tried again. */
  readonly retry: 'never' | 'later'
  readonly details: Record<string, unknown>
  constructor(code: ErrorCode, message: string, retry: 'never' | 'later', details: Record<string, unknown> = {}) {
    super(message)
    this.name = 'EngineError'
    this.code = code
    this.retry = retry
    this.details = details
  }
}
