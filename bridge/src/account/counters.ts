import type { AccountHealth, JournalEvent } from '../protocol.ts'
import type { Account } from './account.ts'
import { now } from './text.ts'

/** A consumer that was not here for this long holds nobody up, in seconds. */
const RECENTLY = 86_400

type Counts = Pick<AccountHealth, 'reconnects' | 'sent' | 'failed' | 'received' | 'last_sent_at' | 'last_received_at'>

/** What happened to one account since the bridge started. In memory only: counting writes nothing. */
export class Counters {
  readonly #counts: Counts = {
    reconnects: 0,
    sent: 0,
    failed: 0,
    received: 0,
    last_sent_at: null,
    last_received_at: null,
  }
  #connections = 0

  get counts(): Readonly<Counts> {
    return this.#counts
  }

  /** Logged in to WhatsApp. */
  connected(): void {
    this.#connections += 1
    this.#counts.reconnects = this.#connections - 1
  }

  /** An event was added to the journal. */
  journaled(event: JournalEvent): void {
    const counts = this.#counts
    if (event.type === 'message' && !event.from_me) {
      counts.received += 1
      counts.last_received_at = now()
    }
    if (event.type !== 'receipt') return
    if (event.status === 'failed') counts.failed += 1
    if (event.status !== 'sent') return
    counts.sent += 1
    counts.last_sent_at = event.timestamp
  }
}

/** How an account is doing. */
export function accountHealth(account: Account): AccountHealth {
  const { account_id, connection, queued } = account.state()
  const { journal } = account.records
  const lag = journal.lag(now() - RECENTLY)
  return { account_id, connection, queued, journal: journal.count(), lag, ...journal.counters.counts }
}
