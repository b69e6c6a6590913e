import type { StorageStatus } from '../protocol.ts'
import { StorageError, type StorageProblem } from './faults.ts'

/** How often it is tried whether the storage works again, when nobody asks. */
const TRY_MS = 30_000
/** And how often at most, when somebody does. */
const TRY_AT_MOST_MS = 1000

/**
 * Whether the storage takes what it is given. From full and read-only it comes back by itself, once a real write has gone
 * well; a database that is damaged stays so until somebody has put it right and the bridge was started again.
 */
export class Condition {
  readonly #attempt: () => void
  readonly #watchers = new Set<(status: StorageStatus) => void>()
  #status: StorageStatus = 'ok'
  #triedAt = -Infinity
  #timer: NodeJS.Timeout | undefined

  /** `attempt` writes, and throws `StorageError` when that fails. */
  constructor(attempt: () => void) {
    this.#attempt = attempt
  }

  get status(): StorageStatus {
    return this.#status
  }

  /** Calls `watcher` with every change, in the tick in which it is known. */
  watch(watcher: (status: StorageStatus) => void): void {
    this.#watchers.add(watcher)
  }

  /** A write or a read has failed. */
  note(problem: StorageProblem): void {
    if (this.#status === 'corrupt') return
    this.#triedAt = performance.now()
    this.#change(problem)
  }

  /** Before a write. @throws StorageError when it would fail. */
  require(): void {
    const problem = this.#status
    if (problem !== 'ok' && !this.probe()) throw new StorageError(problem)
  }

  /** Before a read. @throws StorageError when there is nothing to read. */
  requireReadable(): void {
    if (this.#status === 'corrupt') throw new StorageError('corrupt')
  }

  /** Tries whether it works again. */
  probe(): boolean {
    if (this.#status === 'ok') return true
    if (this.#status === 'corrupt' || performance.now() - this.#triedAt < TRY_AT_MOST_MS) return false
    this.#triedAt = performance.now()
    try {
      this.#attempt()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#change(error.problem)
      return false
    }
    this.#change('ok')
    return true
  }

  /** Nothing is tried any more. */
  stop(): void {
    clearInterval(this.#timer)
  }

  #change(status: StorageStatus): void {
    if (this.#status === status) return
    this.#status = status
    clearInterval(this.#timer)
    if (status === 'full' || status === 'read_only') this.#timer = setInterval(() => this.probe(), TRY_MS).unref()
    for (const tell of this.#watchers) tell(status)
  }
}
