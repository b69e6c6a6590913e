import { createHash } from 'node:crypto'

import type { Address, MessageReceived, ReceiptReceived } from '../engine/engine.ts'
import type { Person } from '../protocol.ts'
import type { Store } from '../store/store.ts'
import type { Identity } from './identity.ts'
import type { Journal } from './journal.ts'
import { cleanPoll, cleanText, cleanTime, now } from './text.ts'

/** An id that may stand in a log, a URL or a template as it is. */
const PLAIN_ID = /^[\w.-]{1,128}$/u

/** Messages that WhatsApp brings, and what becomes of those that this bridge sent. Call it inside a transaction. */
export class Messages {
  readonly #store: Store
  readonly #account: string
  readonly #identity: Identity
  readonly #journal: Journal

  constructor(store: Store, account: string, identity: Identity, journal: Journal) {
    this.#store = store
    this.#account = account
    this.#identity = identity
    this.#journal = journal
  }

  /** Keeps a message and journals it, the first time it is told. */
  receive(message: MessageReceived): void {
    const timestamp = cleanTime(message.timestamp)
    this.#identity.note(message.sender)
    this.#identity.note(message.chat, { listed: true, active_at: timestamp })
    const chat = this.#identity.chat(message.chat)
    if (this.#isKnown(message, chat.id)) return
    const { external_id, from_me, raw, kind, media, location, contacts, origin } = message
    const message_id = this.id(chat.id, external_id)
    const poll = message.poll && cleanPoll(message.poll)
    const quoted = message.quoted_external_id
    const quoted_message_id = quoted === null ? null : this.#quoted(chat.id, quoted)
    const sender = this.#identity.person(message.sender)
    const text = message.text === null ? null : cleanText(message.text)
    const said = { kind, text, poll, media, location, contacts }
    const row = {
      message_id,
      chat_id: chat.id,
      external_id,
      from_me,
      sender_id: from_me ? null : sender.id,
      kind,
      said,
      choices: null,
      quoted_message_id,
      timestamp,
      raw,
      poll,
    }
    this.#store.messages.insert(this.#account, row, now())
    this.#journal.append(
      {
        type: 'message',
        message_id,
        chat,
        sender,
        from_me,
        ...said,
        quoted_message_id,
        mentions: message.mentions.map((whom) => this.#mentioned(whom)),
        origin: { ...origin, replayed: false },
        timestamp,
      },
      `message:${message_id}`,
    )
  }

  /** Journals what became of a message that this bridge sent; the chat is the one it was sent to. */
  receipt(receipt: ReceiptReceived): void {
    const { status } = receipt
    const message = this.#store.messages.anywhere(this.#account, receipt.external_id)
    if (!message || !this.#store.outbox.byMessage(this.#account, message.message_id)) return
    if (receipt.by) this.#identity.note(receipt.by)
    const by = receipt.by && this.#identity.person(receipt.by)
    const { message_id, chat_id } = message
    const chat = this.#identity.chatById(chat_id)
    const timestamp = cleanTime(receipt.timestamp)
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

  /** An echo of the account's own message may come under another alias of the chat than the message went to. */
  #isKnown({ external_id, from_me }: MessageReceived, chat_id: string): boolean {
    if (this.#store.messages.inChat(this.#account, chat_id, external_id)) return true
    return from_me && this.#store.messages.anywhere(this.#account, external_id)?.from_me === true
  }

  #mentioned(whom: Address): Person {
    this.#identity.note(whom)
    return this.#identity.person(whom)
  }

  /** Only within the chat: a quote of what was said elsewhere proves nothing. */
  #quoted(chat_id: string, external_id: string): string | null {
    return this.#store.messages.inChat(this.#account, chat_id, external_id)?.message_id ?? null
  }
}
