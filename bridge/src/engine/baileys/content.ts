import { LIMITS, type MessageKind, type Poll } from '../../protocol.ts'
import type { Said } from '../engine.ts'
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

/** `undefined` when nobody wrote anything: a reaction, an edit, a key … */
export function readContent(message: Message): Content | undefined {
  const content = unwrap(message)
  const fields = Object.entries(content).filter(([name, value]) => value && !NOT_MESSAGES.has(name))
  const known = fields.find(([name]) => name in KINDS)
  const [name, value] = known ?? fields[0] ?? []
  if (!name) return undefined
  const kind = name in KINDS ? KINDS[name as keyof typeof KINDS] : 'other'
  const { contextInfo } = (typeof value === 'object' ? value : {}) as { contextInfo?: proto.IContextInfo | null }
  return {
    said: {
      kind,
      text: cut(textOf(content), LIMITS.text_chars),
      poll: kind === 'poll' ? pollOf(content) : null,
      media: null,
      location: null,
      contacts: [],
    },
    told: { forwarded: contextInfo?.isForwarded === true, quoted: Boolean(contextInfo?.stanzaId) },
    quoted_external_id: contextInfo?.stanzaId || null,
    mentioned: [],
  }
}

function textOf(content: Message): string | null {
  return (
    content.conversation ||
    content.extendedTextMessage?.text ||
    content.imageMessage?.caption ||
    content.videoMessage?.caption ||
    content.ptvMessage?.caption ||
    content.documentMessage?.caption ||
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

export function cut(text: string | null | undefined, length: number): string | null {
  return text ? text.slice(0, length) : null
}
