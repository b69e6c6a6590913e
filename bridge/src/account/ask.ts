import type { Engine } from '../engine/engine.ts'
import { asBridgeError, BridgeError } from '../errors.ts'
import type { Sender } from './sender.ts'

const ANSWER_SECONDS = 20

/** A signal that ends what waits for WhatsApp. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(ANSWER_SECONDS * 1000)
}

/**
 * Asks WhatsApp something, until `signal` ends it.
 * @throws BridgeError `not_linked`, `not_connected`, `timeout`, and what the engine has against it.
 */
export async function ask<T>(
  sender: Pick<Sender, 'engine' | 'isLinked' | 'isConnected'>,
  work: (engine: Engine, signal: AbortSignal) => Promise<T>,
  signal = patience(),
): Promise<T> {
  if (!sender.isLinked()) {
    throw new BridgeError('not_linked', 'The account is not linked to WhatsApp: link it again')
  }
  if (!sender.isConnected()) {
    throw new BridgeError('not_connected', 'WhatsApp is not connected at the moment: try again later')
  }
  try {
    return await work(sender.engine, signal)
  } catch (error) {
    if (signal.aborted) throw new BridgeError('timeout', 'WhatsApp did not answer in time: try again later')
    throw asBridgeError(error) ?? error
  }
}

/** All results in the order of `items`, `width` of them under way at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const waiting = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
  return results
}
