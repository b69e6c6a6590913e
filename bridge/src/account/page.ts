import { LIMITS } from '../protocol.ts'

/** What is left of a frame for a list, beside what else is in it. */
const LIST_BYTES = LIMITS.frame_bytes * 0.75

/** The first of these, as many as one frame takes. */
export function page<T>(items: Iterable<T>): T[] {
  const fitting: T[] = []
  let bytes = 0
  for (const item of items) {
    bytes += Buffer.byteLength(JSON.stringify(item))
    if (bytes > LIST_BYTES && fitting.length > 0) break
    fitting.push(item)
  }
  return fitting
}
