import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'

import { EngineError, type MediaFile, type MessageRef, type OutboundMessage } from '../engine.ts'
import { unwrap } from './content.ts'
import type { Connection } from './connection.ts'
import { noAnswer } from './errors.ts'
import { MEDIA_PATH_MAP, type MediaType, proto } from './library.ts'
import { decrypted, encrypted, encryptedLength, fileKeys, type FileSums, measure } from './media-crypt.ts'
import type { MediaServers } from './media-hosts.ts'
import { get, HttpRefusal, post } from './media-http.ts'
import { askForUpload } from './media-retry.ts'

/** Where a file is and how to read it: the fields that all messages with a file have. */
type FileFields = Pick<
  proto.Message.IImageMessage,
  'url' | 'directPath' | 'mediaKey' | 'fileSha256' | 'fileEncSha256' | 'fileLength' | 'mediaKeyTimestamp'
>

/** Of the fields of a message, with the kind of key that each has. */
const TYPES = {
  imageMessage: 'image',
  videoMessage: 'video',
  ptvMessage: 'ptv',
  audioMessage: 'audio',
  documentMessage: 'document',
  stickerMessage: 'sticker',
} as const satisfies Partial<Record<keyof proto.IMessage, MediaType>>
const GONE = new Set([403, 404, 410])

/** Encrypts a file for the message's receivers, hands it over and returns the payload that leads to it. @throws EngineError */
export async function upload(
  servers: MediaServers,
  connection: Connection,
  { payload }: OutboundMessage,
  { path, size }: MediaFile,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const message = proto.Message.decode(payload)
  const { fields, type } = requireFile(message)
  const mediaKey = randomBytes(32)
  const keys = await fileKeys(mediaKey, type)
  const sums = await measure(path, keys, signal).catch((error: unknown) => {
    throw signal.aborted ? refused(signal.reason) : missing(error)
  })
  if (sums.fileLength !== size) throw unavailable('The file to be sent has changed', 'never')
  const bytes = (): AsyncIterable<Buffer> => encrypted(path, keys, signal)
  const stored = await store(servers, connection, type, sums, bytes, signal).catch((error: unknown) => {
    throw refused(error)
  })
  Object.assign(fields, { ...sums, ...stored, mediaKey, mediaKeyTimestamp: Math.floor(Date.now() / 1000) })
  return proto.Message.encode(message).finish()
}

/** The decrypted bytes of a received message's media. @param restoreMs Until the phone must have stored it again. @throws EngineError */
export async function download(
  servers: MediaServers,
  connection: Connection,
  message: MessageRef,
  restoreMs: number,
  signal: AbortSignal,
): Promise<Readable> {
  const { fields, type } = requireFile(proto.Message.decode(message.raw))
  const { mediaKey, fileSha256, fileEncSha256 } = fields
  if (!mediaKey?.length) throw unavailable('This message brings no key for its file', 'never')
  const keys = await fileKeys(mediaKey, type)
  const source = await fetch(servers, connection, fields, signal).catch(async (error: unknown) => {
    if (!(error instanceof HttpRefusal) || !GONE.has(error.status)) throw refused(error)
    const patience = AbortSignal.any([signal, AbortSignal.timeout(restoreMs)])
    const directPath = await askForUpload(connection, message, mediaKey, patience)
    return fetch(servers, connection, { directPath }, signal).catch((again: unknown) => {
      throw refused(again)
    })
  })
  const sums = { ...(fileSha256 && { fileSha256 }), ...(fileEncSha256 && { fileEncSha256 }) }
  return Readable.from(decrypted(source, keys, sums), { objectMode: false })
}

/** Whatever host a message names, only WhatsApp's own are asked. */
async function fetch(
  servers: MediaServers,
  connection: Connection,
  { url, directPath }: FileFields,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const named = servers.trusted(url ?? '')
  if (!directPath && named) return get(named, signal)
  if (!directPath?.startsWith('/')) throw unavailable('This message does not say where its file is', 'never')
  const host = named?.host ?? (await servers.hosts(connection, signal)).hosts[0]?.name ?? ''
  const address = servers.trusted(`https://${host}${directPath}`)
  if (!address) throw unavailable('This message does not say where its file is', 'never')
  return get(address, signal)
}

async function store(
  servers: MediaServers,
  connection: Connection,
  type: keyof typeof MEDIA_PATH_MAP,
  sums: FileSums,
  bytes: () => AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<Pick<FileFields, 'url' | 'directPath'>> {
  const length = encryptedLength(sums.fileLength)
  const token = Buffer.from(sums.fileEncSha256).toString('base64url')
  let failure: unknown
  for (const renew of [false, true]) {
    const { hosts, auth } = await servers.hosts(connection, signal, renew)
    for (const { name, maxBytes } of hosts) {
      if (length > maxBytes) throw tooLarge(maxBytes)
      const query = new URLSearchParams({ auth, token }).toString()
      const url = new URL(`https://${name}${MEDIA_PATH_MAP[type] ?? ''}/${token}?${query}`)
      try {
        return readStored(await post(url, length, bytes(), signal))
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error
        failure = error
      }
    }
    // Only a door that does not open any more is worth asking for another key.
    if (!(failure instanceof HttpRefusal) || ![401, 403].includes(failure.status)) break
  }
  throw failure
}

function readStored(answer: unknown): Pick<FileFields, 'url' | 'directPath'> {
  const { url, direct_path: directPath } = (answer ?? {}) as Record<string, unknown>
  if (typeof url === 'string' && typeof directPath === 'string') return { url, directPath }
  throw unavailable('WhatsApp took the file but does not say where it is', 'later')
}

/** Another server would say the same. */
function isFinal(error: unknown): boolean {
  return error instanceof HttpRefusal && [400, 413, 415].includes(error.status)
}

function refused(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  if (error instanceof DOMException) return noAnswer()
  if (!(error instanceof HttpRefusal)) return unavailable('The file could not be transferred', 'later')
  const details = { http_status: error.status }
  if (error.status === 413) return tooLarge()
  if (error.status === 429) return new EngineError('rate_limited', 'WhatsApp wants fewer files', 'later', details)
  const retry = isFinal(error) ? 'never' : 'later'
  return new EngineError('media_unavailable', "WhatsApp's media servers refuse the file", retry, details)
}

function tooLarge(limit?: number): EngineError {
  const details = limit === undefined ? {} : { limit }
  return new EngineError('media_too_large', 'The file is larger than WhatsApp takes', 'never', details)
}

function requireFile(message: proto.IMessage): { fields: FileFields; type: (typeof TYPES)[keyof typeof TYPES] } {
  const content = unwrap(message)
  for (const name of Object.keys(TYPES) as (keyof typeof TYPES)[]) {
    const fields = content[name]
    if (fields) return { fields, type: TYPES[name] }
  }
  throw unavailable('This message has no file', 'never')
}

function missing(error: unknown): EngineError {
  const lost = error instanceof Error && 'code' in error && error.code === 'ENOENT'
  if (lost) return unavailable('The file to be sent is not there any more', 'never')
  return new EngineError('internal', 'The file to be sent cannot be read', 'later')
}

function unavailable(message: string, retry: 'never' | 'later'): EngineError {
  return new EngineError('media_unavailable', message, retry)
}
