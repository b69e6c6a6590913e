import { ask } from './ask.ts'
import type { Connection } from './connection.ts'
import { answeredCode, noAnswer } from './errors.ts'
import { S_WHATSAPP_NET } from './library.ts'

const QUESTION = { to: S_WHATSAPP_NET, xmlns: 'w:p', type: 'get' } as const

/**
 * Asks again and again whether the server is still there, and ends a connection on which no answer comes. Baileys asks too, but looks only at
 * whether anything comes in.
 */
export function probe(connection: Connection, everyMs: number, answerMs: number): void {
  const pulse = () => {
    // Answered with an error it is there, too.
    const answer = ask(connection, QUESTION, [{ tag: 'ping', attrs: {} }], AbortSignal.timeout(answerMs))
    answer.catch((error: unknown) => (answeredCode(error) === undefined ? connection.end(noAnswer()) : undefined))
  }
  connection.on('connection.update', (update) => {
    if (update.connection !== 'open') return
    const timer = setInterval(pulse, everyMs)
    connection.signal.addEventListener('abort', () => clearInterval(timer))
  })
}
