import { randomBytes } from 'node:crypto'

import type { proto } from 'baileys'

import { Device } from './device.ts'
import { tellOwnDevices } from './directory.ts'
import { disconnect } from './disconnects.ts'
import { NotFound, SimulatorError } from './errors.ts'
import type { Group } from './groups.ts'
import type { Chat, Mail, ReceivedMessage } from './inbox.ts'
import type { HandedBundle } from './keys.ts'
import { linkByCode } from './link-code.ts'
import { newMessageId, Outbox, type Outgoing, seconds } from './outbox.ts'
import { linkByQr } from './pairing.ts'
import { numberJid, parseLid, parseNumber } from './people.ts'
import { type Arrival, Reception } from './reception.ts'
import { Serial } from './serial.ts'
import type { SimulatedWhatsApp } from './server.ts'
import { SignalEndpoint } from './signal.ts'
import { type Announcement, Writer } from './writing.ts'

export interface PhoneOptions {
  number: string
  name: string
  /** Made up when absent; `null`: a person without one. */
  lid?: string | null
  /** Keeps the number out of every stanza. */
  hidesNumber?: boolean
  /** Whether it sends delivery receipts; it does unless told. */
  sendsReceipts?: boolean
}

/** What somebody's linked device told this phone about a message of its. */
export interface Receipt {
  id: string
  type: string
  /** The number of whoever told it. */
  from: string
}

/** A person's phone: the primary device of an account. */
export class Phone extends Writer {
  readonly number: string
  readonly receipts: Receipt[] = []
  readonly signal = new SignalEndpoint()
  name: string
  lid: string | null
  hidesNumber: boolean
  sendsReceipts: boolean
  readonly #devices = new Map<number, Device>()
  readonly #serial = new Serial()
  readonly #outbox: Outbox
  readonly #reception: Reception
  #lastDevice = 0

  constructor(
    whatsapp: SimulatedWhatsApp,
    { number, name, lid, hidesNumber = false, sendsReceipts = true }: PhoneOptions,
  ) {
    super(whatsapp)
    this.number = parseNumber(number)
    this.lid = parseLid(lid, this.number)
    if (hidesNumber && this.lid === null) throw new SimulatorError('Somebody without a LID cannot hide the number.')
    this.name = name
    this.hidesNumber = hidesNumber
    this.sendsReceipts = sendsReceipts
    this.#outbox = new Outbox(whatsapp, this, this.signal, this.#serial)
    this.#reception = new Reception(whatsapp, this, this.signal, this.#serial)
  }

  /** `…@s.whatsapp.net`. */
  get jid(): string {
    return numberJid(this)
  }

  get devices(): Device[] {
    return [...this.#devices.values()]
  }

  /** What it received, oldest first. */
  get inbox(): readonly ReceivedMessage[] {
    return this.seen.messages
  }

  /** All it has seen, oldest first: what it received and what it sent. */
  get history(): Mail[] {
    return [...this.seen.received, ...this.#outbox.sent].toSorted((a, b) => a.timestamp - b.timestamp)
  }

  device(id: number): Device | undefined {
    return this.#devices.get(id)
  }

  /** Scans the QR code a client shows and links it. Resolves when the client has signed. */
  scan(qr: string): Promise<Device> {
    return linkByQr(this.whatsapp, this, qr)
  }

  /** Types the eight characters a client shows and links it. Resolves when the client has signed. */
  enterCode(code: string): Promise<Device> {
    return linkByCode(this.whatsapp, this, code)
  }

  /** Tells the author that the message was read. */
  read(id: string): void {
    this.#reception.tell(this.seen.get(id), 'read')
  }

  /** Tells the author that the voice note was played. */
  play(id: string): void {
    this.#reception.tell(this.seen.get(id), 'played')
  }

  /** Tells the author that the message could not be read, so that it is sent again. */
  askAgain(id: string): void {
    this.#reception.askAgain(this.seen.get(id))
  }

  /** The first message received that fits, now or later. */
  waitFor(
    fits: (message: ReceivedMessage) => boolean,
    timeoutMs = 5000,
    signal?: AbortSignal,
  ): Promise<ReceivedMessage> {
    const options = signal ? { timeoutMs, signal } : { timeoutMs }
    return this.whatsapp.activity.until(() => this.inbox.find(fits), `such message on ${this.name}'s phone`, options)
  }

  /** Logs a device out, or all. */
  unlink(device?: Device): Device[] {
    const leaving = device ? [device] : this.devices
    for (const one of leaving) {
      if (!this.#devices.delete(one.id)) throw new NotFound(`Device ${one.id} is not linked.`)
      if (one.connection) disconnect(one.connection, 'device_removed')
    }
    tellOwnDevices(this)
    this.whatsapp.activity.changed()
    return leaving
  }

  /** A device asked to be logged out. */
  forget(device: Device): void {
    this.#devices.delete(device.id)
    tellOwnDevices(this)
    this.whatsapp.activity.changed()
  }

  /** Room for a newly linked device. */
  newDevice(): Device {
    const device = new Device(this, ++this.#lastDevice, this.whatsapp.faults, () => this.whatsapp.activity.changed())
    this.#devices.set(device.id, device)
    return device
  }

  bundle(): Promise<HandedBundle> {
    return this.signal.bundle()
  }

  /** Takes in a decrypted message. */
  accept(mail: Mail): void {
    this.seen.record(mail)
    this.whatsapp.activity.changed()
  }

  /** Takes in a message from a client. */
  receive(arrival: Arrival): Promise<void> {
    return this.#reception.receive(arrival)
  }

  /** Takes in what a linked device says about a message. */
  heard(receipt: Receipt): void {
    this.receipts.push(receipt)
    this.whatsapp.activity.changed()
  }

  resend(id: string, device: Device): Promise<void> {
    return this.#outbox.resend(id, device)
  }

  sendToOwn(device: Device, message: proto.IMessage): Promise<void> {
    return this.#outbox.sendToOwn(device, newMessageId(), message)
  }

  async write(to: Chat | string, message: proto.IMessage, announcement: Announcement): Promise<string> {
    const chat = this.whatsapp.chat(to)
    if (!('number' in chat) && !chat.has(this))
      throw new SimulatorError(`${this.number} is not a member of this group.`)
    const content = announcement.type === 'reaction' ? message : withSecret(message)
    const mail = { id: newMessageId(), author: this, chat, message: content, timestamp: seconds() }
    const outgoing: Outgoing = { ...mail, ...announcement }
    this.seen.learn(outgoing)
    await this.#outbox.send(outgoing)
    for (const [phone, seenAs] of this.#otherPhones(chat)) phone.accept({ ...outgoing, chat: seenAs })
    return outgoing.id
  }

  /** The other phones in a chat, which read without a wire, and what the chat is to them. */
  #otherPhones(chat: Chat): [Phone, Phone | Group][] {
    if ('number' in chat) return chat === this ? [] : [[chat, this]]
    return chat.members.filter((member) => member !== this).map((member) => [member, chat])
  }
}

/** Everything but a reaction carries one, with which what is added to it later is encrypted. */
function withSecret(message: proto.IMessage): proto.IMessage {
  return { ...message, messageContextInfo: { messageSecret: randomBytes(32), ...message.messageContextInfo } }
}
