import type { Database } from './database.ts'

export type OutboxState = 'queued' | 'sent' | 'failed'

/** `error` is JSON. `number` is the order in which messages were asked for. */
export interface OutboxRow {
  number: number
  request_id: string
  message_id: string
  chat_id: string
  state: OutboxState
  ttl: number
  created_at: number
  sent_at: number | null
  error: string | null
}

export class OutboxTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  insert(
    row: Pick<OutboxRow, 'request_id' | 'message_id' | 'chat_id' | 'ttl' | 'created_at'> & { account_id: string },
  ): void {
    this.#database.run(
      `INSERT INTO outbox (account_id, request_id, message_id, chat_id, state, ttl, created_at)
       VALUES ($account_id, $request_id, $message_id, $chat_id, 'queued', $ttl, $created_at)`,
      { ...row },
    )
  }

  byRequest(account_id: string, request_id: string): OutboxRow | undefined {
    return this.#database.get('SELECT * FROM outbox WHERE account_id = $account_id AND request_id = $request_id', {
      account_id,
      request_id,
    })
  }

  byMessage(account_id: string, message_id: string): OutboxRow | undefined {
    return this.#database.get('SELECT * FROM outbox WHERE account_id = $account_id AND message_id = $message_id', {
      account_id,
      message_id,
    })
  }

  /** Oldest first. */
  queued(account_id: string): OutboxRow[] {
    return this.#database.all(
      `SELECT * FROM outbox WHERE account_id = $account_id AND state = 'queued' ORDER BY number`,
      {
        account_id,
      },
    )
  }

  countQueued(account_id: string): number {
    const sql = `SELECT count(*) AS count FROM outbox WHERE account_id = $account_id AND state = 'queued'`
    return this.#database.one<{ count: number }>(sql, { account_id }).count
  }

  sent(number: number, sent_at: number): void {
    this.#database.run(`UPDATE outbox SET state = 'sent', sent_at = $sent_at WHERE number = $number`, {
      number,
      sent_at,
    })
  }

  failed(number: number, error: string): void {
    this.#database.run(`UPDATE outbox SET state = 'failed', error = $error WHERE number = $number`, { number, error })
  }

  /** Two chats are one: the messages to `from` go to `to`. */
  moveChat(account_id: string, from: string, to: string): void {
    this.#database.run('UPDATE outbox SET chat_id = $to WHERE account_id = $account_id AND chat_id = $from', {
      account_id,
      from,
      to,
    })
  }
}
