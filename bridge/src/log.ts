/** The only place that makes loggers. Importing it takes the console away from every library: see `silenceConsole`. */
import pino, { type LevelWithSilent, type Logger } from 'pino'

export type { Logger }

export type LogLevel = LevelWithSilent

/** Six digits and more are taken for a phone number, a LID, a group id or a part of one. */
const NUMBERS = /\d{6,}/gu

/**
 * A logger that writes JSON lines to stderr, with every long number in them masked.
 *
 * Synchronous, so that the last words of a dying process are not lost.
 */
export function createLogger(level: LogLevel): Logger {
  const stderr = pino.destination({ dest: 2, sync: true })
  const masked = { write: (line: string) => void stderr.write(mask(line)) }
  const formatters = { level: (label: string) => ({ level: label }) }
  return pino({ level, base: null, formatters, timestamp: pino.stdTimeFunctions.isoTime }, masked)
}

export function mask(line: string): string {
  return line.replace(NUMBERS, '******')
}

/** libsignal prints whole sessions, private keys included, through the console. Nothing else may use it either. */
function silenceConsole(): void {
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const) {
    console[method] = () => undefined
  }
}

silenceConsole()
