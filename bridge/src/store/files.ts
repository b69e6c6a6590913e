import { chmodSync, closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { StoreError } from './faults.ts'
import { MIGRATIONS } from './migrations.ts'

const PAGE_BYTES = 1024
const CHECKPOINT_BYTES = 4 * 1024 * 1024
/** So much must fit on a disk that was full before the bridge goes on. */
const ROOM_BYTES = 1024 * 1024

/** An exclusive transaction that is never ended: the operating system lifts it when the process dies, however it dies. */
export function lock(path: string): DatabaseSync {
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

/** Opens the database and brings it to the newest schema. */
export function open(path: string): DatabaseSync {
  makePrivate(path)
  const file = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true })
  try {
    // A commit writes whole pages, of which a message changes little: small ones spare the disk.
    file.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`)
    file.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_BYTES / PAGE_BYTES}`)
    migrate(file)
  } catch (error) {
    file.close()
    throw error
  }
  return file
}

/** SQLite gives its companion files (-wal, -shm) the permissions of the file itself. */
export function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
}

/** Step by step, each in a commit of its own: one that fails leaves the schema before it. */
export function migrate(file: DatabaseSync, steps: readonly string[] = MIGRATIONS): void {
  const version = Number(file.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > steps.length) {
    throw new StoreError(
      `The data was written by a newer bridge (schema ${version}, this one knows ${steps.length}): update the bridge`,
    )
  }
  for (const [index, step] of steps.entries()) {
    if (index < version) continue
    try {
      file.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`)
    } catch (error) {
      if (file.isTransaction) file.exec('ROLLBACK')
      throw error
    }
  }
}

/** Throws unless there is some room on the disk. */
export function makeRoom(folder: string): void {
  const path = join(folder, 'room')
  const file = openSync(path, 'w', 0o600)
  try {
    writeSync(file, Buffer.alloc(ROOM_BYTES))
    fsyncSync(file)
  } finally {
    closeSync(file)
    rmSync(path, { force: true })
  }
}
