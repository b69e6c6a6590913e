import type { Accounts } from '../account/accounts.ts'
import type { Logger } from '../log.ts'
import type { Guard } from './guard.ts'

/** What everything on the bridge's port works with. */
export interface ServerContext {
  readonly accounts: Accounts
  readonly version: string
  readonly log: Logger
  readonly guard: Guard
  readonly timing: Timing
  /** How many clients are authenticated. */
  clients(): number
}

/** All in milliseconds. */
export interface Timing {
  /** Until a client must have authenticated. */
  auth: number
  /** How long the answer to a wrong token takes at least; the next one takes longer. */
  refusal: number
  ping: number
  /** How long a client may leave a frame untaken. */
  stall: number
  /** Until the headers of a request must be there. */
  headers: number
  /** Until all of a request must be there. */
  request: number
}

export const TIMING: Timing = {
  auth: 5000,
  refusal: 1000,
  ping: 30_000,
  stall: 30_000,
  headers: 5000,
  request: 300_000,
}
