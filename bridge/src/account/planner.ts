import type { Sendable } from '../engine/engine.ts'
import { BridgeError } from '../errors.ts'
import {
  type AudioContent,
  type ButtonsContent,
  type Capability,
  type Choice,
  type Content,
  type Degrade,
  type DocumentContent,
  type ImageContent,
  LIMITS,
  type ListContent,
  type PollContent,
  type StickerContent,
  type VideoContent,
} from '../protocol.ts'

export type MediaContent = ImageContent | VideoContent | AudioContent | DocumentContent | StickerContent
type Question = ButtonsContent | ListContent
type Capabilities = Readonly<Record<string, Capability>>

/** What goes out for what was asked. `choices`: what can be answered with, when it was a question. */
export interface Plan {
  content: Sendable
  choices: Choice[] | null
}

/** What is known of the file of a content. `size` in bytes; `mime` is what its bytes say. */
export interface FileFacts {
  size: number
  mime: string
}

/**
 * Makes of a content something that the engine can send, as far as `degrade` allows.
 * @throws BridgeError `unsupported`, `media_too_large`, `invalid_request`; the limit is in the details.
 */
export function plan(content: Content, can: Capabilities, degrade: Degrade, file: FileFacts | null): Plan {
  if (content.kind === 'buttons' || content.kind === 'list') return planQuestion(content, can, degrade)
  if (!can[content.kind]?.supported) throw unsupported(content.kind)
  if (hasMedia(content)) return { content: planMedia(content, can, degrade, file), choices: null }
  if (content.kind === 'text' || content.kind === 'edit') checkLength(content.text, can)
  return { content, choices: null }
}

export function hasMedia(content: Content): content is MediaContent {
  return 'ticket' in content
}

/** Everything that can be chosen, in the order in which it is numbered. */
export function choicesOf(content: Question): Choice[] {
  return content.kind === 'buttons' ? content.buttons : content.sections.flatMap(({ rows }) => rows)
}

function planQuestion(content: Question, can: Capabilities, degrade: Degrade): Plan {
  if (degrade === 'never') {
    const message = `WhatsApp shows no ${content.kind} from linked devices: let it degrade to a poll or to numbered text`
    throw new BridgeError('unsupported', message, { kind: content.kind })
  }
  const choices = choicesOf(content)
  const poll = can['poll']?.supported ? asPoll(content.text, choices, can) : undefined
  if (poll && (degrade === 'lossy' || isAllInPoll(content))) return { content: poll, choices }
  if (!can['text']?.supported) throw unsupported(content.kind)
  const text = numbered(content)
  checkLength(text, can)
  return { content: { kind: 'text', text }, choices }
}

/** `undefined` when it does not fit. */
function asPoll(question: string, choices: Choice[], can: Capabilities): PollContent | undefined {
  const limit = (name: keyof typeof LIMITS): number => can['poll']?.limits[name] ?? LIMITS[name]
  const options = choices.map(({ title }) => title)
  const fits =
    question.length <= limit('poll_question_chars') &&
    options.length >= limit('poll_options_min') &&
    options.length <= limit('poll_options_max') &&
    options.every((option) => option.length <= limit('poll_option_chars')) &&
    new Set(options.map((option) => option.trim())).size === options.length
  return fits ? { kind: 'poll', question, options, selectable: 1 } : undefined
}

/** Whether a poll leaves nothing out. */
function isAllInPoll(content: Question): boolean {
  const titles = content.kind === 'list' ? [content.title, ...content.sections.map(({ title }) => title)] : []
  const more = [content.footer, ...titles, ...choicesOf(content).map(({ description }) => description)]
  return more.every((text) => text === undefined)
}

