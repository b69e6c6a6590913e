import { randomBytes } from 'node:crypto'

import { BridgeError } from '../errors.ts'
import { now } from './text.ts'

/** How many tickets one client may have that it has not used. */
const MAX_OPEN = 64

export interface Ticket {
  ticket: string
  /** Seconds since 1970. */
  expires_at: number
}

interface Open<T> {
  value: T
  client: object
  timer: NodeJS.Timeout
}

/** Secrets that are good for one thing, once, for a short while. */
export class Tickets<T> {
  readonly #lifetime: number
  readonly #expired: (value: T) => void
  readonly #open = new Map<string, Open<T>>()

  /** @param lifetime In milliseconds. `expired` hears of those that nobody used. */
  constructor(lifetime: number, expired: (value: T) => void) {
    this.#lifetime = lifetime
    this.#expired = expired
  }

  /** @throws BridgeError `rate_limited` when this client has too many. */
  issue(client: object, value: T): Ticket {
    const open = [...this.#open.values()].filter((one) => one.client === client)
    if (open.length >= MAX_OPEN) {
      throw new BridgeError('rate_limited', 'Too many files are on their way: use the tickets that you have', {
        limit: MAX_OPEN,
      })
    }
    const ticket = randomBytes(32).toString('base64url')
    const timer = setTimeout(() => {
      this.#open.delete(ticket)
      this.#expired(value)
    }, this.#lifetime).unref()
    this.#open.set(ticket, { value, client, timer })
    return { ticket, expires_at: now() + this.#lifetime / 1000 }
  }

  /** What it is good for, the first time. */
  use(ticket: string): T | undefined {
    const open = this.#open.get(ticket)
    this.#open.delete(ticket)
    clearTimeout(open?.timer)
    return open?.value
  }
}
