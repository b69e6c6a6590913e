import type { Address } from '../engine/engine.ts'
import { asBridgeError, BridgeError } from '../errors.ts'
import type { ChatRow } from '../store/identities.ts'
import { phoneDigits } from './phone.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'

const LOOKUP_SECONDS = 20

/** Finds the chats of one account: those it knows, and phone numbers that only WhatsApp knows. */
export class Directory {
  readonly #records: Records
  readonly #sender: Sender

  constructor(records: Records, sender: Sender) {
    this.#records = records
    this.#sender = sender
  }

  /**
   * The chat of an id, any alias or a phone number; an unknown number is looked up on WhatsApp.
   * @throws BridgeError `chat_not_found`, `not_on_whatsapp`, `not_linked`, `not_connected`, `timeout`.
   */
  async resolve(reference: string): Promise<ChatRow> {
    const { identity, store } = this.#records
    const known = identity.find(reference)
    if (known && (known.kind !== 'group' || known.listed)) return known
    const digits = phoneDigits(reference)
    if (known || digits === undefined) throw new BridgeError('chat_not_found', 'This account has no such chat')
    this.#checkConnected()
    const address = await this.#lookup(digits)
    if (!address) {
      throw new BridgeError('not_on_whatsapp', 'This number is not on WhatsApp: write it with its country code')
    }
    return store.database.transaction(() => {
      identity.note(address)
      identity.learnTyped(digits, address)
      return identity.noted(address)
    })
  }

  #checkConnected(): void {
    if (!this.#sender.isLinked()) {
      throw new BridgeError('not_linked', 'The account is not linked to WhatsApp: link it again')
    }
    if (this.#sender.isConnected()) return
    const message = 'WhatsApp is not connected at the moment, so the number cannot be looked up: try again later'
    throw new BridgeError('not_connected', message)
  }

  async #lookup(digits: string): Promise<Address | null> {
    const signal = AbortSignal.timeout(LOOKUP_SECONDS * 1000)
    try {
      return await this.#sender.engine.lookup(digits, signal)
    } catch (error) {
      if (signal.aborted) throw new BridgeError('timeout', 'WhatsApp did not answer in time: try again later')
      throw asBridgeError(error) ?? error
    }
  }
}
