import { type Database, fromJson } from './database.ts'

/** The file of a received message, kept on disk under `name`. */
export interface KeptFile {
  message_id: string
  name: string
  size: number
  mime: string
  /** Seconds since 1970. */
  stored_at: number
}

const SELECT = 'SELECT message_id, name, size, mime, stored_at FROM media WHERE account_id = $account_id'

export class MediaTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  get(account_id: string, message_id: string): KeptFile | undefined {
    return this.#database.get(`${SELECT} AND message_id = $message_id`, { account_id, message_id })
  }

  insert(account_id: string, file: KeptFile): void {
    this.#database.run(
      `INSERT INTO media (account_id, message_id, name, size, mime, stored_at)
       VALUES ($account_id, $message_id, $name, $size, $mime, $stored_at)`,
      { account_id, ...file },
    )
  }

  delete(account_id: string, message_id: string): void {
    const sql = 'DELETE FROM media WHERE account_id = $account_id AND message_id = $message_id'
    this.#database.run(sql, { account_id, message_id })
  }

  /** Oldest first. */
  all(account_id: string): KeptFile[] {
    return this.#database.all(`${SELECT} ORDER BY stored_at, message_id`, { account_id })
  }

  /** Of all accounts. */
  names(): string[] {
    return this.#database.all<{ name: string }>('SELECT name FROM media').map(({ name }) => name)
  }

  /** Forgets the files of messages that were deleted for everybody. Those of messages that are not kept any more go with them. */
  sweep(): void {
    this.#database.run(
      `DELETE FROM media WHERE EXISTS (SELECT 1 FROM messages
       WHERE messages.account_id = media.account_id AND messages.message_id = media.message_id AND revoked = 1)`,
    )
  }

  /** Files of messages that wait to be sent. */
  waiting(): { path: string; size: number }[] {
    const sql = "SELECT media FROM outbox WHERE state = 'queued' AND media IS NOT NULL"
    return this.#database.all<{ media: string }>(sql).map(({ media }) => fromJson(media))
  }
}
