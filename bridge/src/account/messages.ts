import { createHash } from 'node:crypto'

import type { Address, MessageReceived, ReceiptReceived, UndecryptableReceived } from '../engine/engine.ts'
import type { MessageEvent, Person } from '../protocol.ts'
import type { Message, NewMessage } from '../store/messages.ts'
import type { Outgoing } from '../store/outbox.ts'
import type { Store } from '../store/store.ts'
import type { Identity } from './identity.ts'
import type { Journal } from './journal.ts'
import { phoneDigits } from './phone.ts'
import { now } from './text.ts'
import { type Written, written } from './written.ts'

/** An id that may stand in a log, a URL or a template as it is; not `last`, which stands for the newest message. */
const PLAIN_ID = /^(?!last$)\w[\w.-]{0,127}$/u
/** The kind of a message that could not be read so far: it holds the id for the day it can. */
export const UNDECRYPTABLE = 'undecryptable'

type Incoming = MessageReceived | UndecryptableReceived
/** What there is of a message apart from who wrote it where. */
type Read = Pick<NewMessage, 'kind' | 'said' | 'quoted_message_id' | 'raw' | 'poll'>

/** Messages that WhatsApp brings, and what becomes of those that this bridge sent. Call it inside a transaction. */
export class Messages {
  readonly #store: Store
  readonly #account: string
  readonly #identity: Identity
  readonly #journal: Journal
  /** Hears of a message in the outbox that a receipt shows to have been sent; inside the transaction that keeps the receipt. */
  confirmed: (row: Outgoing, at: number) => void = () => undefined

  constructor(store: Store, account: string, identity: Identity, journal: Journal) {
    this.#store = store
    this.#account = account
    this.#identity = identity
    this.#journal = journal
  }

