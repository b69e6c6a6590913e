import type { JournalEvent } from '../protocol.ts'
import { type Database, fromJson } from './database.ts'

const DAY = 86_400

export interface JournalEntry {
  seq: number
  event: JournalEvent
}

export class JournalTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  /** The new `seq`, or `undefined` when an event with the same `once` is there. Call it inside a transaction. */
  append(account_id: string, once: string, event: JournalEvent, stored_at: number): number | undefined {
    if (this.has(account_id, once)) return undefined
    const sql = 'UPDATE accounts SET head = head + 1 WHERE account_id = $account_id RETURNING head'
    const { head: seq } = this.#database.one<{ head: number }>(sql, { account_id })
    this.#database.run(
      `INSERT INTO journal (account_id, seq, once, event, stored_at)
       VALUES ($account_id, $seq, $once, $event, $stored_at)`,
      { account_id, seq, once, event: JSON.stringify(event), stored_at },
    )
    return seq
  }

  /** Whether an event with this `once` is there. */
  has(account_id: string, once: string): boolean {
    const sql = 'SELECT 1 FROM journal WHERE account_id = $account_id AND once = $once'
    return this.#database.get(sql, { account_id, once }) !== undefined
  }

  after(account_id: string, seq: number, limit: number): JournalEntry[] {
    const sql = 'SELECT seq, event FROM journal WHERE account_id = $account_id AND seq > $seq ORDER BY seq LIMIT $limit'
    const rows = this.#database.all<{ seq: number; event: string }>(sql, { account_id, seq, limit })
    return rows.map((row) => ({ seq: row.seq, event: fromJson(row.event) }))
  }

  /** The highest `seq` ever given, 0 before the first. */
  head(account_id: string): number {
    const sql = 'SELECT head FROM accounts WHERE account_id = $account_id'
    return this.#database.one<{ head: number }>(sql, { account_id }).head
  }

  count(account_id: string): number {
    const sql = 'SELECT count(*) AS count FROM journal WHERE account_id = $account_id'
    return this.#database.one<{ count: number }>(sql, { account_id }).count
  }

  /**
   * What this consumer has handled. A new consumer starts at the head, and is known from then on. One that comes back writes nothing, but
   * once a day: a full disk does not keep it from hearing what is there.
   */
  cursor(account_id: string, consumer: string, now: number): number {
    const sql = 'SELECT seq, seen_at FROM cursors WHERE account_id = $account_id AND consumer = $consumer'
    const known = this.#database.get<{ seq: number; seen_at: number }>(sql, { account_id, consumer })
    if (known && known.seen_at > now - DAY) return known.seq
    const upsert = `INSERT INTO cursors (account_id, consumer, seq, seen_at)
       SELECT account_id, $consumer, head, $now FROM accounts WHERE account_id = $account_id
       ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at`
    this.#database.run(upsert, { account_id, consumer, now })
    return this.#database.one<{ seq: number }>(sql, { account_id, consumer }).seq
  }

  /** How far the slowest consumer is behind the head, of those seen after `since` (seconds since 1970). */
  lag(account_id: string, since: number): number {
    const sql = `SELECT coalesce(max(head - seq), 0) AS lag FROM accounts JOIN cursors USING (account_id)
      WHERE account_id = $account_id AND seen_at > $since`
    return this.#database.one<{ lag: number }>(sql, { account_id, since }).lag
  }

  /** Moves a cursor forward, never back and never past the head. */
  ack(account_id: string, consumer: string, seq: number, now: number): void {
    this.#database.run(
      `UPDATE cursors SET seq = min($seq, (SELECT head FROM accounts WHERE account_id = $account_id)), seen_at = $now
       WHERE account_id = $account_id AND consumer = $consumer AND seq < $seq`,
      { account_id, consumer, seq, now },
    )
  }

  delete(account_id: string): void {
    this.#database.run('DELETE FROM journal WHERE account_id = $account_id', { account_id })
    this.#database.run('DELETE FROM cursors WHERE account_id = $account_id', { account_id })
  }

  /** Forgets consumers that were not here since `before`: should one come back, it is new. */
  sweepCursors(before: number): void {
    this.#database.run('DELETE FROM cursors WHERE seen_at < $before', { before })
  }

  /** Deletes what is older than `before` (seconds since 1970), and all but the newest `rows` of each account. */
  sweep(before: number, rows: number): void {
    for (const { account_id, head } of this.#database.all<{ account_id: string; head: number }>(
      'SELECT account_id, head FROM accounts',
    )) {
      const recent = `SELECT seq FROM journal WHERE account_id = $account_id AND stored_at >= $before ORDER BY seq LIMIT 1`
      const first = this.#database.get<{ seq: number }>(recent, { account_id, before })?.seq ?? head + 1
      const sql = 'DELETE FROM journal WHERE account_id = $account_id AND seq < $first'
      this.#database.run(sql, { account_id, first: Math.max(first, head - rows + 1) })
    }
  }
}
