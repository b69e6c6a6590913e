import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { BridgeError } from '../errors.ts'
import type { Database } from './database.ts'
import { problemOf, StorageError } from './faults.ts'
import { makePrivate } from './files.ts'

/** How long a copy waits to be taken, in milliseconds. */
const KEEP_MS = 600_000

/** Copies of everything the bridge keeps. There is one at a time, and not for long: it holds the sessions. */
export class Backups {
  readonly #database: Database
  readonly #path: string
  #making = false
  #expiry: NodeJS.Timeout | undefined

  /** Deletes what was left behind. */
  constructor(database: Database, folder: string) {
    this.#database = database
    this.#path = join(folder, 'backup.db')
    this.discard()
  }

  /**
   * Makes a copy, in place of the one before it, while the bridge goes on. Whoever has taken it discards it.
   * @returns where it is, and its size in bytes.
   * @throws BridgeError `rate_limited` while another one is made, `storage_…`.
   */
  async make(): Promise<{ path: string; size: number }> {
    if (this.#making) throw new BridgeError('rate_limited', 'A backup is being made already: wait for it')
    this.discard()
    this.#making = true
    try {
      makePrivate(this.#path)
      await this.#database.copy(this.#path)
    } catch (error) {
      this.discard()
      const problem = problemOf(error)
      throw problem ? new StorageError(problem, error) : error
    } finally {
      this.#making = false
    }
    this.#expiry = setTimeout(() => this.discard(), KEEP_MS).unref()
    return { path: this.#path, size: statSync(this.#path).size }
  }

  /** Deletes the copy, if there is one. */
  discard(): void {
    clearTimeout(this.#expiry)
    for (const companion of ['', '-journal', '-wal', '-shm']) rmSync(this.#path + companion, { force: true })
  }
}