  /** Keeps a message and journals it, the first time it is told. Returns the event, if there was one. */
  receive(message: MessageReceived): MessageEvent | undefined {
    const who = written(this.#identity, message, true)
    const known = this.known(message, who.chat.id)
    if (known && !this.#isRepair(known, who)) return undefined
    const { raw, kind, poll, media, location, contacts } = message
    const text = known?.edited ? (known.said?.text ?? null) : message.text
    const message_id = known?.message_id ?? this.id(who.chat.id, message.external_id)
    const quoted_message_id = this.#quoted(who.chat.id, message.quoted_external_id)
    const said = { kind, text, poll, media, location, contacts }
    if (known) this.#store.history.delete(this.#account, message_id)
    this.#insert(message, message_id, who, { kind, said, quoted_message_id, raw, poll })
    if (known?.edited) this.#store.history.edit(this.#account, message_id, text)
    const mentions = message.mentions.map((whom) => this.#mentioned(whom))
    const origin = known?.edited ? { ...who.origin, edited: true } : who.origin
    const event = { type: 'message', message_id, ...who, origin, ...said, quoted_message_id, mentions } as const
    return this.#journal.append(event, `message:${message_id}`) ? event : undefined
  }

  /** Journals that a message cannot be read, unless it is known, and keeps its id for when it can. */
  undecryptable(message: UndecryptableReceived): void {
    const who = written(this.#identity, message, true)
    if (this.known(message, who.chat.id)) return
    const message_id = this.id(who.chat.id, message.external_id)
    const nothing = { said: null, quoted_message_id: null, raw: new Uint8Array(), poll: null }
    this.#insert(message, message_id, who, { kind: UNDECRYPTABLE, ...nothing })
    this.#journal.append(
      { type: 'undecryptable', message_id, ...who, reason: message.reason },
      `undecryptable:${message_id}`,
    )
  }

  #insert({ external_id }: Incoming, message_id: string, who: Written, read: Read): void {
    const { chat, sender, from_me, timestamp } = who
    const where = {
      message_id,
      chat_id: chat.id,
      external_id,
      from_me,
      sender_id: from_me ? null : sender.id,
      timestamp,
    }
    this.#store.messages.insert(this.#account, { ...where, ...read, choices: null }, now())
  }

  /** Journals what became of a message that this bridge sent; the chat is the one it was sent to. */
  receipt({ external_id, status, timestamp, ...receipt }: ReceiptReceived): void {
    const message = this.#store.messages.anywhere(this.#account, external_id)
    const row = message && this.#store.outbox.byMessage(this.#account, message.message_id)
    if (!message || !row) return
    // It may come before the confirmation, or instead of it: first it was sent, then read.
    if (row.state === 'queued') this.confirmed(row, timestamp)
    if (receipt.by) this.#identity.note(receipt.by)
    const by = receipt.by && this.#identity.person(receipt.by)
    const { message_id, chat_id } = message
    const chat = this.#identity.chatById(chat_id)
    const once = `receipt:${message_id}:${status}:${by?.id ?? ''}`
    this.#journal.append({ type: 'receipt', message_id, chat, status, by, error: null, timestamp }, once)
  }

  /** The bridge's id of a message: WhatsApp's own where that is plain and free, since strangers choose theirs. */
  id(chat_id: string, external_id: string): string {
    if (PLAIN_ID.test(external_id)) {
      const owner = this.#store.messages.get(this.#account, external_id)
      if (!owner || (owner.chat_id === chat_id && owner.external_id === external_id)) return external_id
    }
    return createHash('sha256')
      .update(JSON.stringify([chat_id, external_id]))
      .digest('hex')
      .slice(0, 32)
  }

  /** The message of that id in a chat. The account's own may have come under another alias of the chat than it was sent to. */
  known(
    { external_id, from_me }: Pick<MessageReceived, 'external_id' | 'from_me'>,
    chat_id: string,
  ): Message | undefined {
    const here = this.#store.messages.inChat(this.#account, chat_id, external_id)
    if (here || !from_me) return here
    const anywhere = this.#store.messages.anywhere(this.#account, external_id)
    return anywhere?.from_me ? anywhere : undefined
  }

  /** Whether this person has written a message, under whichever alias they were known then. */
  wrote(message: Message, { sender, from_me }: Pick<Written, 'sender' | 'from_me'>): boolean {
    if (from_me || message.from_me) return from_me && message.from_me
    return message.sender_id !== null && this.#identity.find(message.sender_id)?.chat_id === sender.id
  }

  /**
   * Whether a message is the one that could not be read before, and not somebody else's under the id that they saw in a group. Where that cannot
   * be told, one seen by LID only and one by number only, it is: rather that than losing it.
   */
  #isRepair(known: Message, who: Written): boolean {
    if (known.kind !== UNDECRYPTABLE || known.revoked) return false
    if (this.wrote(known, who)) return true
    const author = who.from_me || known.from_me ? undefined : this.#identity.find(known.sender_id ?? '')
    const { phone, lid } = who.sender
    return author ? (author.phone ?? lid) === null || (author.lid ?? phone) === null : false
  }

  /** Whether the account itself is known to have sent this: what it does on one device comes back to all of them. */
  isOwn({ external_id, from_me }: Pick<MessageReceived, 'external_id' | 'from_me'>): boolean {
    return from_me && this.#store.messages.anywhere(this.#account, external_id)?.from_me === true
  }

  /** Anybody can be named, whether they exist or not: nothing is learnt from it. */
  #mentioned({ aliases }: Address): Person {
    const rows = aliases.map(({ value }) => this.#identity.find(value))
    const known = rows.find((row) => row && row.kind !== 'group')
    if (known) return this.#identity.personById(known.chat_id)
    const valueOf = (kind: string): string | null => aliases.find((alias) => alias.kind === kind)?.value ?? null
    const phone = phoneDigits(valueOf('phone') ?? '') ?? null
    return { id: aliases[0]?.value ?? '', phone, lid: valueOf('lid'), name: null }
  }

  /** Only within the chat: a quote of what was said elsewhere proves nothing. */
  #quoted(chat_id: string, external_id: string | null): string | null {
    if (external_id === null) return null
    return this.#store.messages.inChat(this.#account, chat_id, external_id)?.message_id ?? null
  }
}
