import { createHash } from 'node:crypto'

import type { Logger } from '../../log.ts'
import type { KeyValue } from '../engine.ts'
import { decode } from './auth.ts'
import {
  type Contact,
  proto,
  type SignalDataSet,
  type SignalKeyStoreWithTransaction,
  unpadRandomMax16,
  type WAMessage,
  type WAMessageKey,
} from './library.ts'
import { summary } from './logger.ts'
import { prepared } from './plaintexts.ts'
import { type Attributes, frameOf, nameOf, type Stanza } from './stanzas.ts'

const TYPE = 'inbox'

interface Row {
  attrs: Attributes
  plaintext: Uint8Array
  /** The ciphertext it came from. */
  hash: string
}

/** The rows of a message by the hashes of their ciphertexts, and the stanza it came in. */
interface Kept {
  attrs: Attributes
  rows: Map<string, string>
}

/**
 * The last window in which a message could be lost: once it is decrypted its key is gone, but Baileys tells us of it later, or
 * never when the connection or the process ends before. So each plaintext is kept in the commit that uses up its key, and deleted
 * when the host has the message.
 */
export class Inbox {
  readonly #store: KeyValue
  readonly #me: () => Contact | undefined
  readonly #log: Logger
  /** By message. */
  readonly #kept = new Map<string, Kept>()
  #counter = 0

  constructor(store: KeyValue, me: () => Contact | undefined, log: Logger) {
    this.#store = store
    this.#me = me
    this.#log = log
  }

  /** The stanza a message came in; `undefined` when it did not come by itself. */
  stanzaOf(key: WAMessageKey): Attributes | undefined {
    return this.#kept.get(nameOf(key))?.attrs
  }

  /** Decrypts, and keeps the plaintext in the same commit. `lock` names what the commit is about. */
  async decrypt(
    keys: SignalKeyStoreWithTransaction,
    lock: string,
    { attrs, key }: Stanza,
    ciphertext: Uint8Array,
    work: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    return await keys.transaction(async () => {
      const plaintext = prepared(await work())
      await keys.set(this.#row(key, { attrs, plaintext, hash: hashOf(ciphertext) }))
      return plaintext
    }, lock)
  }

  /** What this ciphertext held when it came before, for as long as the host has not been given it. */
  earlier(key: WAMessageKey, ciphertext: Uint8Array): Uint8Array | undefined {
    const id = this.#kept.get(nameOf(key))?.rows.get(hashOf(ciphertext))
    const text = id === undefined ? undefined : this.#store.get(TYPE, [id]).get(id)
    return text === undefined ? undefined : (decode(text) as Row).plaintext
  }

  /** What the host has not been given, oldest first. */
  pending(): WAMessage[] {
    const messages = new Map<string, WAMessage>()
    this.#kept.clear()
    for (const [id, text] of [...this.#store.all(TYPE)].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      try {
        this.#add(messages, id, decode(text) as Row)
      } catch (error) {
        this.#log.warn({ error: summary(error) }, 'A kept message cannot be read')
        this.#store.set({ [TYPE]: { [id]: null } })
      }
    }
    return [...messages.values()]
  }

  /** The host has it: what to write in its commit, to be followed by `forget` once that is done. */
  settled(key: WAMessageKey): Record<string, Record<string, null>> {
    const ids = [...(this.#kept.get(nameOf(key))?.rows.values() ?? [])]
    return ids.length > 0 ? { [TYPE]: Object.fromEntries(ids.map((id) => [id, null])) } : {}
  }

  forget(key: WAMessageKey): void {
    this.#kept.delete(nameOf(key))
  }

  #row(key: WAMessageKey, row: Row): SignalDataSet {
    const id = `${String(Date.now()).padStart(15, '0')}-${String(this.#counter++).padStart(9, '0')}`
    this.#note(key, id, row)
    return { [TYPE]: { [id]: row } } as SignalDataSet
  }

  #note(key: WAMessageKey, id: string, { attrs, hash }: Row): void {
    const name = nameOf(key)
    const rows = this.#kept.get(name)?.rows ?? new Map<string, string>()
    this.#kept.set(name, { attrs, rows: rows.set(hash, id) })
  }

  /** A group message may come in two parts: the sender's key and the text. */
  #add(messages: Map<string, WAMessage>, id: string, row: Row): void {
    const message = frameOf(row.attrs, this.#me())
    const plain = proto.Message.decode(unpadRandomMax16(row.plaintext))
    message.message = plain.deviceSentMessage?.message ?? plain
    const name = nameOf(message.key)
    const earlier = messages.get(name)
    if (earlier?.message) Object.assign(earlier.message, message.message)
    else messages.set(name, message)
    this.#note(message.key, id, row)
  }
}

function hashOf(ciphertext: Uint8Array): string {
  return createHash('sha256').update(ciphertext).digest('base64')
}
