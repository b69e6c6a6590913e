import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { backup, type DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

import type { StorageStatus } from '../protocol.ts'
import { Condition } from './condition.ts'
import { problemOf, StorageError, type StorageProblem, StoreError } from './faults.ts'
import { lock, makeRoom, open } from './files.ts'

type Row = Record<string, SQLInputValue>

/** Writes enough to need room in the file, and leaves nothing of it. */
const PROBE = `BEGIN IMMEDIATE; CREATE TABLE probe (x); INSERT INTO probe VALUES (zeroblob(65536)); DROP TABLE probe; COMMIT`
/** Pages that are copied at a time: others wait for that long. */
const COPY_PAGES = 100
/** When that many bytes are free in the file, and more than half of it, it is made smaller. */
const SHRINK_BYTES = 16 * 1024 * 1024

/**
 * One SQLite file: opened, locked against a second bridge, migrated. All calls are synchronous, and throw `StorageError` when the disk
 * or the file is not fit for them: nothing of what was to be written is written then.
 */
export class Database {
  readonly #folder: string
  readonly #lock: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #condition: Condition
  /** Missing while it cannot be opened. */
  #file: DatabaseSync | undefined
  #committed: (() => void)[] = []
  #inside = false
  /** What went wrong in the open transaction. SQLite ends some by itself then: nothing of the rest may be written. */
  #problem: StorageProblem | undefined

  /**
   * Opens `bridge.db` in `folder`, making both when missing. A full disk or a damaged file is not an error yet: see `status`.
   * @throws StoreError when another bridge uses the folder, a newer bridge wrote it, or it cannot be written.
   */
  constructor(folder: string) {
    this.#folder = folder
    this.#condition = new Condition(() => this.#tryToWrite())
    this.#lock = usable(folder, () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      chmodSync(folder, 0o700)
      return lock(join(folder, 'bridge.lock'))
    })
    try {
      this.#file = usable(folder, () => open(this.path))
    } catch (error) {
      if (!(error instanceof StorageError)) {
        this.#lock.close()
        throw error
      }
      this.#condition.note(error.problem)
    }
  }

  get path(): string {
    return join(this.#folder, 'bridge.db')
  }

  /** Whether it takes what it is given. */
  get status(): StorageStatus {
    return this.#condition.status
  }

  /** Calls `watcher` with every change of the status, in the tick in which it is known. */
  watch(watcher: (status: StorageStatus) => void): void {
    this.#condition.watch(watcher)
  }

  /** Tries whether it takes writes again, when it did not. */
  probe(): boolean {
    return this.#condition.probe()
  }

  /** @throws StorageError when there is nothing to be read. */
  requireReadable(): void {
    this.#ready()
  }

  /** Returns how many rows were changed. */
  run(sql: string, values: Row = {}): number {
    if (!this.#inside) this.#condition.require()
    return this.#guarded(() => Number(this.#prepare(sql).run(values).changes))
  }

  /** The first row. `R` is what the caller's SQL selects: nothing checks it. */
  get<R>(sql: string, values: Row = {}): R | undefined {
    return this.#guarded(() => this.#prepare(sql).get(values) as R | undefined)
  }

  /** The first row of a statement that always has one. */
  one<R>(sql: string, values: Row = {}): R {
    const row = this.get<R>(sql, values)
    if (row === undefined) throw new Error('a row is missing')
    return row
  }

  all<R>(sql: string, values: Row = {}): R[] {
    return this.#guarded(() => this.#prepare(sql).all(values) as R[])
  }

  /** All of `work` in one commit, or nothing of it. An inner transaction joins the outer one. */
  transaction<T>(work: () => T): T {
    if (this.#inside) return work()
    this.#condition.require()
    let result: T
    this.#inside = true
    try {
      this.#guarded(() => this.#ready().exec('BEGIN IMMEDIATE'))
      result = work()
      this.#guarded(() => this.#ready().exec('COMMIT'))
    } catch (error) {
      this.#rollBack()
      throw error
    }
    this.#inside = false
    const committed = this.#committed
    this.#committed = []
    for (const tell of committed) tell()
    return result
  }

  /**
   * As `transaction`, in a commit that survives the end of the process, but a power cut only when one after it does: for what comes again by
   * itself. It does not wait for the disk.
   */
  relaxed<T>(work: () => T): T {
    if (this.#inside) return work()
    this.#ready().exec('PRAGMA synchronous = NORMAL')
    try {
      return this.transaction(work)
    } finally {
      this.#file?.exec('PRAGMA synchronous = FULL')
    }
  }

  /** Calls `tell` once the open transaction has committed, never when it has not; at once outside of one. */
  onCommit(tell: () => void): void {
    if (this.#inside) this.#committed.push(tell)
    else tell()
  }

  /** Gives the disk back what is free in the file, when that is much, and brings what SQLite knows of the tables up to date. */
  tidy(): void {
    const file = this.#ready()
    const { free, pages, size } = this.one<Record<'free' | 'pages' | 'size', number>>(
      `SELECT freelist_count AS free, page_count AS pages, page_size AS size
       FROM pragma_freelist_count, pragma_page_count, pragma_page_size`,
    )
    if (free * size > SHRINK_BYTES && free > pages / 2) file.exec('VACUUM')
    file.exec('PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)')
  }

  /** A copy of it all in a new file, made page by page while others write: it holds what was committed when it is done. */
  async copy(path: string): Promise<void> {
    await backup(this.#ready(), path, { rate: COPY_PAGES })
  }

  close(): void {
    this.#condition.stop()
    this.#statements.clear()
    this.#file?.close()
    this.#lock.close()
  }

  #ready(): DatabaseSync {
    this.#condition.requireReadable()
    if (this.#problem) throw new StorageError(this.#problem)
    // Throws, unless it can be opened by now.
    if (!this.#file) this.#condition.require()
    if (!this.#file) throw new Error('the database is not open')
    return this.#file
  }

  #prepare(sql: string): StatementSync {
    const file = this.#ready()
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = file.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      const problem = problemOf(error)
      if (problem === undefined || error instanceof StorageError) throw error
      // Who watches may want to write or read: not before the transaction is over.
      if (this.#inside) this.#problem = problem
      else this.#condition.note(problem)
      throw new StorageError(problem, error)
    }
  }

  #rollBack(): void {
    this.#inside = false
    this.#committed = []
    // SQLite has already rolled back by itself after some errors, a full disk for one.
    if (this.#file?.isTransaction) this.#file.exec('ROLLBACK')
    const problem = this.#problem
    this.#problem = undefined
    if (problem) this.#condition.note(problem)
  }

  #tryToWrite(): void {
    try {
      this.#file ??= open(this.path)
      makeRoom(this.#folder)
      this.#file.exec(PROBE)
    } catch (error) {
      if (this.#file?.isTransaction) this.#file.exec('ROLLBACK')
      const problem = problemOf(error)
      throw problem ? new StorageError(problem, error) : error
    }
  }
}

/** What is wrong with a folder when the bridge starts is for whoever starts it, but for what may pass or be repaired. */
function usable<T>(folder: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const problem = problemOf(error)
    if (problem === undefined) throw error
    if (problem !== 'read_only') throw new StorageError(problem, error)
    throw new StoreError(
      `The folder ${folder} cannot be written: make it writable for this user, or choose another with --data`,
    )
  }
}

/** What `JSON.stringify` made of a `T`. */
export function fromJson<T>(json: string): T {
  return JSON.parse(json) as T
}
