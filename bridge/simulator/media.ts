/** Messages with a file: encrypted as phones do it, and read again. */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'

import { getMediaKeys, normalizeMessageContent, type proto, toNumber } from 'baileys'

import { SimulatorError } from './errors.ts'
import type { MediaServer } from './media-server.ts'

const MAC_BYTES = 10

export const MEDIA_KINDS = ['image', 'video', 'gif', 'audio', 'voice', 'document', 'sticker'] as const
export type MediaKind = (typeof MEDIA_KINDS)[number]

/** What a phone sends. */
export interface MediaToSend {
  kind: MediaKind
  bytes: Uint8Array
  mime?: string
  caption?: string
  fileName?: string
  viewOnce?: boolean
  width?: number
  height?: number
  seconds?: number
  /** What the message claims, where that is not so. */
  claims?: Partial<FileFields> & { fileName?: string; mimetype?: string }
}

/** A file as the message that brings it describes it. */
export interface ReceivedMedia {
  kind: MediaKind
  mime: string
  size: number
  /** Of the file as it was, in hex. */
  sha256: string
  view_once: boolean
  caption?: string
  file_name?: string
  /** Bytes of the thumbnail inside the message. */
  thumbnail?: number
  width?: number
  height?: number
  seconds?: number
  waveform?: string
  animated?: boolean
}

/** Where a file is and how to read it, as messages write it. */
export interface FileFields {
  url: string
  directPath: string
  mediaKey: Uint8Array
  fileSha256: Uint8Array
  fileEncSha256: Uint8Array
  fileLength: number
}

/** The fields of all kinds of messages with a file. */
type AnyMedia = Partial<proto.Message.IImageMessage> &
  Partial<Pick<proto.Message.IVideoMessage, 'seconds' | 'gifPlayback'>> &
  Partial<Pick<proto.Message.IAudioMessage, 'ptt' | 'waveform'>> &
  Partial<Pick<proto.Message.IDocumentMessage, 'fileName'>> &
  Partial<Pick<proto.Message.IStickerMessage, 'isAnimated'>>

const FIELDS = {
  image: 'imageMessage',
  video: 'videoMessage',
  audio: 'audioMessage',
  document: 'documentMessage',
  sticker: 'stickerMessage',
} as const
type Family = keyof typeof FIELDS

const MIMES: Record<MediaKind, string> = {
  image: 'image/jpeg',
  video: 'video/mp4',
  gif: 'video/mp4',
  audio: 'audio/mpeg',
  voice: 'audio/ogg; codecs=opus',
  document: 'application/octet-stream',
  sticker: 'image/webp',
}

