import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { BinaryNode } from 'baileys'

import type { Faults } from './faults.ts'
import type { Certificate } from './media-certificate.ts'
import { node } from './nodes.ts'

const UPLOAD = /^\/mms\/(?:image|video|audio|document)\/([\w-]{43})$/u
const LARGEST = 512 * 1024 * 1024

/** Where a stored file is. */
export interface Stored {
  url: string
  directPath: string
}

/** WhatsApp's store of encrypted files: HTTPS on loopback. Everything is kept in memory. */
export class MediaServer {
  /** The certificate to trust, as PEM; `NODE_EXTRA_CA_CERTS` takes the file. */
  readonly ca: string
  readonly caFile: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  readonly #auth = randomBytes(16).toString('base64url')
  readonly #faults: Faults
  readonly #https: Server
  readonly #changed: () => void
  /** By path. */
  readonly #files = new Map<string, Buffer>()
  /** What phones have seen, by hash in hex: they could store it again. */
  readonly #seen = new Map<string, Buffer>()
  #downloads = 0

  constructor({ key, cert }: Certificate, faults: Faults, changed: () => void) {
    this.ca = cert
    this.caFile = join(this.#folder, 'ca.pem')
    writeFileSync(this.caFile, cert)
    this.#faults = faults
    this.#changed = changed
    this.#https = createServer({ key, cert }, (request, response) => {
      // Whoever breaks off needs no answer.
      this.#handle(request, response).catch(() => response.destroy())
    })
  }

  async listen(): Promise<void> {
    this.#https.listen(0, '127.0.0.1')
    await once(this.#https, 'listening')
  }

  get host(): string {
    return `127.0.0.1:${(this.#https.address() as AddressInfo).port}`
  }

  /** How many files were asked for. */
  get downloads(): number {
    return this.#downloads
  }

  /** How many files there are. */
  get size(): number {
    return this.#files.size
  }

  /** What a client is told that wants to upload. */
  connection(): BinaryNode {
    const attrs = { auth: this.#auth, ttl: '300', auth_ttl: '600', max_buckets: '12' }
    return node('media_conn', attrs, [node('host', { hostname: this.host }, [])])
  }

  store(file: Buffer): Stored {
    const directPath = `/v/${randomBytes(16).toString('base64url')}.enc`
    this.#files.set(directPath, file)
    this.#seen.set(hashOf(file).toString('hex'), file)
    this.#changed()
    return { url: `https://${this.host}${directPath}`, directPath }
  }

  /** Stores a file once more that a phone has seen; nothing when none has. */
  storeAgain(fileEncSha256: Uint8Array): Stored | undefined {
    const file = this.#seen.get(Buffer.from(fileEncSha256).toString('hex'))
    return file && this.store(file)
  }

  file(directPath: string): Buffer | undefined {
    return this.#files.get(directPath)
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true })
    const closed = once(this.#https, 'close')
    this.#https.close()
    this.#https.closeAllConnections()
    // One that is only just being made is not among them.
    this.#https.on('secureConnection', (socket) => socket.destroy())
    await closed
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://localhost')
    const slow = this.#faults.take('media_slow')
    if (slow) await sleep(slow.ms, undefined, { ref: false })
    if (request.method === 'POST') await this.#upload(request, url, response)
    else this.#download(url.pathname, response)
  }

  async #upload(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    const body = await read(request)
    const refused = this.#faults.take('media_upload')
    if (refused) return end(response, refused.code)
    const hash = UPLOAD.exec(url.pathname)?.[1]
    if (hash === undefined) return end(response, 404)
    if (url.searchParams.get('auth') !== this.#auth) return end(response, 401)
    if (hashOf(body).toString('base64url') !== hash) return end(response, 400)
    const { url: where, directPath } = this.store(body)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ url: where, direct_path: directPath }))
  }

  #download(path: string, response: ServerResponse): void {
    this.#downloads += 1
    this.#changed()
    if (this.#faults.take('media_gone')) this.#files.delete(path)
    const refused = this.#faults.take('media_download')
    if (refused) return end(response, refused.code)
    const file = this.#files.get(path)
    if (!file) return end(response, 410)
    const corrupt = this.#faults.take('media_corrupt')
    response.writeHead(200, { 'content-length': file.length })
    response.end(corrupt ? tampered(file) : file)
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close' })
  response.end('{}')
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST) throw new Error('a file too large for a simulator')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function tampered(file: Buffer): Buffer {
  const copy = Buffer.from(file)
  copy.writeUInt8(copy.readUInt8(0) ^ 0xff, 0)
  return copy
}
