import type { Poll } from '../protocol.ts'
import { type Database, fromJson } from './database.ts'

export interface Message {
  message_id: string
  chat_id: string
  external_id: string
  from_me: boolean
  /** The engine's own form. */
  raw: Uint8Array
  /** `null` when the message is none. */
  poll: Poll | null
}

type Row = Omit<Message, 'from_me' | 'poll'> & { from_me: number; poll: string | null }

const SELECT =
  'SELECT message_id, chat_id, external_id, from_me, raw, poll FROM messages WHERE account_id = $account_id'

export class MessageTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  insert(account_id: string, message: Message, stored_at: number): void {
    const { from_me, poll, ...rest } = message
    this.#database.run(
      `INSERT INTO messages (account_id, message_id, chat_id, external_id, from_me, raw, poll, stored_at)
       VALUES ($account_id, $message_id, $chat_id, $external_id, $from_me, $raw, $poll, $stored_at)`,
      { ...rest, account_id, from_me: Number(from_me), poll: poll && JSON.stringify(poll), stored_at },
    )
  }

  get(account_id: string, message_id: string): Message | undefined {
    return read(this.#database.get(`${SELECT} AND message_id = $message_id`, { account_id, message_id }))
  }

  inChat(account_id: string, chat_id: string, external_id: string): Message | undefined {
    const sql = `${SELECT} AND chat_id = $chat_id AND external_id = $external_id`
    return read(this.#database.get(sql, { account_id, chat_id, external_id }))
  }

  /** By its external id in any chat. Strangers choose theirs, so the account's own messages come first, then the oldest. */
  anywhere(account_id: string, external_id: string): Message | undefined {
    const sql = `${SELECT} AND external_id = $external_id ORDER BY from_me DESC, rowid LIMIT 1`
    return read(this.#database.get(sql, { account_id, external_id }))
  }

  /** Two chats are one: the messages of `from` belong to `to`. */
  moveChat(account_id: string, from: string, to: string): void {
    const sql = 'UPDATE OR IGNORE messages SET chat_id = $to WHERE account_id = $account_id AND chat_id = $from'
    this.#database.run(sql, { account_id, from, to })
  }

  /** Deletes messages older than `before` and polls older than `pollsBefore`, with their votes and outbox rows. */
  sweep(before: number, pollsBefore: number): void {
    this.#database.run('DELETE FROM messages WHERE stored_at < $before AND poll IS NULL', { before })
    this.#database.run('DELETE FROM messages WHERE stored_at < $pollsBefore', { pollsBefore })
  }
}

function read(row: Row | undefined): Message | undefined {
  return row && { ...row, from_me: row.from_me === 1, poll: row.poll === null ? null : fromJson<Poll>(row.poll) }
}
