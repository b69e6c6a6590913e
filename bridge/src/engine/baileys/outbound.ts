import { randomBytes } from 'node:crypto'

import {
  EngineError,
  type EngineHost,
  type OutboundMessage,
  type Prepared,
  type Sendable,
  type SendContext,
} from '../engine.ts'
import { abortable } from './abort.ts'
import type { Connection } from './connection.ts'
import { answeredCode, noAnswer } from './errors.ts'
import type { Groups } from './groups.ts'
import { type BinaryNode, generateMessageIDV2, proto } from './library.ts'
import { summary } from './logger.ts'
import { pollFormOf } from './content.ts'
import type { Chat } from './outbound-chat.ts'
import { messageOf } from './outbound-content.ts'
import { readyRecipient } from './recipients.ts'

const RESTRICTED = 463
const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type

/** @throws EngineError `invalid_request` */
export function prepare(content: Sendable, context: SendContext, chat: Chat, me: string | undefined): Prepared {
  const { messageContextInfo, ...body } = messageOf(content, context, chat)
  // What is added later, a vote for one, is encrypted with it; reactions carry none.
  const secret = content.kind === 'reaction' ? {} : { messageSecret: randomBytes(32) }
  const message = { ...body, messageContextInfo: { ...messageContextInfo, ...secret } }
  return { external_id: generateMessageIDV2(me), payload: proto.Message.encode(message).finish() }
}

interface SendParts {
  connection: Connection
  host: EngineHost
  groups: Groups
  ackMs: number
}

/** Sends it and waits for the server's confirmation, of which Baileys does not tell. @throws EngineError */
export async function send(
  parts: SendParts,
  { to, external_id, payload }: OutboundMessage,
  stop: AbortSignal,
): Promise<{ accepted_at: number }> {
  const { connection, host, groups, ackMs } = parts
  const signal = AbortSignal.any([stop, connection.signal])
  const confirmation = listenForAck(connection, external_id)
  try {
    const jid = await abortable(readyRecipient(connection, to, host, groups), signal)
    signal.throwIfAborted()
    await abortable(relay(connection, jid, external_id, proto.Message.decode(payload)), signal)
    const ack = await abortable(confirmation.ack, AbortSignal.any([signal, AbortSignal.timeout(ackMs)]))
    if (ack.attrs['error']) throw refusal(Number(ack.attrs['error']))
    return { accepted_at: Number(ack.attrs['t']) || Math.floor(Date.now() / 1000) }
  } catch (error) {
    throw asEngineError(error, host)
  } finally {
    confirmation.forget()
  }
}

async function relay({ socket }: Connection, jid: string, messageId: string, message: proto.Message): Promise<void> {
  const poll = pollFormOf(message)
  const additionalNodes: BinaryNode[] = poll ? [{ tag: 'meta', attrs: { polltype: 'creation' } }] : []
  const edit = editOf(message)
  const additionalAttributes = edit === undefined ? {} : { edit }
  await socket.relayMessage(jid, message, { messageId, additionalNodes, additionalAttributes })
}

/** What the stanza says, outside the encryption, of a message that changes another one. */
function editOf({ protocolMessage, pinInChatMessage }: proto.Message): string | undefined {
  if (pinInChatMessage) return '2'
  if (protocolMessage?.type === MESSAGE_EDIT) return '1'
  if (protocolMessage?.type !== REVOKE) return undefined
  return protocolMessage.key?.fromMe ? '7' : '8'
}

function listenForAck({ socket }: Connection, id: string): { ack: Promise<BinaryNode>; forget: () => void } {
  const { promise, resolve } = Promise.withResolvers<BinaryNode>()
  const event = `CB:ack,id:${id}`
  const listener = (node: BinaryNode) => {
    if (node.attrs['class'] === 'message') resolve(node)
  }
  socket.ws.on(event, listener)
  return { ack: promise, forget: () => socket.ws.off(event, listener) }
}

function refusal(code: number): EngineError {
  const details = { whatsapp_code: code }
  if (code === RESTRICTED) {
    return new EngineError('restricted', 'WhatsApp does not let this account start chats for now', 'never', details)
  }
  if (code === 429) return new EngineError('rate_limited', 'WhatsApp wants fewer messages', 'later', details)
  const retry = code >= 500 ? 'later' : 'never'
  return new EngineError('rejected', 'WhatsApp refused the message', retry, details)
}

function asEngineError(error: unknown, host: EngineHost): EngineError {
  if (error instanceof EngineError) return error
  if (error instanceof DOMException) return noAnswer()
  if (answeredCode(error) === 429) return refusal(429)
  host.log.warn({ error: summary(error) }, 'Sending failed')
  // Baileys' words: there is no device that it has keys for, since it asks for them and goes on without an answer.
  if (error instanceof Error && error.message === 'All encryptions failed') return noAnswer()
  return new EngineError('internal', 'The message could not be sent', 'later')
}
