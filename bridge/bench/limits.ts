/**
 * Gives the bridge what is malformed, from every side that it has: clients, browsers and whoever else finds the port, WhatsApp's server, and
 * people who write. It must live, answer each client, and give the memory back. docs/performance.md says what each number means.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { silenceConsole } from '../simulator/silence.ts'
import { Bench } from './limits/bench.ts'
import { Random } from './support/random.ts'

const FULL = { commands: 4500, frames: 700, requests: 1800, stanzas: 2200, messages: 2200, downloads: 200 }
/** What comes before memory is looked at for the first time: code is compiled and caches are filled by then. */
const WARM_UP = 0.15

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { seed: text, quick: { type: 'boolean' } } })
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const scale = values.quick === true ? 0.05 : 1
if (!(seed >= 0)) throw new Error('--seed must be a number')

async function main(): Promise<void> {
  silenceConsole()
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const began = performance.now()
  progress(`seed ${seed}`)
  const bench = await Bench.start(new Random(seed), folder)
  await bench.give(part(WARM_UP))
  const before = await bench.memory()
  progress(`warm: ${JSON.stringify(before)}`)
  await bench.give(part(1 - WARM_UP))
  // What WhatsApp's server has refused meanwhile is over when the bridge has connected again.
  await pause(1000)
  const works = await bench.works()
  const after = await bench.memory()
  const { inputs, crashes, unanswered, ...more } = bench.figures()
  const seconds = Math.round((performance.now() - began) / 1000)
  const growth = Number((after.rss - before.rss).toFixed(1))
  const memory = {
    rss_before_mib: Math.round(before.rss),
    rss_after_mib: Math.round(after.rss),
    objects_before_mib: Math.round(before.objects),
    objects_after_mib: Math.round(after.objects),
  }
  const result = {
    bench: 'limits',
    inputs,
    crashes,
    unanswered,
    rss_growth_mib: growth,
    works,
    seed,
    seconds,
    ...memory,
    ...more,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
  process.exit(crashes + unanswered === 0 && works ? 0 : 1)
}

function part(share: number): typeof FULL {
  const entries = Object.entries(FULL).map(([name, count]) => [name, Math.ceil(count * share * scale)])
  return Object.fromEntries(entries) as typeof FULL
}

function progress(what: string): void {
  process.stderr.write(`${what}\n`)
}

await main()
