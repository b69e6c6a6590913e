/** What people write, as WhatsApp's phones put it. */
import { proto } from 'baileys'

import { SimulatorError } from './errors.ts'

const { MESSAGE_EDIT, REVOKE, EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type

export interface Place {
  /** Degrees. */
  latitude: number
  longitude: number
  name?: string
  address?: string
  /** Goes on moving. */
  live?: boolean
}

export interface Card {
  name: string
  phones: readonly string[]
}

export function placeMessage({ latitude, longitude, name, address, live }: Place): proto.IMessage {
  const degrees = { degreesLatitude: latitude, degreesLongitude: longitude }
  if (live)
    return { liveLocationMessage: { ...degrees, sequenceNumber: 1, ...(name !== undefined && { caption: name }) } }
  return {
    locationMessage: { ...degrees, ...(name !== undefined && { name }), ...(address !== undefined && { address }) },
  }
}

export function cardMessage(cards: readonly Card[]): proto.IMessage {
  const contacts = cards.map(({ name, phones }) => ({ displayName: name, vcard: vcard(name, phones) }))
  const [first] = contacts
  if (!first) throw new SimulatorError('There is no contact to send.')
  if (contacts.length === 1) return { contactMessage: first }
  return { contactsArrayMessage: { displayName: `${contacts.length} contacts`, contacts } }
}

function vcard(name: string, phones: readonly string[]): string {
  const numbers = phones.map((phone, at) => `item${at + 1}.TEL;waid=${phone.replaceAll(/\D/g, '')}:${phone}`)
  return ['BEGIN:VCARD', 'VERSION:3.0', `N:;${name};;;`, `FN:${name}`, ...numbers, 'END:VCARD'].join('\n')
}

export function reactionMessage(key: proto.IMessageKey, text: string): proto.IMessage {
  return { reactionMessage: { key, text, senderTimestampMs: Date.now() } }
}

/** Says `text` in place of what `original` says, or of its caption. */
export function editMessage(key: proto.IMessageKey, original: proto.IMessage, text: string): proto.IMessage {
  const captioned = (['imageMessage', 'videoMessage', 'documentMessage'] as const).find((name) => original[name])
  const editedMessage = captioned ? { [captioned]: { caption: text } } : { conversation: text }
  return { protocolMessage: { key, type: MESSAGE_EDIT, editedMessage, timestampMs: Date.now() } }
}

export function deleteMessage(key: proto.IMessageKey): proto.IMessage {
  return { protocolMessage: { key, type: REVOKE } }
}

/** Messages of the chat disappear after so many seconds from now on; 0: not any more. */
export function disappearingMessage(seconds: number): proto.IMessage {
  return { protocolMessage: { type: EPHEMERAL_SETTING, ephemeralExpiration: seconds } }
}

/** Pins a message for so many seconds; 0 takes it down. */
export function pinMessage(key: proto.IMessageKey, seconds: number): proto.IMessage {
  const { PIN_FOR_ALL, UNPIN_FOR_ALL } = proto.Message.PinInChatMessage.Type
  return {
    pinInChatMessage: { key, type: seconds > 0 ? PIN_FOR_ALL : UNPIN_FOR_ALL, senderTimestampMs: Date.now() },
    messageContextInfo: { messageAddOnDurationInSecs: seconds },
  }
}

/** The message with a context: what it answers, whom it mentions, and so on. */
export function withContext(message: proto.IMessage, contextInfo: proto.IContextInfo): proto.IMessage {
  const { conversation, ...content } = message
  if (typeof conversation === 'string') return { ...content, extendedTextMessage: { text: conversation, contextInfo } }
  return inEach(message, (part) => ({ ...part, contextInfo: { ...part.contextInfo, ...contextInfo } }))
}

/** What somebody said, without what it was an answer to and without its secret. */
export function bare(message: proto.IMessage): proto.IMessage {
  const { messageContextInfo: _, senderKeyDistributionMessage: __, ...content } = message
  return inEach(content, ({ contextInfo: ___, ...part }) => part)
}

interface Part {
  message?: proto.IMessage | null
  contextInfo?: proto.IContextInfo | null
}

/** Changes what a message holds, also inside its wrappings. */
function inEach(message: proto.IMessage, change: (part: Part) => Part): proto.IMessage {
  const entries = Object.entries(message).map(([name, part]: [string, Part | string | null]) => {
    if (typeof part !== 'object' || !part || name === 'messageContextInfo') return [name, part]
    return [name, part.message ? { ...part, message: inEach(part.message, change) } : change(part)]
  })
  return Object.fromEntries(entries) as proto.IMessage
}
