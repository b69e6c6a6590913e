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
  /** When WhatsApp confirmed it, in seconds since 1970. While it is still `queued`, that has not been told. */
  sent_at: number | null
  /** Whether it may be tried again until it expires. */
  retry: boolean
  /** Seconds since 1970. */
  expires_at: number
  error: { code: ErrorCode; message: string; details?: Record<string, unknown> } | null
  /** 1 goes before 0. */
  priority: number
  /** The kind that it goes out as. */
  sent_as: string
  /** Whether the receiver sees it being written first. */
  typing: boolean
  /** The file to be handed over before it can be sent. */
  media: OutgoingFile | null
  /** Whether WhatsApp may have it already; kept for questions only. */
  tried: boolean
  told: Told
}

export interface OutgoingFile {
  path: string
  size: number
  mime: string
}

/** What is to be told and done once a message is confirmed, beyond what its row says. Ids of people and messages. */
export interface Told {
  mentions?: string[]
  forwarded?: boolean
  view_once?: boolean
  /** The message that an edit or a deletion is about. */
  target?: string
  /** The new text of `target`. */
  text?: string
}

/** Chats that have to wait, by priority; `above`: only what is more urgent than that goes. */
export interface Held {
  normal: readonly string[]
  high: readonly string[]
  above: number
}

type Flag = 'retry' | 'typing' | 'tried'
type Json = 'error' | 'media' | 'told'
type Row = Omit<Outgoing, Flag | Json> & Record<Flag, number> & Record<Json, string | null>

const SELECT = 'SELECT * FROM outbox WHERE account_id = $account_id'

export class OutboxTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  /** Returns the number of the new row. */
  insert(account_id: string, row: Omit<Outgoing, 'number' | 'state' | 'sent_at' | 'error' | 'tried'>): number {
    const { media, told, ...rest } = row
    const json = { media: media && JSON.stringify(media), told: JSON.stringify(told) }
    const sql = `INSERT INTO outbox (account_id, request_id, message_id, chat_id, state, retry, expires_at, priority, sent_as, typing, media, told)
       VALUES ($account_id, $request_id, $message_id, $chat_id, 'queued', $retry, $expires_at, $priority, $sent_as, $typing, $media, $told)
       RETURNING number`
    const values = { ...rest, ...json, account_id, retry: Number(row.retry), typing: Number(row.typing) }
    return this.#database.one<{ number: number }>(sql, values).number
  }

  get(number: number): Outgoing | undefined {
    return read(this.#database.get('SELECT * FROM outbox WHERE number = $number', { number }))
  }

  byRequest(account_id: string, request_id: string): Outgoing | undefined {
    return read(this.#database.get(`${SELECT} AND request_id = $request_id`, { account_id, request_id }))
  }

  byMessage(account_id: string, message_id: string): Outgoing | undefined {
    return read(this.#database.get(`${SELECT} AND message_id = $message_id`, { account_id, message_id }))
  }

  /** What goes next: the most urgent, the oldest of these. */
  next(account_id: string, { normal, high, above }: Held): Outgoing | undefined {
    const held = 'chat_id IN (SELECT value FROM json_each(CASE priority WHEN 0 THEN $normal ELSE $high END))'
    const sql = `${SELECT} AND state = 'queued' AND priority > $above AND NOT ${held} ORDER BY priority DESC, number LIMIT 1`
    const values = { account_id, above, normal: JSON.stringify(normal), high: JSON.stringify(high) }
    return read(this.#database.get(sql, values))
  }

  expired(account_id: string, now: number): Outgoing[] {
    const sql = `${SELECT} AND state = 'queued' AND sent_at IS NULL AND expires_at <= $now ORDER BY number`
    return this.#database.all<Row>(sql, { account_id, now }).map((row) => read(row))
  }

  /** When the next message that waits expires, after `now`. */
  nextExpiry(account_id: string, now: number): number | null {
    const sql = `SELECT min(expires_at) AS at FROM outbox WHERE account_id = $account_id AND state = 'queued' AND sent_at IS NULL AND expires_at > $now`
    return this.#database.one<{ at: number | null }>(sql, { account_id, now }).at
  }

  countQueued(account_id: string): number {
    const sql = `SELECT count(*) AS count FROM outbox WHERE account_id = $account_id AND state = 'queued'`
    return this.#database.one<{ count: number }>(sql, { account_id }).count
  }

  tried(number: number): void {
    this.#database.run('UPDATE outbox SET tried = 1 WHERE number = $number', { number })
  }

  /** Its file was handed over. */
  uploaded(number: number): void {
    this.#database.run('UPDATE outbox SET media = NULL WHERE number = $number', { number })
  }

  /** WhatsApp has confirmed it; `sent` follows. */
  accepted(number: number, sent_at: number): void {
    this.#database.run('UPDATE outbox SET sent_at = $sent_at WHERE number = $number', { number, sent_at })
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
  return (
    row && {
      ...row,
      retry: row.retry === 1,
      typing: row.typing === 1,
      tried: row.tried === 1,
      error: row.error === null ? null : fromJson(row.error),
      media: row.media === null ? null : fromJson(row.media),
      told: row.told === null ? {} : fromJson(row.told),
    }
  )
}
