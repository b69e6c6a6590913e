import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import { isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'

import { type WebSocket, WebSocketServer } from 'ws'

import { asBridgeError } from '../errors.ts'
import { type ErrorCode, LIMITS } from '../protocol.ts'
import { type ServerContext, type Timing, TIMING } from './context.ts'
import { bearer, Guard } from './guard.ts'
import { healthRoute } from './health.ts'
import { mediaRoutes } from './media.ts'
import { metricsRoute } from './metrics.ts'
import { reply, type Route } from './route.ts'
import { Session } from './session.ts'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])
const GOING_AWAY = 1001
const SERVICE_RESTART = 1012
/** What a client gets to say goodbye, in milliseconds. */
const GOODBYE = 500
const MAX_CONNECTIONS = 512
/** How many websockets may be there that have not authenticated: one more, and the oldest of them goes. */
const MAX_STRANGERS = 64
const MAX_HEADER_BYTES = 8192

const STATUS: Partial<Record<ErrorCode, number>> = {
  invalid_request: 400,
  unauthorized: 401,
  media_unavailable: 404,
  media_too_large: 413,
  rate_limited: 429,
  storage_full: 507,
  storage_read_only: 507,
}

interface Parts extends Pick<ServerContext, 'accounts' | 'version' | 'log'> {
  token: string
  timing?: Partial<Timing>
}

/** The bridge's one port: `/ws` for clients, and the routes. Nothing else answers. */
export class Server {
  readonly #context: ServerContext
  readonly #http: HttpServer
  readonly #routes: readonly Route[]
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: LIMITS.frame_bytes, perMessageDeflate: false })
  /** In the order in which they came. */
  readonly #sessions = new Set<Session>()
  #host = ''

  constructor({ token, timing, ...parts }: Parts) {
    const clients = (): number => [...this.#sessions].filter((session) => session.isAuthenticated).length
    this.#context = { ...parts, guard: new Guard(token), clients, timing: { ...TIMING, ...timing } }
    this.#routes = [healthRoute(this.#context), metricsRoute(this.#context), ...mediaRoutes(parts.accounts)]
    this.#http = makeServer(this.#context.timing)
    this.#http.on('request', (request, response) => void this.#answer(request, response))
    parts.accounts.watch(() => this.#reset())
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Resolves with the port, once it listens. */
  async listen(host: string, port: number): Promise<number> {
    this.#host = isIPv6(host) ? `[${host}]` : host
    this.#http.listen(port, host)
    await once(this.#http, 'listening')
    if (!LOOPBACK.has(this.#host)) {
      this.#context.log.warn('the bridge listens beyond this machine: whoever reads its traffic can use the token')
    }
    const address = this.#http.address()
    return typeof address === 'object' && address ? address.port : port
  }

  /** What clients know of the accounts is not true any more: they come back and listen again. */
  #reset(): void {
    // The command that found it out is answered first.
    setImmediate(() => {
      for (const session of this.#sessions) if (session.isAuthenticated) session.close(SERVICE_RESTART, 'start over')
    })
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.close(GOING_AWAY, 'the bridge stops')
    this.#http.close()
    this.#http.closeIdleConnections()
    const late = setTimeout(() => {
      for (const socket of this.#sockets.clients) socket.terminate()
      this.#http.closeAllConnections()
    }, GOODBYE)
    await Promise.all([...this.#sockets.clients].map(async (socket) => once(socket, 'close')))
    clearTimeout(late)
    this.#http.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#refusal(request)
    if (refusal !== undefined) return reply(response, refusal)
    for (const route of this.#routes) {
      const path = route.path.exec(request.url ?? '')
      if (!path || route.method !== request.method) continue
      try {
        if (route.access === 'token') this.#checkToken(request)
        return await route.answer(request, response, path)
      } catch (error) {
        return this.#fail(response, error)
      }
    }
    reply(response, 404)
  }

  #checkToken({ headers, socket }: IncomingMessage): void {
    this.#context.guard.admit(bearer(headers.authorization), socket.remoteAddress)
  }

  #fail(response: ServerResponse, error: unknown): void {
    const known = asBridgeError(error)
    if (!known) this.#context.log.error({ err: error }, 'an answer failed')
    if (response.headersSent) return void response.destroy()
    const { retry_after } = known?.details ?? {}
    const headers = typeof retry_after === 'number' ? { 'retry-after': String(retry_after) } : {}
    const status = (known && STATUS[known.code]) ?? 500
    reply(
      response,
      status,
      { error: STATUS_CODES[status] },
      status === 401 ? { 'www-authenticate': 'Bearer' } : headers,
    )
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Before there is a session, whoever connects may break off at any time.
    socket.on('error', () => socket.destroy())
    const status = this.#refusal(request) ?? (request.url === '/ws' ? undefined : 404)
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    const { remoteAddress } = request.socket
    this.#sockets.handleUpgrade(request, socket, head, (client) => this.#open(client, remoteAddress))
  }

  #open(client: WebSocket, address: string | undefined): void {
    const strangers = [...this.#sessions].filter((session) => !session.isAuthenticated)
    if (strangers.length >= MAX_STRANGERS) strangers[0]?.drop()
    const session = new Session(client, address, this.#context)
    this.#sessions.add(session)
    client.on('close', () => this.#sessions.delete(session))
  }

  /**
   * Browsers have no business here: a page on any site could reach this port through one. They send an Origin with every
   * websocket, and a Host that is not ours when a foreign name was made to lead here.
   */
  #refusal({ headers }: IncomingMessage): number | undefined {
    if (headers.origin !== undefined) return 403
    const host = headers.host?.replace(/:\d+$/u, '').toLowerCase()
    if (host === undefined || host === '') return 400
    return LOOPBACK.has(this.#host) && !LOOPBACK.has(host) ? 403 : undefined
  }
}

/** Whoever sends slowly, or nothing, is hung up on. */
function makeServer({ headers, request }: Timing): HttpServer {
  const server = createServer({
    headersTimeout: headers,
    requestTimeout: request,
    keepAliveTimeout: headers,
    connectionsCheckingInterval: headers,
    maxHeaderSize: MAX_HEADER_BYTES,
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}
