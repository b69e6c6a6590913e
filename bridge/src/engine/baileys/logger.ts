import type { Logger } from '../../log.ts'
import type { SocketConfig } from './library.ts'

type BaileysLogger = SocketConfig['logger']

/** What went wrong in words that may be logged: errors of Baileys carry whole stanzas. */
export function summary(error: unknown): string {
  return error instanceof Error ? masked(`${error.name}: ${error.message}`) : typeof error
}

/** A word with a digit or an `@` may be a number, an id or a JID, one with brackets or quotes a piece of JSON. */
const TELLING = /\S*[\d@{}[\]"]\S*/gu
const LENGTH = 120

/**
 * Baileys' words without what it speaks of: it logs messages, keys and numbers at every level, so its objects are dropped and the
 * telling words of its sentences masked. All of it is for us to read, not for the user: debug.
 */
export function baileysLogger(log: Logger): BaileysLogger {
  const write = (level: string) => (first: unknown, second?: string) => {
    if (!log.isLevelEnabled('debug')) return
    const sentence = typeof first === 'string' ? first : (second ?? '')
    log.debug({ baileys: level }, masked(sentence))
  }
  const logger: BaileysLogger = {
    // Never trace: Baileys would print every stanza for it.
    level: 'info',
    child: () => logger,
    trace: () => undefined,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
  return logger
}

function masked(sentence: string): string {
  return sentence.replace(TELLING, '…').slice(0, LENGTH)
}
