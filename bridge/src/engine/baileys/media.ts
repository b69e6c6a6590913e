import type { Readable } from 'node:stream'

import { EngineError, type MediaFile, type OutboundMessage } from '../engine.ts'
import type { Connection } from './connection.ts'

/** Encrypts a file for the message's receivers, hands it over and returns the payload that leads to it. @throws EngineError */
export function upload(
  _connection: Connection,
  _message: OutboundMessage,
  _media: MediaFile,
  _signal: AbortSignal,
): Promise<Uint8Array> {
  throw new EngineError('unsupported', 'This bridge cannot send media', 'never')
}

/** The decrypted bytes of a received message's media. @throws EngineError */
export function download(_connection: Connection, _raw: Uint8Array, _signal: AbortSignal): Promise<Readable> {
  throw new EngineError('unsupported', 'This bridge cannot receive media', 'never')
}
