/**
 * The bridge beside raw Baileys, in one run: both linked to one simulator, both with their keys in SQLite, taking turns.
 *
 * docs/performance.md says what each number means. Ratios are the bridge's figure through raw Baileys': of times, less is better; of
 * rates, more.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { BridgeSide } from './support/bridge-side.ts'
import { clock } from './support/clock.ts'
import { crowd } from './support/crowd.ts'
import { fill } from './support/million.ts'
import { RawSide } from './support/raw-side.ts'
import type { Side } from './support/side.ts'
import { Simulator } from './support/simulator.ts'
import { percentile, rounded } from './support/statistics.ts'

/** How often, how many, and how many milliseconds. One full run is 5000 messages for each side, after the warm-up. */
const FULL = {
  warmUp: 50,
  turns: 250,
  bursts: 3,
  burst: 500,
  floods: 3,
  flood: 1000,
  starts: 7,
  calm: 10_000,
  stored: 1_000_000,
  accounts: [1, 5, 20],
}
const QUICK = {
  warmUp: 5,
  turns: 20,
  bursts: 2,
  burst: 50,
  floods: 2,
  flood: 100,
  starts: 2,
  calm: 1000,
  stored: 10_000,
  accounts: [1, 2],
}
/** What a message leaves to do, receipts for one, is over by then: the other side's turn comes undisturbed. */
const TURN_MS = 20

const FRIEND = '15550000003'

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, 'idle-seconds': { type: 'string' } } })
const { quick = false } = values
const plan = quick ? QUICK : FULL
const idleSeconds = Number(values['idle-seconds'] ?? (quick ? 5 : 60))
if (!(idleSeconds > 0)) throw new Error('--idle-seconds must be a number above 0')

type Name = Side['name']
/** What was measured of each side. */
type Figures<T> = Record<Name, T>
/** Milliseconds of CPU, and bytes handed to the storage. */
interface Usage {
  cpu: number
  written: number
}

let texts = 0

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const simulator = await Simulator.start()
  await simulator.phone(FRIEND, 'Friend')
  const raw = new RawSide(simulator, '15550000001', folder)
  const bridge = new BridgeSide(simulator, '15550000002', folder)
  const sides = [raw, bridge]
  for (const side of sides) {
    await simulator.phone(side.number, side.name)
    await side.link()
    progress(`${side.name}: linked, process ${side.process.pid}`)
  }
  const measured = await measure(sides, simulator, async () => {
    await bridge.stop()
    fill(bridge.store, plan.stored)
    await bridge.start()
  })
  for (const side of sides) await side.stop()
  progress('accounts')
  const accounts = await crowd(simulator, folder, plan.accounts, plan.calm)
  process.stdout.write(`${JSON.stringify(rounded(report(measured, accounts)))}\n`)
  process.exit(0)
}

/** @param fillUp Puts a million messages into the bridge's store. */
async function measure(sides: readonly Side[], simulator: Simulator, fillUp: () => Promise<void>): Promise<Measured> {
  await pause(plan.calm)
  const rss = ofEach(sides, (side) => side.process.rss())
  await takeTurns('warming up', sides, plan.warmUp, async (side) => {
    await side.send(FRIEND, someTexts(1))
    await flight(side, simulator)
  })
  const before = usage(sides)
  const send = await takeTurns('sending one by one', sides, plan.turns, (side) => side.send(FRIEND, someTexts(1)))
  const incoming = await takeTurns('receiving one by one', sides, plan.turns, (side) => flight(side, simulator))
  const burst = await takeTurns('bursts', sides, plan.bursts, async (side) => {
    const ms = await side.send(FRIEND, someTexts(plan.burst))
    await pause(plan.calm / 5)
    return ms
  })
  const flood = await takeTurns('floods', sides, plan.floods, async (side) => {
    const rate = await flooded(side, simulator)
    await pause(plan.calm / 5)
    return rate
  })
  await pause(plan.calm)
  const load = usage(sides, before)
  const rssAfter = ofEach(sides, (side) => side.process.rss())
  const start = await takeTurns('starts', sides, plan.starts, restarted)
  const idle = await idled(sides)
  await fillUp()
  const startFull = await takeTurns('starts with a full store', sides, plan.starts, restarted)
  return { rss, send, incoming, burst, flood, load, rssAfter, start, startFull, idle }
}

interface Measured {
  rss: Figures<number>
  send: Figures<number[]>
  incoming: Figures<number[]>
  burst: Figures<number[]>
  flood: Figures<number[]>
  load: Figures<Usage>
  rssAfter: Figures<number>
  start: Figures<number[]>
  startFull: Figures<number[]>
  idle: Figures<Usage>
}

