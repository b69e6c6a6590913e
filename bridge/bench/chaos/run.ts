/** One linked bridge that is killed again and again while people write, and then looked at. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import type { Addressing } from '../../simulator/people.ts'
import { SimulatedWhatsApp } from '../../simulator/server.ts'
// The simulated phones decrypt with libsignal too; real ones do so without its fault.
import '../../src/engine/baileys/ratchet.ts'
import { Client } from '../support/client.ts'
import type { Random } from '../support/random.ts'
import { Ledger } from './ledger.ts'
import { Bridge, Consumer, type Death } from './processes.ts'
import { People, Traffic } from './traffic.ts'

const CONSUMER = 'chaos'
/** A bridge that was to kill itself and has not come to that moment by then is killed. */
const MOMENT_MS = 8000
/** A death at any time comes after up to so many events, and so long after the bridge was ready at most. */
const LIFE_EVENTS = 200
const LIFE_MS = 8000
/** When something else breaks, it is so long after the bridge was ready at most. */
const BREAK_MS = 1500
/** Nothing has changed for so long: what is missing then does not come. */
const SETTLED_MS = 30_000
/** After everything has come, nothing may come again. */
const SILENCE_MS = 3000

export class Run {
  readonly people: People
  readonly ledger: Ledger
  readonly traffic: Traffic
  readonly deaths: Record<string, number> = {}
  /** What was broken beside the bridge. */
  readonly broken = { consumer_kills: 0, client_cuts: 0, whatsapp_cuts: 0 }
  readonly simulatorErrors: string[]
  readonly #whatsapp: SimulatedWhatsApp
  readonly #random: Random
  readonly #args: string[]
  readonly #data: string
  #port = 0
  #consumerArgs: string[] = []
  #consumer: Consumer | undefined
  /** Milliseconds that the last bridge took to be ready. */
  #readyMs = 500

