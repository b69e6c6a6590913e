/** What clients may send: well-formed commands with something wrong in them, and frames that are none. */
import { once } from 'node:events'

import { WebSocket } from 'ws'

import { type Command, COMMANDS } from '../../src/protocol.ts'
import type { Random } from '../support/random.ts'
import { hostileText, hostileValue, mutate } from './hostile.ts'

/** What a client may wait for an answer; a command may wait for WhatsApp. */
const ANSWER_MS = 90_000
/** How many commands are under way at once. */
const WINDOW = 40
/** Done as they are asked for, these would end the account or keep the disk busy. */
const LEFT_OUT = new Set<Command>(['authenticate', 'unlink', 'backup', 'configure', 'group_leave'])

interface Schema {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  minimum?: number
  maximum?: number
  minItems?: number
}

/** Something that the schema allows. `known` are values for fields of that name. */
function make(schema: Schema, random: Random, known: Record<string, readonly unknown[]>, name = ''): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return random.pick(schema.enum)
  if (schema.anyOf) return make(random.pick(schema.anyOf), random, known, name)
  if (known[name] && schema.type === 'string') return random.pick(known[name])
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([key]) => schema.required?.includes(key) === true || random.chance(0.4))
          .map(([key, part]) => [key, make(part, random, known, key)]),
      )
    case 'array':
      return Array.from({ length: (schema.minItems ?? 0) + random.below(3) }, () =>
        make(schema.items ?? {}, random, known, name),
      )
    case 'integer':
    case 'number':
      return Math.min((schema.minimum ?? 0) + random.below(100), schema.maximum ?? 100)
    case 'boolean':
      return random.chance(0.5)
    default:
      return `text ${random.below(1000)}`
  }
}

/** A command that is well-formed but for one to three places. */
export function wrongCommand(
  random: Random,
  known: Record<string, readonly unknown[]>,
): { command: string; args: unknown } {
  const names = (Object.keys(COMMANDS) as Command[]).filter((name) => !LEFT_OUT.has(name))
  const command = random.chance(0.03) ? hostileText(random) : random.pick(names)
  const schema = (COMMANDS[command as Command] as { args: Schema } | undefined)?.args ?? {}
  const args = make(schema, random, known) as Record<string, unknown>
  // Nobody waits for what WhatsApp does not confirm.
  if (command === 'send') args['wait'] = 0
  const frame: { args?: unknown } = { args }
  const times = 1 + random.below(3)
  for (let time = 0; time < times; time++) mutate(frame, random, hostileValue)
  // Without any, it is a frame of another kind.
  return { command, args: frame.args ?? null }
}

/** Frames that are not a command. */
export function wrongFrame(random: Random): { data: string | Buffer; binary: boolean } {
  const texts = [
    () => '',
    () => '{',
    () => 'null',
    () => '[]',
    () => '"text"',
    () => '['.repeat(100_000),
    () => `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
    () => JSON.stringify({ id: 'one', command: 'accounts', args: {} }),
    () => JSON.stringify({ id: 1.5, command: 'accounts', args: {} }),
    () => JSON.stringify({ id: 1, command: 7, args: {} }),
    () => JSON.stringify({ id: 1, command: 'accounts' }),
    () => JSON.stringify({ command: 'accounts', args: {} }),
    () => JSON.stringify(hostileValue(random)),
    () => `[${'1,'.repeat(200_000)}1]`,
    () => 'x'.repeat(1024 * 1024 + 1),
    () => random.bytes(200).toString('latin1'),
  ]
  if (random.chance(0.2)) return { data: random.bytes(1 + random.below(500)), binary: true }
  // As text, these bytes are no UTF-8.
  if (random.chance(0.1)) return { data: Buffer.from([0xff, 0xfe, 0xc0, 0x80, ...random.bytes(20)]), binary: false }
  return { data: random.pick(texts)(), binary: false }
}

/** A client that counts what nobody answers. */
export class HostileClient {
  unanswered = 0
  /** How many answers there were of each kind. */
  readonly answers: Record<string, number> = {}
  readonly #url: string
  readonly #token: string
  #socket: WebSocket | undefined
  #id = 0
  readonly #pending = new Map<number, (answer: string) => void>()
  #connecting: Promise<WebSocket> | undefined

  constructor(port: number, token: string) {
    this.#url = `ws://127.0.0.1:${port}/ws`
    this.#token = token
  }

  async commands(list: readonly { command: string; args: unknown }[]): Promise<void> {
    const rest = list.values()
    const hand = async (): Promise<void> => {
      for (const { command, args } of rest) await this.#command(command, args)
    }
    await Promise.all(Array.from({ length: WINDOW }, hand))
  }

  /** A frame that is not a command must be answered, or end the connection. */
  async frame({ data, binary }: { data: string | Buffer; binary: boolean }, pieces: number): Promise<void> {
    const socket = await this.#connected()
    const over = Promise.race([
      once(socket, 'close').then(([code]) => `closed with ${String(code)}`),
      once(socket, 'message').then(() => 'answered'),
    ])
    const size = Math.ceil(data.length / pieces)
    for (let piece = 0; piece < pieces; piece++) {
      const part = data.slice(piece * size, (piece + 1) * size)
      socket.send(part, { binary, fin: piece === pieces - 1 }, () => undefined)
    }
    this.#count(await this.#inTime(over))
  }

  close(): void {
    this.#socket?.terminate()
  }

  async #command(command: string, args: unknown): Promise<void> {
    const socket = await this.#connected()
    this.#id += 1
    const { promise, resolve } = Promise.withResolvers<string>()
    this.#pending.set(this.#id, resolve)
    socket.send(JSON.stringify({ id: this.#id, command, args }))
    const answer = await this.#inTime(promise)
    this.#count(answer)
  }

  #count(answer: string | undefined): void {
    if (answer === undefined) this.unanswered += 1
    else this.answers[answer] = (this.answers[answer] ?? 0) + 1
  }

  async #inTime(answer: Promise<string>): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => resolve(undefined), ANSWER_MS)
    const result = await Promise.race([answer, promise])
    clearTimeout(timer)
    return result
  }

  async #connected(): Promise<WebSocket> {
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#socket
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined))
    return this.#connecting
  }

  async #connect(): Promise<WebSocket> {
    const socket = new WebSocket(this.#url)
    const ready = Promise.withResolvers<void>()
    socket.on('error', () => undefined)
    socket.on('close', (code) => {
      ready.resolve()
      for (const answer of this.#pending.values()) answer(`closed with ${code}`)
      this.#pending.clear()
    })
    socket.on('message', (data) => {
      const { id, error } = JSON.parse((data as Buffer).toString()) as { id?: number; error?: { code: string } }
      if (id === 0) ready.resolve()
      this.#pending.get(id ?? -1)?.(error?.code ?? 'done')
      this.#pending.delete(id ?? -1)
    })
    await once(socket, 'open')
    const args = { token: this.#token, schema: 1, client: 'limits/1' }
    socket.send(JSON.stringify({ id: 0, command: 'authenticate', args }))
    await ready.promise
    this.#socket = socket
    return socket
  }
}
