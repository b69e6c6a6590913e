import { EngineError } from '../engine.ts'
import { abortable } from './abort.ts'
import type { Connection } from './connection.ts'
import { noAnswer } from './errors.ts'
import type { BinaryNode } from './library.ts'
import { statusOf } from './verdict.ts'

const TIMED_OUT = 408

/**
 * One question to the server, or something that it is to do. Baileys' own functions take no answer for a good one.
 * @throws EngineError `timeout`, `not_connected`; Baileys' error when WhatsApp refuses (see `answeredCode`).
 */
export async function ask(
  { socket, signal }: Connection,
  attrs: { to: string; xmlns: string; type: 'get' | 'set' },
  content: BinaryNode[],
  stop: AbortSignal,
): Promise<BinaryNode> {
  const question = socket.query({ tag: 'iq', attrs, content }) as Promise<BinaryNode | undefined>
  const answer = await inTime(question, AbortSignal.any([signal, stop]))
  if (!answer) throw noAnswer()
  return answer
}

/** @throws EngineError `timeout` when the signal or Baileys says that it took too long. */
export async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await abortable(work, signal)
  } catch (error) {
    if (error instanceof EngineError) throw error
    throw error instanceof DOMException || statusOf(error) === TIMED_OUT ? noAnswer() : error
  }
}
