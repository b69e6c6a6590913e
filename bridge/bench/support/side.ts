import type { Child } from './child.ts'

/** One of the two that are compared: a linked device in a process of its own. Times are milliseconds. */
export interface Side {
  readonly name: 'raw' | 'bridge'
  /** The phone number of its account. */
  readonly number: string
  readonly process: Child
  /** Starts its process for the first time and links it. */
  link(): Promise<void>
  /** Starts its process; resolves when it is logged in, with the time since the process was asked for. */
  start(): Promise<number>
  stop(): Promise<void>
  /** Sends all at once; resolves with the time until WhatsApp's server has confirmed the last. */
  send(to: string, texts: readonly string[]): Promise<number>
  /** Resolves with the time on the `clock` at which this text came in. */
  heard(text: string): Promise<number>
}

/** Who waits for which text. */
export class Arrivals {
  readonly #waiting = new Map<string, (at: number) => void>()

  async of(text: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>()
    this.#waiting.set(text, resolve)
    return promise
  }

  note(text: string, at: number): void {
    this.#waiting.get(text)?.(at)
    this.#waiting.delete(text)
  }
}
