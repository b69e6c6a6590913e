/** A stanza's time in seconds since 1970; now, when it has none that makes sense. */
export function secondsOf(time: string | undefined): number {
  const seconds = Number(time)
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : Math.floor(Date.now() / 1000)
}
