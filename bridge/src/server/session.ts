import { randomUUID } from 'node:crypto'

import { Compile } from 'typebox/compile'
import type { RawData, WebSocket } from 'ws'

import type { Account } from '../account/account.ts'
import type { Accounts } from '../account/accounts.ts'
import type { Link } from '../account/link.ts'
import { asBridgeError, BridgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import {
  CLOSE,
  type CommandArgs,
  type ErrorCode,
  type EventFrame,
  type Failure,
  type Hello,
  Request,
  type Result,
  SCHEMA,
} from '../protocol.ts'
import { checked } from './check.ts'
import { commands, isReading, isSlow } from './commands.ts'
import type { ServerContext } from './context.ts'
import type { Client } from './handlers/handler.ts'
import { Subscription } from './subscription.ts'

const MAX_PENDING = 256
/** A name that may stand in a log. */
const PLAIN_NAME = /^[\w./-]{1,64}$/u
const GOODBYE_MS = 1000
/** How often the shortest refusal the longest one is. */
const SLOWEST = 5
const TRY_AGAIN_LATER = 1013
/** How a client that may not in is closed, when it is not for its token. */
const REFUSED: Partial<Record<ErrorCode, number>> = {
  schema_incompatible: CLOSE.schema,
  rate_limited: TRY_AGAIN_LATER,
}
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024

const requestSchema = Compile(Request)
const checkAuthentication = checked('authenticate')

/** One client of the bridge, from its connection to its end. */
export class Session implements Client {
  readonly accounts: Accounts
  readonly version: string
  readonly #context: ServerContext
  readonly #socket: WebSocket
  /** The other end's address. */
  readonly #address: string | undefined
  readonly #log: Logger
  readonly #deadline: NodeJS.Timeout
  readonly #pings: NodeJS.Timeout
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #links = new Map<string, Link>()
  #state: 'new' | 'authenticated' | 'refused' = 'new'
  #alive = true
  #pending = 0

  constructor(socket: WebSocket, address: string | undefined, context: ServerContext) {
    this.accounts = context.accounts
    this.version = context.version
    this.#context = context
    this.#socket = socket
    this.#address = address
    this.#log = context.log.child({ client: randomUUID().slice(0, 8) })
    this.#deadline = setTimeout(() => this.close(CLOSE.auth_deadline, 'authenticate first'), context.timing.auth)
    this.#pings = setInterval(() => this.#ping(), context.timing.ping)
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('pong', () => (this.#alive = true))
    socket.on('error', (error) => this.#log.debug({ err: error }, 'the connection to a client broke'))
    socket.on('close', (code) => this.#end(code))
    this.#send({ type: 'hello', bridge_id: this.accounts.bridgeId, version: this.version, schema: SCHEMA })
  }

  get isAuthenticated(): boolean {
    return this.#state === 'authenticated'
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  /** Breaks the connection off, without a word. */
  drop(): void {
    this.#socket.terminate()
  }

  clients(): number {
    return this.#context.clients()
  }

  listen(account: Account, consumer: string): number {
    this.#subscriptions.get(account.id)?.end()
    const subscription = new Subscription(
      account,
      consumer,
      async (frame) => this.#write(frame),
      (frame) => this.#send(frame),
    )
    this.#subscriptions.set(account.id, subscription)
    return subscription.head
  }

  link(request: CommandArgs<'link'>): string {
    const link = this.accounts.link(request, (event) => this.#send({ type: 'event', account_id: null, event }))
    this.#links.set(link.id, link)
    void link.done.then(() => this.#links.delete(link.id))
    return link.id
  }

  cancelLink(link_id: string): void {
    this.#links.get(link_id)?.cancel()
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#state === 'refused') return
    const request = isBinary ? undefined : parse(data)
    if (!request) return this.close(CLOSE.bad_frame, 'not a request')
    if (this.#state === 'new') return void this.#authenticate(request)
    this.#run(request)
  }

  /** What answers at once is answered in this very tick, so that nothing can come between a snapshot and what follows it. */
  #run({ id, command, args }: Request): void {
    try {
      const run = commands.get(command)
      if (!run)
        throw new BridgeError('unknown_command', 'This bridge does not know the command: update it', { command })
      if (this.#pending >= MAX_PENDING && isSlow(command)) {
        throw new BridgeError('rate_limited', 'Too many commands at once: wait for answers')
      }
      // Whatever the storage is like, this can be told.
      if (command !== 'health') this.accounts.checkStorage(!isReading(command))
      const answer = run(this, args)
      if (!(answer instanceof Promise)) return this.#send({ id, result: answer })
      this.#pending += 1
      void answer
        .then(
          (result) => this.#send({ id, result }),
          (error: unknown) => this.#fail(id, error),
        )
        .finally(() => (this.#pending -= 1))
    } catch (error) {
      this.#fail(id, error)
    }
  }

  async #authenticate({ id, command, args }: Request): Promise<void> {
    clearTimeout(this.#deadline)
    this.#state = 'refused'
    try {
      if (command !== 'authenticate') throw new BridgeError('unauthorized', 'Authenticate first')
      const { token, schema, client } = checkAuthentication(args)
      this.#context.guard.admit(token, this.#address)
      if (schema < SCHEMA.min || schema > SCHEMA.max) {
        const message = `This bridge speaks schema ${SCHEMA.min} to ${SCHEMA.max}, not ${schema}: update ${schema > SCHEMA.max ? 'the bridge' : 'the client'}`
        throw new BridgeError('schema_incompatible', message, { ...SCHEMA })
      }
      this.#state = 'authenticated'
      this.#log.info(PLAIN_NAME.test(client) && { name: client }, 'a client has connected')
      this.#send({ id, result: { bridge_id: this.accounts.bridgeId, version: this.version } })
    } catch (error) {
      const code = asBridgeError(error)?.code ?? 'internal'
      if (code !== 'schema_incompatible') await this.#slowDown()
      this.#fail(id, error)
      this.close(REFUSED[code] ?? CLOSE.unauthorized, 'not authenticated')
    }
  }

  /** The more wrong tokens came from there, the longer the answer takes. */
  async #slowDown(): Promise<void> {
    const failures = this.#context.guard.failures(this.#address)
    const wait = this.#context.timing.refusal * Math.min(Math.max(failures, 1), SLOWEST)
    await new Promise((resolve) => setTimeout(resolve, wait))
  }

  #fail(id: number, error: unknown): void {
    const { code, message, details } = asBridgeError(error) ?? this.#unforeseen(error)
    this.#send({ id, error: { code, message, details } })
  }

  #unforeseen(error: unknown): BridgeError {
    const reference = randomUUID()
    this.#log.error({ err: error, reference }, 'a command failed')
    return new BridgeError('internal', `The bridge failed: its log has more under ${reference}`, { reference })
  }

  #send(frame: Hello | Result | Failure | EventFrame): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) return this.#tooSlow()
    this.#socket.send(JSON.stringify(frame))
  }

  /** False when the client is gone, or does not take what it gets. */
  async #write(frame: EventFrame): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => this.#tooSlow(), this.#context.timing.stall)
    this.#socket.send(JSON.stringify(frame), (error) => resolve(!error))
    const written = await promise
    clearTimeout(timer)
    return written
  }

  #tooSlow(): void {
    this.#log.warn('a client does not read what it gets: closing its connection')
    this.close(CLOSE.slow_client, 'read faster')
    // What it does not read includes this.
    setTimeout(() => this.#socket.terminate(), GOODBYE_MS)
  }

  #ping(): void {
    if (!this.#alive) return this.#socket.terminate()
    this.#alive = false
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  #end(code: number): void {
    clearTimeout(this.#deadline)
    clearInterval(this.#pings)
    for (const subscription of this.#subscriptions.values()) subscription.end()
    for (const link of this.#links.values()) link.cancel()
    this.#log.info({ code }, 'a client has left')
  }
}

function parse(data: RawData): Request | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.isBuffer(data) ? data.toString() : '')
  } catch {
    return undefined
  }
  return requestSchema.Check(value) ? value : undefined
}
