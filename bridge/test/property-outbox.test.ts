/** A model of the outbox: whatever is asked of it, whatever WhatsApp does, and whenever the bridge dies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { EngineError, type OutboundMessage } from '../src/engine/engine.ts'
import { BridgeError } from '../src/errors.ts'
import { freeze, textOf } from './support/memory.ts'
import { type ChatName, CHATS, drain, linkedFolder, Survivor } from './support/model.ts'

const RUNS = 60
/** What WhatsApp does with messages: `unheard` are those that it takes while its confirmation is lost. */
type Mood = 'accept' | 'later' | 'never' | 'hang' | 'unheard'
type Step =
  | { do: 'send'; request: string; again: boolean }
  | { do: 'mood'; mood: Mood }
  | { do: 'connect' | 'disconnect' | 'crash' }
  | { do: 'pass'; seconds: number }

/** What a request asks for; the same request always asks for the same. */
interface Wish {
  chat: ChatName
  ttl: number
  priority: 'normal' | 'high'
}

const wish = fc.record<Wish>({
  chat: fc.constantFrom('bob', 'bob', 'eve'),
  ttl: fc.constantFrom(0, 5, 60, 600, 600, 600),
  priority: fc.constantFrom('normal', 'normal', 'high'),
})
const request = fc.integer({ min: 0, max: 9 }).map((number) => `request ${number}`)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), request, again: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('mood' as const),
      mood: fc.constantFrom<Mood>('accept', 'later', 'never', 'hang', 'unheard'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('connect' as const, 'disconnect', 'disconnect', 'crash') }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(1, 2, 10, 70, 700) }),
  },
)

/** How a request has ended, in words. */
type End = `sent as ${string} at ${number}` | `failed as ${string}: ${string}`

type Timers = ReturnType<typeof freeze>

class Model {
  readonly #survivor: Survivor
  readonly #timers: Timers
  readonly #wishes: readonly Wish[]
  #mood: Mood = 'accept'
  #prepared = 0
  /** What was found where nobody could be told. */
  #wrong: unknown
  readonly #asked = new Set<string>()
  /** The ids under which the engine was given each request. */
  readonly #ids = new Map<string, string>()
  readonly #ends = new Map<string, End>()
  /** What WhatsApp has, in the order in which it got it. */
  readonly #accepted: string[] = []
  /** Commands that have no answer; those of a dead bridge never have one. */
  readonly #pending = new Set<string>()

  constructor(folder: string, wishes: readonly Wish[], timers: Timers) {
    this.#wishes = wishes
    this.#timers = timers
    this.#survivor = new Survivor(folder, (survivor) => this.#watch(survivor))
    this.#survivor.engine.connect()
  }

  async run(steps: readonly Step[]): Promise<void> {
    try {
      for (const one of steps) await this.#do(one)
      await this.#settle()
    } finally {
      await this.#survivor.end()
    }
  }

