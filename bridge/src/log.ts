/** The only place that makes loggers. Importing it takes the console away from every library: see `silenceConsole`. */
import { createHmac, randomBytes } from 'node:crypto'

import pino, { type LevelWithSilent, type Logger } from 'pino'

export type { Logger }

export type LogLevel = LevelWithSilent

/** Six digits and more are taken for a phone number, a LID, a group id or a part of one. */
const NUMBERS = /\d{6,}/gu
const MASK_LETTERS = 6
/** Of this process: without it nobody can find a number by trying them all. */
const KEY = randomBytes(32)

/**
 * A logger that writes JSON lines to stderr, with every long number in them masked.
 *
 * Synchronous, so that the last words of a dying process are not lost.
 */
export function createLogger(level: LogLevel): Logger {
  const stderr = pino.destination({ dest: 2, sync: true })
  const masked = { write: (line: string) => void stderr.write(maskLine(line)) }
  const formatters = { level: (label: string) => ({ level: label }) }
  const options = {
    level,
    base: null,
    formatters,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: anatomy },
  }
  return pino(options, masked)
}

/** A text with every long number in it replaced: the same number by the same letters as long as the process lives, and none by another's. */
export function mask(text: string): string {
  return text.replace(NUMBERS, (digits) => {
    const letters = createHmac('sha256', KEY)
      .update(digits)
      .digest('hex')
      .replaceAll(/\d/gu, (digit) => 'ghijklmnop'[Number(digit)] ?? '')
    return `~${letters.slice(0, MASK_LETTERS)}`
  })
}

function maskLine(line: string): string {
  return `${JSON.stringify(maskDeep(JSON.parse(line)))}\n`
}

function maskDeep(value: unknown): unknown {
  if (typeof value === 'string') return mask(value)
  if (typeof value === 'number') return maskNumber(value)
  if (Array.isArray(value)) return value.map((each) => maskDeep(each))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [mask(key), maskDeep(each)]))
}

/** A fraction of a second is nobody's number. */
function maskNumber(value: number): unknown {
  const rounded = Math.round(value * 1000) / 1000
  const text = String(Math.trunc(rounded))
  return mask(text) === text ? rounded : mask(text)
}

/** What an error may say in a log: one of JSON quotes what it was given. */
function anatomy(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error }
  const { name: type, message, stack = '' } = error
  const frames = stack.split('\n').filter((line) => /^\s+at /u.test(line))
  const cause = error.cause === undefined ? {} : { cause: anatomy(error.cause) }
  return { type, ...(!(error instanceof SyntaxError) && { message }), stack: frames.join('\n'), ...cause }
}

/** libsignal prints whole sessions, private keys included, through the console. Nothing else may use it either. */
function silenceConsole(): void {
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const) {
    console[method] = () => undefined
  }
}

silenceConsole()
