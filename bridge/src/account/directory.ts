import type { Address } from '../engine/engine.ts'
import { BridgeError } from '../errors.ts'
import type { CommandResult } from '../protocol.ts'
import type { ChatRow } from '../store/identities.ts'
import { ask, inParallel, patience } from './ask.ts'
import { phoneDigits } from './phone.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'

/** WhatsApp is not asked for more numbers at a time. */
export const LOOKUPS_AT_ONCE = 5

/** Finds the chats of one account: those it knows, and phone numbers that only WhatsApp knows. */
export class Directory {
  readonly #records: Records
  readonly #sender: Pick<Sender, 'engine' | 'isLinked' | 'isConnected'>

  constructor(records: Records, sender: Pick<Sender, 'engine' | 'isLinked' | 'isConnected'>) {
    this.#records = records
    this.#sender = sender
  }

  /**
   * The chat of an id, any alias or a phone number; an unknown number is looked up on WhatsApp.
   * @throws BridgeError `chat_not_found`, `not_on_whatsapp`, `not_linked`, `not_connected`, `timeout`.
   */
  async resolve(reference: string, signal = patience()): Promise<ChatRow> {
    const known = this.#records.identity.find(reference)
    if (known && (known.kind !== 'group' || known.listed)) return known
    const digits = phoneDigits(reference)
    if (known || digits === undefined) throw new BridgeError('chat_not_found', 'This account has no such chat')
    const chat = await this.#lookUp(digits, signal)
    if (chat) return chat
    throw new BridgeError('not_on_whatsapp', 'This number is not on WhatsApp: write it with its country code')
  }

  /**
   * Which of these numbers are on WhatsApp, as it says now.
   * @throws BridgeError `invalid_request`, `not_linked`, `not_connected`, `timeout`.
   */
  async check(phones: readonly string[]): Promise<CommandResult<'check'>> {
    const asked = phones.map((phone, index) => {
      const digits = phoneDigits(phone)
      if (digits !== undefined) return { phone, digits }
      const message = 'This is no phone number with a country code: write it like +49 170 1234567'
      throw new BridgeError('invalid_request', message, { field: `/phones/${index}` })
    })
    const distinct = [...new Set(asked.map(({ digits }) => digits))]
    const signal = patience()
    const chats = await inParallel(distinct, LOOKUPS_AT_ONCE, async (digits) => this.#lookUp(digits, signal))
    const found = new Map(distinct.map((digits, index) => [digits, chats[index]?.chat_id]))
    const numbers = asked.map(({ phone, digits }) => {
      const chat_id = found.get(digits)
      return { phone, chat: chat_id === undefined ? null : this.#records.identity.chatById(chat_id) }
    })
    return { numbers }
  }

  async #lookUp(digits: string, signal: AbortSignal): Promise<ChatRow | undefined> {
    const address = await ask(this.#sender, async (engine) => engine.lookup(digits, signal), signal)
    return address ? this.#learn(digits, address) : undefined
  }

  #learn(digits: string, address: Address): ChatRow {
    const { identity, store } = this.#records
    return store.database.transaction(() => {
      identity.note(address)
      identity.learnTyped(digits, address)
      return identity.noted(address)
    })
  }
}
