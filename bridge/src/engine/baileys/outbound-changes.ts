/** Messages about other messages. */
import type { DeleteContent, EditContent, PinContent, ReactionContent, UnpinContent } from '../../protocol.ts'
import { EngineError, type MessageRef, type SendContext } from '../engine.ts'
import { contextIn, isViewOnce, unwrap } from './content.ts'
import { proto } from './library.ts'
import type { Chat } from './outbound-chat.ts'
import { contextOf, mentionsOf, nameMentioned, partNow, withoutContext } from './outbound-context.ts'

const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type
const { PIN_FOR_ALL, UNPIN_FOR_ALL } = proto.Message.PinInChatMessage.Type
const DAY = 86_400
/** A plain text has no room for a context, and a place that goes on moving does so in one chat only. */
const FORWARDED_AS = new Map([
  ['conversation', 'extendedTextMessage'],
  ['liveLocationMessage', 'locationMessage'],
])
const PINNED = { '1d': DAY, '7d': 7 * DAY, '30d': 30 * DAY }

type Change = ReactionContent | EditContent | DeleteContent | PinContent | UnpinContent

/** @throws EngineError `invalid_request` */
export function changeOf(content: Change, context: SendContext, chat: Chat): proto.IMessage {
  const target = targetOf(context)
  if (!chat.is(target.chat)) throw invalid('This message is in another chat')
  const key = keyOf(target, chat)
  switch (content.kind) {
    case 'reaction':
      return { reactionMessage: { key, text: content.emoji, senderTimestampMs: Date.now() } }
    case 'edit':
      return editOf(content.text, key, target, context, chat)
    case 'delete':
      checkDeletable(target, chat)
      return { protocolMessage: { key, type: REVOKE } }
    case 'pin':
      return pinOf(key, PINNED[content.duration])
    default:
      return pinOf(key, 0)
  }
}

/** The message once more, as it stands, but for what it answered. @throws EngineError `invalid_request` */
export function forwardOf(context: SendContext, chat: Chat): proto.IMessage {
  const target = targetOf(context)
  const message = proto.Message.decode(target.raw)
  const part = partNow(target)
  if (!part) throw invalid('This message cannot be forwarded')
  if (isViewOnce(message)) throw invalid('A message that may be viewed once cannot be forwarded')
  const [name, value] = part
  const forwardingScore = Math.min((contextIn(value)?.forwardingScore ?? 0) + 1, 127)
  const contextInfo = { ...contextOf({ ...context, mentions: [] }, chat), isForwarded: true, forwardingScore }
  const said = typeof value === 'string' ? { text: value } : (withoutContext(value) as object)
  return { [FORWARDED_AS.get(name) ?? name]: { ...said, contextInfo } }
}

function targetOf({ target }: SendContext): MessageRef {
  if (!target) throw invalid('The message that this is about is missing')
  return target
}

/** How this account names a message of the chat. */
function keyOf({ external_id, from_me, sender }: MessageRef, chat: Chat): proto.IMessageKey {
  const participant = chat.isGroup && !from_me ? { participant: chat.jidOf(sender) } : {}
  return { remoteJid: chat.jid, fromMe: from_me, id: external_id, ...participant }
}

function editOf(
  text: string,
  key: proto.IMessageKey,
  { from_me, raw }: MessageRef,
  { mentions }: SendContext,
  chat: Chat,
): proto.IMessage {
  if (!from_me) throw invalid('Only messages of this account can be edited')
  const named = nameMentioned(text, mentions, chat)
  const contextInfo = mentionsOf(mentions, chat)
  const original = unwrap(proto.Message.decode(raw))
  const captioned = (['imageMessage', 'videoMessage', 'documentMessage'] as const).find((name) => original[name])
  if (!captioned && !original.conversation && !original.extendedTextMessage) {
    throw invalid('This message has no text that could be edited')
  }
  const editedMessage: proto.IMessage = captioned
    ? { [captioned]: { caption: named, contextInfo } }
    : { extendedTextMessage: { text: named, contextInfo } }
  return { protocolMessage: { key, type: MESSAGE_EDIT, editedMessage, timestampMs: Date.now() } }
}

function checkDeletable({ from_me }: MessageRef, chat: Chat): void {
  if (from_me) return
  if (!chat.isGroup) throw invalid("Somebody else's message can be deleted in groups only")
  if (chat.isAdmin === false) throw invalid("Only an admin of the group can delete somebody else's message")
}

function pinOf(key: proto.IMessageKey, seconds: number): proto.IMessage {
  return {
    pinInChatMessage: { key, type: seconds > 0 ? PIN_FOR_ALL : UNPIN_FOR_ALL, senderTimestampMs: Date.now() },
    messageContextInfo: { messageAddOnDurationInSecs: seconds },
  }
}

function invalid(message: string): EngineError {
  return new EngineError('invalid_request', message, 'never')
}
