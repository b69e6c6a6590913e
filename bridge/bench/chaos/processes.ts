/** The two processes that are killed. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

import type { Ask, Line } from './consumer.ts'
import type { Point } from './points.ts'

const BRIDGE = join(import.meta.dirname, '../../src/main.ts')
const KILL_POINTS = join(import.meta.dirname, 'kill-points.ts')
const CONSUMER = join(import.meta.dirname, 'consumer.ts')

const alive = new Set<Mortal>()
process.on('exit', () => {
  for (const one of alive) one.signal('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** A process that speaks JSON lines and is expected to die, by SIGKILL or because it was asked to end, and of nothing else. */
export class Mortal {
  /** Resolves when it is gone. */
  readonly gone: Promise<void>
  readonly #process: ChildProcessByStdio<Writable, Readable, null>

  constructor(args: string[], env: NodeJS.ProcessEnv, hear: (line: unknown) => void) {
    this.#process = spawn(process.execPath, args, {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    alive.add(this)
    this.#process.stdin.on('error', () => undefined)
    const lines = createInterface(this.#process.stdout)
    lines.on('line', (line) => {
      // A process that was killed may not have finished its last line.
      if (line.endsWith('}')) hear(JSON.parse(line))
    })
    this.gone = Promise.all([once(this.#process, 'exit'), once(lines, 'close')]).then(([[code, signal]]) => {
      alive.delete(this)
      if (signal !== 'SIGKILL' && code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code ?? signal)}`)
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  write(line: object): void {
    this.#process.stdin.write(`${JSON.stringify(line)}\n`)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.gone
  }
}

/** Where a bridge is to kill itself: at which passing of which moment. */
export interface Death {
  point: Point
  at: number
}

export class Bridge extends Mortal {
  /** Resolves when it listens. */
  readonly ready: Promise<{ port: number }>

  constructor(args: string[], death?: Death) {
    const { promise, resolve } = Promise.withResolvers<{ port: number }>()
    const env = death && { KILL_POINT: death.point, KILL_AT: String(death.at) }
    const node = death ? ['--import', KILL_POINTS] : []
    super([...node, BRIDGE, '--log-level', 'error', ...args], { ...env }, (line) => resolve(line as { port: number }))
    this.ready = promise
  }
}

export class Consumer extends Mortal {
  constructor(args: string[], hear: (line: Line) => void) {
    super([CONSUMER, ...args], {}, (line) => hear(line as Line))
  }

  ask(request: Ask): void {
    this.write({ ask: request })
  }

  /** Its connection to the bridge breaks. */
  cut(): void {
    this.write({ cut: true })
  }
}
