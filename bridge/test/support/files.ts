/** Files as phones and cameras make them, as far as their first bytes tell. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request, type RequestOptions } from 'node:http'
import { buffer } from 'node:stream/consumers'

import type { MediaKind } from '../../simulator/media.ts'

const MP4 = Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom')
const BEGINNINGS: Record<MediaKind, Buffer> = {
  image: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]),
  video: MP4,
  gif: MP4,
  audio: Buffer.from([0xff, 0xfb, 0x90, 0x64]),
  voice: Buffer.concat([Buffer.from('OggS'), Buffer.alloc(24), Buffer.from('OpusHead')]),
  document: Buffer.from('%PDF-1.7\n'),
  sticker: Buffer.from('RIFF\x20\0\0\0WEBPVP8 '),
}
export const MIMES: Record<MediaKind, string> = {
  image: 'image/jpeg',
  video: 'video/mp4',
  gif: 'video/mp4',
  audio: 'audio/mpeg',
  voice: 'audio/ogg',
  document: 'application/pdf',
  sticker: 'image/webp',
}

export function sample(kind: MediaKind, size = 10_000): Buffer {
  return Buffer.concat([BEGINNINGS[kind], randomBytes(size)]).subarray(0, Math.max(size, BEGINNINGS[kind].length))
}

export interface Reply {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

export async function put(port: number, ticket: string, bytes: Uint8Array, options?: RequestOptions): Promise<Reply> {
  return exchange(port, `/media/${ticket}`, { method: 'PUT', ...options }, bytes)
}

export async function get(port: number, ticket: string, options?: RequestOptions): Promise<Reply> {
  return exchange(port, `/media/${ticket}`, { ...options })
}

/** One request; `path` goes over the wire as it is. */
export async function exchange(
  port: number,
  path: string,
  options: RequestOptions,
  bytes?: Uint8Array,
): Promise<Reply> {
  const call = request({ host: '127.0.0.1', port, path, agent: false, ...options })
  call.end(bytes)
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  // Whoever is refused may be cut off while still writing.
  call.on('error', () => undefined)
  return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) }
}
