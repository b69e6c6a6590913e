import { randomBytes } from 'node:crypto'

import type { PollContent } from '../../protocol.ts'
import { EngineError, type EngineHost, type OutboundMessage, type Prepared, type Sendable } from '../engine.ts'
import { abortable } from './abort.ts'
import type { Connection } from './connection.ts'
import { answeredCode, noAnswer } from './errors.ts'
import type { Groups } from './groups.ts'
import { type BinaryNode, generateMessageIDV2, proto } from './library.ts'
import { summary } from './logger.ts'
import { pollFormOf } from './content.ts'
import { readyRecipient } from './recipients.ts'

const RESTRICTED = 463

/** @param announcements Whether it goes to the announcements of a community, which have polls of their own kind. */
export function prepare(content: Sendable, me: string | undefined, announcements: boolean): Prepared {
  const body = bodyOf(content, announcements)
  const message = { ...body, messageContextInfo: { messageSecret: randomBytes(32) } }
  return { external_id: generateMessageIDV2(me), payload: proto.Message.encode(message).finish() }
}

function bodyOf(content: Sendable, announcements: boolean): proto.IMessage {
  if (content.kind === 'text') return { extendedTextMessage: { text: content.text } }
  if (content.kind === 'poll') return pollOf(content, announcements)
  throw new EngineError('unsupported', `This bridge cannot send a ${content.kind}`, 'never')
}

function pollOf({ question, options, selectable }: PollContent, announcements: boolean): proto.IMessage {
  const poll = {
    name: question,
    options: options.map((optionName) => ({ optionName })),
    selectableOptionsCount: selectable,
  }
  if (announcements) return { pollCreationMessageV2: poll }
  return selectable === 1 ? { pollCreationMessageV3: poll } : { pollCreationMessage: poll }
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
  await socket.relayMessage(jid, message, { messageId, additionalNodes })
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
