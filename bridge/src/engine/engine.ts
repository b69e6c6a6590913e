/**
 * The port behind which WhatsApp sits, in our nouns. Baileys is the first engine; nothing outside `engine/baileys/` knows it.
 *
 * One engine instance serves one account for the life of the process. It keeps its own connection alive: it reconnects by
 * itself, with backoff, and tells every change through `EngineHost.connection`.
 */
import type { Logger } from '../log.ts'
import type {
  Capability,
  ChatKind,
  Connection,
  Content,
  ErrorCode,
  MessageKind,
  Poll,
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

export interface MessageReceived {
  type: 'message'
  external_id: string
  chat: Address
  sender: Address
  from_me: boolean
  kind: MessageKind
  text: string | null
  poll: Poll | null
  quoted_external_id: string | null
  forwarded: boolean
  /** Seconds since 1970, by WhatsApp's clock. */
  timestamp: number
  /** Delivered from the queue that WhatsApp kept while this device was away. */
  offline: boolean
  /** The engine's own form of the message; kept, and given back by `EngineHost.message`. */
  raw: Uint8Array
}

export interface VoteReceived {
  type: 'poll_vote'
  external_id: string
  poll_external_id: string
  chat: Address
  voter: Address
  /** The voter's whole current choice by name; empty means withdrawn. Empty too when `error` says why it is unknown. */
  options: string[]
  error: VoteError | null
  timestamp: number
  offline: boolean
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

export type EngineEvent = MessageReceived | VoteReceived | ReceiptReceived | ChatsListed

/** A message made ready to send: the same `external_id` and `payload` sent twice are one message on WhatsApp. */
export interface Prepared {
  external_id: string
  payload: Uint8Array
}

export interface OutboundMessage extends Prepared {
  to: Address
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
  /** Returns only when the journal has committed; throws if it has not. Telling the same message twice is harmless. */
  emit(event: EngineEvent): void
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
  /** Fixes what will be sent, before it is stored. Works without a connection. */
  prepare(to: Address, content: Content): Promise<Prepared>
  /**
   * Sends and resolves when WhatsApp's server has confirmed.
   * @throws EngineError with `retry` saying whether the same message may be tried again.
   */
  send(message: OutboundMessage, signal: AbortSignal): Promise<{ accepted_at: number }>
  /** All aliases of a phone number on WhatsApp, or `null` when it has no account. Digits with country code. */
  lookup(phone: string, signal: AbortSignal): Promise<Address | null>
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
