/** A client of the bridge that checks every frame against the wire's own schema. */
import { Compile } from 'typebox/compile'
import { type ClientOptions, WebSocket } from 'ws'

import {
  type Command,
  type CommandArgs,
  type CommandResult,
  COMMANDS,
  type ErrorCode,
  EventFrame,
  Failure,
  Hello,
  type JournalEvent,
  Result,
  type StateEvent,
} from '../../src/protocol.ts'
import type { Cleanup } from './folder.ts'

type AnyEvent = JournalEvent | StateEvent
export type EventOf<T extends AnyEvent['type']> = Extract<AnyEvent, { type: T }>
export type FrameOf<T extends AnyEvent['type']> = Omit<EventFrame, 'event'> & { event: EventOf<T> }

/** An error answer. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly details: Record<string, unknown>
  constructor({ code, message, details }: Failure['error']) {
    super(message)
    this.code = code
    this.details = details
  }
}

const hello = Compile(Hello)
const result = Compile(Result)
const failure = Compile(Failure)
const event = Compile(EventFrame)

export class Client {
  readonly socket: WebSocket
  /** Everything the bridge told, oldest first. */
  readonly events: EventFrame[] = []
  /** Resolves with the close code. */
  readonly closed: Promise<number>
  hello: Hello | undefined
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  readonly #watchers = new Set<() => void>()
  #broken: Error | undefined
  #id = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    const { promise, resolve } = Promise.withResolvers<number>()
    this.closed = promise
    socket.on('close', resolve)
    socket.on('message', (data) => this.#receive(Buffer.isBuffer(data) ? data.toString() : ''))
    socket.on('close', (code) => this.#break(new Error(`closed with ${code}`)))
    socket.on('error', () => undefined)
  }

  /** Connects and waits for the greeting. Rejects with the status when the bridge refuses. */
  static async connect(t: Cleanup, url: string, options?: ClientOptions): Promise<Client> {
    const socket = new WebSocket(url, options)
    t.after(() => socket.terminate())
    const client = new Client(socket)
    socket.on('unexpected-response', (_, response) => client.#break(new Error(`HTTP ${response.statusCode}`)))
    await client.#until(() => client.hello)
    return client
  }

  async authenticate(token: string, schema = 1): Promise<CommandResult<'authenticate'>> {
    return this.call('authenticate', { token, schema, client: 'test/1' })
  }

  async call<C extends Command>(command: C, args: CommandArgs<C>): Promise<CommandResult<C>> {
    const answer = await this.request(command, args)
    const schema = COMMANDS[command].result
    if (!Compile(schema).Check(answer)) throw new Error(`wrong answer to ${command}: ${JSON.stringify(answer)}`)
    return answer as CommandResult<C>
  }

  /** Any command with any arguments. */
  async request(command: string, args: unknown): Promise<unknown> {
    this.#id += 1
    const id = this.#id
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#pending.set(id, { resolve, reject })
    if (this.#broken) throw this.#broken
    this.socket.send(JSON.stringify({ id, command, args }))
    return promise
  }

  /** The first event of this type that fits, from `from` on; waits for it. */
  async event<T extends AnyEvent['type']>(
    type: T,
    fits: (event: EventOf<T>) => boolean = () => true,
    { from = 0, timeout = 15_000 } = {},
  ): Promise<FrameOf<T>> {
    const isIt = (frame: EventFrame): boolean => frame.event.type === type && fits(frame.event as EventOf<T>)
    const found = await this.#until(() => this.events.slice(from).find(isIt), timeout).catch((error: unknown) => {
      const seen = this.events.slice(from).map((frame) => JSON.stringify(frame.event).slice(0, 300))
      throw new Error(`no such ${type}; seen:\n${seen.join('\n')}`, { cause: error })
    })
    return found as FrameOf<T>
  }

  of<T extends AnyEvent['type']>(type: T): FrameOf<T>[] {
    return this.events.filter((frame) => frame.event.type === type) as FrameOf<T>[]
  }

  async close(): Promise<void> {
    this.socket.close()
    await this.closed
  }

  async #until<T>(look: () => T | undefined, timeout = 15_000): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const check = (): void => {
      const found = look()
      if (found !== undefined) resolve(found)
      else if (this.#broken) reject(this.#broken)
    }
    const timer = setTimeout(() => reject(new Error('not in time')), timeout)
    this.#watchers.add(check)
    check()
    return promise.finally(() => {
      clearTimeout(timer)
      this.#watchers.delete(check)
    })
  }

  #receive(text: string): void {
    const frame: unknown = JSON.parse(text)
    if (result.Check(frame)) this.#settle(frame.id)?.resolve(frame.result)
    else if (failure.Check(frame)) this.#settle(frame.id)?.reject(new Refusal(frame.error))
    else if (hello.Check(frame)) this.hello = frame
    else if (event.Check(frame)) this.events.push(frame)
    else this.#break(new Error(`not a frame of this wire: ${text}`))
    for (const check of this.#watchers) check()
  }

  #settle(id: number): { resolve: (value: unknown) => void; reject: (error: Error) => void } | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #break(error: Error): void {
    this.#broken ??= error
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
    for (const check of this.#watchers) check()
  }
}
