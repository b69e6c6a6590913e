import { setTimeout as sleep } from 'node:timers/promises'

import { type BinaryNode, decodeBinaryNode, encodeBinaryNode, NOISE_WA_HEADER, proto } from 'baileys'
import type { RawData, WebSocket } from 'ws'

import { ProtocolError } from './errors.ts'
import { NoiseResponder, type ServerIdentity, type Transport } from './noise.ts'
import { requireAttr } from './nodes.ts'

const HEADER_LENGTH = NOISE_WA_HEADER.length
const ROUTING_INTRO = Buffer.from('ED\0\x01', 'latin1')
const QUERY_TIMEOUT_MS = 5000

/** What the server does with a connection. */
export interface ConnectionHandler {
  /** The handshake is done: `payload` says who it is. */
  opened: (connection: Connection) => void
  /** One stanza at a time, in order. */
  received: (connection: Connection, stanza: BinaryNode) => Promise<void>
  closed: (connection: Connection) => void
  /** A stanza could not be dealt with; the connection was cut. */
  failed: (error: unknown) => void
}

/** One client's WebSocket: framing, Noise, stanzas. */
export class Connection {
  payload: proto.IClientPayload = {}
  clientStatic: Buffer = Buffer.alloc(0)
  readonly #socket: WebSocket
  readonly #identity: ServerIdentity
  readonly #handler: ConnectionHandler
  readonly #queries = new Map<string, (answer: BinaryNode | Error) => void>()
  readonly #gone = new AbortController()
  #buffer: Buffer = Buffer.alloc(0)
  #responder: NoiseResponder | undefined
  #greeted = false
  #hanging = false
  #transport: Transport | undefined
  #work: Promise<void> = Promise.resolve()
  #nextId = 0

  constructor(socket: WebSocket, identity: ServerIdentity, handler: ConnectionHandler) {
    this.#socket = socket
    this.#identity = identity
    this.#handler = handler
    socket.on('message', (data) => this.#read(data))
    // A reset by the client is followed by 'close', which is all that matters here.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed())
  }

  get open(): boolean {
    return this.#transport !== undefined && this.#socket.readyState === this.#socket.OPEN
  }

  /** Aborted when the connection is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** A stanza id that was not used on this connection. */
  nextId(): string {
    return `sim-${++this.#nextId}`
  }

  /** Sends a stanza, unless the connection is gone. */
  send(stanza: BinaryNode): void {
    if (this.open && !this.#hanging && this.#transport) this.#frame(this.#transport.encrypt(encodeBinaryNode(stanza)))
  }

  /** Sends an iq and gives the client's answer. @throws ProtocolError when none comes. */
  query(stanza: BinaryNode): Promise<BinaryNode> {
    const id = requireAttr(stanza, 'id')
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(new ProtocolError('The client did not answer in time.')), QUERY_TIMEOUT_MS)
      const settle = (answer: BinaryNode | Error) => {
        clearTimeout(timer)
        this.#queries.delete(id)
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
      this.#queries.set(id, settle)
      this.send(stanza)
    })
  }

  /** Says these stanzas as the last ones and closes. */
  finish(stanzas: BinaryNode[]): void {
    for (const stanza of stanzas) this.send(stanza)
    this.#socket.close()
  }

  /** Cuts the connection without a word. */
  drop(): void {
    this.#socket.terminate()
  }

  /** Leaves the line open and does nothing with it any more, as a broken router would. */
  hang(): void {
    this.#hanging = true
  }

  /** Waits, but not longer than the connection lives. */
  async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.gone }).catch(() => undefined)
  }

  #frame(body: Uint8Array): void {
    const length = Buffer.alloc(3)
    length.writeUIntBE(body.length, 0, 3)
    this.#socket.send(Buffer.concat([length, body]))
  }

  #read(data: RawData): void {
    if (this.#hanging) return
    try {
      this.#buffer = Buffer.concat([this.#buffer, data as Buffer])
      this.#responder ??= this.#readHeader()
      while (this.#responder && this.#buffer.length >= 3) {
        const end = 3 + this.#buffer.readUIntBE(0, 3)
        if (this.#buffer.length < end) return
        const frame = this.#buffer.subarray(3, end)
        this.#buffer = this.#buffer.subarray(end)
        this.#accept(this.#responder, frame)
      }
    } catch {
      // Not WhatsApp, or not meant for this server: the real one hangs up too.
      this.drop()
    }
  }

  #readHeader(): NoiseResponder | undefined {
    let start = 0
    if (this.#buffer.subarray(0, ROUTING_INTRO.length).equals(ROUTING_INTRO)) {
      if (this.#buffer.length < 7) return undefined
      start = 7 + this.#buffer.readUIntBE(4, 3)
    }
    if (this.#buffer.length < start + HEADER_LENGTH) return undefined
    const header = this.#buffer.subarray(start, start + HEADER_LENGTH)
    if (!header.equals(NOISE_WA_HEADER)) throw new ProtocolError('not a WhatsApp client')
    this.#buffer = this.#buffer.subarray(start + HEADER_LENGTH)
    return new NoiseResponder(header, this.#identity)
  }

  #accept(responder: NoiseResponder, frame: Buffer): void {
    if (this.#transport) {
      const plaintext = this.#transport.decrypt(frame)
      this.#work = this.#work.then(() => this.#dispatch(plaintext)).catch((error: unknown) => this.#failed(error))
    } else if (this.#greeted) {
      const { clientStatic, payload, transport } = responder.finish(frame)
      this.clientStatic = clientStatic
      this.payload = proto.ClientPayload.decode(payload)
      this.#transport = transport
      this.#handler.opened(this)
    } else {
      this.#frame(responder.greet(frame))
      this.#greeted = true
    }
  }

  async #dispatch(plaintext: Buffer): Promise<void> {
    const stanza = await decodeBinaryNode(plaintext)
    if (stanza.tag === 'iq' && ['result', 'error'].includes(stanza.attrs['type'] ?? '')) {
      this.#queries.get(stanza.attrs['id'] ?? '')?.(stanza)
    } else {
      await this.#handler.received(this, stanza)
    }
  }

  #failed(error: unknown): void {
    this.drop()
    this.#handler.failed(error)
  }

  #closed(): void {
    this.#gone.abort()
    for (const settle of this.#queries.values()) settle(new ProtocolError('The client hung up.'))
    this.#handler.closed(this)
  }
}
