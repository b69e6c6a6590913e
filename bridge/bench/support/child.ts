/** A process beside the bench that speaks JSON lines, and what the system says of it. Linux only. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

const children = new Set<Child>()

process.on('exit', () => {
  for (const child of children) child.signal('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

export class Child {
  readonly pid: number
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #name: string

  /** Runs a TypeScript file. `hear` gets every line of its stdout; if it ends before it was told to, the bench ends too. */
  constructor(file: string, args: string[], hear: (line: unknown) => void, env: NodeJS.ProcessEnv = {}) {
    this.#name = file
    this.#process = spawn(process.execPath, [file, ...args], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    if (this.#process.pid === undefined) throw new Error(`${file} did not start`)
    this.pid = this.#process.pid
    createInterface(this.#process.stdout).on('line', (line) => hear(JSON.parse(line)))
    this.#process.on('exit', (code, signal) => {
      if (children.has(this)) throw new Error(`${this.#name} ended with ${code ?? signal}`)
    })
    children.add(this)
  }

  write(line: unknown): void {
    this.#process.stdin.write(`${JSON.stringify(line)}\n`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  async end(): Promise<void> {
    children.delete(this)
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await ended
  }

  /** Memory in use, in MiB. */
  rss(): number {
    return this.#field('status', /^VmRSS:\s+(\d+) kB$/mu) / 1024
  }

  /** The most that was in use since `forgetPeak`, in MiB. */
  peak(): number {
    return this.#field('status', /^VmHWM:\s+(\d+) kB$/mu) / 1024
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5')
  }

  /** Bytes handed to the storage so far. */
  written(): number {
    return this.#field('io', /^write_bytes: (\d+)$/mu)
  }

  /** CPU time of all its threads so far, in milliseconds. */
  cpu(): number {
    const threads = readdirSync(`/proc/${this.pid}/task`)
    return threads.reduce((sum, id) => sum + this.#field(`task/${id}/schedstat`, /^(\d+) /u) / 1e6, 0)
  }

  #field(file: string, pattern: RegExp): number {
    const path = `/proc/${this.pid}/${file}`
    const value = pattern.exec(readFileSync(path, 'utf8'))?.[1]
    if (value === undefined) throw new Error(`${path} has no ${pattern.source}`)
    return Number(value)
  }
}
