import { randomBytes } from 'node:crypto'

import type { proto } from 'baileys'

import { Device } from './device.ts'
import { disconnect } from './disconnects.ts'
import { NotFound, SimulatorError } from './errors.ts'
import type { Group } from './groups.ts'
import { type Chat, Inbox, type Mail, type ReceivedMessage } from './inbox.ts'
import type { HandedBundle } from './keys.ts'
import { linkByCode } from './link-code.ts'
import { Outbox, type Outgoing, seconds } from './outbox.ts'
import { fileOf, mediaMessage, type MediaToSend } from './media.ts'
import { linkByQr } from './pairing.ts'
import { type Addressing, numberJid, parseLid, parseNumber, type Person } from './people.ts'
import { encryptVote, pollMessage, type PollQuestion } from './polls.ts'
import { type Arrival, Reception } from './reception.ts'
import { Serial } from './serial.ts'
import type { SimulatedWhatsApp } from './server.ts'
import { SignalEndpoint } from './signal.ts'

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
export class Phone implements Person {
  readonly number: string
  readonly receipts: Receipt[] = []
  readonly signal = new SignalEndpoint()
  name: string
  lid: string | null
  hidesNumber: boolean
  sendsReceipts: boolean
  readonly #whatsapp: SimulatedWhatsApp
  readonly #devices = new Map<number, Device>()
  readonly #inbox = new Inbox()
  readonly #serial = new Serial()
  readonly #outbox: Outbox
  readonly #reception: Reception
  #lastDevice = 0

  constructor(
    whatsapp: SimulatedWhatsApp,
    { number, name, lid, hidesNumber = false, sendsReceipts = true }: PhoneOptions,
  ) {
    this.number = parseNumber(number)
    this.lid = parseLid(lid, this.number)
    if (hidesNumber && this.lid === null) throw new SimulatorError('Somebody without a LID cannot hide the number.')
    this.name = name
    this.hidesNumber = hidesNumber
    this.sendsReceipts = sendsReceipts
    this.#whatsapp = whatsapp
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
    return this.#inbox.messages
  }

