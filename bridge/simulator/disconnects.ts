import type { BinaryNode } from 'baileys'

import type { Connection } from './connection.ts'
import { node } from './nodes.ts'

export function streamError(attrs: Record<string, string>, ...content: BinaryNode[]): BinaryNode {
  return content.length > 0 ? node('stream:error', attrs, content) : node('stream:error', attrs)
}

export function failureNode(code: number): BinaryNode {
  return node('failure', { reason: String(code), location: 'sim' })
}

/** The ways a server ends a connection, and what it says last. */
const LAST_WORDS = {
  restart: [streamError({ code: '515' }), node('xmlstreamend')],
  replaced: [streamError({}, node('conflict', { type: 'replaced' }))],
  device_removed: [streamError({ code: '401' }, node('conflict', { type: 'device_removed' }))],
  service_unavailable: [streamError({ code: '503' })],
  malformed: [streamError({}, node('xml-not-well-formed'))],
  unknown: [streamError({}, node('something-new'))],
  end: [node('xmlstreamend')],
  drop: [],
  hang: [],
  failure_401: [failureNode(401)],
  failure_402: [failureNode(402)],
  failure_403: [failureNode(403)],
  failure_405: [failureNode(405)],
  failure_406: [failureNode(406)],
  failure_409: [failureNode(409)],
  failure_503: [failureNode(503)],
} as const satisfies Record<string, readonly BinaryNode[]>

export type DisconnectReason = keyof typeof LAST_WORDS

export const DISCONNECT_REASONS = Object.keys(LAST_WORDS) as DisconnectReason[]

/** Ends a connection that way. */
export function disconnect(connection: Connection, reason: DisconnectReason): void {
  if (reason === 'drop') connection.drop()
  else if (reason === 'hang') connection.hang()
  else connection.finish([...LAST_WORDS[reason]])
}
