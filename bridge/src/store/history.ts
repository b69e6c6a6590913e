import { type Database, fromJson } from './database.ts'
import type { Body } from './messages.ts'

/** A message without the engine's form of it. */
export interface Kept {
  message_id: string
  external_id: string
  from_me: boolean
  /** A chat id; `null` for the account itself. */
  sender_id: string | null
  kind: string
  /** `null` once it was deleted. */
  said: Body | null
  quoted_message_id: string | null
  edited: boolean
  revoked: boolean
  timestamp: number
}

/** A message that somebody wrote, and its place in the chat. */
export interface Unread {
  message_id: string
  external_id: string
  sender_id: string
  raw: Uint8Array
}

type Row = Omit<Kept, 'from_me' | 'edited' | 'revoked' | 'said'> & {
  from_me: number
  edited: number
  revoked: number
  said: string | null
}

const UNREAD = JSON.stringify({
  kind: 'other',
  text: null,
  poll: null,
  media: null,
  location: null,
  contacts: [],
} satisfies Body)
const BEGINNING = { timestamp: 0, number: 0 }
const END = { timestamp: Number.MAX_SAFE_INTEGER, number: 0 }
const HERE = 'account_id = $account_id AND chat_id = $chat_id'
const OUTGOING = `SELECT 1 FROM outbox WHERE outbox.account_id = messages.account_id AND outbox.message_id = messages.message_id`

/** What chats hold: messages with everything that was done to them since, and how far they were read. */
export class HistoryTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  /** Newest first, older than the message `before`: what says something, or did until it was deleted. */
  list(account_id: string, chat_id: string, limit: number, before: string | null): Kept[] {
    const sql = `SELECT message_id, external_id, from_me, sender_id, kind, said, quoted_message_id, edited, revoked, timestamp FROM messages
      WHERE ${HERE} AND (said IS NOT NULL OR revoked = 1) AND (timestamp, rowid) < ($time, $number)
        AND NOT EXISTS (${OUTGOING} AND state = 'failed')
      ORDER BY timestamp DESC, rowid DESC LIMIT $limit`
    const { timestamp: time, number } = this.#place(account_id, before) ?? END
    return this.#database.all<Row>(sql, { account_id, chat_id, limit, time, number }).map((row) => ({
      ...row,
      from_me: row.from_me === 1,
      edited: row.edited === 1,
      revoked: row.revoked === 1,
      said: row.said === null ? null : fromJson<Body>(row.said),
    }))
  }

  /** The message has a new text: all that is known of it when it could not be read itself. */
  edit(account_id: string, message_id: string, text: string | null): void {
    this.#database.run(
      `UPDATE messages SET edited = 1, said = json_set(coalesce(said, $unread), '$.text', $text)
       WHERE account_id = $account_id AND message_id = $message_id AND revoked = 0`,
      { account_id, message_id, text, unread: UNREAD },
    )
  }

  /** The message was deleted: nothing of what it said stays, but what votes on a poll are read with. */
  revoke(account_id: string, message_id: string): void {
    this.#database.run(
      `UPDATE messages SET revoked = 1, said = NULL, 
         raw = CASE WHEN poll IS NULL AND NOT EXISTS (${OUTGOING} AND state = 'queued') THEN x'' ELSE raw END
       WHERE account_id = $account_id AND message_id = $message_id`,
      { account_id, message_id },
    )
  }

  delete(account_id: string, message_id: string): void {
    const sql = 'DELETE FROM messages WHERE account_id = $account_id AND message_id = $message_id'
    this.#database.run(sql, { account_id, message_id })
  }

  /** What others wrote since `after` (the beginning when it is gone) and up to `until`, newest first. Both are messages of the chat. */
  unread(account_id: string, chat_id: string, after: string | null, until: string, limit: number): Unread[] {
    const from = this.#place(account_id, after) ?? BEGINNING
    const to = this.#place(account_id, until) ?? from
    const sql = `SELECT message_id, external_id, sender_id, raw FROM messages
      WHERE ${HERE} AND from_me = 0 AND sender_id IS NOT NULL AND said IS NOT NULL
        AND (timestamp, rowid) > ($from_time, $from_number) AND (timestamp, rowid) <= ($to_time, $to_number)
      ORDER BY timestamp DESC, rowid DESC LIMIT $limit`
    const bounds = { from_time: from.timestamp, from_number: from.number, to_time: to.timestamp, to_number: to.number }
    return this.#database.all(sql, { account_id, chat_id, limit, ...bounds })
  }

  /** The newest that others wrote. */
  newest(account_id: string, chat_id: string): string | undefined {
    const sql = `SELECT message_id FROM messages WHERE ${HERE} AND from_me = 0 AND sender_id IS NOT NULL AND said IS NOT NULL
      ORDER BY timestamp DESC, rowid DESC LIMIT 1`
    return this.#database.get<{ message_id: string }>(sql, { account_id, chat_id })?.message_id
  }

  /** The newest message that was marked as read with all before it. */
  readUpTo(account_id: string, chat_id: string): string | null {
    const sql = `SELECT read_up_to FROM chats WHERE ${HERE}`
    return this.#database.get<{ read_up_to: string | null }>(sql, { account_id, chat_id })?.read_up_to ?? null
  }

  /** Everything up to this message was marked as read. */
  read(account_id: string, chat_id: string, message_id: string): void {
    this.#database.run(`UPDATE chats SET read_up_to = $message_id WHERE ${HERE}`, { account_id, chat_id, message_id })
  }

  /** Where a message stands among those of its chat. */
  #place(account_id: string, message_id: string | null): { timestamp: number; number: number } | undefined {
    const sql = `SELECT timestamp, rowid AS number FROM messages WHERE account_id = $account_id AND message_id = $message_id`
    return this.#database.get(sql, { account_id, message_id })
  }
}
