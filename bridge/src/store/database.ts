import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

import { MIGRATIONS } from './migrations.ts'

/** The data folder cannot be used. The message says why and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

type Row = Record<string, SQLInputValue>

/** One SQLite file: opened, locked against a second bridge, migrated. All calls are synchronous. */
export class Database {
  readonly #file: DatabaseSync
  readonly #lock: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #committed: (() => void)[] = []

  /**
   * Opens `bridge.db` in `folder`, making both when missing.
   * @throws StoreError when another bridge uses the folder or a newer bridge wrote it.
   */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    this.#lock = lock(join(folder, 'bridge.lock'))
    try {
      this.#file = open(join(folder, 'bridge.db'))
    } catch (error) {
      this.#lock.close()
      throw error
    }
  }

  /** Returns how many rows were changed. */
  run(sql: string, values: Row = {}): number {
    return Number(this.#prepare(sql).run(values).changes)
  }

  /** The first row. `R` is what the caller's SQL selects: nothing checks it. */
  get<R>(sql: string, values: Row = {}): R | undefined {
    return this.#prepare(sql).get(values) as R | undefined
  }

  /** The first row of a statement that always has one. */
  one<R>(sql: string, values: Row = {}): R {
    const row = this.get<R>(sql, values)
    if (row === undefined) throw new Error('a row is missing')
    return row
  }

  all<R>(sql: string, values: Row = {}): R[] {
    return this.#prepare(sql).all(values) as R[]
  }

  /** All of `work` in one commit, or nothing of it. An inner transaction joins the outer one. */
  transaction<T>(work: () => T): T {
    if (this.#open()) return work()
    this.#file.exec('BEGIN IMMEDIATE')
    let result: T
    try {
      result = work()
      this.#file.exec('COMMIT')
    } catch (error) {
      this.#committed = []
      // SQLite has already rolled back by itself after some errors, a full disk for one.
      if (this.#open()) this.#file.exec('ROLLBACK')
      throw error
    }
    const committed = this.#committed
    this.#committed = []
    for (const tell of committed) tell()
    return result
  }

  /** Calls `tell` once the open transaction has committed, never when it has not; at once outside of one. */
  onCommit(tell: () => void): void {
    if (this.#open()) this.#committed.push(tell)
    else tell()
  }

  close(): void {
    this.#statements.clear()
    this.#file.close()
    this.#lock.close()
  }

  #open(): boolean {
    return this.#file.isTransaction
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#file.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** An exclusive transaction that is never ended: the operating system lifts it when the process dies, however it dies. */
function lock(path: string): DatabaseSync {
  makePrivate(path)
  const file = new DatabaseSync(path, { timeout: 0 })
  try {
    file.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    file.close()
    if (!isBusy(error)) throw error
    throw new StoreError(
      `Another bridge uses ${path.slice(0, -'bridge.lock'.length)}: stop it, or choose another folder with --data`,
    )
  }
  return file
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

function open(path: string): DatabaseSync {
  makePrivate(path)
  const file = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true })
  try {
    file.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    migrate(file)
  } catch (error) {
    file.close()
    throw error
  }
  return file
}

/** SQLite gives its companion files (-wal, -shm) the permissions of the file itself. */
function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
}

function migrate(file: DatabaseSync): void {
  const version = Number(file.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      `The data was written by a newer bridge (schema ${version}, this one knows ${MIGRATIONS.length}): update the bridge`,
    )
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue
    file.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${index + 1}; COMMIT`)
  }
}

/** What `JSON.stringify` made of a `T`. */
export function fromJson<T>(json: string): T {
  return JSON.parse(json) as T
}
