import { newMessageId, Outbox, seconds } from './outbox.ts'
import type { Phone } from './phone.ts'
import { Serial } from './serial.ts'
import type { SimulatedWhatsApp } from './server.ts'

const LIST = '1700000000@broadcast'

/** Writes a text to a list of people, each of whom sees it in the chat with its author. */
export async function broadcast(
  whatsapp: SimulatedWhatsApp,
  author: Phone,
  to: readonly Phone[],
  text: string,
): Promise<string> {
  const outbox = new Outbox(whatsapp, author, author.signal, new Serial())
  const mail = { id: newMessageId(), author, message: { conversation: text }, timestamp: seconds() }
  for (const chat of to) {
    await outbox.send({ ...mail, chat, type: 'text', list: LIST })
    chat.accept({ ...mail, chat: author })
  }
  return mail.id
}