  async #do(one: Step): Promise<void> {
    if (one.do === 'send') {
      this.#send(one.request)
      if (one.again) this.#send(one.request)
    } else if (one.do === 'mood') this.#mood = one.mood
    else if (one.do === 'pass') await this.#pass(one.seconds)
    else if (one.do === 'crash') {
      this.#pending.clear()
      this.#survivor.crash()
      this.#survivor.engine.connect()
    } else this.#survivor.engine[one.do]()
    await drain()
  }

  #wish(name: string): Wish {
    const found = this.#wishes[Number(name.slice('request '.length))]
    assert.ok(found)
    return found
  }

  #send(name: string): void {
    const { account } = this.#survivor
    const { chat, ...rest } = this.#wish(name)
    const { bridge } = this.#survivor
    const asked = `${name} ${crypto.randomUUID()}`
    this.#pending.add(asked)
    this.#asked.add(name)
    const content = { kind: 'text', text: name } as const
    account
      .send({ account_id: account.id, chat: CHATS[chat], content, request_id: name, ...rest })
      .then(
        ({ message_id, status, timestamp }) => {
          if (bridge === this.#survivor.bridge && status === 'sent')
            this.#ended(name, `sent as ${message_id} at ${timestamp ?? 0}`)
        },
        (error: unknown) => {
          // Of a bridge that is dead nobody hears anything.
          if (bridge !== this.#survivor.bridge) return
          assert.ok(error instanceof BridgeError, String(error))
          const { message_id } = error.details
          // Without a message it was not taken: it may be asked for again.
          if (typeof message_id === 'string') this.#ended(name, `failed as ${message_id}: ${error.code}`)
          else assert.equal(error.code, 'not_connected')
        },
      )
      .catch((error: unknown) => (this.#wrong = error))
      .finally(() => this.#pending.delete(asked))
  }

  /** Answers are stable. */
  #ended(name: string, end: End): void {
    assert.equal(this.#ends.get(name) ?? end, end, `${name} has another answer than before`)
    this.#ends.set(name, end)
  }

  #watch(survivor: Survivor): void {
    const { engine, bridge } = survivor
    const prepare = engine.prepare.bind(engine)
    engine.prepare = async (...args) => {
      this.#prepared += 1
      const external_id = `ID${this.#prepared}`
      return { ...(await prepare(...args)), external_id }
    }
    engine.deliver = async (message, signal) => {
      if (bridge !== this.#survivor.bridge) return new Promise(() => undefined)
      try {
        this.#check(message)
      } catch (error) {
        this.#wrong ??= error
      }
      return this.#deliver(message, signal)
    }
  }

  /** What the engine is given must be waiting, in time, and the same as before. */
  #check(message: OutboundMessage): void {
    const name = textOf(message)
    const { external_id } = message
    assert.equal(this.#ids.get(name) ?? external_id, external_id, `${name} has a second id`)
    this.#ids.set(name, external_id)
    assert.equal(this.#ends.get(name), undefined, `${name} is sent although it has ended`)
    const { account, bridge } = this.#survivor
    const row = bridge.store.outbox.byMessage(account.id, external_id)
    assert.ok(row?.state === 'queued', `${name} is sent although it does not wait`)
    assert.ok(row.expires_at > Date.now() / 1000, `${name} is sent too late`)
  }

  async #deliver(message: OutboundMessage, signal: AbortSignal): Promise<{ accepted_at: number }> {
    const name = textOf(message)
    const mood = this.#mood
    if (mood === 'hang') {
      return new Promise((_, reject) => {
        const timer = setTimeout(() => reject(later()), 15_000)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(later())
        })
      })
    }
    if (mood === 'never') throw new EngineError('rejected', 'no', 'never')
    if (mood === 'later') throw later()
    if (!this.#accepted.includes(name)) this.#accepted.push(name)
    if (mood === 'unheard') throw later()
    return { accepted_at: Math.floor(Date.now() / 1000) }
  }

  async #pass(seconds: number): Promise<void> {
    // One jump would make everything happen at its end.
    for (let left = seconds; left > 0; left -= Math.min(left, 20)) {
      this.#timers.tick(Math.min(left, 20) * 1000)
      await drain()
    }
  }

  async #settle(): Promise<void> {
    this.#mood = 'accept'
    this.#survivor.engine.connect()
    await drain()
    await this.#pass(700)
    assert.ifError(this.#wrong)
    assert.deepEqual([...this.#pending], [], 'some have no answer')
    const { account, bridge } = this.#survivor
    assert.equal(account.state().queued, 0)
    for (const name of this.#asked) {
      const row = bridge.store.outbox.byRequest(account.id, name)
      if (!row) continue
      assert.notEqual(row.state, 'queued')
      assert.equal(row.state === 'sent' && !this.#accepted.includes(name), false, `${name} is "sent", but was not`)
      this.#send(name)
    }
    await drain()
    assert.ifError(this.#wrong)
    this.#checkOrder()
  }

  /** In each chat, of each priority: as they were asked for. */
  #checkOrder(): void {
    const { account, bridge } = this.#survivor
    const lanes = new Map<string, number[]>()
    for (const name of this.#accepted) {
      const { chat, priority } = this.#wish(name)
      const number = bridge.store.outbox.byRequest(account.id, name)?.number ?? 0
      lanes.set(`${chat} ${priority}`, [...(lanes.get(`${chat} ${priority}`) ?? []), number])
    }
    for (const [lane, numbers] of lanes) {
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
        `out of order in ${lane}`,
      )
    }
  }
}

function later(): EngineError {
  return new EngineError('timeout', 'not now', 'later')
}

test('the outbox: one message a request, in order, in time, and an end for each, also when the bridge dies', async (t) => {
  const folder = await linkedFolder(t)
  const timers = freeze(t)
  const wishes = fc.array(wish, { minLength: 10, maxLength: 10 })
  const steps = fc.array(step, { minLength: 1, maxLength: 30 })
  const property = fc.asyncProperty(wishes, steps, async (asked, todo) => new Model(folder, asked, timers).run(todo))
  await fc.assert(property, { numRuns: RUNS })
})