function numbered(content: Question): string {
  const lines = new Map(choicesOf(content).map((choice, index) => [choice, lineOf(choice, index + 1)]))
  const block = (rows: Choice[], title?: string): string =>
    [...(title === undefined ? [] : [`*${title}*`]), ...rows.map((row) => lines.get(row))].join('\n')
  const blocks =
    content.kind === 'buttons'
      ? [block(content.buttons)]
      : content.sections.map(({ title, rows }) => block(rows, title))
  const heading = content.kind === 'list' && content.title !== undefined ? [`*${content.title}*`] : []
  return [...heading, content.text, ...blocks, ...(content.footer === undefined ? [] : [content.footer])].join('\n\n')
}

function lineOf({ title, description }: Choice, number: number): string {
  return `${number}. ${title}${description === undefined ? '' : ` – ${description}`}`
}

function planMedia(content: MediaContent, can: Capabilities, degrade: Degrade, file: FileFacts | null): MediaContent {
  if (!file) throw new Error('a media content without its file')
  checkMime(content, file.mime)
  const limit = can[content.kind]?.limits['bytes'] ?? LIMITS.media_bytes_max
  if (file.size <= limit) return content
  const document = degrade === 'never' ? undefined : asDocument(content, file.mime)
  if (document && can['document']?.supported) return planMedia(document, can, degrade, file)
  const canBeDocument = degrade === 'never' && asDocument(content, file.mime) !== undefined
  const advice = canBeDocument ? 'send it as a document, or make it smaller' : 'make it smaller'
  const message = `The ${content.kind} has ${mib(file.size)}, and WhatsApp takes ${mib(limit)}: ${advice}`
  throw new BridgeError('media_too_large', message, { kind: content.kind, size: file.size, limit })
}

/** What may be looked at only once must not become a file that stays. */
function asDocument(content: MediaContent, mime: string): DocumentContent | undefined {
  if (content.kind === 'document' || content.kind === 'sticker' || content.view_once) return undefined
  const { ticket } = content
  const { caption, mentions, thumbnail } = content.kind === 'audio' ? {} : content
  return {
    kind: 'document',
    ticket,
    file_name: fileName(content.kind, mime),
    ...(caption !== undefined && { caption }),
    ...(mentions !== undefined && { mentions }),
    ...(thumbnail !== undefined && { thumbnail }),
  }
}

const FAMILIES = {
  image: /^image\//u,
  // What holds sound may hold pictures too, and its first bytes do not always tell.
  video: /^video\//u,
  audio: /^(?:audio|video)\/|^application\/ogg$/u,
  sticker: /^image\/webp$/u,
  document: /^/u,
} as const satisfies Record<MediaContent['kind'], RegExp>

function checkMime({ kind }: MediaContent, mime: string): void {
  if (FAMILIES[kind].test(mime)) return
  const wanted = kind === 'sticker' ? 'a WebP picture' : `what WhatsApp shows as ${kind}`
  const message = `The file is not ${wanted}, but ${mime}: convert it, or send it as a document`
  throw new BridgeError('invalid_request', message, { field: '/content/ticket', mime })
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/ogg': 'ogg',
  'audio/mp4': 'm4a',
  'audio/mpeg': 'mp3',
  'audio/x-m4a': 'm4a',
  'image/jpeg': 'jpg',
  'image/svg+xml': 'svg',
  'video/3gpp': '3gp',
  'video/matroska': 'mkv',
  'video/quicktime': 'mov',
  'video/vnd.avi': 'avi',
}

function fileName(kind: string, mime: string): string {
  const subtype = /^\w+\/(?:x-)?(\w{1,8})(?:;|$)/u.exec(mime)?.[1]
  return `${kind}.${EXTENSIONS[mime] ?? subtype ?? 'bin'}`
}

function checkLength(text: string, can: Capabilities): void {
  const limit = can['text']?.limits['text_chars'] ?? LIMITS.text_chars
  if (text.length <= limit) return
  const message = `The text has ${text.length} characters, and ${limit} are possible: shorten it`
  throw new BridgeError('invalid_request', message, { field: '/content/text', limit })
}

function unsupported(kind: string): BridgeError {
  return new BridgeError('unsupported', `This account cannot send a ${kind}`, { kind })
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
