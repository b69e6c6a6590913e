import { join } from 'node:path'

import { Child } from './child.ts'
import { clock } from './clock.ts'
import type { RawLine } from './raw.ts'
import { Arrivals, type Side } from './side.ts'
import type { Simulator } from './simulator.ts'

/** Baileys alone, with `raw.ts` around it. Its times are taken in its own process. */
export class RawSide implements Side {
  readonly name = 'raw'
  readonly number: string
  readonly #simulator: Simulator
  readonly #data: string
  readonly #arrivals = new Arrivals()
  #process: Child | undefined
  #opened = Promise.withResolvers<number>()
  #sent = Promise.withResolvers<number>()

  constructor(simulator: Simulator, number: string, folder: string) {
    this.#simulator = simulator
    this.number = number
    this.#data = join(folder, 'raw.db')
  }

  get process(): Child {
    if (!this.#process) throw new Error('raw Baileys is not running')
    return this.#process
  }

  async link(): Promise<void> {
    await this.start()
  }

  async start(): Promise<number> {
    this.#opened = Promise.withResolvers()
    const asked = clock()
    const args = ['--data', this.#data, ...this.#simulator.options]
    this.#process = new Child(join(import.meta.dirname, 'raw.ts'), args, (line) => this.#hear(line as RawLine))
    return (await this.#opened.promise) - asked
  }

  async stop(): Promise<void> {
    await this.process.end()
  }

  async send(to: string, texts: readonly string[]): Promise<number> {
    this.#sent = Promise.withResolvers()
    this.process.write({ to, texts })
    return this.#sent.promise
  }

  async heard(text: string): Promise<number> {
    return this.#arrivals.of(text)
  }

  #hear(line: RawLine): void {
    if (line.type === 'qr') void this.#simulator.scan(this.number, line.qr)
    else if (line.type === 'open') this.#opened.resolve(line.at)
    else if (line.type === 'sent') this.#sent.resolve(line.ms)
    else this.#arrivals.note(line.text, line.at)
  }
}