function report(measured: Measured, accounts: ReadonlyMap<number, number>): object {
  const { rss, send, incoming, burst, flood, rssAfter, start, startFull, idle } = measured
  const [fewest, most] = [Math.min(...accounts.keys()), Math.max(...accounts.keys())]
  return {
    bench: 'speed',
    quick,
    cores: availableParallelism(),
    node: process.version,
    messages: 2 * plan.turns + plan.bursts * plan.burst + plan.floods * plan.flood,
    burst: plan.burst,
    idle_seconds: idleSeconds,
    send_p50_ratio: ratio(send),
    send_p95_ratio: ratio(send, 0.95),
    burst_ratio: ratio(burst),
    incoming_p50_ratio: ratio(incoming),
    incoming_rate_ratio: ratio(flood),
    rss_extra_mib: rss.bridge - rss.raw,
    // After `messages`: 5000 in a full run.
    rss_after_5000_extra_mib: rssAfter.bridge - rssAfter.raw,
    account_extra_mib: ((accounts.get(most) ?? 0) - (accounts.get(fewest) ?? 0)) / (most - fewest),
    start_ratio: ratio(start),
    // With `stored` messages in the bridge's store: a million in a full run.
    start_ratio_1m: ratio(startFull),
    stored: plan.stored,
    idle_writes: idle.bridge.written,
    idle_cpu_ms: idle.bridge.cpu,
    raw: figures(measured, 'raw'),
    bridge: { ...figures(measured, 'bridge'), accounts_rss_mib: Object.fromEntries(accounts) },
  }
}

function ratio(results: Figures<number[]>, part = 0.5): number {
  return percentile(results.bridge, part) / percentile(results.raw, part)
}

function figures(measured: Measured, name: Name): object {
  const { rss, send, incoming, burst, flood, load, rssAfter, start, startFull, idle } = measured
  return {
    send_p50_ms: percentile(send[name], 0.5),
    send_p95_ms: percentile(send[name], 0.95),
    burst_ms: burst[name],
    incoming_p50_ms: percentile(incoming[name], 0.5),
    incoming_per_s: flood[name],
    rss_mib: rss[name],
    rss_after_5000_mib: rssAfter[name],
    messages_cpu_ms: load[name].cpu,
    messages_written: load[name].written,
    start_ms: start[name],
    start_1m_ms: startFull[name],
    idle_writes: idle[name].written,
    idle_cpu_ms: idle[name].cpu,
  }
}

/** Each side in turn, and the one that was second before comes first. */
async function takeTurns<T>(
  what: string,
  sides: readonly Side[],
  times: number,
  work: (side: Side) => Promise<T>,
): Promise<Figures<T[]>> {
  progress(what)
  const results: Figures<T[]> = { raw: [], bridge: [] }
  for (let round = 0; round < times; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      results[side.name].push(await work(side))
      await pause(TURN_MS)
    }
  }
  return results
}

/** From asking the phone to write until the text is there. */
async function flight(side: Side, simulator: Simulator): Promise<number> {
  const [text = ''] = someTexts(1)
  const heard = side.heard(text)
  const asked = clock()
  await simulator.say(FRIEND, side.number, [text])
  return (await heard) - asked
}

/** Messages a second when many wait on the line: the process is halted while the phone writes them, so that the phone is not timed. */
async function flooded(side: Side, simulator: Simulator): Promise<number> {
  const lot = someTexts(plan.flood)
  const heard = Promise.all(lot.map((text) => side.heard(text)))
  side.process.signal('SIGSTOP')
  await simulator.say(FRIEND, side.number, lot)
  const released = clock()
  side.process.signal('SIGCONT')
  return (1000 * lot.length) / (Math.max(...(await heard)) - released)
}

async function restarted(side: Side): Promise<number> {
  await side.stop()
  const ms = await side.start()
  await pause(plan.calm / 5)
  return ms
}

async function idled(sides: readonly Side[]): Promise<Figures<Usage>> {
  // Baileys is busy for a while after a login.
  await pause(3 * plan.calm)
  progress(`idle for ${idleSeconds} s`)
  const before = usage(sides)
  await pause(idleSeconds * 1000)
  return usage(sides, before)
}

/** What the processes have used since `before`, or since they were started. */
function usage(sides: readonly Side[], before?: Figures<Usage>): Figures<Usage> {
  return ofEach(sides, ({ name, process: child }) => ({
    cpu: child.cpu() - (before?.[name].cpu ?? 0),
    written: child.written() - (before?.[name].written ?? 0),
  }))
}

function ofEach<T>(sides: readonly Side[], look: (side: Side) => T): Figures<T> {
  return Object.fromEntries(sides.map((side) => [side.name, look(side)])) as Figures<T>
}

function someTexts(count: number): string[] {
  return Array.from({ length: count }, () => `Message number ${(texts += 1)}: the washing machine is done.`)
}

function progress(what: string): void {
  process.stderr.write(`${what}\n`)
}

await main()
