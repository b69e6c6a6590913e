import { randomUUID } from 'node:crypto'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { BridgeError } from '../errors.ts'
import type { Database } from './database.ts'
import { problemOf, StorageError } from './faults.ts'
import { makePrivate } from './files.ts'

/** How long a copy waits to be taken, in milliseconds. */
const KEEP_MS = 600_000
const PREFIX = 'backup-'

/** A copy of everything the bridge keeps. Whoever has opened it, or never will, calls `done`. */
export interface Backup {
  path: string
  /** In bytes. */
  size: number
  done: () => void
}

/** Copies of everything the bridge keeps. There is one at a time, and not for long: it holds the sessions. */
export class Backups {
  readonly #database: Database
  readonly #folder: string
  #making = false
  #done = (): void => undefined
  #expiry: NodeJS.Timeout | undefined

  /** Deletes what was left behind. */
  constructor(database: Database, folder: string) {
    this.#database = database
    this.#folder = folder
    for (const name of readdirSync(folder)) if (name.startsWith(PREFIX)) remove(join(folder, name))
  }

  /**
   * Makes a copy, in place of the one before it, while the bridge goes on.
   * @throws BridgeError `rate_limited` while another one is made, `storage_…`.
   */
  async make(): Promise<Backup> {
    if (this.#making) throw new BridgeError('rate_limited', 'A backup is being made already: wait for it')
    this.discard()
    this.#making = true
    const path = join(this.#folder, `${PREFIX}${randomUUID()}.db`)
    const done = (): void => remove(path)
    this.#done = done
    try {
      makePrivate(path)
      await this.#database.copy(path)
    } catch (error) {
      done()
      const problem = problemOf(error)
      throw problem ? new StorageError(problem, error) : error
    } finally {
      this.#making = false
    }
    this.#expiry = setTimeout(done, KEEP_MS).unref()
    return { path, size: statSync(path).size, done }
  }

  /** Deletes the copy, if there is one. */
  discard(): void {
    clearTimeout(this.#expiry)
    this.#done()
  }
}

function remove(path: string): void {
  for (const companion of ['', '-journal', '-wal', '-shm']) rmSync(path + companion, { force: true })
}