  /** All it has seen, oldest first: what it received and what it sent. */
  get history(): Mail[] {
    return [...this.#inbox.mail, ...this.#outbox.sent].toSorted((a, b) => a.timestamp - b.timestamp)
  }

  device(id: number): Device | undefined {
    return this.#devices.get(id)
  }

  /** Scans the QR code a client shows and links it. Resolves when the client has signed. */
  scan(qr: string): Promise<Device> {
    return linkByQr(this.#whatsapp, this, qr)
  }

  /** Types the eight characters a client shows and links it. Resolves when the client has signed. */
  enterCode(code: string): Promise<Device> {
    return linkByCode(this.#whatsapp, this, code)
  }

  /** Writes a text. Its own linked devices get a copy, as of everything typed on a phone. */
  async say(to: Chat | string, text: string): Promise<string> {
    if (text === '') throw new SimulatorError('An empty message cannot be sent.')
    return this.#send(this.#whatsapp.chat(to), { conversation: text }, 'text')
  }

  async poll(
    to: Chat | string,
    { question, options, selectable = 1 }: Omit<PollQuestion, 'selectable'> & { selectable?: number },
  ): Promise<string> {
    return this.#send(this.#whatsapp.chat(to), pollMessage({ question, options, selectable }), 'poll')
  }

  /** Sends a file. */
  async sendMedia(to: Chat | string, media: MediaToSend): Promise<string> {
    return this.#send(this.#whatsapp.chat(to), await mediaMessage(this.#whatsapp.media, media), 'media')
  }

  /** The file of a message it received: fetched, decrypted and checked. */
  async mediaOf(id: string): Promise<Buffer> {
    return fileOf(this.#whatsapp.media, this.#inbox.get(id).message)
  }

  /** Votes in a poll it has seen; no options withdraw the vote. `modes` say by which addresses; they follow the chat unless told. */
  async vote(
    id: string,
    options: readonly string[],
    modes: { creator?: Addressing; voter?: Addressing } = {},
  ): Promise<string> {
    const { poll, chat } = this.#inbox.poll(id)
    const unknown = options.find((option) => !poll.options.includes(option))
    if (unknown !== undefined) throw new SimulatorError(`The poll has no option "${unknown}".`)
    if (poll.selectable > 0 && options.length > poll.selectable)
      throw new SimulatorError(`One may choose at most ${poll.selectable}.`)
    const usual = 'number' in chat ? this.#whatsapp.addressing : chat.addressing
    const vote = encryptVote(poll, options, this, {
      creator: modes.creator ?? usualFor(poll.creator, usual),
      voter: modes.voter ?? usualFor(this, usual),
    })
    const pollCreationMessageKey = this.#reception.keyOf(id, poll.creator, chat)
    this.#inbox.choose(id, options)
    return this.#send(
      chat,
      { pollUpdateMessage: { pollCreationMessageKey, vote, senderTimestampMs: Date.now() } },
      'poll',
    )
  }

  /** Tells the author that the message was read. */
  read(id: string): void {
    this.#reception.tell(this.#inbox.get(id), 'read')
  }

  /** Tells the author that the message could not be read, so that it is sent again. */
  askAgain(id: string): void {
    this.#reception.askAgain(this.#inbox.get(id))
  }

  /** The first message received that fits, now or later. */
  waitFor(
    fits: (message: ReceivedMessage) => boolean,
    timeoutMs = 5000,
    signal?: AbortSignal,
  ): Promise<ReceivedMessage> {
    const options = signal ? { timeoutMs, signal } : { timeoutMs }
    return this.#whatsapp.activity.until(() => this.inbox.find(fits), `such message on ${this.name}'s phone`, options)
  }

  /** Logs a device out, or all. */
  unlink(device?: Device): Device[] {
    const leaving = device ? [device] : this.devices
    for (const one of leaving) {
      if (!this.#devices.delete(one.id)) throw new NotFound(`Device ${one.id} is not linked.`)
      if (one.connection) disconnect(one.connection, 'device_removed')
    }
    this.#whatsapp.activity.changed()
    return leaving
  }

  /** A device asked to be logged out. */
  forget(device: Device): void {
    this.#devices.delete(device.id)
    this.#whatsapp.activity.changed()
  }

  /** Room for a newly linked device. */
  newDevice(): Device {
    const device = new Device(this, ++this.#lastDevice, this.#whatsapp.faults, () => this.#whatsapp.activity.changed())
    this.#devices.set(device.id, device)
    return device
  }

  bundle(): Promise<HandedBundle> {
    return this.signal.bundle()
  }

  /** Takes in a decrypted message. */
  accept(mail: Mail): void {
    this.#inbox.record(mail)
    this.#whatsapp.activity.changed()
  }

  /** Takes in a message from a client. */
  receive(arrival: Arrival): Promise<void> {
    return this.#reception.receive(arrival)
  }

  /** Takes in what a linked device says about a message. */
  heard(receipt: Receipt): void {
    this.receipts.push(receipt)
    this.#whatsapp.activity.changed()
  }

  resend(id: string, device: Device): Promise<void> {
    return this.#outbox.resend(id, device)
  }

  sendToOwn(device: Device, message: proto.IMessage): Promise<void> {
    return this.#outbox.sendToOwn(device, newMessageId(), message)
  }

  async #send(chat: Chat, message: proto.IMessage, type: Outgoing['type']): Promise<string> {
    if (!('number' in chat) && !chat.has(this))
      throw new SimulatorError(`${this.number} is not a member of this group.`)
    const outgoing: Outgoing = { id: newMessageId(), author: this, chat, message, timestamp: seconds(), type }
    this.#inbox.learn(outgoing)
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

function usualFor({ lid, hidesNumber }: Person, usual: Addressing): Addressing {
  if (lid === null) return 'pn'
  return hidesNumber ? 'lid' : usual
}

function newMessageId(): string {
  return `AC${randomBytes(15).toString('hex').toUpperCase()}`
}
