/** What a phone makes of what it decrypts. */
import { normalizeMessageContent, proto } from 'baileys'

import { type MediaKind, readMedia, type ReceivedMedia } from './media.ts'

const { MESSAGE_EDIT, REVOKE, EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type
const VIEW_ONCE = ['viewOnceMessage', 'viewOnceMessageV2', 'viewOnceMessageV2Extension'] as const

/** What a message says; which fields there are depends on `kind`. */
export interface Reading {
  kind:
    | 'text'
    | MediaKind
    | 'location'
    | 'contact'
    | 'poll'
    | 'vote'
    | 'reaction'
    | 'edit'
    | 'delete'
    | 'pin'
    | 'unpin'
    | 'disappearing'
    | 'other'
  /** The body or the caption. */
  text?: string
  preview?: { url: string; title: string; description: string; thumbnail: number }
  question?: string
  options?: string[]
  selectable?: number
  media?: ReceivedMedia
  location?: { latitude: number; longitude: number; name: string; address: string; live: boolean }
  contacts?: { name: string; vcard: string }[]
  /** What a reaction, an edit, a deletion or a pin is about, and whose message that is by what it says. */
  target?: string
  target_from?: string
  /** Empty: taken back. */
  emoji?: string
  /** Of a pin, and of the chat's disappearing messages. */
  seconds?: number
  /** The message it answers, whose that is, and what it said. */
  quoted?: string
  quoted_from?: string
  quoted_text?: string
  /** Numbers. */
  mentions?: string[]
  /** How often it was forwarded. */
  forwarded?: number
  /** Seconds until it disappears. */
  expiration?: number
  view_once?: true
}

/** Whose number an address is. */
export type Resolve = (jid: string | null | undefined) => string

/** Everything but polls and votes, for which one needs to know the poll. */
export function read(message: proto.IMessage, from: string, resolve: Resolve): Reading {
  const content = normalizeMessageContent(message) ?? message
  const reading = readText(content) ?? readFile(message) ?? readThing(content) ?? readChange(content, from, resolve)
  return { ...(reading ?? { kind: 'other' }), ...readContext(message, content, resolve) }
}

/** What surrounds the words: the quote, mentions, and how it is to be shown. */
export function readContext(message: proto.IMessage, content: proto.IMessage, resolve: Resolve): Partial<Reading> {
  const { contextInfo, viewOnce } = innerOf(content)
  const { stanzaId, participant, quotedMessage, mentionedJid, forwardingScore, isForwarded, expiration } =
    contextInfo ?? {}
  const quoted = quotedMessage ? readText(quotedMessage)?.text : undefined
  return {
    ...(stanzaId && { quoted: stanzaId, quoted_from: resolve(participant) }),
    ...(quoted !== undefined && { quoted_text: quoted }),
    ...(mentionedJid?.length && { mentions: mentionedJid.map((jid) => resolve(jid)) }),
    ...(isForwarded && { forwarded: forwardingScore ?? 0 }),
    ...(expiration && { expiration }),
    ...((viewOnce === true || VIEW_ONCE.some((name) => message[name])) && { view_once: true as const }),
  }
}

function innerOf(content: proto.IMessage): { contextInfo?: proto.IContextInfo | null; viewOnce?: boolean | null } {
  const { messageContextInfo: _, senderKeyDistributionMessage: __, ...rest } = content
  const inner: unknown = Object.values(rest).find((value) => typeof value === 'object' && value)
  return inner ?? {}
}

function readText({ conversation, extendedTextMessage }: proto.IMessage): Reading | undefined {
  const text = conversation ?? extendedTextMessage?.text
  if (typeof text !== 'string') return undefined
  const { matchedText, title, description, jpegThumbnail } = extendedTextMessage ?? {}
  if (!matchedText) return { kind: 'text', text }
  const thumbnail = jpegThumbnail?.length ?? 0
  return {
    kind: 'text',
    text,
    preview: { url: matchedText, title: title ?? '', description: description ?? '', thumbnail },
  }
}

function readFile(message: proto.IMessage): Reading | undefined {
  const media = readMedia(message)
  return media && { kind: media.kind, ...(media.caption !== undefined && { text: media.caption }), media }
}

function readThing(content: proto.IMessage): Reading | undefined {
  const { locationMessage, liveLocationMessage, contactMessage, contactsArrayMessage } = content
  const place = locationMessage ?? liveLocationMessage
  if (place) {
    return {
      kind: 'location',
      location: {
        latitude: place.degreesLatitude ?? 0,
        longitude: place.degreesLongitude ?? 0,
        name: locationMessage?.name ?? '',
        address: locationMessage?.address ?? '',
        live: Boolean(liveLocationMessage),
      },
    }
  }
  const cards = contactMessage ? [contactMessage] : contactsArrayMessage?.contacts
  if (!cards) return undefined
  return {
    kind: 'contact',
    contacts: cards.map(({ displayName, vcard }) => ({ name: displayName ?? '', vcard: vcard ?? '' })),
  }
}

function readChange(content: proto.IMessage, from: string, resolve: Resolve): Reading | undefined {
  const { reactionMessage, protocolMessage, pinInChatMessage, messageContextInfo } = content
  const about = (key: proto.IMessageKey | null | undefined) => ({
    target: key?.id ?? '',
    target_from: key?.fromMe ? from : resolve(key?.participant ?? key?.remoteJid),
  })
  if (reactionMessage) return { kind: 'reaction', ...about(reactionMessage.key), emoji: reactionMessage.text ?? '' }
  if (pinInChatMessage) {
    const pinned = pinInChatMessage.type === proto.Message.PinInChatMessage.Type.PIN_FOR_ALL
    const seconds = messageContextInfo?.messageAddOnDurationInSecs ?? 0
    return { kind: pinned ? 'pin' : 'unpin', ...about(pinInChatMessage.key), seconds }
  }
  switch (protocolMessage?.type) {
    case REVOKE:
      return { kind: 'delete', ...about(protocolMessage.key) }
    case MESSAGE_EDIT:
      return {
        kind: 'edit',
        ...about(protocolMessage.key),
        ...readEdited(protocolMessage.editedMessage ?? {}, resolve),
      }
    case EPHEMERAL_SETTING:
      return { kind: 'disappearing', seconds: protocolMessage.ephemeralExpiration ?? 0 }
    default:
      return undefined
  }
}

function readEdited(edited: proto.IMessage, resolve: Resolve): Partial<Reading> {
  const text = readText(edited)?.text ?? readMedia(edited)?.caption
  const { mentions } = readContext(edited, edited, resolve)
  return { ...(text !== undefined && { text }), ...(mentions && { mentions }) }
}
