import type { Database } from './database.ts'

/** `raw` is the engine's own form; `poll` is JSON, `null` when the message is none. */
export interface MessageRow {
  message_id: string
  chat_id: string
  external_id: string
  from_me: number
  raw: Uint8Array
  poll: string | null
}

const COLUMNS = 'message_id, chat_id, external_id, from_me, raw, poll'

export class MessageTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  insert(row: MessageRow & { account_id: string; stored_at: number }): void {
    this.#database.run(
      `INSERT INTO messages (account_id, message_id, chat_id, external_id, from_me, raw, poll, stored_at)
       VALUES ($account_id, $message_id, $chat_id, $external_id, $from_me, $raw, $poll, $stored_at)`,
      { ...row },
    )
  }

  get(account_id: string, message_id: string): MessageRow | undefined {
    return this.#database.get(
      `SELECT ${COLUMNS} FROM messages WHERE account_id = $account_id AND message_id = $message_id`,
      { account_id, message_id },
    )
  }

  inChat(account_id: string, chat_id: string, external_id: string): MessageRow | undefined {
    return this.#database.get(
      `SELECT ${COLUMNS} FROM messages
       WHERE account_id = $account_id AND chat_id = $chat_id AND external_id = $external_id`,
      { account_id, chat_id, external_id },
    )
  }

  /** By its external id in any chat. Strangers choose theirs, so the account's own messages come first, then the oldest. */
  anywhere(account_id: string, external_id: string): MessageRow | undefined {
    return this.#database.get(
      `SELECT ${COLUMNS} FROM messages WHERE account_id = $account_id AND external_id = $external_id
       ORDER BY from_me DESC, rowid LIMIT 1`,
      { account_id, external_id },
    )
  }

  /** Two chats are one: the messages of `from` belong to `to`. */
  moveChat(account_id: string, from: string, to: string): void {
    this.#database.run(
      'UPDATE OR IGNORE messages SET chat_id = $to WHERE account_id = $account_id AND chat_id = $from',
      {
        account_id,
        from,
        to,
      },
    )
  }

  /** Deletes messages older than `before` and polls older than `pollsBefore`, with their votes and outbox rows. */
  sweep(before: number, pollsBefore: number): void {
    this.#database.run('DELETE FROM messages WHERE stored_at < $before AND poll IS NULL', { before })
    this.#database.run('DELETE FROM messages WHERE stored_at < $pollsBefore', { pollsBefore })
  }
}
