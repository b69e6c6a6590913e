import type { ErrorCode } from '../protocol.ts'
import { type Database, fromJson } from './database.ts'

/** One message to be sent, or what became of it. Its payload is the `raw` of the message of the same id. */
export interface Outgoing {
  /** The order in which messages were asked for. */
  number: number
  request_id: string
  message_id: string
  chat_id: string
  state: 'queued' | 'sent' | 'failed'
  /** Whether it may be tried again until it expires. */
  retry: boolean
  /** Seconds since 1970. */
  expires_at: number
  sent_at: number | null
  error: { code: ErrorCode; message: string } | null
}

type Row = Omit<Outgoing, 'retry' | 'error'> & { retry: number; error: string | null }

const SELECT = 'SELECT * FROM outbox WHERE account_id = $account_id'

export class OutboxTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  insert(account_id: string, row: Omit<Outgoing, 'number' | 'state' | 'sent_at' | 'error'>): void {
    this.#database.run(
      `INSERT INTO outbox (account_id, request_id, message_id, chat_id, state, retry, expires_at)
       VALUES ($account_id, $request_id, $message_id, $chat_id, 'queued', $retry, $expires_at)`,
      { ...row, account_id, retry: Number(row.retry) },
    )
  }

  byRequest(account_id: string, request_id: string): Outgoing | undefined {
    return read(this.#database.get(`${SELECT} AND request_id = $request_id`, { account_id, request_id }))
  }

  byMessage(account_id: string, message_id: string): Outgoing | undefined {
    return read(this.#database.get(`${SELECT} AND message_id = $message_id`, { account_id, message_id }))
  }

  /** The oldest that waits, of all chats but `except`. */
  next(account_id: string, except: readonly string[]): Outgoing | undefined {
    const others = 'chat_id NOT IN (SELECT value FROM json_each($except))'
    const sql = `${SELECT} AND state = 'queued' AND ${others} ORDER BY number LIMIT 1`
    return read(this.#database.get(sql, { account_id, except: JSON.stringify(except) }))
  }

  expired(account_id: string, now: number): Outgoing[] {
    const sql = `${SELECT} AND state = 'queued' AND expires_at <= $now ORDER BY number`
    return this.#database.all<Row>(sql, { account_id, now }).map((row) => read(row))
  }

  /** When the next message that waits expires. */
  nextExpiry(account_id: string): number | null {
    const sql = `SELECT min(expires_at) AS at FROM outbox WHERE account_id = $account_id AND state = 'queued'`
    return this.#database.one<{ at: number | null }>(sql, { account_id }).at
  }

  countQueued(account_id: string): number {
    const sql = `SELECT count(*) AS count FROM outbox WHERE account_id = $account_id AND state = 'queued'`
    return this.#database.one<{ count: number }>(sql, { account_id }).count
  }

  sent(number: number, sent_at: number): void {
    const sql = `UPDATE outbox SET state = 'sent', sent_at = $sent_at WHERE number = $number`
    this.#database.run(sql, { number, sent_at })
  }

  failed(number: number, error: NonNullable<Outgoing['error']>): void {
    const sql = `UPDATE outbox SET state = 'failed', error = $error WHERE number = $number`
    this.#database.run(sql, { number, error: JSON.stringify(error) })
  }

  /** Two chats are one: the messages to `from` go to `to`. */
  moveChat(account_id: string, from: string, to: string): void {
    const sql = 'UPDATE outbox SET chat_id = $to WHERE account_id = $account_id AND chat_id = $from'
    this.#database.run(sql, { account_id, from, to })
  }
}

function read(row: Row): Outgoing
function read(row: Row | undefined): Outgoing | undefined
function read(row: Row | undefined): Outgoing | undefined {
  return row && { ...row, retry: row.retry === 1, error: row.error === null ? null : fromJson(row.error) }
}
