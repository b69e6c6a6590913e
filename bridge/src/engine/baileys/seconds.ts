import { toNumber, type WAMessage } from './library.ts'

/** A stanza's time in seconds since 1970; now, when it has none that makes sense. */
export function secondsOf(time: string | number | undefined): number {
  const seconds = Number(time)
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : Math.floor(Date.now() / 1000)
}

/** A message's, likewise. */
export function timestampOf({ messageTimestamp }: WAMessage): number {
  return secondsOf(toNumber(messageTimestamp))
}
