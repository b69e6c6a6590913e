import type { JournalEvent } from '../protocol.ts'
import type { JournalEntry } from '../store/journal.ts'
import type { Store } from '../store/store.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { Counters } from './counters.ts'
import { now } from './text.ts'

/** What happened to one account, in order, until every consumer has handled it or its time is over. */
export class Journal {
  readonly counters = new Counters()
  readonly #store: Store
  readonly #account: string
  readonly #listeners = new Set<() => void>()
  readonly #acknowledgements: Acknowledgements

  constructor(store: Store, account: string) {
    this.#store = store
    this.#account = account
    this.#acknowledgements = new Acknowledgements((handled) =>
      // What was not acknowledged comes again.
      store.database.relaxed(() => {
        for (const [consumer, seq] of handled) store.journal.ack(account, consumer, seq, now())
      }),
    )
  }

  /**
   * Adds an event, in the caller's transaction if there is one. `once` is what makes it the same event when it is told
   * twice: the second time nothing happens, and this returns false.
   */
  append(event: JournalEvent, once: string): boolean {
    const { database, journal } = this.#store
    return database.transaction(() => {
      if (journal.append(this.#account, once, event, now()) === undefined) return false
      database.onCommit(() => {
        this.counters.journaled(event)
        for (const tell of this.#listeners) tell()
      })
      return true
    })
  }

  /** Whether this was told before. */
  has(once: string): boolean {
    return this.#store.journal.has(this.#account, once)
  }

  after(seq: number, limit: number): JournalEntry[] {
    return this.#store.journal.after(this.#account, seq, limit)
  }

  /** The highest `seq` so far. */
  head(): number {
    return this.#store.journal.head(this.#account)
  }

  count(): number {
    return this.#store.journal.count(this.#account)
  }

  /** How many events the slowest consumer has not handled, of those that were here since then (seconds since 1970). */
  lag(since: number): number {
    return this.#store.journal.lag(this.#account, since)
  }

  /** The last `seq` this consumer has handled; a new one starts at the head. */
  cursor(consumer: string): number {
    return this.#store.journal.cursor(this.#account, consumer, now())
  }

  /** Resolves when it is on disk. */
  async ack(consumer: string, seq: number): Promise<void> {
    return this.#acknowledgements.add(consumer, seq)
  }

  /** Writes down what was acknowledged, before the bridge stops. */
  async flush(): Promise<void> {
    await this.#acknowledgements.flush()
  }

  /** Calls `tell` after every commit that added something. Returns how to stop that. */
  subscribe(tell: () => void): () => void {
    this.#listeners.add(tell)
    return () => this.#listeners.delete(tell)
  }
}

export type { JournalEntry }
