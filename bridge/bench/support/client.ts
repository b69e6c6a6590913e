import { once } from 'node:events'

import { WebSocket } from 'ws'

import type { Command, CommandArgs, CommandResult, EventFrame, Failure, Hello, Result } from '../../src/protocol.ts'

type Frame = Hello | Result | Failure | EventFrame

/** A client of the bridge that does no more than it must, since its time counts as the bridge's. */
export class Client {
  readonly #socket: WebSocket
  readonly #hear: (frame: EventFrame) => void
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  #id = 0

  private constructor(socket: WebSocket, hear: (frame: EventFrame) => void) {
    this.#socket = socket
    this.#hear = hear
    socket.on('message', (data) => this.#receive(JSON.parse((data as Buffer).toString()) as Frame))
  }

  /** Connects and authenticates. */
  static async connect(port: number, token: string, hear: (frame: EventFrame) => void): Promise<Client> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    const client = new Client(socket, hear)
    await once(socket, 'open')
    await client.call('authenticate', { token, schema: 1, client: 'bench/1' })
    return client
  }

  async call<C extends Command>(command: C, args: CommandArgs<C>): Promise<CommandResult<C>> {
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult<C>>()
    this.#id += 1
    this.#pending.set(this.#id, { resolve, reject })
    this.#socket.send(JSON.stringify({ id: this.#id, command, args }))
    return promise
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }

  #receive(frame: Frame): void {
    if ('event' in frame) return this.#hear(frame)
    if (!('id' in frame)) return
    const pending = this.#pending.get(frame.id)
    this.#pending.delete(frame.id)
    if ('error' in frame) pending?.reject(new Error(`${frame.error.code}: ${frame.error.message}`))
    else pending?.resolve(frame.result as never)
  }
}
