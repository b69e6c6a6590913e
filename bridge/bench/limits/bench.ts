/** A linked bridge, and everything that can be done to it from outside. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import type { Device } from '../../simulator/device.ts'
import { messageNode } from '../../simulator/envelope.ts'
import type { Phone } from '../../simulator/phone.ts'
import { SimulatedWhatsApp } from '../../simulator/server.ts'
import { Mortal } from '../chaos/processes.ts'
import { Client } from '../support/client.ts'
import type { Random } from '../support/random.ts'
import { HostileClient, wrongCommand, wrongFrame } from './frames.ts'
import { request, wrongRequest } from './http.ts'
import { wrongPlaintext, wrongStanza } from './stanzas.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const SETTLE = join(import.meta.dirname, 'settle.ts')
/** How many stanzas, messages or requests go at once before the bridge is looked at. */
const LOT = 50
const MIB = 1024 * 1024
/** After a connection that ended because of what came over it, the bridge waits before it tries again. */
const BACK_MS = 330_000

export interface Plan {
  commands: number
  frames: number
  requests: number
  stanzas: number
  messages: number
  downloads: number
}

export class Bench {
  readonly #random: Random
  readonly #whatsapp: SimulatedWhatsApp
  readonly #owner: Phone
  readonly #bob: Phone
  readonly #args: string[]
  readonly #data: string
  readonly #inputs: Record<keyof Plan, number> = {
    commands: 0,
    frames: 0,
    requests: 0,
    stanzas: 0,
    messages: 0,
    downloads: 0,
  }
  /** The ids of messages that came, or may have. */
  readonly #ids: string[] = ['none']
  readonly #simulatorErrors: string[] = []
  readonly #answers: Record<string, number> = {}
  #unanswered = 0
  #crashes = 0
  #bridge: Mortal | undefined
  #port = 0
  /** As the bridge said last. */
  #memory: NodeJS.MemoryUsage | undefined
  #account = ''

  private constructor(random: Random, whatsapp: SimulatedWhatsApp, folder: string) {
    this.#random = random
    this.#whatsapp = whatsapp
    this.#owner = whatsapp.phone({ number: '15550000001', name: 'Owner' })
    this.#bob = whatsapp.phone({ number: '15550000002', name: 'Bob' })
    whatsapp.group({ subject: 'Family', members: [this.#owner, this.#bob], id: '120363000000000001' })
    this.#data = join(folder, 'limits')
    const key = Buffer.from(whatsapp.rootKey).toString('base64')
    this.#args = [
      '--data',
      this.#data,
      '--log-level',
      'fatal',
      '--whatsapp-url',
      whatsapp.url,
      '--whatsapp-root-key',
      key,
    ]
  }

  static async start(random: Random, folder: string): Promise<Bench> {
    const errors: string[] = []
    const whatsapp = await SimulatedWhatsApp.start({ onError: (error) => errors.push(String(error)) })
    const bench = new Bench(random, whatsapp, folder)
    await bench.#launch()
    await bench.#link()
    return bench
  }

  /** Does all of a plan, a little of everything at a time. */
  async give(plan: Plan): Promise<void> {
    const rounds = Math.ceil(Math.max(plan.commands, plan.stanzas, plan.messages) / (4 * LOT))
    const share = (count: number): number => Math.ceil(count / rounds)
    for (let round = 0; round < rounds; round++) {
      await this.#messages(share(plan.messages))
      await this.#stanzas(share(plan.stanzas))
      await this.#requests(share(plan.requests))
      await this.#client(share(plan.commands), share(plan.frames), share(plan.downloads))
      process.stderr.write(`${round + 1} of ${rounds}: ${JSON.stringify(this.#inputs)}\n`)
    }
  }

  /** MiB in use when it has nothing to do and has collected what it can: of the process, and of that what its objects take. */
  async memory(): Promise<{ rss: number; objects: number }> {
    await this.#connected()
    await pause(3000)
    for (let time = 0; time < 2; time++) {
      this.#memory = undefined
      this.#bridge?.signal('SIGUSR2')
      await pause(1500)
    }
    if (!this.#memory) throw new Error('the bridge did not say what memory it holds')
    const { rss, heapUsed, external } = this.#memory
    return { rss: rss / MIB, objects: (heapUsed + external) / MIB }
  }

  /** Whether messages still go both ways. */
  async works(): Promise<boolean> {
    await this.#connected()
    const heard = Promise.withResolvers<boolean>()
    const client = await Client.connect(this.#port, this.#token, ({ event }) => {
      if (event.type === 'message' && event.text === 'still there?') heard.resolve(true)
    })
    await client.call('listen', { account_id: this.#account, consumer: 'at the end' })
    await this.#bob.say(this.#owner, 'still there?')
    const request_id = crypto.randomUUID()
    const content = { kind: 'text', text: 'still here' } as const
    const chat = this.#bob.number
    const { status } = await client.call('send', {
      account_id: this.#account,
      chat,
      content,
      request_id,
      wait: 60,
      priority: 'high',
    })
    await this.#bob.waitFor(({ text }) => text === 'still here', 60_000)
    const told = await Promise.race([heard.promise, pause(60_000, false)])
    await client.close()
    return status === 'sent' && told
  }

  figures(): { inputs: number; crashes: number; unanswered: number } & Record<string, unknown> {
    const inputs = Object.values<number>(this.#inputs).reduce((sum, count) => sum + count, 0)
    const errors = { simulator_errors: this.#simulatorErrors.length }
    return {
      inputs,
      crashes: this.#crashes,
      unanswered: this.#unanswered,
      of: this.#inputs,
      answers: this.#answers,
      ...errors,
    }
  }

  get #token(): string {
    return readFileSync(join(this.#data, 'token'), 'utf8').trim()
  }

  get #device(): Device {
    const device = this.#owner.devices[0]
    if (!device) throw new Error('the bridge is not linked any more')
    return device
  }

  async #connected(): Promise<void> {
    await this.#whatsapp.until(() => this.#owner.devices[0]?.ready, BACK_MS)
  }

  async #launch(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<{ port: number }>()
    const env = { NODE_EXTRA_CA_CERTS: this.#whatsapp.media.caFile }
    const node = ['--expose-gc', '--import', SETTLE, MAIN, '--port', String(this.#port)]
    const bridge = new Mortal([...node, ...this.#args], env, (line) => {
      const told = line as { port: number } | { memory: NodeJS.MemoryUsage }
      if ('memory' in told) this.#memory = told.memory
      else resolve(told)
    })
    this.#bridge = bridge
    void bridge.gone.catch(String).then(async () => {
      this.#crashes += 1
      process.stderr.write('the bridge has died\n')
      await this.#launch()
    })
    this.#port = (await promise).port
  }

  async #link(): Promise<void> {
    const linked = Promise.withResolvers<string>()
    const client = await Client.connect(this.#port, this.#token, ({ event }) => {
      if (event.type !== 'link') return
      if (event.status === 'qr') void this.#owner.scan(event.qr ?? '')
      if (event.account && event.status === 'linked') linked.resolve(event.account.account_id)
    })
    await client.call('link', { method: 'qr' })
    const account_id = await linked.promise
    this.#account = account_id
    const pacing = { burst: 1000, chat_per_minute: 0, account_per_minute: 0 }
    await client.call('configure', { account_id, settings: { pacing } })
    await client.close()
    await this.#connected()
  }

  /** What clients may send, over one connection at a time. */
  async #client(commands: number, frames: number, downloads: number): Promise<void> {
    const client = new HostileClient(this.#port, this.#token)
    const random = this.#random
    const account_id = this.#account
    const known = {
      account_id: [account_id],
      chat: [this.#bob.number, '120363000000000001@g.us', this.#bob.lid],
      message_id: this.#ids,
      consumer: ['one', 'two'],
    }
    await client.commands(Array.from({ length: commands }, () => wrongCommand(random, known)))
    this.#inputs.commands += commands
    const media = Array.from({ length: downloads }, () => ({ account_id, message_id: random.pick(this.#ids) }))
    await client.commands(media.map((args) => ({ command: 'download', args })))
    this.#inputs.downloads += downloads
    for (let count = 0; count < frames; count++) await client.frame(wrongFrame(random), 1 + random.below(3))
    this.#inputs.frames += frames
    this.#unanswered += client.unanswered
    for (const [answer, times] of Object.entries(client.answers)) this.#count(answer, times)
    client.close()
  }

  async #requests(count: number): Promise<void> {
    for (let done = 0; done < count; done += LOT) {
      const lot = Array.from({ length: Math.min(LOT, count - done) }, async () =>
        request(this.#port, wrongRequest(this.#random, this.#port), this.#random),
      )
      for (const answer of await Promise.all(lot)) {
        if (answer === undefined) this.#unanswered += 1
        else this.#count(`http ${answer}`, 1)
      }
      this.#inputs.requests += lot.length
    }
  }

  /** What cannot be encoded is no input. */
  async #stanzas(count: number): Promise<void> {
    for (let done = 0; done < count;) {
      await this.#connected()
      try {
        this.#device.connection?.send(wrongStanza(this.#random))
        done += 1
        this.#inputs.stanzas += 1
      } catch (error) {
        if (!(error instanceof Error)) throw error
      }
      if (done % LOT === 0) await pause(50)
    }
  }

  async #messages(count: number): Promise<void> {
    for (let done = 0; done < count; done++) {
      await this.#connected()
      const sender = this.#random.chance(0.85) ? this.#bob : this.#owner
      const id = this.#random.bytes(10).toString('hex').toUpperCase()
      const enc = await sender.signal.encryptBytes(this.#device.address, wrongPlaintext(this.#random), () => {
        const bundle = this.#device.takeBundle()
        if (!bundle) throw new Error('the bridge has no keys')
        return bundle
      })
      const type = this.#random.pick(['text', 'media', 'poll', 'reaction', 'x'])
      const chat = sender === this.#bob ? this.#owner : this.#bob
      const timestamp = this.#random.pick([Math.floor(Date.now() / 1000), 0, 2 ** 31, 2 ** 53])
      const envelope = { id, sender, senderDevice: 0, chat, recipient: this.#owner, type, timestamp }
      this.#device.deliver(messageNode(envelope, this.#whatsapp.addressing, [enc]))
      this.#ids.push(id)
      this.#inputs.messages += 1
      if (done % LOT === 0) await pause(50)
    }
  }

  #count(answer: string, times: number): void {
    this.#answers[answer] = (this.#answers[answer] ?? 0) + times
  }
}
