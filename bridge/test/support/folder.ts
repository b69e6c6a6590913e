import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

export type Cleanup = Pick<TestContext, 'after'>

/** A folder of its own that is gone after the test. */
export function makeFolder(t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
