import type { IncomingMessage } from 'node:http'

import {
  type AuthenticationState,
  type BaileysEventMap,
  type BinaryNode,
  initAuthCreds,
  makeWASocket,
  type proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type UserFacingSocketConfig,
  WA_CERT_DETAILS,
  type WAMessage,
  type WASocket,
} from 'baileys'

import { Activity } from '../activity.ts'
import type { Device } from '../device.ts'
import type { Phone } from '../phone.ts'
import type { SimulatedWhatsApp } from '../server.ts'
import { silenceConsole, silent } from '../silence.ts'

silenceConsole()

/** An authentication state in memory, as plain as can be. */
function memoryAuth(): AuthenticationState {
  const values = new Map<string, unknown>()
  return {
    creds: initAuthCreds(),
    keys: {
      get: <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
        const found: Record<string, SignalDataTypeMap[T]> = {}
        for (const id of ids) {
          const value = values.get(`${type} ${id}`)
          if (value !== undefined) found[id] = value as SignalDataTypeMap[T]
        }
        return found
      },
      set: (data: SignalDataSet) => {
        for (const [type, entries] of Object.entries(data)) {
          for (const [id, value] of Object.entries(entries)) {
            if (value === null) values.delete(`${type} ${id}`)
            else values.set(`${type} ${id}`, value)
          }
        }
      },
    },
  }
}

interface Upsert {
  type: string
  message: WAMessage
}

type Updates = BaileysEventMap['messages.update'][number]

/** The real Baileys, and what it said. */
export class Client {
  readonly auth = memoryAuth()
  readonly upserts: Upsert[] = []
  readonly updates: Updates[] = []
  readonly events: { name: string; data: unknown }[] = []
  readonly acks: BinaryNode[] = []
  /** Messages it can send again. */
  readonly sent = new Map<string, WAMessage>()
  socket: WASocket
  qr: string | undefined
  open = false
  /** The status code of the last disconnect; -1 when it had none. */
  closed: number | undefined
  readonly #whatsapp: SimulatedWhatsApp
  readonly #config: Partial<UserFacingSocketConfig>
  readonly #activity = new Activity()

  constructor(whatsapp: SimulatedWhatsApp, config: Partial<UserFacingSocketConfig> = {}) {
    this.#whatsapp = whatsapp
    this.#config = config
    this.socket = this.#connect()
  }

  /** Links by QR code, takes the restart, and logs in. */
  static async link(
    whatsapp: SimulatedWhatsApp,
    phone: Phone,
    config: Partial<UserFacingSocketConfig> = {},
  ): Promise<Client> {
    const client = new Client(whatsapp, config)
    await client.linkTo(phone)
    return client
  }

  async linkTo(phone: Phone): Promise<Device> {
    const device = await phone.scan(await this.nextQr())
    await this.reopen()
    await this.#whatsapp.until(() => device.ready)
    return device
  }

  async nextQr(): Promise<string> {
    return this.until(() => this.qr)
  }

  /** Waits for the disconnect and connects again. */
  async reopen(): Promise<void> {
    await this.until(() => this.closed !== undefined)
    this.reconnect()
    await this.until(() => this.open)
  }

  /** Connects again without waiting. */
  reconnect(): void {
    this.closed = undefined
    this.socket = this.#connect()
  }

  until<T>(look: () => T): Promise<NonNullable<T>> {
    return this.#activity.until(look, look.toString())
  }

  /** The message with this id, readable unless told otherwise. */
  message(id: string, fits: (message: WAMessage) => unknown = (one) => one.message): Promise<Upsert> {
    return this.until(() => this.upserts.find(({ message }) => message.key.id === id && fits(message)))
  }

  /** Sends a text and returns the message's id. */
  async say(to: string, text: string): Promise<string> {
    const message = await this.socket.sendMessage(to, { text })
    const id = message?.key.id
    if (!message || typeof id !== 'string') throw new Error('nothing was sent')
    this.sent.set(id, message)
    return id
  }

  ackOf(id: string): Promise<BinaryNode> {
    return this.until(() => this.acks.find(({ attrs }) => attrs['id'] === id))
  }

  /** The status a message of ours has reached. Receipts that come quickly are folded into its own upsert. */
  async status(id: string, wanted: proto.WebMessageInfo.Status): Promise<void> {
    const folded = () => this.upserts.some(({ message }) => message.key.id === id && message.status === wanted)
    await this.until(
      () => this.updates.some(({ key, update }) => key.id === id && update.status === wanted) || folded(),
    )
  }

  /** Reads nothing from the network any more. */
  pause(): void {
    const { socket } = this.socket.ws as unknown as { socket: { pause: () => void } }
    socket.pause()
  }

  end(): void {
    void this.socket.end(undefined)
  }

  #connect(): WASocket {
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(this.#whatsapp.rootKey)
    this.open = false
    this.qr = undefined
    const socket = makeWASocket({
      auth: this.auth,
      waWebSocketUrl: this.#whatsapp.url,
      logger: silent,
      markOnlineOnConnect: false,
      retryRequestDelayMs: 0,
      defaultQueryTimeoutMs: 5000,
      getMessage: (key) => Promise.resolve(this.sent.get(key.id ?? '')?.message ?? undefined),
      ...this.#config,
    })
    socket.ws.on('unexpected-response', (_: unknown, response: IncomingMessage) => {
      void socket.end(new Error(`HTTP ${response.statusCode}`))
    })
    socket.ws.on('CB:ack,class:message', (ack: BinaryNode) => {
      this.acks.push(ack)
      this.#activity.changed()
    })
    socket.ev.process((events) => this.#heard(events))
    return socket
  }

  #heard(events: Partial<BaileysEventMap>): void {
    for (const [name, data] of Object.entries(events)) this.events.push({ name, data })
    const { 'connection.update': update, 'messages.upsert': upsert, 'messages.update': updates } = events
    if (update?.qr !== undefined) this.qr = update.qr
    if (update?.connection === 'open') this.open = true
    if (update?.connection === 'close') {
      this.open = false
      this.closed = statusOf(update.lastDisconnect?.error)
    }
    for (const message of upsert?.messages ?? []) this.upserts.push({ type: upsert?.type ?? '', message })
    this.updates.push(...(updates ?? []))
    this.#activity.changed()
  }
}

function statusOf(error: Error | undefined): number {
  return (error as { output?: { statusCode?: number } } | undefined)?.output?.statusCode ?? -1
}
