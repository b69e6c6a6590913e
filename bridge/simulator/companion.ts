import type { Device } from './device.ts'
import type { Chat } from './inbox.ts'
import type { KeyBundle } from './keys.ts'
import { newMessageId, Outbox, seconds } from './outbox.ts'
import type { Phone } from './phone.ts'
import { Serial } from './serial.ts'
import type { SimulatedWhatsApp } from './server.ts'
import { SignalEndpoint } from './signal.ts'

const ONE_TIME_KEYS = 20

/** Another linked device of a person, such as WhatsApp on a computer. It writes, in Signal sessions of its own; it does not read. */
export class Companion {
  readonly device: Device
  readonly #whatsapp: SimulatedWhatsApp
  readonly #phone: Phone
  readonly #signal = new SignalEndpoint()
  readonly #outbox: Outbox

  private constructor(whatsapp: SimulatedWhatsApp, phone: Phone) {
    this.#whatsapp = whatsapp
    this.#phone = phone
    this.device = phone.newDevice()
    this.device.companion = this
    this.#outbox = new Outbox(whatsapp, phone, this.#signal, new Serial(), this.device.id)
  }

  static async link(whatsapp: SimulatedWhatsApp, phone: Phone): Promise<Companion> {
    const companion = new Companion(whatsapp, phone)
    await whatsapp.takeKeys({ phone, device: companion.device }, await companion.#keys())
    return companion
  }

  /** Writes a text. The phones in the chat read it without a wire. */
  async say(to: Chat | string, text: string): Promise<string> {
    const chat = this.#whatsapp.chat(to)
    const mail = {
      id: newMessageId(),
      author: this.#phone,
      chat,
      message: { conversation: text },
      timestamp: seconds(),
    }
    this.#phone.accept(mail)
    await this.#outbox.send({ ...mail, type: 'text' })
    if (!('number' in chat)) for (const member of chat.members) member.accept(mail)
    else if (chat !== this.#phone) chat.accept({ ...mail, chat: this.#phone })
    return mail.id
  }

  resend(id: string, to: Device): Promise<void> {
    return this.#outbox.resend(id, to)
  }

  close(): void {
    this.#signal.close()
  }

  async #keys(): Promise<KeyBundle> {
    const oneTimeKeys: KeyBundle['oneTimeKeys'] = []
    for (let index = 0; index < ONE_TIME_KEYS; index++) {
      const { oneTimeKey } = await this.#signal.bundle()
      if (oneTimeKey) oneTimeKeys.push(oneTimeKey)
    }
    const { registrationId, identity, signedKey } = await this.#signal.bundle()
    return { registrationId, identity, signedKey, oneTimeKeys }
  }
}
