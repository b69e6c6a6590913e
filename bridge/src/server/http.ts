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

import { LIMITS } from '../protocol.ts'
import { type ServerContext, Session, type Timing } from './session.ts'

const TIMING: Timing = { auth: 5000, refusal: 1000, ping: 30_000, stall: 30_000 }
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])
const GOING_AWAY = 1001
/** What a client gets to say goodbye, in milliseconds. */
const GOODBYE = 500

/** The bridge's one port: `/health` for whoever watches it, `/ws` for clients. Nothing else answers. */
export class Server {
  readonly #context: ServerContext
  readonly #http: HttpServer
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: LIMITS.frame_bytes, perMessageDeflate: false })
  readonly #sessions = new Set<Session>()
  #host = ''

  constructor(parts: Pick<ServerContext, 'accounts' | 'token' | 'version' | 'log'> & { timing?: Partial<Timing> }) {
    const clients = (): number => [...this.#sessions].filter((session) => session.isAuthenticated).length
    this.#context = { ...parts, clients, timing: { ...TIMING, ...parts.timing } }
    this.#http = createServer((request, response) => this.#answer(request, response))
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Resolves with the port, once it listens. */
  async listen(host: string, port: number): Promise<number> {
    this.#host = host
    this.#http.listen(port, host)
    await once(this.#http, 'listening')
    const address = this.#http.address()
    return typeof address === 'object' && address ? address.port : port
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.close(GOING_AWAY, 'the bridge stops')
    this.#http.close()
    this.#http.closeIdleConnections()
    const late = setTimeout(() => {
      for (const socket of this.#sockets.clients) socket.terminate()
    }, GOODBYE)
    await Promise.all([...this.#sockets.clients].map(async (socket) => once(socket, 'close')))
    clearTimeout(late)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const status = this.#refusal(request) ?? (request.url === '/health' && request.method === 'GET' ? 200 : 404)
    const body = status === 200 ? { status: 'ok', version: this.#context.version } : { error: STATUS_CODES[status] }
    response.writeHead(status, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' })
    response.end(JSON.stringify(body))
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Before there is a session, whoever connects may break off at any time.
    socket.on('error', () => socket.destroy())
    const status = this.#refusal(request) ?? (request.url === '/ws' ? undefined : 404)
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => this.#open(client))
  }

  #open(client: WebSocket): void {
    const session = new Session(client, this.#context)
    this.#sessions.add(session)
    client.on('close', () => this.#sessions.delete(session))
  }

  /**
   * Browsers have no business here: a page on any site could reach this port through one. They send an Origin with every
   * websocket, and a Host that is not ours when a foreign name was made to lead here.
   */
  #refusal(request: IncomingMessage): number | undefined {
    if (request.headers.origin !== undefined) return 403
    const host = request.headers.host?.replace(/:\d+$/u, '').toLowerCase()
    if (host === undefined || host === '') return 400
    const own = isIPv6(this.#host) ? `[${this.#host}]` : this.#host
    return LOOPBACK.has(own) && !LOOPBACK.has(host) ? 403 : undefined
  }
}
