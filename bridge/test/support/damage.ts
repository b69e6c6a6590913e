import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** Writes nonsense over every page of a database but the first. With the name of a table: over its root page only. */
export function damage(path: string, table?: string): void {
  const { size } = statSync(path)
  const root = table === undefined ? undefined : rootOf(path, table)
  const file = openSync(path, 'r+')
  const header = Buffer.alloc(100)
  readSync(file, header)
  const page = header.readUInt16BE(16)
  const nonsense = Buffer.alloc(root === undefined ? size - page : page, 0xa5)
  writeSync(file, nonsense, 0, undefined, root === undefined ? page : (root - 1) * page)
  closeSync(file)
}

function rootOf(path: string, table: string): number {
  const file = new DatabaseSync(path)
  const row = file.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)
  file.close()
  return Number(row?.['rootpage'])
}
