import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { NotFound, SimulatorError, TimedOut } from './errors.ts'
import type { SimulatedWhatsApp } from './server.ts'
import { VERBS } from './verbs/index.ts'

const PAGE: Readonly<Record<string, { file: string; type: string }>> = {
  '/': { file: 'index.html', type: 'text/html' },
  '/page.css': { file: 'page.css', type: 'text/css' },
  '/page.js': { file: 'page.js', type: 'text/javascript' },
}
// A file of 16 MiB, in base64.
const BODY_LIMIT = 24 * 1024 * 1024
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])
// The page asks the camera, which may be anywhere on this machine, for the code on show.
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src *; base-uri 'none'"

/** The request is refused with this status. */
class HttpError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Drives a simulator over HTTP: the verbs, the page that plays the phones, and its wake-ups. */
export class ControlServer {
  readonly #whatsapp: SimulatedWhatsApp
  readonly #http: Server
  readonly #onError: (error: unknown) => void

  /** Starts one on 127.0.0.1. `onError` is told of faults in the simulator itself. */
  static async start(
    whatsapp: SimulatedWhatsApp,
    { port = 0, onError }: { port?: number; onError: (error: unknown) => void },
  ): Promise<ControlServer> {
    const control = new ControlServer(whatsapp, onError)
    control.#http.listen(port, '127.0.0.1')
    await once(control.#http, 'listening')
    return control
  }

  private constructor(whatsapp: SimulatedWhatsApp, onError: (error: unknown) => void) {
    this.#whatsapp = whatsapp
    this.#onError = onError
    this.#http = createServer((request, response) => {
      void this.#handle(request, response)
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    const closed = once(this.#http, 'close')
    this.#http.close()
    this.#http.closeAllConnections()
    await closed
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      requireLoopback(request)
      const path = new URL(request.url ?? '/', 'http://localhost').pathname
      const part = Object.hasOwn(PAGE, path) ? PAGE[path] : undefined
      if (request.method === 'GET' && part) await sendPart(response, part)
      else if (request.method === 'GET' && path === '/events') this.#events(response)
      else if (request.method === 'POST') reply(response, 200, await this.#run(path.slice(1), request, response))
      else throw new HttpError(405, 'Verbs are called with POST.')
    } catch (error) {
      const status = statusOf(error)
      if (status === 500) this.#onError(error)
      reply(response, status, { error: status === 500 ? 'The simulator failed.' : (error as Error).message })
    }
  }

  async #run(name: string, request: IncomingMessage, response: ServerResponse): Promise<object> {
    const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
    if (!verb) throw new HttpError(404, `There is no verb "${name}".`)
    const args = parse(await readBody(request))
    const hungUp = new AbortController()
    response.on('close', () => hungUp.abort())
    return verb(this.#whatsapp, args, hungUp.signal)
  }

  /** One event a change, so that the page need not ask again and again. */
  #events(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    let scheduled: NodeJS.Timeout | undefined
    const tell = () => {
      scheduled = undefined
      response.write('data: changed\n\n')
    }
    const unsubscribe = this.#whatsapp.activity.subscribe(() => {
      scheduled ??= setTimeout(tell, 100)
    })
    response.on('close', () => {
      clearTimeout(scheduled)
      unsubscribe()
    })
    tell()
  }
}

/** A page from elsewhere must not drive the simulator, not even by a name that it made point here. */
function requireLoopback({ headers }: IncomingMessage): void {
  const hosts = [`http://${headers.host ?? ''}`, ...(headers.origin === undefined ? [] : [headers.origin])]
  const isHere = hosts.every((url) => URL.canParse(url) && LOOPBACK.has(new URL(url).hostname))
  if (!isHere) throw new HttpError(403, 'The simulator answers this machine only.')
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_LIMIT) throw new HttpError(413, 'The arguments are too long.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parse(body: string): unknown {
  if (body.trim() === '') return {}
  try {
    return JSON.parse(body)
  } catch {
    throw new HttpError(400, 'The arguments are not JSON.')
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status
  if (error instanceof NotFound) return 404
  if (error instanceof TimedOut) return 408
  return error instanceof SimulatorError ? 400 : 500
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

async function sendPart(response: ServerResponse, { file, type }: { file: string; type: string }): Promise<void> {
  const content = await readFile(new URL(`page/${file}`, import.meta.url))
  response.writeHead(200, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': PAGE_POLICY,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
  response.end(content)
}
