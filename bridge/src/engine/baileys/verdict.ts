import type { ConnectionReason } from '../../protocol.ts'
import { UpgradeRefused } from './errors.ts'

/** What to do about a connection that ended. `unlinked`: the session is gone for good. */
export type Verdict =
  | { retry: 'now' | 'later'; reason: ConnectionReason }
  | { retry: 'never'; reason: ConnectionReason; unlinked: boolean }

const CODES: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [401, { retry: 'never', reason: 'logged_out', unlinked: true }],
  [402, { retry: 'never', reason: 'banned', unlinked: false }],
  [403, { retry: 'never', reason: 'banned', unlinked: false }],
  [405, { retry: 'never', reason: 'client_outdated', unlinked: false }],
  [406, { retry: 'never', reason: 'banned', unlinked: false }],
  [409, { retry: 'never', reason: 'client_outdated', unlinked: false }],
  [440, { retry: 'never', reason: 'replaced', unlinked: false }],
  [503, { retry: 'later', reason: 'server' }],
  [515, { retry: 'now', reason: 'restart_required' }],
])

/**
 * Most codes mean several things in Baileys: 500 "badSession", 408, 428 and 400 say nothing about the session. Only what is listed
 * stops us from trying again.
 */
export function verdictOn(error: Error | undefined): Verdict {
  if (error instanceof UpgradeRefused) {
    const server = error.status >= 500 || error.status === 429
    return { retry: 'later', reason: server ? 'server' : 'network' }
  }
  // Without its own code Baileys takes this for "replaced".
  const removed = conflictOf(error) === 'device_removed'
  return CODES.get(removed ? 401 : (statusOf(error) ?? 0)) ?? { retry: 'later', reason: 'network' }
}

/** The code of an error of Baileys (a Boom). */
export function statusOf(error: unknown): number | undefined {
  const output = error instanceof Error && 'output' in error ? error.output : undefined
  const status = output && typeof output === 'object' && 'statusCode' in output ? output.statusCode : undefined
  return typeof status === 'number' ? status : undefined
}

/** `replaced` or `device_removed`, when the stream ended with a conflict. */
function conflictOf(error: Error | undefined): string | undefined {
  const node = error && 'data' in error ? (error.data as { tag?: string; attrs?: Record<string, string> } | null) : null
  return node?.tag === 'conflict' ? node.attrs?.['type'] : undefined
}
