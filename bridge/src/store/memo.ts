import { LRUCache } from 'lru-cache'

import type { Database } from './database.ts'

const MAX = 4096

/** What was read last. What an open transaction has changed is read afresh until it has committed, since it may not. */
export class Memo<K extends string | number, V> {
  readonly #database: Database
  readonly #values = new LRUCache<K, { value: V }>({ max: MAX })
  readonly #changed = new Set<K>()
  #allChanged = false

  constructor(database: Database) {
    this.#database = database
  }

  get(key: K, read: () => V): V {
    if (this.#allChanged || this.#changed.has(key)) return read()
    const known = this.#values.get(key)
    if (known) return known.value
    const value = read()
    this.#values.set(key, { value })
    return value
  }

  forget(key: K): void {
    this.#values.delete(key)
    this.#changed.add(key)
    this.#untilCommit()
  }

  forgetAll(): void {
    this.#values.clear()
    this.#allChanged = true
    this.#untilCommit()
  }

  #untilCommit(): void {
    this.#database.onCommit(() => {
      this.#changed.clear()
      this.#allChanged = false
    })
  }
}
