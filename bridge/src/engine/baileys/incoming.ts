import type { DecryptError } from '../../protocol.ts'
import type { EngineHost } from '../engine.ts'
import { partiesOf } from './addresses.ts'
import type { Handled } from './handled.ts'
import type { InboundParts } from './inbound.ts'
import type { Inbox } from './inbox.ts'
import {
  type BinaryNode,
  type Contact,
  encodeWAMessage,
  getAllBinaryNodeChildren,
  type SignalKeyStoreWithTransaction,
} from './library.ts'
import { summary } from './logger.ts'
import {
  type Attributes,
  ciphertextsOf,
  frameOf,
  isUnencrypted,
  nameOf,
  type Stanza,
  unavailableType,
} from './stanzas.ts'
import type { Unread } from './unread.ts'

/** What libsignal says when a key or a session is missing here. */
const NO_KEY = /no session|no sender|missing signed|invalid prekey id/iu

/** What each message's stanza was, and what became of its decryption: Baileys tells neither. */
export class Incoming {
  readonly #host: Pick<EngineHost, 'message' | 'log'>
  readonly #inbox: Inbox
  readonly #unread: Unread
  readonly #handled: Handled
  readonly #me: () => Contact | undefined
  /** Stanzas by their ciphertexts. */
  readonly #stanzas = new WeakMap<Uint8Array, Stanza>()
  /** Stanzas whose decryption has not begun, by name. */
  readonly #waiting = new Map<string, Stanza>()
  #lastDecryption = 0
  /** Called when there is something to repair or to watch. */
  onWork: () => void = () => undefined
  /** Called when what could not be read could not be noted either: it must not be confirmed. */
  onLost: (error: unknown) => void = () => undefined

  constructor(host: Pick<EngineHost, 'message' | 'log'>, { inbox, unread, handled, me }: InboundParts) {
    this.#host = host
    this.#inbox = inbox
    this.#unread = unread
    this.#handled = handled
    this.#me = me
  }

  /**
   * To be told of a stanza before Baileys has it: afterwards only the bytes tell which it was.
   *
   * Baileys queues what WhatsApp had kept, and lets live messages overtake that queue. So to Baileys every message is kept.
   */
  expect(stanza: BinaryNode): void {
    const known = this.#read({ ...stanza.attrs })
    stanza.attrs['offline'] ??= 'live'
    if (!known) return
    const ciphertexts = ciphertextsOf(stanza)
    for (const ciphertext of ciphertexts) this.#stanzas.set(ciphertext, known)
    if (ciphertexts.length > 0) this.#waiting.set(known.name, known)
    else if (!getAllBinaryNodeChildren(stanza).some(isUnencrypted))
      this.#note(known, 'unavailable', unavailableType(stanza))
    this.onWork()
  }

  /** Runs a decryption of Baileys' and keeps what comes of it. `lock` names what its commit is about. */
  async decrypt(
    keys: SignalKeyStoreWithTransaction,
    lock: string,
    ciphertext: Uint8Array,
    work: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const stanza = this.#stanzas.get(ciphertext)
    if (!stanza) return work()
    this.#lastDecryption = Date.now()
    this.#waiting.delete(stanza.name)
    try {
      return await this.#inbox.decrypt(keys, lock, stanza, ciphertext, work)
    } catch (error) {
      const again = this.#inbox.earlier(stanza.key, ciphertext)
      if (again) return again
      // It came before and was told. Empty, it is confirmed like any other; unread, it would be asked for again.
      if (this.#isKnown(stanza)) return encodeWAMessage({})
      this.#note(stanza, reasonOf(error))
      throw error
    }
  }

  /** Messages that Baileys gave up before it decrypted them, once nothing has happened for `quietMs`. */
  noteForgotten(quietMs: number): void {
    if (Date.now() - this.#lastDecryption < quietMs) return
    for (const stanza of this.#waiting.values()) this.#note(stanza, 'unavailable')
    this.#waiting.clear()
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  #note(stanza: Stanza, reason: DecryptError, unavailable?: string): void {
    const { attrs, key, name } = stanza
    // What the own phone says to its devices is no message, and what has no place or no writer cannot be told.
    if (attrs['category'] === 'peer' || !partiesOf(key, this.#me()) || this.#isKnown(stanza)) return
    try {
      this.#unread.note(name, attrs, reason, unavailable ?? null)
      this.onWork()
    } catch (error) {
      this.#host.log.error({ error: summary(error) }, 'A message that cannot be read could not be noted')
      this.onLost(error)
    }
  }

  #isKnown({ name, key: { id } }: Stanza): boolean {
    if (this.#unread.get(name)) return false
    return this.#handled.has(name) || this.#host.message(id ?? '') !== undefined
  }

  /** `undefined` for what Baileys will refuse. */
  #read(attrs: Attributes): Stanza | undefined {
    try {
      const { key } = frameOf(attrs, this.#me())
      return { attrs, key, name: nameOf(key) }
    } catch {
      return undefined
    }
  }
}

function reasonOf(error: unknown): DecryptError {
  return error instanceof Error && NO_KEY.test(error.message) ? 'no_session' : 'corrupt'
}
