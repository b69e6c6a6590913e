import { type BinaryNode, encodeBigEndian, type proto } from 'baileys'

import type { Group } from './groups.ts'
import type { Chat, Mail } from './inbox.ts'
import { node, now, requireAttr } from './nodes.ts'
import { seconds } from './outbox.ts'
import { appearance, lidJid, numberJid } from './people.ts'
import type { Phone } from './phone.ts'
import { answerPlaceholders } from './placeholders.ts'
import type { Serial } from './serial.ts'
import type { SimulatedWhatsApp } from './server.ts'
import type { SignalEndpoint } from './signal.ts'

/** A client's message as it reaches one phone. */
export interface Arrival {
  stanza: BinaryNode
  encs: BinaryNode[]
  sender: Phone
  senderDevice: number
  group: Group | undefined
}

/** The receiving half of a phone: reads what clients send, and says so. */
export class Reception {
  readonly #whatsapp: SimulatedWhatsApp
  readonly #phone: Phone
  readonly #signal: SignalEndpoint
  readonly #serial: Serial
  readonly #asked = new Map<string, number>()

  constructor(whatsapp: SimulatedWhatsApp, phone: Phone, signal: SignalEndpoint, serial: Serial) {
    this.#whatsapp = whatsapp
    this.#phone = phone
    this.#signal = signal
    this.#serial = serial
  }

  /** Decrypts a message and delivers it to the inbox; one that cannot be read is asked for again. */
  async receive(arrival: Arrival): Promise<void> {
    const { stanza, sender, senderDevice, group } = arrival
    const id = requireAttr(stanza, 'id')
    const message = await this.#serial.run(() => this.#decrypt(arrival)).catch(() => undefined)
    if (message === undefined) {
      const chat =
        group ??
        (sender === this.#phone ? this.#whatsapp.chat(stanza.attrs['recipient'] ?? requireAttr(stanza, 'to')) : sender)
      this.askAgain({ id, author: sender, chat })
    } else if (stanza.attrs['category'] === 'peer') {
      const device = sender === this.#phone ? this.#phone.device(senderDevice) : undefined
      if (device) await answerPlaceholders(this.#whatsapp, this.#phone, device, id, message)
    } else {
      const mail = this.#mailOf(id, message, arrival)
      this.#phone.accept(mail)
      if (this.#phone.sendsReceipts) this.tell(mail)
    }
  }

  /** Sends a receipt for a message to all devices of its author; no type: delivered. */
  tell({ id, author, chat }: Mail, type?: string): void {
    if (author === this.#phone) return
    for (const device of author.devices)
      device.deliver(node('receipt', { id, t: now(), type, ...this.#from(author, chat) }))
  }

  /** Tells the author that a message could not be read. */
  askAgain({ id, author, chat }: Pick<Mail, 'id' | 'author' | 'chat'>): void {
    const count = String((this.#asked.get(id) ?? 0) + 1)
    this.#asked.set(id, Number(count))
    const content = [
      node('retry', { count, id, t: now(), v: '1' }),
      node('registration', {}, encodeBigEndian(this.#signal.registrationId)),
    ]
    for (const device of author.devices) {
      device.deliver(node('receipt', { id, t: now(), type: 'retry', ...this.#from(author, chat) }, content))
    }
  }

  /** Where a receipt comes from; the own devices are also told which chat it is about. */
  #from(author: Phone, chat: Chat): Record<string, string | undefined> {
    if (!('number' in chat)) return { from: chat.id, participant: appearance(this.#phone, chat.addressing).jid }
    const from = appearance(this.#phone, this.#whatsapp.addressing).jid
    return author === this.#phone ? { from, recipient: appearance(chat, this.#whatsapp.addressing).jid } : { from }
  }

  async #decrypt({ encs, sender, senderDevice, group }: Arrival): Promise<proto.IMessage> {
    const address = lidJid(sender, senderDevice)
    const author = group?.addressing === 'pn' ? numberJid(sender, senderDevice) : address
    const message: proto.IMessage = {}
    for (const enc of encs)
      Object.assign(message, await this.#signal.decrypt(enc, address, group && { id: group.id, author }))
    return message
  }

  #mailOf(id: string, message: proto.IMessage, { sender, group, stanza }: Arrival): Mail {
    const copy = message.deviceSentMessage
    const chat =
      group ??
      (sender === this.#phone ? this.#whatsapp.chat(copy?.destinationJid ?? requireAttr(stanza, 'to')) : sender)
    return { id, author: sender, chat, message: copy?.message ?? message, timestamp: seconds(), attrs: stanza.attrs }
  }
}
