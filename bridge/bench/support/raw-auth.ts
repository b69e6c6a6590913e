import { DatabaseSync } from 'node:sqlite'

import {
  type AuthenticationCreds,
  type AuthenticationState,
  BufferJSON,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
} from 'baileys'

/** The plainest auth store in SQLite that is as durable as the bridge's: every `set` is one synced commit. */
export class RawAuth {
  readonly state: AuthenticationState
  readonly #file: DatabaseSync

  constructor(path: string) {
    this.#file = new DatabaseSync(path)
    this.#file.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS auth (type TEXT, id TEXT, value TEXT, PRIMARY KEY (type, id)) WITHOUT ROWID`)
    const select = this.#file.prepare('SELECT value FROM auth WHERE type = ? AND id = ?')
    const read = (type: string, id: string): unknown => {
      const text = select.get(type, id)?.['value']
      return typeof text === 'string' ? JSON.parse(text, BufferJSON.reviver) : undefined
    }
    this.state = {
      creds: (read('creds', '') as AuthenticationCreds | undefined) ?? initAuthCreds(),
      keys: {
        get: <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
          const values: Record<string, SignalDataTypeMap[T]> = {}
          for (const id of ids) {
            const value = read(type, id)
            if (value !== undefined) values[id] = revived(type, value) as SignalDataTypeMap[T]
          }
          return values
        },
        set: (data) => this.#write(data),
      },
    }
  }

  save(): void {
    this.#write({ creds: { '': this.state.creds } } as SignalDataSet)
  }

  #write(data: SignalDataSet): void {
    const insert = this.#file.prepare('INSERT OR REPLACE INTO auth VALUES (?, ?, ?)')
    const remove = this.#file.prepare('DELETE FROM auth WHERE type = ? AND id = ?')
    this.#file.exec('BEGIN')
    for (const [type, values] of Object.entries(data)) {
      for (const [id, value] of Object.entries(values)) {
        if (value) insert.run(type, id, JSON.stringify(value, BufferJSON.replacer))
        else remove.run(type, id)
      }
    }
    this.#file.exec('COMMIT')
  }
}

function revived(type: string, value: unknown): unknown {
  return type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value as object) : value
}
