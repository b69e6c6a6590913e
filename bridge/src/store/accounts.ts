import { type Database, fromJson } from './database.ts'

/** `self` is whatever was saved, from one version of the bridge to the next. */
export interface StoredAccount<S> {
  account_id: string
  self: S
  linked: boolean
}

export class AccountTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  all<S>(): StoredAccount<S>[] {
    const sql = 'SELECT account_id, self, linked FROM accounts ORDER BY rowid'
    const rows = this.#database.all<{ account_id: string; self: string; linked: number }>(sql)
    return rows.map(({ account_id, self, linked }) => ({ account_id, self: fromJson<S>(self), linked: linked === 1 }))
  }

  /** Keeps a linked account. */
  save(account_id: string, self: unknown): void {
    this.#database.run(
      `INSERT INTO accounts (account_id, self, linked) VALUES ($account_id, $self, 1)
       ON CONFLICT DO UPDATE SET self = excluded.self, linked = 1`,
      { account_id, self: JSON.stringify(self) },
    )
  }

  /** What was chosen, or `undefined` when nothing was. */
  settings<S>(account_id: string): S | undefined {
    const sql = 'SELECT settings FROM accounts WHERE account_id = $account_id'
    const settings = this.#database.get<{ settings: string | null }>(sql, { account_id })?.settings
    return settings ? fromJson<S>(settings) : undefined
  }

  configure(account_id: string, settings: unknown): void {
    const sql = 'UPDATE accounts SET settings = $settings WHERE account_id = $account_id'
    this.#database.run(sql, { account_id, settings: JSON.stringify(settings) })
  }

  delete(account_id: string): void {
    this.#database.run('DELETE FROM accounts WHERE account_id = $account_id', { account_id })
  }

  unlink(account_id: string): void {
    this.#database.run('UPDATE accounts SET linked = 0 WHERE account_id = $account_id', { account_id })
  }
}
