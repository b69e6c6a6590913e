import type { Account, StateEvent } from '../protocol.ts'

const QUEUE_MS = 250

/** Tells whoever listens to an account how it stands. */
export class Announcer {
  readonly #state: () => Account
  readonly #listeners = new Set<(event: StateEvent) => void>()
  #announcing = false
  #queueTimer: NodeJS.Timeout | undefined
  #toldQueued = 0
  #stopped = false

  constructor(state: () => Account) {
    this.#state = state
  }

  /** Calls `listener` with every state event. Returns how to stop that. */
  subscribe(listener: (event: StateEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(event: StateEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Tells the state as it is a moment later, once for all that changes until then. */
  changed(): void {
    if (this.#announcing) return
    this.#announcing = true
    setImmediate(() => {
      this.#announcing = false
      if (this.#stopped) return
      const account = this.#state()
      this.#toldQueued = account.queued
      this.tell({ type: 'account', account })
    })
  }

  /** A message is sent as soon as it is queued, mostly: only a queue that lasts is worth telling. */
  queueChanged(): void {
    this.#queueTimer ??= setTimeout(() => {
      this.#queueTimer = undefined
      if (!this.#stopped && this.#state().queued !== this.#toldQueued) this.changed()
    }, QUEUE_MS).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#queueTimer)
  }
}
