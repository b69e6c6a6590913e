/** What is done on WhatsApp besides sending messages. */
import { Readable } from 'node:stream'

import { type Address, EngineError, type EngineHost, type MessageRef } from '../engine.ts'
import { inTime } from './ask.ts'
import type { Connection } from './connection.ts'
import { answeredCode } from './errors.ts'
import type { Groups } from './groups.ts'
import { jidOf } from './jids.ts'
import { WAMessageAddressingMode } from './library.ts'
import type { MediaServers } from './media-hosts.ts'
import { get, HttpRefusal } from './media-http.ts'

export interface ActionParts {
  connection: Connection
  host: EngineHost
  /** How long WhatsApp may take for an answer, in ms; shorter than Baileys waits. */
  answerMs: number
}

/** There is none, or this account may not see it. */
const NO_PICTURE = new Set([401, 403, 404])

/** @throws EngineError `timeout`, `not_connected`, `media_unavailable` */
export async function picture(
  { connection, host, answerMs }: ActionParts,
  servers: MediaServers,
  whom: Address,
  stop: AbortSignal,
): Promise<Readable | null> {
  // Baileys takes no answer for no picture, but later.
  const signal = AbortSignal.any([connection.signal, stop, AbortSignal.timeout(answerMs)])
  try {
    const question = connection.socket.profilePictureUrl(jidOf(whom, host), 'image')
    const address = await inTime(question, signal)
    if (!address) return null
    const url = servers.trusted(address)
    if (!url) throw new EngineError('media_unavailable', "This picture is not on WhatsApp's servers", 'never')
    return Readable.from(await get(url, AbortSignal.any([connection.signal, stop])), { objectMode: false })
  } catch (error) {
    const code = error instanceof HttpRefusal ? error.status : answeredCode(error)
    if (code !== undefined && NO_PICTURE.has(code)) return null
    if (error instanceof EngineError || code === undefined) throw error
    throw new EngineError('media_unavailable', 'WhatsApp does not give this picture', 'later', { whatsapp_code: code })
  }
}

/** The own phone hears of it in any case, the writers where the account's privacy settings allow it. @throws EngineError */
export async function markRead(
  { connection, host, answerMs }: ActionParts,
  groups: Groups,
  messages: readonly MessageRef[],
  stop: AbortSignal,
): Promise<void> {
  const keys = messages.map(({ chat, sender, external_id }) => {
    const remoteJid = jidOf(chat, host)
    if (chat.kind !== 'group') return { remoteJid, id: external_id, fromMe: false }
    const byLid = groups.cached(remoteJid)?.addressingMode !== WAMessageAddressingMode.PN
    const participant = jidOf(sender, host, byLid ? ['lid', 'phone'] : ['phone', 'lid'])
    return { remoteJid, id: external_id, fromMe: false, participant }
  })
  // Without an answer about the privacy settings Baileys fails in its own way.
  const signal = AbortSignal.any([connection.signal, stop, AbortSignal.timeout(answerMs)])
  await inTime(connection.socket.readMessages(keys), signal)
}
