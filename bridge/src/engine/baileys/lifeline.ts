import { setTimeout as after } from 'node:timers/promises'

import { EngineError, type EngineHost } from '../engine.ts'
import { abortable } from './abort.ts'
import type { Backoff } from './backoff.ts'
import type { Connection } from './connection.ts'
import { notConnected } from './errors.ts'
import { summary } from './logger.ts'
import { verdictOn, type Verdict } from './verdict.ts'

/** A connection that held this long shows that trying again works. */
const HELD_MS = 60_000

export interface LifelineParts {
  host: Pick<EngineHost, 'connection' | 'log'>
  backoff: Backoff
  /** Makes the next connection and attaches to it. */
  connect: () => Connection
  /** A connection is over. */
  ended: () => void
  /** WhatsApp has removed this device. */
  unlinked: () => void
}

/** Keeps one connection alive until it is stopped, or until trying again can do no good. */
export class Lifeline {
  readonly #parts: LifelineParts
  readonly #stopping = new AbortController()
  readonly #opened = Promise.withResolvers<void>()
  readonly #done: Promise<void>
  #connection: Connection | undefined
  /** Restarted at once, and not logged in since. */
  #restarted = false

  constructor(parts: LifelineParts) {
    this.#parts = parts
    // Whether anybody waits for the first login is not known here.
    this.#opened.promise.catch(() => undefined)
    this.#done = this.#run().catch((error: unknown) => {
      this.#stopping.abort()
      parts.host.log.error({ error: summary(error) }, 'Keeping the connection alive failed')
    })
  }

  /** The connection, when it is logged in. */
  get open(): Connection | undefined {
    return this.#connection?.isOpen ? this.#connection : undefined
  }

  /** Nothing more will be tried. */
  get over(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Resolves when logged in for the first time. @throws EngineError when that will not happen. */
  async untilOpen(signal: AbortSignal): Promise<void> {
    await abortable(this.#opened.promise, signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#connection?.end()
    await this.#done
  }

  /** Stops, and removes this device from the account as far as WhatsApp can be reached. */
  async logOut(): Promise<void> {
    this.#stopping.abort()
    await this.open?.socket.logout().catch((error: unknown) => {
      this.#parts.host.log.warn({ error: summary(error) }, 'WhatsApp could not be told of the logout')
    })
    await this.stop()
  }

  async #run(): Promise<void> {
    let reason: Verdict['reason'] | null = null
    while (!this.over) {
      this.#parts.host.connection({ status: 'connecting', reason, retry_at: null })
      const verdict = verdictOn(await this.#live())
      this.#parts.ended()
      reason = verdict.reason
      await this.#follow(verdict)
    }
    this.#opened.reject(notConnected())
  }

  /** One connection, from beginning to end. Returns why it ended. */
  async #live(): Promise<Error | undefined> {
    let openedAt = 0
    try {
      const connection = this.#parts.connect()
      this.#connection = connection
      connection.on('connection.update', (update) => {
        if (update.connection !== 'open') return
        openedAt = Date.now()
        this.#restarted = false
        this.#opened.resolve()
        this.#parts.host.connection({ status: 'connected', reason: null, retry_at: null })
      })
      return await connection.closed
    } catch (error) {
      this.#parts.host.log.error({ error: summary(error) }, 'A connection could not be made')
      return error instanceof Error ? error : undefined
    } finally {
      this.#connection = undefined
      if (openedAt > 0 && Date.now() - openedAt > HELD_MS) this.#parts.backoff.reset()
    }
  }

  async #follow(verdict: Verdict): Promise<void> {
    if (this.over) return
    if (verdict.retry === 'never') this.#giveUp(verdict)
    else await this.#pause(verdict)
  }

  #giveUp({ reason, unlinked }: Verdict & { retry: 'never' }): void {
    this.#stopping.abort()
    const code = unlinked ? 'not_linked' : reason === 'banned' ? 'restricted' : 'not_connected'
    this.#opened.reject(new EngineError(code, `WhatsApp ended the session: ${reason}`, 'never'))
    if (unlinked) this.#parts.unlinked()
    const status = unlinked ? 'unlinked' : 'disconnected'
    this.#parts.host.connection({ status, reason, retry_at: null })
  }

  async #pause({ retry, reason }: Verdict & { retry: 'now' | 'later' }): Promise<void> {
    if (retry === 'now' && !this.#restarted) {
      this.#restarted = true
      return
    }
    const wait = this.#parts.backoff.next()
    this.#parts.host.connection({ status: 'disconnected', reason, retry_at: (Date.now() + wait) / 1000 })
    // Rejects when stopped.
    await after(wait, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
  }
}
