/** Files to and from WhatsApp's servers over HTTPS. Redirects are not followed. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { EngineError } from '../engine.ts'
import { noAnswer } from './errors.ts'
import { DEFAULT_ORIGIN } from './library.ts'

/** How long nothing may come or go. */
const STALL_MS = 30_000
const MAX_ANSWER_BYTES = 65_536
const HOST = /^(?:[a-z0-9-]+\.)+whatsapp\.net$/u

/** The server answered with another status than 200. */
export class HttpRefusal extends Error {
  readonly status: number
  constructor(status: number) {
    super(`The media server answered with HTTP ${status}`)
    this.name = 'HttpRefusal'
    this.status = status
  }
}

/** An address within WhatsApp's own hosts, `simulated` among them when there is one; `undefined` for any other: strangers write them. */
export function trusted(address: string, simulated: string | undefined): URL | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') return undefined
  if (simulated !== undefined) return url.hostname === simulated ? url : undefined
  return HOST.test(url.hostname) && url.port === '' ? url : undefined
}

/** @throws HttpRefusal, EngineError */
export async function get(url: URL, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
  const call = start(url, 'GET', {}, signal)
  call.end()
  return body(await answer(call, signal), signal)
}

/** Sends `length` bytes; resolves with what the server says to that. @throws HttpRefusal, EngineError */
export async function post(
  url: URL,
  length: number,
  bytes: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<unknown> {
  const headers = { 'content-length': length, 'content-type': 'application/octet-stream' }
  const call = start(url, 'POST', headers, signal)
  const answered = answer(call, signal)
  const sent = pipeline(Readable.from(bytes, { objectMode: false }), call, { signal })
  // A server that refuses does not read to the end: its answer is what counts.
  const failed = sent.then(
    () => answered,
    (error: unknown) => {
      throw lost(error, signal)
    },
  )
  const text = await readText(body(await Promise.race([answered, failed]), signal))
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function start(url: URL, method: string, headers: Record<string, string | number>, signal: AbortSignal): ClientRequest {
  const call = request(url, { method, signal, headers: { ...headers, origin: DEFAULT_ORIGIN } })
  return call.setTimeout(STALL_MS, () => call.destroy(noAnswer()))
}

async function answer(call: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  call.on('response', resolve)
  call.on('error', reject)
  const response = await promise.catch((error: unknown) => {
    throw lost(error, signal)
  })
  if (response.statusCode === 200) return response
  response.on('error', () => undefined)
  call.destroy()
  throw new HttpRefusal(response.statusCode ?? 0)
}

async function* body(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>
  } catch (error) {
    throw lost(error, signal)
  }
}

async function readText(bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) return ''
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Whoever gave up says why; all else is the network. */
function lost(error: unknown, signal: AbortSignal): Error {
  if (error instanceof EngineError) return error
  if (!signal.aborted) return new EngineError('not_connected', "WhatsApp's media servers cannot be reached", 'later')
  return signal.reason instanceof EngineError ? signal.reason : noAnswer()
}
