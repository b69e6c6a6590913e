import { setImmediate } from 'node:timers/promises'

/** Lets everything else go on until `condition` holds; for what happens within this process. */
export async function until(condition: () => boolean, timeout = 5000): Promise<void> {
  const end = performance.now() + timeout
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeout} ms: ${condition.toString()}`)
    await setImmediate()
  }
}
