import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

import type { BinaryNode } from 'baileys'
import { WebSocketServer } from 'ws'

import { Activity } from './activity.ts'
import { Calls } from './calls.ts'
import { Connection } from './connection.ts'
import { disconnect, type DisconnectReason, failureNode } from './disconnects.ts'
import type { Device } from './device.ts'
import { NotFound, SimulatorError } from './errors.ts'
import { concerns, Faults } from './faults.ts'
import { Group } from './groups.ts'
import { sendHistory } from './history.ts'
import type { Chat } from './inbox.ts'
import { deviceNotice, tellOwnDevices } from './directory.ts'
import { answerIq, answerUnlinked, refusal } from './iq.ts'
import type { KeyBundle } from './keys.ts'
import { welcome } from './login.ts'
import { type Certificate, certificate } from './media-certificate.ts'
import { MediaServer } from './media-server.ts'
import { makeServerIdentity } from './noise.ts'
import { node } from './nodes.ts'
import { offerPairing, type Registration } from './pairing.ts'
import { type Addressing, parseAddress } from './people.ts'
import { Phone, type PhoneOptions } from './phone.ts'
import { Presences } from './presence.ts'
import { routeMessage, routeReceipt, type Source } from './routing.ts'

const PATH = '/ws/chat'

export interface StartOptions {
  /** How people are addressed unless a group says otherwise; `lid` unless told. */
  addressing?: Addressing
  /** Chosen by the system unless told. */
  port?: number
  /** Told of stanzas the simulator could not deal with; without it they end the process. */
  onError?: (error: unknown) => void
}

export interface GroupOptions {
  subject: string
  /** The first one is the admin. */
  members: readonly Phone[]
  addressing?: Addressing
  /** `…@g.us`; made up when absent. */
  id?: string
}

/** A WhatsApp on loopback. */
export class SimulatedWhatsApp {
  readonly addressing: Addressing
  readonly faults = new Faults()
  readonly activity = new Activity()
  readonly calls: Calls
  readonly presences: Presences
  readonly media: MediaServer
  readonly #identity = makeServerIdentity()
  readonly #phones = new Map<string, Phone>()
  readonly #groups = new Map<string, Group>()
  readonly #registrations = new Map<Connection, Registration>()
  readonly #sources = new Map<Connection, Source>()
  readonly #http: Server = createServer((_, response) => response.writeHead(426).end())
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #onError: (error: unknown) => void

