import { EngineError } from '../engine.ts'

export const notConnected = (): EngineError => new EngineError('not_connected', 'WhatsApp is not connected', 'later')

export const noAnswer = (): EngineError => new EngineError('timeout', 'WhatsApp did not answer in time', 'later')

/** WhatsApp refused the WebSocket itself, with an HTTP status. */
export class UpgradeRefused extends Error {
  readonly status: number
  constructor(status: number) {
    super(`WhatsApp refused the connection with HTTP ${status}`)
    this.name = 'UpgradeRefused'
    this.status = status
  }
}

/** The error code in WhatsApp's answer to a question, as Baileys' errors carry it. */
export function answeredCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('data' in error)) return undefined
  return typeof error.data === 'number' ? error.data : undefined
}
