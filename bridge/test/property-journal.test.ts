/** A model of the journal and its cursors: whatever happens, whoever listens, and whenever the bridge dies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { Subscription } from '../src/server/subscription.ts'
import { freeze } from './support/memory.ts'
import { drain, linkedFolder, Survivor } from './support/model.ts'
import { receiptEvent } from './support/rows.ts'

const RUNS = 60
const CONSUMERS = ['home', 'cabin', 'attic'] as const
type Consumer = (typeof CONSUMERS)[number]
type Step =
  | { do: 'append'; onces: number[]; kept: boolean }
  | { do: 'listen' | 'leave'; consumer: Consumer }
  | { do: 'ack'; consumer: Consumer; seq: number; written: boolean }
  | { do: 'sweep'; rows: number }
  | { do: 'crash' }

const consumer = fc.constantFrom(...CONSUMERS)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      onces: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 5 }),
      // Whether the transaction around it commits.
      kept: fc.integer({ min: 0, max: 5 }).map((number) => number > 0),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('listen' as const, 'leave'), consumer }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('ack' as const),
      consumer,
      seq: fc.integer({ min: 0, max: 60 }),
      written: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const), rows: fc.integer({ min: 0, max: 10 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
)

type Timers = ReturnType<typeof freeze>

interface Entry {
  seq: number
  once: number
}

/** One `listen`: what it must hear, and what it has heard. */
interface Ear {
  subscription: Subscription
  expected: (Entry & { replayed: boolean })[]
  heard: (Entry & { replayed: boolean })[]
}

class Model {
  readonly #survivor: Survivor
  #head: number
  #entries: Entry[] = []
  readonly #cursors = new Map<Consumer, number>()
  readonly #ears = new Map<Consumer, Ear>()
  /** What the bridge was told and has not written yet. */
  readonly #acks: { name: Consumer; seq: number }[] = []
  readonly #timers: Timers
  #wrong: unknown
  #over = false

  constructor(folder: string, timers: Timers) {
    this.#timers = timers
    this.#survivor = new Survivor(folder, () => undefined)
    this.#head = this.#journal.head()
  }

  async run(steps: readonly Step[]): Promise<void> {
    try {
      for (const one of steps) {
        this.#do(one)
        await drain()
        this.#check()
      }
    } finally {
      this.#over = true
      for (const name of CONSUMERS) this.#leave(name)
      await this.#survivor.end()
    }
  }

  get #journal(): Survivor['account']['records']['journal'] {
    return this.#survivor.account.records.journal
  }

  #do(one: Step): void {
    if (one.do === 'append') this.#append(one)
    else if (one.do === 'listen') this.#listen(one.consumer)
    else if (one.do === 'leave') this.#leave(one.consumer)
    else if (one.do === 'ack') this.#ack(one)
    else if (one.do === 'sweep') {
      this.#survivor.bridge.store.journal.sweep(0, one.rows)
      this.#entries = this.#entries.filter(({ seq }) => seq > this.#head - one.rows)
    } else {
      // Clients lose their connections with the bridge.
      for (const name of CONSUMERS) this.#ears.delete(name)
      this.#acks.length = 0
      this.#survivor.crash()
    }
  }

  #append({ onces, kept }: Extract<Step, { do: 'append' }>): void {
    const { database } = this.#survivor.bridge.store
    const tell = (): void => {
      database.transaction(() => {
        for (const once of onces) this.#journal.append(receiptEvent({ timestamp: once }), `once ${once}`)
        if (!kept) throw new Error('rolled back')
      })
    }
    if (!kept) {
      assert.throws(tell, /rolled back/u)
      return
    }
    tell()
    for (const once of onces) {
      if (this.#entries.some((entry) => entry.once === once)) continue
      this.#head += 1
      const entry = { seq: this.#head, once }
      this.#entries.push(entry)
      for (const ear of this.#ears.values()) ear.expected.push({ ...entry, replayed: false })
    }
  }

  #listen(name: Consumer): void {
    this.#leave(name)
    const cursor = this.#cursors.get(name) ?? this.#head
    this.#cursors.set(name, cursor)
    const heard: Ear['heard'] = []
    const subscription = new Subscription(
      this.#survivor.account,
      name,
      async ({ seq = 0, event, replayed = false }) => {
        heard.push({ seq, once: event.type === 'receipt' ? event.timestamp : -1, replayed })
        return Promise.resolve(true)
      },
      () => undefined,
    )
    assert.equal(subscription.head, this.#head)
    const expected = this.#entries.filter(({ seq }) => seq > cursor).map((entry) => ({ ...entry, replayed: true }))
    this.#ears.set(name, { subscription, expected, heard })
  }

  #leave(name: Consumer): void {
    this.#ears.get(name)?.subscription.end()
    this.#ears.delete(name)
  }

  /** Counts once it is answered; those that come together are written together. */
  #ack({ consumer: name, seq, written }: Extract<Step, { do: 'ack' }>): void {
    const { bridge } = this.#survivor
    this.#journal.ack(name, seq).catch((error: unknown) => {
      // A bridge that is dead, or at its end, writes nothing.
      if (bridge === this.#survivor.bridge && !this.#over) this.#wrong = error
    })
    this.#acks.push({ name, seq })
    if (!written) return
    this.#timers.tick(1000)
    for (const ack of this.#acks.splice(0)) {
      const cursor = this.#cursors.get(ack.name)
      // Whoever never listened has no cursor.
      if (cursor !== undefined) this.#cursors.set(ack.name, Math.max(cursor, Math.min(ack.seq, this.#head)))
    }
  }

  #check(): void {
    assert.ifError(this.#wrong)
    assert.equal(this.#journal.head(), this.#head)
    assert.deepEqual(
      this.#journal.after(0, 1000).map(({ seq }) => seq),
      this.#entries.map(({ seq }) => seq),
    )
    for (const [name, cursor] of this.#cursors)
      assert.equal(this.#journal.cursor(name), cursor, `the cursor of ${name}`)
    for (const [name, { expected, heard }] of this.#ears) assert.deepEqual(heard, expected, `what ${name} heard`)
  }
}

test('the journal: every consumer hears what it has not acknowledged, once and in order, also when the bridge dies', async (t) => {
  const folder = await linkedFolder(t)
  const timers = freeze(t)
  const steps = fc.array(step, { minLength: 1, maxLength: 40 })
  const property = fc.asyncProperty(steps, async (todo) => new Model(folder, timers).run(todo))
  await fc.assert(property, { numRuns: RUNS })
})
