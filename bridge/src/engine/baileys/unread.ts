import type { DecryptError } from '../../protocol.ts'
import type { KeyValue } from '../engine.ts'
import type { Attributes } from './stanzas.ts'

const TYPE = 'unread'
const AT_MOST = 1000
/** The own phone is not asked for what is older, as WhatsApp Web does not. */
const KEPT_MS = 14 * 24 * 3_600_000

/** A message that could not be read. */
export interface Unreadable {
  attrs: Attributes
  reason: DecryptError
  /** What WhatsApp called it when it did not hand it out: `view_once` and the like. */
  unavailable: string | null
  /** Milliseconds since 1970. */
  at: number
  told: boolean
  /** How often the own phone was asked for it. */
  asked: number
}

/** Messages that could not be read, by name, until they can be or their time is over. */
export class Unread {
  readonly #store: KeyValue
  #rows = new Map<string, Unreadable>()

  constructor(store: KeyValue) {
    this.#store = store
  }

  /** Whatever an earlier process or session left. */
  load(): void {
    const rows = [...this.#store.all(TYPE)].map(([name, text]) => [name, JSON.parse(text) as Unreadable] as const)
    this.#rows = new Map(rows.toSorted(([, a], [, b]) => a.at - b.at))
    const over = Date.now() - KEPT_MS
    this.#drop([...this.#rows].filter(([, { at }]) => at < over).map(([name]) => name))
  }

  get(name: string): Unreadable | undefined {
    return this.#rows.get(name)
  }

  [Symbol.iterator](): IterableIterator<[string, Unreadable]> {
    return this.#rows.entries()
  }

  /** By WhatsApp's id alone. */
  withId(id: string): [string, Unreadable] | undefined {
    return [...this.#rows].find(([, { attrs }]) => attrs['id'] === id)
  }

  /** Notes a message, the first time. Throws when that could not be written. */
  note(name: string, attrs: Attributes, reason: DecryptError, unavailable: string | null = null): void {
    if (this.#rows.has(name)) return
    const oldest = [...this.#rows.keys()].slice(0, Math.max(0, this.#rows.size + 1 - AT_MOST))
    this.#drop(oldest)
    this.change(name, { attrs, reason, unavailable, at: Date.now(), told: false, asked: 0 })
  }

  change(name: string, row: Unreadable): void {
    this.#store.set(this.changing(name, row))
    this.changed(name, row)
  }

  /** What to write, to be followed by `changed` once that is done. */
  changing(name: string, row: Unreadable): Record<string, Record<string, string>> {
    return { [TYPE]: { [name]: JSON.stringify(row) } }
  }

  changed(name: string, row: Unreadable): void {
    this.#rows.set(name, row)
  }

  /** It was read after all: what to write, to be followed by `forget` once that is done. */
  settled(name: string): Record<string, Record<string, null>> {
    return this.#rows.has(name) ? { [TYPE]: { [name]: null } } : {}
  }

  forget(name: string): void {
    this.#rows.delete(name)
  }

  #drop(names: readonly string[]): void {
    if (names.length === 0) return
    this.#store.set({ [TYPE]: Object.fromEntries(names.map((name) => [name, null])) })
    for (const name of names) this.#rows.delete(name)
  }
}
