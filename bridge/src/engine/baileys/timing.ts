/** Milliseconds. */
export interface Timing {
  /** From connecting to logged in, or to the first code. */
  connect: number
  /** One question to the server. */
  query: number
  /** From writing a message to the server's confirmation. */
  ack: number
  /** Before the first and before later attempts to connect again. */
  retryFirst: number
  retryLast: number
}

export const TIMING: Timing = { connect: 60_000, query: 20_000, ack: 15_000, retryFirst: 1000, retryLast: 300_000 }
