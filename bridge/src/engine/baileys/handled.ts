import type { KeyValue } from '../engine.ts'

const TYPE = 'handled'
const AT_MOST = 2000

/**
 * The names of what was told and is no message to the host: votes, edits, keys. When WhatsApp brings it once more, nothing here can
 * decrypt it, and only this tells it from what was never read.
 */
export class Handled {
  readonly #store: KeyValue
  #names = new Set<string>()

  constructor(store: KeyValue) {
    this.#store = store
  }

  /** Whatever an earlier process or session left. */
  load(): void {
    const rows = [...this.#store.all(TYPE)].toSorted(([, a], [, b]) => Number(a) - Number(b))
    this.#names = new Set(rows.map(([name]) => name))
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  /** What to write, to be followed by `add` once that is done. */
  adding(name: string): Record<string, Record<string, string | null>> {
    const old = [...this.#names].slice(0, Math.max(0, this.#names.size + 1 - AT_MOST))
    const gone = Object.fromEntries(old.map((one) => [one, null]))
    return { [TYPE]: { ...gone, [name]: String(Date.now()) } }
  }

  add(name: string): void {
    this.#names.add(name)
    for (const old of this.#names) {
      if (this.#names.size <= AT_MOST) return
      this.#names.delete(old)
    }
  }
}
