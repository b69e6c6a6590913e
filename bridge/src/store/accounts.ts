import type { Database } from './database.ts'

/** `self` is JSON, for the account layer to read. `head`: the highest `seq` that its journal ever gave. */
export interface AccountRow {
  account_id: string
  self: string
  linked: number
  head: number
}

export class AccountTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  all(): AccountRow[] {
    return this.#database.all('SELECT * FROM accounts ORDER BY rowid')
  }

  save(row: { account_id: string; self: string }): void {
    this.#database.run(
      `INSERT INTO accounts (account_id, self, linked) VALUES ($account_id, $self, 1)
       ON CONFLICT DO UPDATE SET self = excluded.self, linked = 1`,
      row,
    )
  }

  unlink(account_id: string): void {
    this.#database.run('UPDATE accounts SET linked = 0 WHERE account_id = $account_id', { account_id })
  }
}