/** Encrypts and stores the file, and makes the message that leads to it. */
export async function mediaMessage(server: MediaServer, media: MediaToSend): Promise<proto.IMessage> {
  const { kind, bytes, mime = MIMES[kind], caption, fileName, viewOnce = false, claims } = media
  const family = familyOf(kind)
  const { file, ...fields } = await encrypt(bytes, family)
  const { width, height, seconds } = media
  const content: AnyMedia = {
    ...fields,
    ...server.store(file),
    mimetype: mime,
    mediaKeyTimestamp: Math.floor(Date.now() / 1000),
    ...(caption !== undefined && { caption }),
    ...(fileName !== undefined && { fileName }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(seconds !== undefined && { seconds }),
    ...(kind === 'gif' && { gifPlayback: true }),
    ...(kind === 'voice' && { ptt: true }),
    ...(viewOnce && { viewOnce }),
    ...claims,
  }
  const message: proto.IMessage = { [FIELDS[family]]: content }
  if (viewOnce) return { viewOnceMessageV2: { message } }
  return kind === 'document' && caption !== undefined ? { documentWithCaptionMessage: { message } } : message
}

/** What a message says of its file, if it has one. */
export function readMedia(message: proto.IMessage): ReceivedMedia | undefined {
  const found = find(message)
  if (!found) return undefined
  const { family, content } = found
  const { caption, fileName, jpegThumbnail, width, height, seconds, waveform } = content
  return {
    kind: kindOf(family, content),
    mime: content.mimetype ?? '',
    size: toNumber(content.fileLength),
    sha256: Buffer.from(content.fileSha256 ?? []).toString('hex'),
    view_once: content.viewOnce === true || isViewOnce(message),
    ...(caption && { caption }),
    ...(fileName && { file_name: fileName }),
    ...(jpegThumbnail?.length && { thumbnail: jpegThumbnail.length }),
    ...(width && { width }),
    ...(height && { height }),
    ...(seconds && { seconds }),
    ...(waveform?.length && { waveform: Buffer.from(waveform).toString('base64') }),
    ...(content.isAnimated && { animated: true }),
  }
}

/** The file of a message, decrypted and checked against everything the message says of it. @throws SimulatorError */
export async function fileOf(server: MediaServer, message: proto.IMessage): Promise<Buffer> {
  const found = find(message)
  if (!found) throw new SimulatorError('This message brings no file.')
  const { family, content } = found
  const file = server.file(content.directPath ?? '')
  if (!file) throw new SimulatorError('The file is not on the media server.')
  if (content.url !== `https://${server.host}${content.directPath}`) throw new SimulatorError('The URL is another one.')
  const keys = await getMediaKeys(content.mediaKey, family)
  const encrypted = file.subarray(0, -MAC_BYTES)
  const mac = createHmac('sha256', keys.macKey ?? '')
    .update(keys.iv)
    .update(encrypted)
    .digest()
  if (!mac.subarray(0, MAC_BYTES).equals(file.subarray(-MAC_BYTES))) throw new SimulatorError('The MAC is wrong.')
  const decipher = createDecipheriv('aes-256-cbc', keys.cipherKey, keys.iv)
  const bytes = Buffer.concat([decipher.update(encrypted), decipher.final()])
  const sums = [sha256(bytes), sha256(file)]
  if (![content.fileSha256, content.fileEncSha256].every((said, index) => said && sums[index]?.equals(said)))
    throw new SimulatorError('A hash is wrong.')
  if (toNumber(content.fileLength) !== bytes.length) throw new SimulatorError('The length is wrong.')
  return bytes
}

/** What a message needs to be read again when its file was stored once more. */
export function keyOf(message: proto.IMessage): { mediaKey: Uint8Array; fileEncSha256: Uint8Array } | undefined {
  const { mediaKey, fileEncSha256 } = find(message)?.content ?? {}
  return mediaKey && fileEncSha256 ? { mediaKey, fileEncSha256 } : undefined
}

async function encrypt(
  bytes: Uint8Array,
  family: Family,
): Promise<Omit<FileFields, 'url' | 'directPath'> & { file: Buffer }> {
  const mediaKey = randomBytes(32)
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, family)
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv)
  const encrypted = Buffer.concat([cipher.update(bytes), cipher.final()])
  const mac = createHmac('sha256', macKey ?? '')
    .update(iv)
    .update(encrypted)
    .digest()
    .subarray(0, MAC_BYTES)
  const file = Buffer.concat([encrypted, mac])
  return { file, mediaKey, fileSha256: sha256(bytes), fileEncSha256: sha256(file), fileLength: bytes.length }
}

function find(message: proto.IMessage): { family: Family; content: AnyMedia } | undefined {
  const inner = normalizeMessageContent(message) ?? message
  for (const family of Object.keys(FIELDS) as Family[]) {
    const content = inner[FIELDS[family]]
    if (content) return { family, content }
  }
  return undefined
}

function isViewOnce({ viewOnceMessage, viewOnceMessageV2, viewOnceMessageV2Extension }: proto.IMessage): boolean {
  return Boolean(viewOnceMessage ?? viewOnceMessageV2 ?? viewOnceMessageV2Extension)
}

function familyOf(kind: MediaKind): Family {
  if (kind === 'gif') return 'video'
  return kind === 'voice' ? 'audio' : kind
}

function kindOf(family: Family, { gifPlayback, ptt }: AnyMedia): MediaKind {
  if (family === 'video' && gifPlayback) return 'gif'
  return family === 'audio' && ptt ? 'voice' : family
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
