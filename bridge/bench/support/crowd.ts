import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import type { EventFrame } from '../../src/protocol.ts'
import { Child } from './child.ts'
import { Client } from './client.ts'
import type { Simulator } from './simulator.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** Memory of one bridge with so many accounts, in MiB by their number. A calm of `calm` ms goes before each look. */
export async function crowd(
  simulator: Simulator,
  folder: string,
  counts: readonly number[],
  calm: number,
): Promise<Map<number, number>> {
  const data = join(folder, 'crowd')
  const ready = Promise.withResolvers<number>()
  const args = ['--data', data, '--port', '0', '--log-level', 'error', ...simulator.options]
  const bridge = new Child(MAIN, args, (line) => ready.resolve((line as { port: number }).port))
  const waiting = { resolve: (_: EventFrame['event']) => {} }
  const client = await Client.connect(await ready.promise, readFileSync(join(data, 'token'), 'utf8').trim(), (frame) =>
    waiting.resolve(frame.event),
  )
  const sizes = new Map<number, number>()
  for (let count = 1; count <= Math.max(...counts); count += 1) {
    const number = String(15_551_000_000 + count)
    await simulator.phone(number, `Owner ${count}`)
    const linked = Promise.withResolvers<void>()
    waiting.resolve = (event) => {
      if (event.type !== 'link') return
      if (event.status === 'qr' && event.number === 1) void simulator.scan(number, event.qr ?? '')
      if (event.status === 'linked') linked.resolve()
      if (event.error) linked.reject(new Error(`the link failed: ${event.error}`))
    }
    await client.call('link', { method: 'qr' })
    await linked.promise
    if (!counts.includes(count)) continue
    await pause(calm)
    sizes.set(count, bridge.rss())
  }
  await client.close()
  await bridge.end()
  return sizes
}
