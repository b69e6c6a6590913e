import type { WebSocket } from 'ws'

import type { Logger } from '../../log.ts'
import type { Presence } from '../../protocol.ts'
import { notConnected, UpgradeRefused } from './errors.ts'
import {
  type BaileysEventMap,
  type BinaryNode,
  makeWASocket,
  type UserFacingSocketConfig,
  type WASocket,
} from './library.ts'
import { summary } from './logger.ts'
import { isUnencrypted } from './stanzas.ts'

/** How long the other side may take to say goodbye. */
const GOODBYE_MS = 500

/** One socket from connecting to closed. Whoever wants to hear of it attaches in the tick that made it. */
export class Connection {
  readonly socket: WASocket
  /** Resolves with the reason as soon as it is over; nothing is heard afterwards. */
  readonly closed: Promise<Error | undefined>
  readonly #close: (reason: Error | undefined) => void
  readonly #down: Promise<void>
  readonly #log: Logger
  readonly #over = new AbortController()
  readonly #watchdog: NodeJS.Timeout
  #open = false
  #showing = false

  /** @param connectMs From here to logged in, or to the first code. */
  constructor(config: UserFacingSocketConfig, connectMs: number, log: Logger) {
    this.#log = log
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()
    this.closed = promise
    this.#close = resolve
    this.socket = makeWASocket(config)
    this.#down = boundGoodbye(this.socket)
    this.#watchdog = setTimeout(() => void this.end(new Error('Connecting took too long')), connectMs)
    this.#contain()
    letMessagesThrough(this.socket)
    keepQuiet(this.socket, () => this.#showing)
    this.before('CB:message', dropUnencrypted)
    // Baileys hears of a refused upgrade, but does nothing about it: it would wait for ever.
    this.socket.ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) => {
      void this.end(new UpgradeRefused(response.statusCode ?? 0))
    })
    this.on('connection.update', ({ connection, qr, lastDisconnect }) => {
      if (connection === 'open' || qr) clearTimeout(this.#watchdog)
      if (connection === 'open') this.#open = true
      if (connection === 'close') this.#finish(lastDisconnect?.error)
    })
  }

  /** Logged in and not over. */
  get isOpen(): boolean {
    return this.#open && !this.#over.signal.aborted
  }

  /** Aborted with an `EngineError` when it is over. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  on<E extends keyof BaileysEventMap>(event: E, listener: (data: BaileysEventMap[E]) => void): void {
    this.socket.ev.on(event, (data) => this.#hear(() => listener(data)))
  }

  /** Hears a stanza after Baileys has begun with it. `name` as Baileys names them: `CB:tag,attribute:value`. */
  onStanza(name: string, listener: (node: BinaryNode) => void): void {
    this.socket.ws.on(name, (node: BinaryNode) => this.#hear(() => listener(node)))
  }

  /** Hears a stanza before Baileys does. */
  before(name: string, listener: (node: BinaryNode) => void): void {
    this.socket.ws.prependListener(name, (node: BinaryNode) => this.#hear(() => listener(node)))
  }

  /** Shows something to everybody, or in one chat: only what is shown here is. */
  async show(presence: Presence, jid?: string): Promise<void> {
    this.#showing = true
    const shown = this.socket.sendPresenceUpdate(presence, jid)
    this.#showing = false
    await shown
  }

  /** What cannot be written must not go on as if it were: the next connection begins with what is on disk. */
  keep(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#log.error({ error: summary(error) }, 'What WhatsApp told could not be kept')
      void this.end(new Error('Not kept'))
    }
  }

  /** Closes it: `closed` resolves with `reason` at once. Resolves when the line is down. */
  async end(reason?: Error): Promise<void> {
    this.#finish(reason)
    this.socket.end(reason).catch((error: unknown) => this.#report(error, 'Closing a connection failed'))
    await this.#down
  }

  #finish(reason: Error | undefined): void {
    if (this.#over.signal.aborted) return
    clearTimeout(this.#watchdog)
    this.#over.abort(notConnected())
    this.#close(reason)
    // Baileys leaves the questions that are still open to their timeouts.
    void this.#down.then(() => this.socket.ws.emit('error', notConnected()))
  }

  #hear(work: () => void): void {
    if (this.#over.signal.aborted) return
    try {
      work()
    } catch (error) {
      this.#report(error, 'Handling an event failed')
    }
  }

  /** Baileys listens with async functions that nobody awaits: what they throw would end the process. */
  #contain(): void {
    const { ws } = this.socket
    for (const event of ws.eventNames()) {
      for (const listener of ws.listeners(event)) {
        ws.off(event, listener as () => void)
        ws.on(event, (...args: unknown[]) => {
          const result: unknown = Reflect.apply(listener, ws, args)
          if (result instanceof Promise) {
            result.catch((error: unknown) => this.#report(error, 'Baileys failed to handle a stanza'))
          }
        })
      }
    }
  }

  #report(error: unknown, what: string): void {
    this.#log.warn({ error: summary(error) }, what)
  }
}

/** Whoever closes the line, Baileys included, waits for the other side's goodbye only so long. Resolves when it is down. */
async function boundGoodbye({ ws }: WASocket): Promise<void> {
  const { socket } = ws as unknown as { socket: WebSocket }
  const close = ws.close.bind(ws)
  ws.close = () => {
    const timer = setTimeout(() => socket.terminate(), GOODBYE_MS)
    socket.once('close', () => clearTimeout(timer))
    return close()
  }
  await new Promise((resolve) => socket.once('close', resolve))
}

/** Baileys collects what it tells, after a login for up to half a minute. Messages do not wait for that. */
function letMessagesThrough({ ev }: WASocket): void {
  const emit = ev.emit.bind(ev)
  ev.emit = (event, data) => {
    const told = emit(event, data)
    if (event === 'messages.upsert') ev.flush()
    return told
  }
}

/**
 * Baileys shows itself to WhatsApp at each login and, without even saying as what, at each change of its session. It asks its own events first, so
 * that is where it is stopped.
 */
function keepQuiet({ ev, authState }: WASocket, isAsked: () => boolean): void {
  const emit = ev.emit.bind(ev)
  ev.emit = (event, data) => {
    if (event === 'connection.update') {
      const { isOnline } = data as BaileysEventMap['connection.update']
      if (isOnline !== undefined && !isAsked()) throw new Error('Nobody asked to be shown')
    }
    if (event !== 'creds.update') return emit(event, data)
    const update = data as BaileysEventMap['creds.update']
    const { creds } = authState
    // What it takes for a new name is announced.
    if (update.me) creds.me = update.me
    return emit('creds.update', creds.me ? { ...update, me: creds.me } : update)
  }
}

/** Baileys would take an unencrypted body from anybody for a message. */
function dropUnencrypted(stanza: BinaryNode): void {
  if (Array.isArray(stanza.content)) stanza.content = stanza.content.filter((part) => !isUnencrypted(part))
}
