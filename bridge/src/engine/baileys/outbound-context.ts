/** What goes along with the words of a message. */
import { type Address, EngineError, type MessageRef, type SendContext } from '../engine.ts'
import { isViewOnce, partOf } from './content.ts'
import { jidDecode, proto } from './library.ts'
import type { Chat } from './outbound-chat.ts'

const MENTION = /@\+?(\d{5,20})(?!\d)/gu

/** A text in which mentioned people are named as the chat names them: by that their phones know them. */
export function nameMentioned(text: string, mentions: readonly Address[], chat: Chat): string {
  const users = new Map<string, string>()
  for (const person of mentions) {
    const user = userOf(chat.jidOf(person))
    for (const { value } of chat.aliasesOf(person)) users.set(userOf(value), user)
  }
  return text.replaceAll(MENTION, (whole, digits: string) => (users.has(digits) ? `@${users.get(digits)}` : whole))
}

function userOf(jid: string): string {
  return jidDecode(jid)?.user ?? ''
}

export function mentionsOf(mentions: readonly Address[], chat: Chat): proto.IContextInfo {
  return mentions.length > 0 ? { mentionedJid: [...new Set(mentions.map((person) => chat.jidOf(person)))] } : {}
}

/** @throws EngineError `invalid_request` when what it answers cannot be answered. */
export function contextOf({ quote, mentions, expiration }: SendContext, chat: Chat): proto.IContextInfo {
  const seconds = expiration ?? chat.expiration
  return {
    ...(quote && quoteOf(quote, chat)),
    ...mentionsOf(mentions, chat),
    ...(seconds > 0 && { expiration: seconds }),
  }
}

function quoteOf(quoted: MessageRef, chat: Chat): proto.IContextInfo {
  const { external_id, sender, chat: where } = quoted
  const message = proto.Message.decode(quoted.raw)
  const part = partNow(quoted)
  if (!part) throw new EngineError('invalid_request', 'This message cannot be answered', 'never')
  const [name, value] = part
  const quotedMessage: proto.IMessage = { [name]: isViewOnce(message) ? { viewOnce: true } : withoutContext(value) }
  const remoteJid = chat.is(where) ? {} : { remoteJid: chat.jidOf(where) }
  return { stanzaId: external_id, participant: chat.jidOf(sender), quotedMessage, ...remoteJid }
}

/** What a message says now, and the name of its kind. */
export function partNow({ raw, edited }: MessageRef): [name: string, value: unknown] | undefined {
  const part = partOf(proto.Message.decode(raw))
  if (!part || edited === undefined) return part
  const [name, value] = part
  if (typeof value !== 'object') return [name, edited ?? '']
  return [name, { ...value, [name === 'extendedTextMessage' ? 'text' : 'caption']: edited ?? '' }]
}

/** What a message says, without what it was itself an answer to. */
export function withoutContext(value: unknown): unknown {
  if (typeof value !== 'object' || !value) return value
  const { contextInfo: _, ...rest } = value as { contextInfo?: unknown }
  return rest
}
