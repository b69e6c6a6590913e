import type { MediaFile } from '../engine/engine.ts'
import { type Ticket, Tickets } from './media-tickets.ts'

const USE_MS = 60_000

/** A file for one client. `done`: it is open, or nobody will ever come for it. */
export interface Handout extends MediaFile {
  done: () => void
}

/** Files that clients may fetch. */
export class Handouts {
  readonly #tickets = new Tickets<Handout>(USE_MS, ({ done }) => done())

  /** @throws BridgeError `rate_limited`; `done` is called then too. */
  offer(client: object, handout: Handout): Ticket {
    try {
      return this.#tickets.issue(client, handout)
    } catch (error) {
      handout.done()
      throw error
    }
  }

  /** The first time. Whoever takes it calls `done` as soon as it is open. */
  take(ticket: string): Handout | undefined {
    return this.#tickets.use(ticket)
  }
}
