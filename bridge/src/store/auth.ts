import type { Database } from './database.ts'

/** An engine's own values by owner, type and id. */
export class AuthTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  get(owner: string, type: string, ids: readonly string[]): Map<string, string> {
    const found = new Map<string, string>()
    for (const id of ids) {
      const sql = 'SELECT value FROM auth WHERE owner = $owner AND type = $type AND id = $id'
      const row = this.#database.get<{ value: string }>(sql, { owner, type, id })
      if (row) found.set(id, row.value)
    }
    return found
  }

  all(owner: string, type: string): Map<string, string> {
    const sql = 'SELECT id, value FROM auth WHERE owner = $owner AND type = $type'
    const rows = this.#database.all<{ id: string; value: string }>(sql, { owner, type })
    return new Map(rows.map(({ id, value }) => [id, value]))
  }

  /** One commit for all of it; `null` deletes. */
  set(owner: string, changes: Record<string, Record<string, string | null>>): void {
    this.#database.transaction(() => {
      for (const [type, values] of Object.entries(changes)) {
        for (const [id, value] of Object.entries(values)) this.#put(owner, type, id, value)
      }
    })
  }

  move(from: string, to: string): void {
    this.#database.run('UPDATE auth SET owner = $to WHERE owner = $from', { from, to })
  }

  delete(owner: string): void {
    this.#database.run('DELETE FROM auth WHERE owner = $owner', { owner })
  }

  /** Deletes what belongs to no linked account: links that never became one, sessions that are over. */
  deleteOrphans(): void {
    this.#database.run('DELETE FROM auth WHERE owner NOT IN (SELECT account_id FROM accounts WHERE linked)')
  }

  #put(owner: string, type: string, id: string, value: string | null): void {
    if (value === null) {
      this.#database.run('DELETE FROM auth WHERE owner = $owner AND type = $type AND id = $id', { owner, type, id })
      return
    }
    this.#database.run(
      `INSERT INTO auth (owner, type, id, value) VALUES ($owner, $type, $id, $value)
       ON CONFLICT DO UPDATE SET value = excluded.value`,
      { owner, type, id, value },
    )
  }
}
