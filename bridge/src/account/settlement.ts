import type { ErrorCode, MessageEvent, ReceiptEvent } from '../protocol.ts'
import type { Message } from '../store/messages.ts'
import type { Outgoing } from '../store/outbox.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'
import { now } from './text.ts'

/** What is kept and told when a message that was to be sent is confirmed, or has failed for good: each in one commit. */
export class Settlement {
  readonly #records: Records
  readonly #sender: Sender

  constructor(records: Records, sender: Sender) {
    this.#records = records
    this.#sender = sender
  }

  /** `accepted_at`: seconds since 1970, by WhatsApp's clock. */
  confirmed(row: Outgoing, message: Message, accepted_at: number): void {
    const { store, account, journal } = this.#records
    const { target, text } = row.told
    store.database.transaction(() => {
      store.outbox.sent(row.number, accepted_at)
      store.messages.setTimestamp(account, row.message_id, accepted_at)
      if (target !== undefined && text !== undefined) store.history.edit(account, target, text)
      else if (target !== undefined) store.history.revoke(account, target)
      const event = this.#event(row, message, accepted_at)
      if (event) journal.append(event, `message:${row.message_id}`)
      this.#receipt(row, { status: 'sent', error: null, timestamp: accepted_at })
    })
  }

  failed(row: Outgoing, code: ErrorCode, message: string, details: Record<string, unknown>): void {
    const { store } = this.#records
    store.database.transaction(() => {
      store.outbox.failed(row.number, { code, message, details })
      this.#receipt(row, { status: 'failed', error: code, timestamp: now() })
    })
    if (row.media) this.#sender.media.release(row.media)
  }

  /** `undefined` for what is no message by itself. */
  #event({ told, chat_id }: Outgoing, message: Message, timestamp: number): MessageEvent | undefined {
    const { identity } = this.#records
    if (!message.said) return undefined
    const { message_id, said, quoted_message_id } = message
    const origin = {
      source: 'bridge',
      e2e: true,
      device: null,
      forwarded: told.forwarded === true,
      edited: false,
      view_once: told.view_once === true,
      quoted: quoted_message_id !== null,
      broadcast: false,
      offline: false,
      replayed: false,
      server_time: timestamp,
    } as const
    return {
      type: 'message',
      message_id,
      chat: identity.chatById(chat_id),
      sender: identity.person(this.#sender.self),
      from_me: true,
      origin,
      timestamp,
      ...said,
      mentions: (told.mentions ?? []).map((id) => identity.person(this.#records.address(id))),
      quoted_message_id,
    }
  }

  #receipt({ message_id, chat_id }: Outgoing, what: Pick<ReceiptEvent, 'status' | 'error' | 'timestamp'>): void {
    const { journal, identity } = this.#records
    const chat = identity.chatById(chat_id)
    journal.append({ type: 'receipt', message_id, chat, by: null, ...what }, `receipt:${message_id}:${what.status}:`)
  }
}
