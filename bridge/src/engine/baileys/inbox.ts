import type { Logger } from '../../log.ts'
import type { KeyValue } from '../engine.ts'
import { decode } from './auth.ts'
import {
  type BinaryNode,
  cleanMessage,
  type Contact,
  decodeMessageNode,
  encodeWAMessage,
  getBinaryNodeChildren,
  jidDecode,
  proto,
  type SignalDataSet,
  type SignalKeyStoreWithTransaction,
  unpadRandomMax16,
  type WAMessage,
  type WAMessageKey,
} from './library.ts'
import { summary } from './logger.ts'
import type { Stanza } from './origin.ts'

const TYPE = 'inbox'

interface Row {
  attrs: Record<string, string>
  plaintext: Uint8Array
}

/** The ids of a message's rows, and the stanza it came in. */
interface Kept extends Stanza {
  ids: string[]
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
  /** The attributes of stanzas by their ciphertexts. */
  readonly #stanzas = new WeakMap<Uint8Array, Row['attrs']>()
  /** By message. */
  readonly #rows = new Map<string, Kept>()
  #counter = 0

  constructor(store: KeyValue, me: () => Contact | undefined, log: Logger) {
    this.#store = store
    this.#me = me
    this.#log = log
  }

  /**
   * To be told of a stanza before Baileys has it: afterwards only the bytes tell which it was.
   *
   * Baileys queues what WhatsApp had kept, and lets live messages overtake that queue. So to Baileys every message is kept.
   */
  expect(stanza: BinaryNode): void {
    const attrs = { ...stanza.attrs }
    for (const { content } of getBinaryNodeChildren(stanza, 'enc')) {
      if (content instanceof Uint8Array) this.#stanzas.set(content, attrs)
    }
    stanza.attrs['offline'] ??= 'live'
  }

  /** The stanza a message came in; `undefined` when it did not come by itself. */
  stanzaOf(key: WAMessageKey): Stanza | undefined {
    return this.#rows.get(nameOf(key))
  }

  /** Decrypts, and keeps the plaintext in the same commit. `lock` names what the commit is about. */
  async decrypt(
    keys: SignalKeyStoreWithTransaction,
    lock: string,
    ciphertext: Uint8Array,
    work: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const plaintext = await keys.transaction(async () => {
      const bytes = await work()
      const attrs = this.#stanzas.get(ciphertext)
      if (attrs) await keys.set(this.#row({ attrs, plaintext: bytes }))
      return bytes
    }, lock)
    return keepContext(plaintext)
  }

  /** What the host has not been given, oldest first. */
  pending(): WAMessage[] {
    const messages = new Map<string, WAMessage>()
    this.#rows.clear()
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

  /** The host has it: in its commit, and followed by `forget` once that is done. */
  settle({ key }: WAMessage): void {
    const ids = this.#rows.get(nameOf(key))?.ids ?? []
    if (ids.length > 0) this.#store.set({ [TYPE]: Object.fromEntries(ids.map((id) => [id, null])) })
  }

  forget({ key }: WAMessage): void {
    this.#rows.delete(nameOf(key))
  }

  #row(row: Row): SignalDataSet {
    const id = `${String(Date.now()).padStart(15, '0')}-${String(this.#counter++).padStart(9, '0')}`
    this.#note(this.#decode(row.attrs).key, id, row)
    return { [TYPE]: { [id]: row } } as SignalDataSet
  }

  #note(key: WAMessageKey, id: string, { attrs }: Row): void {
    const name = nameOf(key)
    const ids = this.#rows.get(name)?.ids ?? []
    this.#rows.set(name, { ids: [...ids, id], attrs, offline: attrs['offline'] !== undefined })
  }

  /** A group message may come in two parts: the sender's key and the text. */
  #add(messages: Map<string, WAMessage>, id: string, row: Row): void {
    const message = this.#decode(row.attrs)
    const plain = proto.Message.decode(unpadRandomMax16(keepContext(row.plaintext)))
    message.message = plain.deviceSentMessage?.message ?? plain
    const name = nameOf(message.key)
    const earlier = messages.get(name)
    if (earlier?.message) Object.assign(earlier.message, message.message)
    else messages.set(name, message)
    this.#note(message.key, id, row)
  }

  #decode(attrs: Record<string, string>): WAMessage {
    const me = this.#me()
    const message = decodeMessageNode({ tag: 'message', attrs }, me?.id ?? '', me?.lid ?? '').fullMessage
    cleanMessage(message, me?.id ?? '', me?.lid ?? '')
    return message
  }
}

function nameOf(key: WAMessageKey): string {
  const author = key.fromMe ? 'me' : jidDecode(key.participant || (key.remoteJid ?? undefined))?.user
  return `${key.id ?? ''} ${author ?? ''}`
}

/** Baileys unwraps what the own phone wrote and drops what the wrapping knows of it: with polls, the secret of the votes. */
function keepContext(plaintext: Uint8Array): Uint8Array {
  const message = proto.Message.decode(unpadRandomMax16(plaintext))
  const inner = message.deviceSentMessage?.message
  if (!inner || !message.messageContextInfo || inner.messageContextInfo?.messageSecret?.length) return plaintext
  inner.messageContextInfo = { ...message.messageContextInfo, ...inner.messageContextInfo }
  return encodeWAMessage(message)
}
