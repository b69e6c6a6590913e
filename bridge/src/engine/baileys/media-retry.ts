import type { Address, MessageRef } from '../engine.ts'
import { EngineError } from '../engine.ts'
import { abortable } from './abort.ts'
import type { Connection } from './connection.ts'
import {
  type BinaryNode,
  decodeMediaRetryNode,
  decryptMediaRetryData,
  encryptMediaRetryRequest,
  proto,
} from './library.ts'

/**
 * Asks the account's phone to store a file once more that WhatsApp has not kept; returns its new direct path. Baileys' own function would
 * wait for ever when the phone does not answer.
 * @throws EngineError `media_unavailable`
 */
export async function askForUpload(
  { socket, signal: over }: Connection,
  { external_id: id, from_me: fromMe, chat, sender }: MessageRef,
  mediaKey: Uint8Array,
  stop: AbortSignal,
): Promise<string> {
  const remoteJid = jidOf(chat)
  const participant = chat.kind === 'group' && !fromMe ? jidOf(sender) : undefined
  const me = socket.authState.creds.me?.id ?? ''
  const { promise, resolve } = Promise.withResolvers<BinaryNode>()
  const event = `CB:notification,id:${id}`
  const listener = (node: BinaryNode): void => {
    if (node.attrs['type'] === 'mediaretry') resolve(node)
  }
  socket.ws.on(event, listener)
  const waiting = AbortSignal.any([over, stop])
  try {
    const key = { id, remoteJid, fromMe, ...(participant !== undefined && { participant }) }
    await abortable(socket.sendNode(encryptMediaRetryRequest(key, mediaKey, me)), waiting)
    return pathIn(await abortable(promise, waiting), mediaKey, id)
  } catch (error) {
    if (error instanceof EngineError) throw error
    throw lost('later')
  } finally {
    socket.ws.off(event, listener)
  }
}

function pathIn(node: BinaryNode, mediaKey: Uint8Array, id: string): string {
  const { media, error } = decodeMediaRetryNode(node)
  if (error || !media) throw lost('never')
  const { result, directPath } = decryptMediaRetryData(media, mediaKey, id)
  if (result !== proto.MediaRetryNotification.ResultType.SUCCESS || !directPath) throw lost('never')
  return directPath
}

function jidOf({ aliases }: Address): string {
  const alias = aliases.find(({ kind }) => kind === 'lid') ?? aliases[0]
  return alias?.value ?? ''
}

function lost(retry: 'never' | 'later'): EngineError {
  const message = 'WhatsApp does not keep this file any more, and the phone has not stored it again'
  return new EngineError('media_unavailable', message, retry)
}
