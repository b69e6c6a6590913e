/** What is done on WhatsApp besides sending messages. */
import type { Readable } from 'node:stream'

import type { Presence } from '../../protocol.ts'
import { type Address, EngineError, type MessageRef } from '../engine.ts'
import type { Connection } from './connection.ts'

export function picture(_connection: Connection, _whom: Address, _signal: AbortSignal): Promise<Readable | null> {
  throw unsupported()
}

export function markRead(
  _connection: Connection,
  _messages: readonly MessageRef[],
  _signal: AbortSignal,
): Promise<void> {
  throw unsupported()
}

export function showPresence(
  _connection: Connection,
  _presence: Presence,
  _to: Address | null,
  _signal: AbortSignal,
): Promise<void> {
  throw unsupported()
}

export function watchPresence(_connection: Connection, _whom: Address, _signal: AbortSignal): Promise<void> {
  throw unsupported()
}

function unsupported(): EngineError {
  return new EngineError('unsupported', 'This bridge cannot do that', 'never')
}
