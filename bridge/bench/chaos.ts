/**
 * Kills the bridge with SIGKILL while messages go both ways, and counts at both ends: nothing lost, nothing sent twice, no event again
 * after its consumer has acknowledged it. docs/performance.md says what each number means.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import type { Addressing } from '../simulator/people.ts'
import { silenceConsole } from '../simulator/silence.ts'
import type { Complaint, Verdict } from './chaos/ledger.ts'
import { POINTS } from './chaos/points.ts'
import type { Death } from './chaos/processes.ts'
import { Run } from './chaos/run.ts'
import { Random } from './support/random.ts'

/** How often each named moment is the last one, in each of the two modes, beside the deaths at any time. */
const FULL = { kills: 160, rounds: 3 }
const QUICK = { kills: 8, rounds: 0 }
const SHOWN = 20

const runs: object[] = []

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { kills: text, seed: text, point: text, quick: { type: 'boolean' } } })
const plan = values.quick === true ? QUICK : FULL
const kills = Number(values.kills ?? plan.kills)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
if (!(kills >= 0) || !(seed >= 0)) throw new Error('--kills and --seed must be numbers')

/** Half of the deaths at any time, and every named moment, shuffled. */
function deaths(random: Random): (Death | undefined)[] {
  const points = POINTS.filter((point) => values.point === undefined || point === values.point)
  const rounds = values.point === undefined ? plan.rounds : kills
  const named = points.flatMap((point) =>
    Array.from({ length: rounds }, (_, round) => ({ point, at: 1 + random.below(round === 0 ? 2 : 30) })),
  )
  const any = Array.from({ length: values.point === undefined ? Math.ceil(kills / 2) : 0 }, () => undefined)
  return [...named, ...any]
    .map((death) => ({ death, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ death }) => death)
}

/** All deaths in one of the two modes, and what is true afterwards. */
async function run(addressing: Addressing, random: Random, folder: string): Promise<{ kills: number } & Verdict> {
  const bench = await Run.start(addressing, random, folder)
  bench.traffic.start()
  const list = deaths(random)
  for (const [index, death] of list.entries()) {
    await bench.die(death)
    if (index % 10 === 9) progress(`${addressing}: ${index + 1} of ${list.length} kills`)
  }
  await bench.settle()
  const { complaints, ...verdict } = bench.ledger.verdict()
  for (const { what, of } of complaints.slice(0, SHOWN)) progress(`${what}: ${of}`)
  for (const error of bench.simulatorErrors.slice(0, SHOWN)) progress(`simulator: ${error}`)
  await bench.close()
  const { broken, deaths: died, ledger, simulatorErrors } = bench
  const counts = {
    complaints: Object.fromEntries(countsOf(complaints)),
    replayed: ledger.replayed,
    simulator_errors: simulatorErrors.length,
  }
  runs.push({ addressing, kills: list.length, ...verdict, ...counts, ...broken, deaths: died })
  return { kills: list.length, ...verdict }
}

async function main(): Promise<void> {
  silenceConsole()
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const began = performance.now()
  const random = new Random(seed)
  progress(`seed ${seed}`)
  const total = { kills: 0, sent: 0, received: 0, lost: 0, sent_twice: 0, event_twice: 0 }
  for (const addressing of ['lid', 'pn'] as const) {
    const one = await run(addressing, random, folder)
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += one[key]
  }
  const seconds = Math.round((performance.now() - began) / 1000)
  process.stdout.write(`${JSON.stringify({ bench: 'chaos', ...total, seed, seconds, runs })}\n`)
  process.exit(total.lost + total.sent_twice + total.event_twice === 0 ? 0 : 1)
}

/** How many of each kind. */
function countsOf(complaints: readonly Complaint[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { what } of complaints) counts.set(what, (counts.get(what) ?? 0) + 1)
  return counts
}

function progress(what: string): void {
  process.stderr.write(`${what}\n`)
}

await main()
