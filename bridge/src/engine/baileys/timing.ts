/** Milliseconds. */
export interface Timing {
  /** From connecting to logged in, or to the first code. */
  connect: number
  /** How long a QR code is shown. Absent: as WhatsApp Web does, a minute for the first and 20 s for each later one. */
  code?: number
  /** One question to the server. */
  query: number
  /** How often it is asked whether the server is still there. */
  probe: number
  /** From writing a message to the server's confirmation. */
  ack: number
  /** From a message that cannot be read to asking the own phone for it: meanwhile its writer may send it again. */
  repair: number
  /** From asking the phone for a file that WhatsApp has not kept to its answer: it may be off, or have no network. */
  restore: number
  /** Before the first and before later attempts to connect again. */
  retryFirst: number
  retryLast: number
}

export const TIMING: Timing = {
  connect: 60_000,
  query: 20_000,
  probe: 30_000,
  ack: 15_000,
  repair: 5000,
  restore: 30_000,
  retryFirst: 1000,
  retryLast: 300_000,
}
