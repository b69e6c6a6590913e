import { BridgeError } from '../errors.ts'
import { type Contact, type Content, LIMITS, type Media, MessageKind, type Poll } from '../protocol.ts'
import type { Sendable } from '../engine/engine.ts'
import type { Body, Message } from '../store/messages.ts'
import { choicesOf, type FileFacts, hasMedia, type MediaContent } from './planner.ts'

/** What the schema cannot say about a message to be sent. @throws BridgeError `invalid_request`. */
export function checkContent(content: Content): void {
  switch (content.kind) {
    case 'text':
    case 'edit':
      return required('text', content.text)
    case 'poll':
      return checkPoll(content)
    case 'buttons':
    case 'list':
      return checkQuestion(content)
    default:
  }
}

function checkPoll({ question, options, selectable }: Poll): void {
  required('question', question)
  for (const option of options) required('options', option)
  if (selectable <= options.length) return
  const message = `Nobody can choose ${selectable} of ${options.length} options: lower "selectable"`
  throw new BridgeError('invalid_request', message, { field: '/content/selectable' })
}

function checkQuestion(content: Extract<Content, { kind: 'buttons' | 'list' }>): void {
  const field = content.kind === 'buttons' ? 'buttons' : 'sections'
  const choices = choicesOf(content)
  required('text', content.text)
  for (const { title } of choices) required(field, title)
  if (choices.length > LIMITS.choices_max) {
    const message = `There are ${choices.length} choices, and ${LIMITS.choices_max} are possible: offer fewer`
    throw new BridgeError('invalid_request', message, { field: `/content/${field}`, limit: LIMITS.choices_max })
  }
  if (new Set(choices.map(({ id }) => id)).size === choices.length) return
  const message = 'Two choices have the same id, so an answer could mean either: give each its own'
  throw new BridgeError('invalid_request', message, { field: `/content/${field}` })
}

function required(field: string, text: string): void {
  if (text.trim() !== '') return
  throw new BridgeError('invalid_request', `The message has an empty ${field}: write something`, {
    field: `/content/${field}`,
  })
}

/** What a message says as it goes out, or `null` when it says nothing by itself. A forwarded one says what it said before. */
export function saidBy(content: Sendable, file: FileFacts | null, target: Message | undefined): Body | null {
  if (content.kind === 'forward') return target?.said ?? null
  const { kind } = content
  if (!isMessageKind(kind)) return null
  return {
    kind,
    text: textOf(content),
    poll: content.kind === 'poll' ? pollOf(content) : null,
    media: hasMedia(content) && file ? mediaOf(content, file) : null,
    location: content.kind === 'location' ? locationOf(content) : null,
    contacts: content.kind === 'contact' ? content.contacts.map(({ name, phones }): Contact => ({ name, phones })) : [],
  }
}

/** Whether it is a message by itself, and not a reaction or an edit of one. */
export function isMessageKind(kind: string): kind is MessageKind {
  return (MessageKind.enum as readonly string[]).includes(kind)
}

function textOf(content: Sendable): string | null {
  if (content.kind === 'text') return content.text
  return 'caption' in content ? (content.caption ?? null) : null
}

function pollOf({ question, options, selectable }: Poll): Poll {
  return { question, options, selectable }
}

function locationOf(content: Extract<Content, { kind: 'location' }>): Body['location'] {
  const { latitude, longitude, name = null, address = null } = content
  return { latitude, longitude, name, address, live: false }
}

function mediaOf(content: MediaContent, { mime, size }: FileFacts): Media {
  const { width = null, height = null } = 'width' in content ? content : {}
  return {
    mime,
    size,
    file_name: content.kind === 'document' ? content.file_name : null,
    seconds: ('seconds' in content ? content.seconds : undefined) ?? null,
    width,
    height,
    voice: content.kind === 'audio' && content.voice === true,
    gif: content.kind === 'video' && content.gif === true,
    animated: content.kind === 'sticker' && content.animated === true,
    ...('view_once' in content && content.view_once && { view_once: true }),
  }
}
