import { deflateSync } from 'node:zlib'

import { proto } from 'baileys'

import type { Device } from './device.ts'
import type { Chat, Mail } from './inbox.ts'
import { appearance, numberJid } from './people.ts'
import type { Phone } from './phone.ts'
import type { SimulatedWhatsApp } from './server.ts'

/** How many messages of each chat a newly linked device gets. */
const MESSAGES_PER_CHAT = 50

/** Sends a newly linked device what the phone has seen, whom it knows, and who is who. */
export async function sendHistory(whatsapp: SimulatedWhatsApp, phone: Phone, device: Device): Promise<void> {
  const { HistorySyncType } = proto.HistorySync
  const known = whatsapp.phones.filter(({ lid, hidesNumber }) => lid !== null && !hidesNumber)
  const history = proto.HistorySync.encode({
    syncType: HistorySyncType.INITIAL_BOOTSTRAP,
    conversations: conversations(whatsapp, phone),
    pushnames: whatsapp.phones.map((one) => ({ id: appearance(one, 'pn').jid, pushname: one.name })),
    phoneNumberToLidMappings: known.map((one) => ({ pnJid: numberJid(one), lidJid: one.lid })),
    progress: 100,
    chunkOrder: 1,
  }).finish()
  await phone.sendToOwn(device, {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: proto.Message.HistorySyncType.INITIAL_BOOTSTRAP,
        initialHistBootstrapInlinePayload: deflateSync(history),
        progress: 100,
        chunkOrder: 1,
      },
    },
  })
}

function conversations(whatsapp: SimulatedWhatsApp, phone: Phone): proto.IConversation[] {
  const chats = new Map<Chat, Mail[]>()
  for (const group of whatsapp.groups) if (group.has(phone)) chats.set(group, [])
  for (const mail of phone.history) chats.set(mail.chat, [...(chats.get(mail.chat) ?? []), mail])
  return [...chats].map(([chat, mails]) => ({
    id: jidOf(whatsapp, chat),
    name: 'number' in chat ? chat.name : chat.subject,
    ephemeralExpiration: expirationOf(mails),
    messages: mails.slice(-MESSAGES_PER_CHAT).map((mail) => ({ message: messageInfo(whatsapp, phone, mail) })),
  }))
}

/** After how many seconds the chat's messages disappear, by what was said last of it. */
function expirationOf(mails: readonly Mail[]): number {
  const settings = mails.map(({ message }) => message.protocolMessage?.ephemeralExpiration)
  return settings.findLast((seconds) => typeof seconds === 'number') ?? 0
}

function jidOf(whatsapp: SimulatedWhatsApp, chat: Chat): string {
  return 'number' in chat ? appearance(chat, whatsapp.addressing).jid : chat.id
}

/** A message as the phone keeps it. */
export function messageInfo(
  whatsapp: SimulatedWhatsApp,
  phone: Phone,
  { id, author, chat, message, timestamp }: Mail,
): proto.IWebMessageInfo {
  const participant = 'number' in chat ? {} : { participant: appearance(author, chat.addressing).jid }
  return {
    key: { remoteJid: jidOf(whatsapp, chat), fromMe: author === phone, id, ...participant },
    message,
    messageTimestamp: timestamp,
    pushName: author.name,
  }
}
