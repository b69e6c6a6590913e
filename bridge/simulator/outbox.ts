import { randomBytes } from 'node:crypto'

import type { proto } from 'baileys'

import type { Device } from './device.ts'
import { messageNode } from './envelope.ts'
import { SimulatorError } from './errors.ts'
import type { Group } from './groups.ts'
import type { Mail } from './inbox.ts'
import { node, now } from './nodes.ts'
import { appearance } from './people.ts'
import type { Phone } from './phone.ts'
import type { Serial } from './serial.ts'
import type { SignalEndpoint } from './signal.ts'
import type { SimulatedWhatsApp } from './server.ts'
import type { Announcement } from './writing.ts'

/** A message a phone sends. `list`: the `…@broadcast` it went to; each of its people sees it in the chat with its author. */
export type Outgoing = Mail & Announcement & { list?: string }

/** The sending half of a phone, or of another device: one ciphertext for every linked device that should read it. */
export class Outbox {
  readonly #whatsapp: SimulatedWhatsApp
  readonly #phone: Phone
  readonly #signal: SignalEndpoint
  readonly #serial: Serial
  readonly #device: number
  readonly #sent = new Map<string, Outgoing>()
  readonly #senderKeyHolders = new Map<string, WeakSet<Device>>()

  /** @param device 0: the phone itself. */
  constructor(whatsapp: SimulatedWhatsApp, phone: Phone, signal: SignalEndpoint, serial: Serial, device = 0) {
    this.#whatsapp = whatsapp
    this.#phone = phone
    this.#signal = signal
    this.#serial = serial
    this.#device = device
  }

  get sent(): Mail[] {
    return [...this.#sent.values()]
  }

  /** Resolves when every device that has keys was sent its copy; the others get theirs when they have. */
  async send(outgoing: Outgoing): Promise<void> {
    this.#sent.set(outgoing.id, outgoing)
    const { chat } = outgoing
    if ('number' in chat) {
      for (const device of this.#others(chat.devices, outgoing.list === undefined ? this.#phone.devices : [])) {
        await device.whenKeyed(() => this.#serial.run(() => this.#deliver(outgoing, device)))
      }
    } else {
      await this.#sendToGroup(outgoing, chat)
    }
  }

  /** A linked device could not read it: once more, in a new session. */
  async resend(id: string, device: Device): Promise<void> {
    const outgoing = this.#sent.get(id)
    // The client may ask for anything; a phone that has no such message stays silent.
    if (!outgoing || this.#whatsapp.faults.take('no_answer', device.owner.number, ({ to }) => to === 'retry')) return
    await this.#serial.run(async () => {
      await this.#signal.forget(device.address)
      await this.#deliver(outgoing, device)
    })
  }

  /** Sends a message of the phone's own to one of its devices, outside any chat. */
  async sendToOwn(device: Device, id: string, message: proto.IMessage): Promise<void> {
    await this.#serial.run(async () => {
      const enc = await this.#encrypt(device, message)
      device.deliver(node('message', { id, t: now(), type: 'text', category: 'peer', from: this.#phone.jid }, [enc]))
    })
  }

  #others(...devices: Device[][]): Set<Device> {
    return new Set(devices.flat().filter(({ owner, id }) => owner !== this.#phone || id !== this.#device))
  }

  async #sendToGroup(outgoing: Outgoing, group: Group): Promise<void> {
    const me = appearance(this.#phone, group.addressing, this.#device).jid
    const { enc, distribution } = await this.#serial.run(() =>
      this.#signal.encryptForGroup(group.id, me, outgoing.message),
    )
    // With another identity come other sender keys.
    const key = `${group.id} ${this.#signal.registrationId}`
    const holders = this.#senderKeyHolders.get(key) ?? new WeakSet()
    this.#senderKeyHolders.set(key, holders)
    for (const device of this.#others(group.members.flatMap((member) => member.devices))) {
      await device.whenKeyed(() =>
        this.#serial.run(async () => {
          const first = holders.has(device) ? [] : [await this.#encrypt(device, distribution)]
          holders.add(device)
          device.deliver(messageNode(this.#envelope(outgoing, device), this.#whatsapp.addressing, [...first, enc]))
        }),
      )
    }
  }

  async #deliver(outgoing: Outgoing, device: Device): Promise<void> {
    const { chat, message } = outgoing
    const isCopy = device.owner === this.#phone && 'number' in chat
    const destinationJid = isCopy ? appearance(chat, this.#whatsapp.addressing).jid : undefined
    const body = destinationJid === undefined ? message : { deviceSentMessage: { destinationJid, message } }
    const enc = await this.#encrypt(device, body)
    device.deliver(messageNode(this.#envelope(outgoing, device), this.#whatsapp.addressing, [enc]))
  }

  #encrypt(device: Device, message: proto.IMessage): ReturnType<SignalEndpoint['encrypt']> {
    return this.#signal.encrypt(device.address, message, () => {
      const bundle = device.takeBundle()
      if (!bundle) throw new SimulatorError(`Device ${device.id} of ${device.owner.number} has no keys.`)
      return bundle
    })
  }

  #envelope(outgoing: Outgoing, device: Device): Parameters<typeof messageNode>[0] {
    const { author: _author, message: _message, ...announced } = outgoing
    return { ...announced, sender: this.#phone, senderDevice: this.#device, recipient: device.owner }
  }
}

export function newMessageId(): string {
  return `AC${randomBytes(15).toString('hex').toUpperCase()}`
}

export function seconds(): number {
  return Math.floor(Date.now() / 1000)
}
