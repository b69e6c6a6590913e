import { EngineError } from './engine/engine.ts'
import type { ErrorCode } from './protocol.ts'

/** An answer that the client can act on. `message` is plain English and says what to do; `details` are structured facts. */
export class BridgeError extends Error {
  readonly code: ErrorCode
  readonly details: Record<string, unknown>
  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}) {
    super(message)
    this.name = 'BridgeError'
    this.code = code
    this.details = details
  }
}

/** The same error in the wire's terms, or `undefined` when nobody foresaw it. */
export function asBridgeError(error: unknown): BridgeError | undefined {
  if (error instanceof BridgeError) return error
  if (error instanceof EngineError) return new BridgeError(error.code, error.message, error.details)
  return undefined
}
