import { BridgeError } from '../errors.ts'
import type { StorageStatus } from '../protocol.ts'

export type StorageProblem = Exclude<StorageStatus, 'ok'>

/** The data folder cannot be used. The message says why and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

const SENTENCES: Record<StorageProblem, string> = {
  full: 'The disk of the bridge takes no more data: make room on it, and the bridge goes on by itself',
  read_only: 'The disk of the bridge has become read-only: make it writable, and the bridge goes on by itself',
  corrupt:
    'The database of the bridge is damaged: stop the bridge, put a backup in the place of bridge.db or move the file away, and start it again',
}

/** Nothing was written, and nothing of what was there is lost. */
export class StorageError extends BridgeError {
  override readonly name = 'StorageError'
  readonly problem: StorageProblem
  constructor(problem: StorageProblem, cause?: unknown) {
    super(`storage_${problem}`, SENTENCES[problem])
    this.problem = problem
    this.cause = cause
  }
}

/** Result codes of SQLite: the low byte of an extended one. https://www.sqlite.org/rescode.html */
const PRIMARY: Partial<Record<number, StorageProblem>> = {
  8: 'read_only', // SQLITE_READONLY
  11: 'corrupt', // SQLITE_CORRUPT
  13: 'full', // SQLITE_FULL
  14: 'read_only', // SQLITE_CANTOPEN: a companion file could not be made
  26: 'corrupt', // SQLITE_NOTADB
}
const IOERR = 10
/** Of the ways in which the disk failed, those in which it could not give back what is on it. A quota or a limit on sizes fails the others. */
const READING: ReadonlySet<number> = new Set([
  266, // SQLITE_IOERR_READ
  522, // SQLITE_IOERR_SHORT_READ
  8202, // SQLITE_IOERR_DATA
  8458, // SQLITE_IOERR_CORRUPTFS
])
/** Of Node, for plain files. */
const FILES: Record<string, StorageProblem> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EROFS: 'read_only',
  EACCES: 'read_only',
  EPERM: 'read_only',
}

/** What is wrong with the storage, when that is what the error says. */
export function problemOf(error: unknown): StorageProblem | undefined {
  if (error instanceof StorageError) return error.problem
  if (!(error instanceof Error)) return undefined
  if ('errcode' in error && typeof error.errcode === 'number') return problemOfSqlite(error.errcode)
  return 'code' in error && 'syscall' in error ? FILES[String(error.code)] : undefined
}

function problemOfSqlite(code: number): StorageProblem | undefined {
  const primary = code & 0xff
  if (primary !== IOERR) return PRIMARY[primary]
  return READING.has(code) ? 'corrupt' : 'full'
}
