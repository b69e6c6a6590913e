import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Account, EventFrame } from '../../src/protocol.ts'
import { Child } from './child.ts'
import { Client } from './client.ts'
import { clock } from './clock.ts'
import { Arrivals, type Side } from './side.ts'
import { inParallel, type Simulator } from './simulator.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const CONSUMER = 'bench'
/** How many commands one client may have under way, a little less than the bridge allows. */
const WINDOW = 250
const WAIT_SECONDS = 60

/** The bridge, as a client sees it that acknowledges events as the integration does. Times are taken in the client. */
export class BridgeSide implements Side {
  readonly name = 'bridge'
  readonly number: string
  readonly #simulator: Simulator
  readonly #data: string
  readonly #arrivals = new Arrivals()
  #process: Child | undefined
  #client: Client | undefined
  #account = ''
  readonly #linked = Promise.withResolvers<string>()
  #opened = Promise.withResolvers<number>()
  #handled = 0
  #acked = 0
  #acking = false

  constructor(simulator: Simulator, number: string, folder: string) {
    this.#simulator = simulator
    this.number = number
    this.#data = join(folder, 'bridge')
  }

  get process(): Child {
    if (!this.#process) throw new Error('the bridge is not running')
    return this.#process
  }

  async link(): Promise<void> {
    await this.#launch()
    await this.#connected().call('link', { method: 'qr' })
    this.#account = await this.#linked.promise
    const pacing = { burst: 1000, chat_per_minute: 0, account_per_minute: 0 }
    await this.#connected().call('configure', { account_id: this.#account, settings: { pacing } })
    await this.#listen()
  }

  /** Its database. */
  get store(): string {
    return join(this.#data, 'bridge.db')
  }

  async start(): Promise<number> {
    const asked = clock()
    await this.#launch()
    await this.#listen()
    return (await this.#opened.promise) - asked
  }

  async stop(): Promise<void> {
    await this.#connected().close()
    await this.process.end()
  }

  async send(to: string, texts: readonly string[]): Promise<number> {
    const client = this.#connected()
    const asked = clock()
    await inParallel(texts, WINDOW, async (text) => {
      const request = { account_id: this.#account, chat: to, request_id: crypto.randomUUID(), wait: WAIT_SECONDS }
      const { status } = await client.call('send', { ...request, content: { kind: 'text', text } })
      if (status !== 'sent') throw new Error(`a message is still ${status} after ${WAIT_SECONDS} s`)
    })
    return clock() - asked
  }

  async heard(text: string): Promise<number> {
    return this.#arrivals.of(text)
  }

  async #launch(): Promise<void> {
    this.#opened = Promise.withResolvers()
    this.#acking = false
    const ready = Promise.withResolvers<{ port: number }>()
    const args = ['--data', this.#data, '--port', '0', '--log-level', 'error', ...this.#simulator.options]
    this.#process = new Child(MAIN, args, (line) => ready.resolve(line as { port: number }))
    const { port } = await ready.promise
    const token = readFileSync(join(this.#data, 'token'), 'utf8').trim()
    this.#client = await Client.connect(port, token, (frame) => this.#hear(frame))
  }

  async #listen(): Promise<void> {
    const listening = { account_id: this.#account, consumer: CONSUMER }
    const { account } = await this.#connected().call('listen', listening)
    this.#look(account)
    await this.#opened.promise
  }

  #connected(): Client {
    if (!this.#client) throw new Error('the bridge has no client')
    return this.#client
  }

  #hear({ event, seq }: EventFrame): void {
    if (event.type === 'message') this.#arrivals.note(event.text ?? '', clock())
    else if (event.type === 'account') this.#look(event.account)
    else if (event.type === 'link') {
      if (event.status === 'qr') void this.#simulator.scan(this.number, event.qr ?? '')
      if (event.account) this.#linked.resolve(event.account.account_id)
      if (event.error) throw new Error(`the link failed: ${event.error}`)
    }
    if (seq !== undefined) void this.#acknowledge(seq)
  }

  #look({ connection }: Account): void {
    if (connection.status === 'connected') this.#opened.resolve(clock())
  }

  /** Once for all that was handled meanwhile. */
  async #acknowledge(seq: number): Promise<void> {
    this.#handled = seq
    if (this.#acking) return
    this.#acking = true
    while (this.#acked < this.#handled) {
      const handled = this.#handled
      await this.#connected().call('ack', { account_id: this.#account, consumer: CONSUMER, seq: handled })
      this.#acked = handled
    }
    this.#acking = false
  }
}