  /** Starts one on 127.0.0.1. */
  static async start(options: StartOptions = {}): Promise<SimulatedWhatsApp> {
    const whatsapp = new SimulatedWhatsApp(options, await certificate())
    whatsapp.#http.listen(options.port ?? 0, '127.0.0.1')
    await Promise.all([once(whatsapp.#http, 'listening'), whatsapp.media.listen()])
    return whatsapp
  }

  private constructor({ addressing = 'lid', onError = raise }: StartOptions, tls: Certificate) {
    this.addressing = addressing
    this.calls = new Calls(addressing)
    this.presences = new Presences(
      addressing,
      (jid) => this.chat(jid),
      () => this.activity.changed(),
    )
    this.media = new MediaServer(tls, this.faults, () => this.activity.changed())
    this.#onError = onError
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Where clients connect. */
  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}${PATH}`
  }

  /** The public Noise root: what a client must trust. */
  get rootKey(): Buffer {
    return this.#identity.root
  }

  get phones(): Phone[] {
    return [...this.#phones.values()]
  }

  get groups(): Group[] {
    return [...this.#groups.values()]
  }

  /** Clients that wait to be linked. */
  get registrations(): Registration[] {
    return [...this.#registrations.values()]
  }

  /** Makes a phone. @throws SimulatorError when the number or the LID is taken. */
  phone(options: PhoneOptions): Phone {
    const phone = new Phone(this, options)
    const taken = this.phones.some(({ number, lid }) => number === phone.number || (lid !== null && lid === phone.lid))
    if (taken) throw new SimulatorError('There is a phone with this number or LID already.')
    this.#phones.set(phone.number, phone)
    this.activity.changed()
    return phone
  }

  /** Makes a group and tells its members. */
  group({
    subject,
    members,
    addressing = this.addressing,
    id = `${120363000000000001n + BigInt(this.#groups.size)}`,
  }: GroupOptions): Group {
    const jid = id.endsWith('@g.us') ? id : `${id}@g.us`
    if (!/^[\d-]{5,40}@g\.us$/.test(jid))
      throw new SimulatorError('A group id is digits and hyphens, perhaps with `@g.us`.')
    if (this.#groups.has(jid)) throw new SimulatorError('There is a group with this id already.')
    const group = new Group(jid, subject, members, addressing, () => this.activity.changed())
    this.#groups.set(jid, group)
    return group
  }

  /** The phone at an address, if there is one. */
  phoneAt(jid: string): Phone | undefined {
    return this.addressee(jid)?.phone
  }

  /** Whom an address means, and which device; device 0 is the phone itself. */
  addressee(jid: string): { phone: Phone; device: number } | undefined {
    const address = parseAddress(jid)
    if (!address) return undefined
    const { user, isLid, device } = address
    const phone = isLid ? this.phones.find(({ lid }) => lid === `${user}@lid`) : this.#phones.get(user)
    return phone && { phone, device }
  }

  /** A chat by object, number, group id or address. @throws NotFound when there is none. */
  chat(to: Chat | string): Chat {
    if (typeof to !== 'string') return to
    const chat = to.endsWith('@g.us')
      ? this.#groups.get(to)
      : to.includes('@')
        ? this.phoneAt(to)
        : this.#phones.get(to.replace(/^\+/, ''))
    if (!chat) throw new NotFound(`There is neither a phone nor a group ${to}.`)
    return chat
  }

  /** Ends the connection of a phone's linked devices, or of one, that way. Returns those it had. */
  disconnect(phone: Phone, reason: DisconnectReason, device?: Device): Device[] {
    const connected = (device ? [device] : phone.devices).filter((one) => one.connected)
    for (const { connection } of connected) if (connection) disconnect(connection, reason)
    return connected
  }

  /** Waits until the condition holds. @throws TimedOut */
  async until(condition: () => unknown, timeoutMs = 5000): Promise<void> {
    await this.activity.until(condition, `"${condition.toString()}"`, { timeoutMs })
  }

  async close(): Promise<void> {
    this.activity.close()
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#sockets.close()
    const closed = once(this.#http, 'close')
    this.#http.close()
    this.#http.closeAllConnections()
    await Promise.all([closed, this.media.close()])
    for (const phone of this.phones) {
      phone.signal.close()
      for (const { companion } of phone.devices) companion?.close()
    }
  }

  /** Keeps a device's keys. With the first ones it starts to exist: others hear of it, and it gets the phone's history. */
  async takeKeys({ phone, device }: Source, bundle: KeyBundle): Promise<undefined> {
    const isNew = !device.hasKeys
    await device.upload(bundle)
    if (isNew) {
      for (const other of this.phones.flatMap((one) => one.devices)) {
        if (other !== device) other.deliver(deviceNotice(phone, device.id))
      }
      tellOwnDevices(phone, device)
      await sendHistory(this, phone, device)
    }
    return undefined
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const fault = this.faults.take('http_status')
    const status = fault?.code ?? (request.url === PATH ? undefined : 404)
    if (status !== undefined) {
      socket.on('error', () => socket.destroy())
      socket.end(`HTTP/1.1 ${status} Simulated\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(webSocket, this.#identity, {
        opened: (one) => this.#opened(one),
        received: (one, stanza) => this.#received(one, stanza),
        closed: (one) => this.#closed(one),
        failed: this.#onError,
      })
      connection.gone.addEventListener('abort', () => this.activity.changed())
    })
  }

  #opened(connection: Connection): void {
    if (connection.payload.devicePairingData) {
      this.#registrations.set(connection, offerPairing(connection))
    } else {
      this.#logIn(connection)
    }
    this.activity.changed()
  }

  #logIn(connection: Connection): void {
    const { username, device: id } = connection.payload
    const phone = this.#phones.get(String(username ?? ''))
    const device = phone?.device(id ?? 0)
    const failure = this.faults.take('login_failure', phone?.number)?.code
    if (failure !== undefined || !phone || !device) {
      connection.finish([failureNode(failure ?? 401)])
    } else {
      this.#sources.set(connection, { phone, device })
      welcome(device, connection, phone.name)
    }
  }

  async #received(connection: Connection, stanza: BinaryNode): Promise<void> {
    const source = this.#sources.get(connection)
    const delay = this.faults.take('delay', source?.phone.number, ({ to }) => concerns(to, stanza))
    if (delay) await connection.pause(delay.ms)
    const registration = this.#registrations.get(connection)
    if (source) await this.#fromLinked(connection, source, stanza)
    else if (registration && stanza.tag === 'iq') connection.send(answerUnlinked(registration, stanza))
    this.activity.changed()
  }

  async #fromLinked(connection: Connection, source: Source, stanza: BinaryNode): Promise<void> {
    switch (stanza.tag) {
      case 'iq':
        return this.#answer(connection, source, stanza)
      case 'message':
        return routeMessage(this, source, stanza)
      case 'receipt':
        source.device.acknowledged(stanza)
        return routeReceipt(this, source, stanza)
      case 'ack':
        return source.device.acknowledged(stanza)
      case 'call':
        this.calls.heard.push(stanza)
        return connection.send(node('ack', { class: 'call', id: stanza.attrs['id'], from: stanza.attrs['to'] }))
      case 'presence':
      case 'chatstate':
        return this.presences.take(source, stanza)
      default:
        // Telemetry gets no answer from WhatsApp either.
        return undefined
    }
  }

  async #answer(connection: Connection, source: Source, iq: BinaryNode): Promise<void> {
    const { number } = source.phone
    if (this.faults.take('no_answer', number, ({ to }) => concerns(to, iq))) return
    const error = this.faults.take('iq_error', number, ({ to }) => concerns(to, iq))
    connection.send(error ? refusal(iq, error.code) : await answerIq(this, source, iq))
  }

  #closed(connection: Connection): void {
    this.#registrations.delete(connection)
    this.#sources.get(connection)?.device.detach(connection)
    this.#sources.delete(connection)
    this.activity.changed()
  }
}

function raise(error: unknown): never {
  throw error
}
