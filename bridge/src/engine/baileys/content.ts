import { LIMITS, type MessageKind, type Poll } from '../../protocol.ts'
import type { Said } from '../engine.ts'
import { mediaOf } from './content-media.ts'
import { contactsOf, locationOf } from './content-places.ts'
import { cut } from './content-text.ts'
import type { proto } from './library.ts'
import type { Told } from './origin.ts'

type Message = proto.IMessage

/** A message without its wrappings. `mentioned` are JIDs. */
export interface Content {
  said: Said
  told: Partial<Told>
  quoted_external_id: string | null
  mentioned: string[]
}

/** What only wraps another message. An edit wraps one too, but is not a new message. */
const WRAPPERS = [
  'ephemeralMessage',
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'documentWithCaptionMessage',
  'lottieStickerMessage',
  'groupMentionedMessage',
  'botInvokeMessage',
  'botForwardedMessage',
  'associatedChildMessage',
  'questionMessage',
  'pollCreationMessageV4',
] as const satisfies (keyof Message)[]

const VIEW_ONCE = ['viewOnceMessage', 'viewOnceMessageV2', 'viewOnceMessageV2Extension'] as const

const POLLS = [
  'pollCreationMessage',
  'pollCreationMessageV2',
  'pollCreationMessageV3',
  'pollCreationMessageV5',
] as const satisfies (keyof Message)[]

const KINDS = {
  conversation: 'text',
  extendedTextMessage: 'text',
  imageMessage: 'image',
  videoMessage: 'video',
  ptvMessage: 'video',
  audioMessage: 'audio',
  documentMessage: 'document',
  stickerMessage: 'sticker',
  locationMessage: 'location',
  liveLocationMessage: 'location',
  contactMessage: 'contact',
  contactsArrayMessage: 'contact',
  pollCreationMessage: 'poll',
  pollCreationMessageV2: 'poll',
  pollCreationMessageV3: 'poll',
  pollCreationMessageV5: 'poll',
} as const satisfies Partial<Record<keyof Message, MessageKind>>

/** About other messages, between devices, or the frame of messages that follow: nothing that somebody wrote. */
const NOT_MESSAGES = new Set<string>([
  'messageContextInfo',
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'protocolMessage',
  'editedMessage',
  'secretEncryptedMessage',
  'reactionMessage',
  'encReactionMessage',
  'commentMessage',
  'encCommentMessage',
  'keepInChatMessage',
  'pinInChatMessage',
  'pollUpdateMessage',
  'pollResultSnapshotMessage',
  'pollResultSnapshotMessageV3',
  'encEventResponseMessage',
  'stickerSyncRmrMessage',
  'albumMessage',
  'placeholderMessage',
  'call',
  'bcallMessage',
  'callLogMesssage',
  'chat',
  'messageHistoryBundle',
  'messageHistoryNotice',
  'groupStatusMessage',
  'groupStatusMessageV2',
  'groupStatusMentionMessage',
  'statusMentionMessage',
  'statusNotificationMessage',
  'statusAddYours',
  'limitSharingMessage',
])

const WRAPPED_AT_MOST = 5
const POLL_OPTIONS_AT_MOST = 100

/** What is inside the wrappings; the secrets of the outermost layer that has any are kept. */
export function unwrap(message: Message): Message {
  let inner = message
  let context = message.messageContextInfo
  for (let depth = 0; depth < WRAPPED_AT_MOST; depth++) {
    const wrapper = WRAPPERS.find((name) => inner[name]?.message)
    const next = wrapper && inner[wrapper]?.message
    if (!next) break
    inner = next
    context ??= inner.messageContextInfo
  }
  return context ? { ...inner, messageContextInfo: context } : inner
}

/** Whether it is to be looked at once, by its wrapping or by what is in it. */
export function isViewOnce(message: Message): boolean {
  let inner: Message | null | undefined = message
  for (let depth = 0; inner && depth < WRAPPED_AT_MOST; depth++) {
    const layer: Message = inner
    if (VIEW_ONCE.some((name) => layer[name])) return true
    const wrapper = WRAPPERS.find((name) => layer[name]?.message)
    inner = wrapper && layer[wrapper]?.message
  }
  const { imageMessage, videoMessage, audioMessage } = unwrap(message)
  return [imageMessage, videoMessage, audioMessage].some((media) => media?.viewOnce)
}

/** What somebody wrote: the name and the value of that field. `undefined` when nobody wrote anything: a reaction, an edit, a key … */
export function partOf(message: Message): [name: string, value: unknown] | undefined {
  const fields = Object.entries(unwrap(message)).filter(([name, value]) => value && !NOT_MESSAGES.has(name))
  return fields.find(([name]) => name in KINDS) ?? fields[0]
}

/** What goes along with it. */
export function contextIn(value: unknown): proto.IContextInfo | undefined {
  const { contextInfo } = (typeof value === 'object' && value ? value : {}) as {
    contextInfo?: proto.IContextInfo | null
  }
  return contextInfo ?? undefined
}

/** `undefined` when nobody wrote anything. */
export function readContent(message: Message): Content | undefined {
  const part = partOf(message)
  if (!part) return undefined
  const [name, value] = part
  const content = unwrap(message)
  const kind = name in KINDS ? KINDS[name as keyof typeof KINDS] : 'other'
  const contextInfo = contextIn(value)
  const quoted = contextInfo?.stanzaId
  const media = mediaOf(content)
  const view_once = isViewOnce(message)
  return {
    said: {
      kind,
      text: cut(textOf(content), LIMITS.text_chars),
      poll: kind === 'poll' ? pollOf(content) : null,
      media: media && view_once ? { ...media, view_once } : media,
      location: locationOf(content),
      contacts: contactsOf(content),
    },
    told: { forwarded: contextInfo?.isForwarded === true, quoted: Boolean(quoted), view_once },
    quoted_external_id: quoted && quoted.length <= LIMITS.name_chars ? quoted : null,
    mentioned: (contextInfo?.mentionedJid ?? []).slice(0, LIMITS.mentions_max),
  }
}

/** The body or the caption. */
export function textOf(content: Message): string | null {
  return (
    content.conversation ||
    content.extendedTextMessage?.text ||
    content.imageMessage?.caption ||
    content.videoMessage?.caption ||
    content.ptvMessage?.caption ||
    content.documentMessage?.caption ||
    content.liveLocationMessage?.caption ||
    null
  )
}

/** The question and options of a poll, whichever of its forms it has. */
export function pollFormOf(content: Message): proto.Message.IPollCreationMessage | undefined {
  return POLLS.map((name) => content[name]).find((poll) => poll) ?? undefined
}

function pollOf(content: Message): Poll {
  const poll = pollFormOf(content)
  const options = (poll?.options ?? []).slice(0, POLL_OPTIONS_AT_MOST)
  return {
    question: cut(poll?.name, LIMITS.poll_question_chars) ?? '',
    options: options.map(({ optionName }) => cut(optionName, LIMITS.poll_option_chars) ?? ''),
    selectable: poll?.selectableOptionsCount ?? 0,
  }
}
