/** What is written, as WhatsApp puts it. */
import type {
  AudioContent,
  ContactCard,
  DocumentContent,
  ImageContent,
  PollContent,
  StickerContent,
  TextContent,
  VideoContent,
} from '../../protocol.ts'
import { EngineError, type MediaFile, type Sendable, type SendContext } from '../engine.ts'
import type { proto } from './library.ts'
import { changeOf, forwardOf } from './outbound-changes.ts'
import type { Chat } from './outbound-chat.ts'
import { contextOf, nameMentioned } from './outbound-context.ts'
import { vcardOf } from './outbound-vcard.ts'

type MediaContent = ImageContent | VideoContent | AudioContent | DocumentContent | StickerContent

/** @throws EngineError `invalid_request` */
export function messageOf(content: Sendable, context: SendContext, chat: Chat): proto.IMessage {
  switch (content.kind) {
    case 'reaction':
    case 'edit':
    case 'delete':
    case 'pin':
    case 'unpin':
      return changeOf(content, context, chat)
    case 'forward':
      return forwardOf(context, chat)
    default: {
      const contextInfo = contextOf(context, chat)
      const entries = Object.entries(saidIn(content, context, chat)) as [string, object][]
      const message: proto.IMessage = Object.fromEntries(
        entries.map(([name, part]) => [name, { ...part, contextInfo }]),
      )
      return 'view_once' in content && content.view_once ? { viewOnceMessage: { message } } : message
    }
  }
}

type Written = Exclude<
  Sendable,
  | { kind: 'reaction' }
  | { kind: 'edit' }
  | { kind: 'delete' }
  | { kind: 'pin' }
  | { kind: 'unpin' }
  | { kind: 'forward' }
>

/** The words without their context. */
function saidIn(content: Written, { mentions, media }: SendContext, chat: Chat): proto.IMessage {
  switch (content.kind) {
    case 'text':
      return textOf(content, nameMentioned(content.text, mentions, chat))
    case 'poll':
      return pollOf(content, chat)
    case 'location': {
      const { latitude, longitude, name, address } = content
      const called = { ...(name !== undefined && { name }), ...(address !== undefined && { address }) }
      return { locationMessage: { degreesLatitude: latitude, degreesLongitude: longitude, ...called } }
    }
    case 'contact':
      return cardsOf(content.contacts)
    default: {
      if (!media) throw new EngineError('invalid_request', 'The file of this message is missing', 'never')
      const caption = 'caption' in content ? content.caption : undefined
      return mediaOf(content, media, caption === undefined ? {} : { caption: nameMentioned(caption, mentions, chat) })
    }
  }
}

function textOf({ preview }: TextContent, text: string): proto.IMessage {
  if (!preview) return { extendedTextMessage: { text } }
  const { url, title, description, thumbnail } = preview
  if (!text.includes(url)) {
    throw new EngineError('invalid_request', 'The text does not contain the link that the preview is of', 'never')
  }
  const shown = { title, ...(description !== undefined && { description }), ...pictureOf(thumbnail) }
  return { extendedTextMessage: { text, matchedText: url, previewType: 0, ...shown } }
}

function pollOf({ question, options, selectable }: PollContent, chat: Chat): proto.IMessage {
  const poll = {
    name: question,
    options: options.map((optionName) => ({ optionName })),
    selectableOptionsCount: selectable,
  }
  if (chat.isAnnouncements) return { pollCreationMessageV2: poll }
  return selectable === 1 ? { pollCreationMessageV3: poll } : { pollCreationMessage: poll }
}

function cardsOf(cards: readonly ContactCard[]): proto.IMessage {
  const contacts = cards.map((card) => ({ displayName: card.name, vcard: vcardOf(card) }))
  const [only, second] = contacts
  if (only && !second) return { contactMessage: only }
  return { contactsArrayMessage: { displayName: `${contacts.length} contacts`, contacts } }
}

/** What phones call a sound whose bytes say something else: where there may be pictures too, they do not tell. */
const SOUNDS = new Map([
  ['application/ogg', 'audio/ogg'],
  ['audio/x-m4a', 'audio/mp4'],
  ['video/3gpp', 'audio/3gpp'],
  ['video/mp4', 'audio/mp4'],
  ['video/ogg', 'audio/ogg'],
  ['video/webm', 'audio/webm'],
  ['video/x-m4v', 'audio/mp4'],
])

/** All but where the file is and how to decrypt it, which its upload brings. */
function mediaOf(content: MediaContent, { mime }: MediaFile, caption: { caption?: string }): proto.IMessage {
  const mimetype = mime
  switch (content.kind) {
    case 'image':
      return {
        imageMessage: { mimetype, ...caption, ...sizeOf(content), ...pictureOf(content.thumbnail), ...once(content) },
      }
    case 'video': {
      const { seconds, gif } = content
      const played = { ...lasting(seconds), ...(gif && { gifPlayback: true }) }
      return {
        videoMessage: {
          mimetype: mime === 'video/x-m4v' ? 'video/mp4' : mime,
          ...caption,
          ...sizeOf(content),
          ...played,
          ...pictureOf(content.thumbnail),
          ...once(content),
        },
      }
    }
    case 'audio': {
      const { voice = false, seconds, waveform } = content
      const shape = waveform === undefined ? {} : { waveform: Buffer.from(waveform, 'base64') }
      // Phones play a voice note only when it says so.
      const type = voice && mime === 'audio/ogg' ? 'audio/ogg; codecs=opus' : (SOUNDS.get(mime) ?? mime)
      return { audioMessage: { mimetype: type, ptt: voice, ...lasting(seconds), ...shape, ...once(content) } }
    }
    case 'document': {
      const { file_name: fileName, thumbnail } = content
      return { documentMessage: { mimetype, fileName, title: fileName, ...caption, ...pictureOf(thumbnail) } }
    }
    default:
      return { stickerMessage: { mimetype, ...sizeOf(content), ...(content.animated && { isAnimated: true }) } }
  }
}

function sizeOf({ width, height }: { width?: number; height?: number }): { width?: number; height?: number } {
  return { ...(width !== undefined && { width }), ...(height !== undefined && { height }) }
}

function pictureOf(thumbnail: string | undefined): { jpegThumbnail?: Buffer } {
  return thumbnail === undefined ? {} : { jpegThumbnail: Buffer.from(thumbnail, 'base64') }
}

function lasting(seconds: number | undefined): { seconds?: number } {
  return seconds === undefined ? {} : { seconds: Math.round(seconds) }
}

function once({ view_once }: { view_once?: boolean }): { viewOnce?: boolean } {
  return view_once ? { viewOnce: true } : {}
}
