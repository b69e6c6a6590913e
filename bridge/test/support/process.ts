/** The real bridge as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { Client } from './client.ts'
import { type Cleanup, makeFolder } from './folder.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const READY_MS = 20_000
/** What Node has compiled once need not be compiled for every bridge of every test. */
const COMPILED = join(import.meta.dirname, '../../node_modules/.cache/node')

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stderr: string
}

/** Runs the bridge with these arguments until it ends by itself. */
export async function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended & { stdout: string }> {
  const { child, ended } = launch(args, env)
  let stdout = ''
  child.stdout?.on('data', (data) => (stdout += String(data)))
  return { ...(await ended), stdout }
}

export class BridgeProcess {
  readonly data: string
  readonly port: number
  readonly bridgeId: string
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #cleanup: Cleanup

  private constructor(t: Cleanup, data: string, child: ChildProcess, ended: Promise<Ended>, ready: Ready) {
    this.data = data
    this.port = ready.port
    this.bridgeId = ready.bridge_id
    this.ended = ended
    this.#child = child
    this.#cleanup = t
  }

  /** Starts a bridge on a free port; with a folder of its own unless `data` names one. */
  static async start(
    t: Cleanup,
    { data = makeFolder(t), args = [], under = [], env = {} }: Options = {},
  ): Promise<BridgeProcess> {
    const { child, ended } = launch(['--data', data, '--port', '0', ...args], env, under)
    t.after(async () => {
      child.kill('SIGKILL')
      await ended
    })
    const failed = ended.then(({ code, stderr }): never => {
      throw new Error(`the bridge ended with ${code} before it was ready:\n${stderr}`)
    })
    const line = child.stdout && once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(READY_MS) })
    const ready = await Promise.race([line?.then(([text]) => JSON.parse(String(text)) as Ready), failed])
    failed.catch(() => undefined)
    if (!ready) throw new Error('the bridge has no stdout')
    return new BridgeProcess(t, data, child, ended, ready)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`
  }

  get token(): string {
    return readFileSync(join(this.data, 'token'), 'utf8').trim()
  }

  /** A client that is connected, and nothing more. */
  async connect(options?: Parameters<typeof Client.connect>[2]): Promise<Client> {
    return Client.connect(this.#cleanup, this.url, options)
  }

  /** A client that is authenticated. */
  async client(): Promise<Client> {
    const client = await this.connect()
    await client.authenticate(this.token)
    return client
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends the process and resolves when it is gone. */
  async end(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal)
    return this.ended
  }
}

interface Options {
  data?: string
  args?: string[]
  /** A program, with arguments, that becomes the bridge. */
  under?: string[]
  env?: NodeJS.ProcessEnv
}

interface Ready {
  port: number
  bridge_id: string
}

function launch(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  under: string[] = [],
): { child: ChildProcess; ended: Promise<Ended> } {
  const [program = '', ...rest] = [...under, process.execPath, MAIN, ...args]
  const child = spawn(program, rest, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_COMPILE_CACHE: COMPILED, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (data) => (stderr += String(data)))
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stderr,
  }))
  return { child, ended }
}