  private constructor(whatsapp: SimulatedWhatsApp, errors: string[], random: Random, data: string) {
    this.#whatsapp = whatsapp
    this.simulatorErrors = errors
    this.#random = random
    this.#data = data
    const key = Buffer.from(whatsapp.rootKey).toString('base64')
    this.#args = ['--data', data, '--whatsapp-url', whatsapp.url, '--whatsapp-root-key', key]
    this.people = new People(whatsapp)
    this.ledger = new Ledger(this.people.owner)
    this.traffic = new Traffic(this.people, this.ledger, random, (request) => this.#consumer?.ask(request))
  }

  /** Links a bridge, and lets everybody write. */
  static async start(addressing: Addressing, random: Random, folder: string): Promise<Run> {
    const errors: string[] = []
    const whatsapp = await SimulatedWhatsApp.start({ addressing, onError: (error) => errors.push(String(error)) })
    const run = new Run(whatsapp, errors, random, join(folder, addressing))
    run.#port = await freePort()
    await run.#link()
    run.#startConsumer()
    return run
  }

  /** Starts the bridge and kills it: at a moment, or at any time. */
  async die(death: Death | undefined): Promise<void> {
    const began = performance.now()
    const bridge = this.#start(death)
    const stopBreaking = this.#breakSomething()
    const ready = bridge.ready.then(() => (this.#readyMs = performance.now() - began))
    const late = death ? ready.then(async () => pause(MOMENT_MS)) : this.#anyTime(ready)
    const end = await Promise.race([late.then(() => 'killed'), bridge.gone.then(() => 'itself')])
    stopBreaking()
    await bridge.kill()
    const name = death ? (end === 'itself' ? death.point : `${death.point} not reached`) : 'any time'
    this.deaths[name] = (this.deaths[name] ?? 0) + 1
  }

  /** Lets a bridge live until nothing is missing any more, then starts another, which must have nothing left to do. */
  async settle(): Promise<void> {
    await this.traffic.stop()
    const bridge = this.#start(undefined)
    let state = ''
    let since = performance.now()
    while (performance.now() - since < SETTLED_MS) {
      const { unanswered, acked } = this.ledger
      const missing = this.ledger.missing().length
      const unacknowledged = this.people.owner.devices.reduce((sum, device) => sum + device.unacknowledged, 0)
      const now = JSON.stringify([unanswered.size, missing, unacknowledged, acked])
      if (now !== state) since = performance.now()
      state = now
      const done = unanswered.size === 0 && missing === 0 && unacknowledged === 0
      if (done && performance.now() - since > SILENCE_MS) break
      await pause(200)
    }
    process.stderr.write(`settled at [unanswered, missing, unacknowledged, acked] = ${state}\n`)
    await bridge.kill()
    const last = this.#start(undefined)
    await last.ready
    await pause(SILENCE_MS)
    await last.kill()
  }

  async close(): Promise<void> {
    await this.#consumer?.kill()
    await this.#whatsapp.close()
  }

  /** While the bridge starts, or after some of its events; what is left to chance does not depend on how fast the machine is. */
  async #anyTime(ready: Promise<unknown>): Promise<void> {
    const events = this.#random.below(LIFE_EVENTS)
    const moment = this.#random.next()
    if (this.#random.chance(0.2)) return pause(this.#readyMs * moment)
    await ready
    const { heard } = this.ledger
    const latest = performance.now() + LIFE_MS
    while (this.ledger.heard < heard + events && performance.now() < latest) await pause(5)
    await pause(50 * moment)
  }

  #start(death: Death | undefined): Bridge {
    return new Bridge([...this.#args, '--port', String(this.#port)], death)
  }

  /** The consumer or one of the two connections, now and then. */
  #breakSomething(): () => void {
    if (!this.#random.chance(0.3)) return () => undefined
    const what = this.#random.pick(['consumer_kills', 'client_cuts', 'whatsapp_cuts'] as const)
    const timer = setTimeout(
      () => {
        this.broken[what] += 1
        if (what === 'consumer_kills') void this.#replaceConsumer()
        else if (what === 'client_cuts') this.#consumer?.cut()
        else this.#whatsapp.disconnect(this.people.owner, 'drop')
      },
      this.#readyMs + this.#random.below(BREAK_MS),
    )
    return () => clearTimeout(timer)
  }

  #startConsumer(): void {
    const consumer = new Consumer(this.#consumerArgs, (line) => this.ledger.hear(line))
    this.#consumer = consumer
    for (const asked of this.ledger.unanswered) {
      const outgoing = this.ledger.outgoing.get(asked)
      if (outgoing) consumer.ask(outgoing.ask)
    }
  }

  async #replaceConsumer(): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = undefined
    await consumer?.kill()
    this.#startConsumer()
  }

  /** Links the owner's account, introduces everybody, and names the consumer, so that its cursor stands before all that follows. */
  async #link(): Promise<void> {
    const { owner, friends } = this.people
    const bridge = this.#start(undefined)
    await bridge.ready
    const token = readFileSync(join(this.#data, 'token'), 'utf8').trim()
    const linked = Promise.withResolvers<string>()
    const client = await Client.connect(this.#port, token, ({ event }) => {
      if (event.type !== 'link') return
      if (event.status === 'qr') void owner.scan(event.qr ?? '')
      if (event.error) linked.reject(new Error(`the link failed: ${event.error}`))
      if (event.account && event.status === 'linked') linked.resolve(event.account.account_id)
    })
    await client.call('link', { method: 'qr' })
    const account_id = await linked.promise
    await client.call('listen', { account_id, consumer: CONSUMER })
    const pacing = { burst: 1000, chat_per_minute: 0, account_per_minute: 0 }
    await client.call('configure', { account_id, settings: { pacing } }).catch((error: unknown) => {
      process.stderr.write(`pacing stays as it is: ${String(error)}\n`)
    })
    await this.traffic.introduce()
    for (const { lid, number } of friends) await known(client, account_id, lid ?? number)
    await client.close()
    await bridge.kill()
    this.#consumerArgs = [String(this.#port), token, account_id, CONSUMER]
  }
}

async function known(client: Client, account_id: string, chat: string): Promise<void> {
  for (;;) {
    const found = await client.call('resolve', { account_id, chat }).catch(() => undefined)
    if (found) return
    await pause(50)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address === 'object' && address) return address.port
  throw new Error('there is no free port')
}
