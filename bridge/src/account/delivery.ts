import { type Engine, EngineError } from '../engine/engine.ts'
import type { Logger } from '../log.ts'
import type { ErrorCode, ReceiptEvent } from '../protocol.ts'
import type { ChatRow } from '../store/identities.ts'
import type { Outgoing } from '../store/outbox.ts'
import type { Records } from './records.ts'
import { now } from './text.ts'

/** What an outbox needs of its account. */
export interface Sender {
  readonly engine: Engine
  isLinked(): boolean
  isConnected(): boolean
  resolve(reference: string): Promise<ChatRow>
  /** The number of waiting messages has changed. */
  queueChanged(): void
}

const ATTEMPT_SECONDS = 60
const LONGEST_BACKOFF_SECONDS = 60

/** The one worker of an account's outbox: sends what is queued, one by one, each chat in order, until it is settled. */
export class Delivery {
  readonly #records: Records
  readonly #sender: Sender
  readonly #log: Logger
  readonly #settled: (number: number) => void
  readonly #stopping = new AbortController()
  /** Chats whose next message is tried again later; `until` in seconds since 1970. */
  readonly #backoff = new Map<string, { attempts: number; until: number }>()
  /** When the chats may be tried again that were passed over last time. */
  #retries: number[] = []
  #timer: NodeJS.Timeout | undefined
  #working = false

  /** `settled` hears the number of each message that was sent or has failed for good. */
  constructor(records: Records, sender: Sender, log: Logger, settled: (number: number) => void) {
    this.#records = records
    this.#sender = sender
    this.#log = log
    this.#settled = settled
  }

  /** There may be something to do. */
  wake(): void {
    if (!this.#working && !this.#stopping.signal.aborted) void this.#work()
  }

  /** As `wake`, without waiting for the next attempt of anything. */
  resume(): void {
    for (const backoff of this.#backoff.values()) backoff.until = 0
    this.wake()
  }

  stop(): void {
    this.#stopping.abort()
    clearTimeout(this.#timer)
  }

  async #work(): Promise<void> {
    this.#working = true
    for (let row = this.#next(); row; row = this.#next()) await this.#attempt(row)
    this.#working = false
    this.#sleep()
  }

  #next(): Outgoing | undefined {
    if (this.#stopping.signal.aborted) return undefined
    const { store, account } = this.#records
    const at = now()
    for (const row of store.outbox.expired(account, at)) {
      this.#fail(row, 'expired', 'WhatsApp could not be reached in time, so the message was not sent')
    }
    this.#retries = []
    if (!this.#sender.isConnected()) return undefined
    const paused = [...this.#backoff].filter(([, { until }]) => until > at)
    this.#retries = paused.map(([, { until }]) => until)
    return store.outbox.next(
      account,
      paused.map(([chat]) => chat),
    )
  }

  async #attempt(row: Outgoing): Promise<void> {
    const { store, account } = this.#records
    const message = store.messages.get(account, row.message_id)
    if (!message) throw new Error('a queued message is missing')
    const { external_id, raw: payload } = message
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ATTEMPT_SECONDS * 1000)])
    try {
      const to = this.#records.address(row.chat_id)
      const { accepted_at } = await this.#sender.engine.send({ external_id, payload, to }, signal)
      this.#sent(row, accepted_at)
    } catch (error) {
      const cause = signal.aborted ? new EngineError('timeout', 'WhatsApp did not confirm the message', 'later') : error
      this.#refused(row, cause)
    }
  }

  #sent(row: Outgoing, accepted_at: number): void {
    const { store } = this.#records
    store.database.transaction(() => {
      store.outbox.sent(row.number, accepted_at)
      this.#journal(row, { status: 'sent', error: null, timestamp: accepted_at })
    })
    this.#done(row)
  }

  #refused(row: Outgoing, error: unknown): void {
    if (this.#stopping.signal.aborted) return
    if (!(error instanceof EngineError)) {
      this.#log.error({ err: error }, 'the engine failed to send a message')
      return this.#fail(row, 'internal', 'The bridge failed to send the message: see its log')
    }
    if (error.retry === 'never' || !row.retry) return this.#fail(row, error.code, error.message)
    const attempts = (this.#backoff.get(row.chat_id)?.attempts ?? 0) + 1
    const seconds = Math.min(2 ** (attempts - 1), LONGEST_BACKOFF_SECONDS) * (0.5 + Math.random() / 2)
    this.#backoff.set(row.chat_id, { attempts, until: now() + seconds })
    this.#log.info({ code: error.code, attempts, seconds }, 'a message was not sent yet and is tried again')
  }

  #fail(row: Outgoing, code: ErrorCode, message: string): void {
    const { store } = this.#records
    store.database.transaction(() => {
      store.outbox.failed(row.number, { code, message })
      this.#journal(row, { status: 'failed', error: code, timestamp: now() })
    })
    this.#done(row)
  }

  #journal({ message_id, chat_id }: Outgoing, what: Pick<ReceiptEvent, 'status' | 'error' | 'timestamp'>): void {
    const { journal, identity } = this.#records
    const chat = identity.chatById(chat_id)
    journal.append({ type: 'receipt', message_id, chat, by: null, ...what }, `receipt:${message_id}:${what.status}:`)
  }

  #done(row: Outgoing): void {
    this.#backoff.delete(row.chat_id)
    this.#settled(row.number)
    this.#sender.queueChanged()
  }

  /** Until something expires or may be tried again; a new message or a new connection wakes it earlier. */
  #sleep(): void {
    clearTimeout(this.#timer)
    if (this.#stopping.signal.aborted) return
    const expiry = this.#records.store.outbox.nextExpiry(this.#records.account)
    const next = Math.min(...this.#retries, expiry ?? Infinity)
    if (next !== Infinity) this.#timer = setTimeout(() => this.wake(), Math.max(0, next - now()) * 1000 + 1)
  }
}
