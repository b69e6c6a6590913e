import { SimulatorError, TimedOut } from './errors.ts'

export interface WaitOptions {
  timeoutMs?: number
  signal?: AbortSignal
}

/** Lets anybody wait for a condition on the simulator's state without polling. */
export class Activity {
  readonly #listeners = new Set<() => void>()
  readonly #abandon = new AbortController()

  /** Something changed: every waiter looks again. */
  changed(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Calls `listener` after every change until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * The first truthy value of `look`, which is called now and after every change.
   *
   * @throws TimedOut when none came in `timeoutMs` (5,000 unless told).
   */
  until<T>(look: () => T, what: string, { timeoutMs = 5000, signal }: WaitOptions = {}): Promise<NonNullable<T>> {
    return new Promise((resolve, reject) => {
      const signals = AbortSignal.any(signal ? [this.#abandon.signal, signal] : [this.#abandon.signal])
      const finish = (settle: () => void) => {
        clearTimeout(timer)
        unsubscribe()
        signals.removeEventListener('abort', gone)
        settle()
      }
      const check = () => {
        try {
          const value = look()
          if (value) finish(() => resolve(value))
        } catch (error) {
          finish(() => reject(new SimulatorError(`Looking for ${what} failed.`, { cause: error })))
        }
      }
      const gone = () => finish(() => reject(new SimulatorError(`Stopped waiting for ${what}.`)))
      const timer = setTimeout(
        () => finish(() => reject(new TimedOut(`No ${what} within ${timeoutMs} ms.`))),
        timeoutMs,
      )
      const unsubscribe = this.subscribe(check)
      signals.addEventListener('abort', gone)
      if (signals.aborted) gone()
      else check()
    })
  }

  close(): void {
    this.#abandon.abort()
    this.#listeners.clear()
  }
}
