/** The simulated WhatsApp as a process of its own. */
import { join } from 'node:path'

import { Child } from './child.ts'

const MAIN = join(import.meta.dirname, '../../simulator/main.ts')
/** How many requests to the simulator are under way at once. */
const HANDS = 8

interface Ready {
  whatsapp_url: string
  control_url: string
  root_key: string
}

export class Simulator {
  readonly #ready: Ready

  private constructor(ready: Ready) {
    this.#ready = ready
  }

  static async start(): Promise<Simulator> {
    const { promise, resolve } = Promise.withResolvers<Ready>()
    const child = new Child(MAIN, [], (line) => resolve(line as Ready))
    const ready = await promise
    process.stderr.write(`simulator: process ${child.pid}\n`)
    return new Simulator(ready)
  }

  /** What a client must be told to find it. */
  get options(): string[] {
    return ['--whatsapp-url', this.#ready.whatsapp_url, '--whatsapp-root-key', this.#ready.root_key]
  }

  async phone(number: string, name: string): Promise<void> {
    await this.#verb('phone.create', { number, name })
  }

  async scan(number: string, qr: string): Promise<void> {
    await this.#verb('phone.scan', { number, qr })
  }

  async say(number: string, to: string, texts: readonly string[]): Promise<void> {
    await inParallel(texts, HANDS, async (text) => this.#verb('phone.say', { number, to, text }))
  }

  async #verb(name: string, args: object): Promise<void> {
    const response = await fetch(`${this.#ready.control_url}/${name}`, { method: 'POST', body: JSON.stringify(args) })
    const answer = await response.text()
    if (!response.ok) throw new Error(`${name}: ${answer}`)
  }
}

/** Does `work` to all items, in order, on at most `limit` of them at once. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items.values()
  const hand = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: limit }, hand))
}
