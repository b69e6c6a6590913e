/** How WhatsApp encrypts files: AES-256-CBC, and ten bytes of an HMAC at the end. Never more than a chunk is in memory. */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'
import { createReadStream } from 'node:fs'

import { EngineError } from '../engine.ts'
import { getMediaKeys, type MediaType } from './library.ts'

const MAC_BYTES = 10
const BLOCK_BYTES = 16

export interface FileKeys {
  iv: Uint8Array
  cipherKey: Uint8Array
  macKey: Uint8Array
}

/** What a message says of its file, for whoever fetches it. */
export interface FileSums {
  fileSha256: Uint8Array
  fileEncSha256: Uint8Array
  fileLength: number
}

export async function fileKeys(mediaKey: Uint8Array, type: MediaType): Promise<FileKeys> {
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, type)
  if (!macKey) throw new Error('a media key without a key for its MAC')
  return { iv, cipherKey, macKey }
}

/** The same bytes each time: once to know their hash, once to send them. */
export async function* encrypted(
  path: string,
  { iv, cipherKey, macKey }: FileKeys,
  signal: AbortSignal,
  plain: (chunk: Buffer) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv)
  const mac = createHmac('sha256', macKey).update(iv)
  for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    plain(chunk)
    const bytes = cipher.update(chunk)
    mac.update(bytes)
    yield bytes
  }
  const last = cipher.final()
  yield Buffer.concat([last, mac.update(last).digest().subarray(0, MAC_BYTES)])
}

/** Encrypts for nobody, to know what the message has to say. */
export async function measure(path: string, keys: FileKeys, signal: AbortSignal): Promise<FileSums> {
  const before = createHash('sha256')
  const after = createHash('sha256')
  let fileLength = 0
  const plain = (chunk: Buffer): void => {
    before.update(chunk)
    fileLength += chunk.length
  }
  for await (const chunk of encrypted(path, keys, signal, plain)) after.update(chunk)
  return { fileSha256: before.digest(), fileEncSha256: after.digest(), fileLength }
}

/** How many bytes `encrypted` yields. */
export function encryptedLength(fileLength: number): number {
  return (Math.floor(fileLength / BLOCK_BYTES) + 1) * BLOCK_BYTES + MAC_BYTES
}

/**
 * The file again. What it yields is only what was sent once it has come to its end.
 * @throws EngineError `media_unavailable` at its end when it is not.
 */
export async function* decrypted(
  source: AsyncIterable<Buffer>,
  { iv, cipherKey, macKey }: FileKeys,
  sums: Partial<FileSums>,
): AsyncGenerator<Buffer> {
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
  const mac = createHmac('sha256', macKey).update(iv)
  const before = createHash('sha256')
  const after = createHash('sha256')
  const take = (bytes: Buffer): Buffer => {
    after.update(bytes)
    return bytes
  }
  // The last ten bytes are not of the file.
  let rest = Buffer.alloc(0)
  for await (const chunk of source) {
    before.update(chunk)
    const bytes = Buffer.concat([rest, chunk])
    const body = bytes.subarray(0, Math.max(0, bytes.length - MAC_BYTES))
    rest = bytes.subarray(body.length)
    mac.update(body)
    const plain = decipher.update(body)
    if (plain.length > 0) yield take(plain)
  }
  if (!mac.digest().subarray(0, MAC_BYTES).equals(rest)) throw tampered()
  check(sums.fileEncSha256, before.digest())
  // With a right MAC it ends in a right padding, unless its own sender was wrong.
  const last = attempt(() => decipher.final())
  if (last.length > 0) yield take(last)
  check(sums.fileSha256, after.digest())
}

function check(said: Uint8Array | undefined, is: Buffer): void {
  if (said?.length && !is.equals(said)) throw tampered()
}

function attempt(work: () => Buffer): Buffer {
  try {
    return work()
  } catch {
    throw tampered()
  }
}

function tampered(): EngineError {
  return new EngineError('media_unavailable', "The file on WhatsApp's servers is not the one that was sent", 'never')
}
