import { setImmediate as immediate } from 'node:timers/promises'

import { EngineError, type OutboundMessage } from '../engine/engine.ts'
import type { Logger } from '../log.ts'
import type { ErrorCode, Pacing } from '../protocol.ts'
import { StorageError } from '../store/faults.ts'
import type { Message } from '../store/messages.ts'
import type { Outgoing } from '../store/outbox.ts'
import { Preparation } from './preparation.ts'
import type { Records } from './records.ts'
import { strangerRefusal } from './restriction.ts'
import { Schedule } from './schedule.ts'
import type { Sender } from './sender.ts'
import { Settlement } from './settlement.ts'
import { now } from './text.ts'

const ATTEMPT_SECONDS = 60
/** How long the outbox rests when it can neither read nor write what waits. */
const REST_SECONDS = 30

/** The one worker of an account's outbox: sends what is queued, one by one, each chat in order, until it is settled. */
export class Delivery {
  readonly #records: Records
  readonly #sender: Sender
  readonly #log: Logger
  readonly #settled: (number: number) => void
  readonly #stopping = new AbortController()
  readonly #schedule: Schedule
  readonly #settlement: Settlement
  readonly #preparation: Preparation
  /** How many wait, and when the first of them expires. */
  #queued: number
  #expiry = 0
  /** When those that were passed over last time may go. */
  #next = Infinity
  #timer: NodeJS.Timeout | undefined
  /** The message that is being sent. */
  #sending: number | undefined
  #working = false

  /** `settled` hears the number of each message that was sent or has failed for good. */
  constructor(records: Records, sender: Sender, log: Logger, settled: (number: number) => void) {
    this.#records = records
    this.#sender = sender
    this.#log = log
    this.#settled = settled
    this.#schedule = new Schedule(sender.settings.pacing)
    this.#settlement = new Settlement(records, sender)
    this.#preparation = new Preparation(records, sender, log, this.#stopping.signal)
    this.#queued = records.store.outbox.countQueued(records.account)
  }

  /** How many messages wait to be sent. */
  get queued(): number {
    return this.#queued
  }

  /** There is one more to send, until then. */
  add(expires_at: number): void {
    this.#queued += 1
    this.#expiry = Math.min(this.#expiry, expires_at)
    this.wake()
  }

  /** There may be something to do. */
  wake(): void {
    if (!this.#working && !this.#stopping.signal.aborted) void this.#work()
  }

  /** As `wake`, without waiting for the next attempt of anything that failed. */
  resume(): void {
    this.#schedule.resume()
    this.wake()
  }

  /** WhatsApp has told of a message what shows that it was sent. Call it inside a transaction. */
  confirmed(row: Outgoing, at: number): void {
    const { store, account } = this.#records
    const message = store.messages.get(account, row.message_id)
    if (message) this.#settlement.confirmed(row, message, at)
    store.database.onCommit(() => {
      // What is being sent right now is done with when that ends.
      if (this.#sending !== row.number) this.#done(row)
    })
  }

  pace(pacing: Pacing): void {
    this.#schedule.configure(pacing)
    this.wake()
  }

  stop(): void {
    this.#stopping.abort()
    clearTimeout(this.#timer)
  }

  async #work(): Promise<void> {
    this.#working = true
    let rest = 0
    try {
      for (let row = this.#take(); row; row = this.#take()) await this.#attempt(row)
    } catch (error) {
      this.#log.error({ err: error }, 'what waits to be sent cannot be read or kept: trying again soon')
      rest = REST_SECONDS
      this.#next = now() + rest
    }
    this.#working = false
    this.#sleep(rest)
  }

  /** What goes next. */
  #take(): Outgoing | undefined {
    const { store, account } = this.#records
    while (!this.#stopping.signal.aborted) {
      const at = now()
      this.#expire(at)
      this.#next = Infinity
      if (this.#queued === 0 || !this.#sender.isConnected()) return undefined
      const ready = this.#preparation.takeReady()
      if (ready) return ready
      const { held, next } = this.#schedule.look(at)
      this.#next = next
      const row = store.outbox.next(account, held)
      if (!row) return undefined
      this.#schedule.spend(row, at)
      if (!this.#preparation.isNeeded(row)) return row
      void this.#prepare(row)
    }
    return undefined
  }

  #expire(at: number): void {
    if (at < this.#expiry) return
    const { store, account } = this.#records
    for (const row of store.outbox.expired(account, at)) {
      if (!this.#preparation.isUnderWay(row)) this.#failAsExpired(row)
    }
    this.#expiry = store.outbox.nextExpiry(account, at) ?? Infinity
  }

  /** Other chats go on meanwhile. */
  async #prepare(row: Outgoing): Promise<void> {
    this.#schedule.occupy(row)
    try {
      await this.#preparation.run(row)
    } catch (error) {
      this.#refused(row, error)
    }
    this.#schedule.free(row)
    this.wake()
  }

  async #attempt(row: Outgoing): Promise<void> {
    const { store, account } = this.#records
    const message = store.messages.get(account, row.message_id)
    if (!message) throw new Error('a queued message is missing')
    if (row.sent_at !== null) return this.#settle(row, message, row.sent_at)
    const refusal = strangerRefusal(this.#records, this.#sender, row.chat_id)
    if (refusal) return this.#fail(row, refusal.code, refusal.message, refusal.details)
    // An answer may come before the confirmation does, also when the bridge dies in between.
    if (message.choices && !row.tried) store.outbox.tried(row.number)
    this.#sending = row.number
    try {
      const { accepted_at } = await this.#send(row, message)
      if (!this.#isSettled(row)) {
        // Whoever waits is answered first. Should the bridge die now, the rest is done at the next start.
        store.database.relaxed(() => store.outbox.accepted(row.number, accepted_at))
        this.#settled(row.number)
        await immediate()
      }
      this.#settle(row, message, accepted_at)
    } catch (error) {
      this.#refused(row, error)
    } finally {
      this.#sending = undefined
    }
  }

  #settle(row: Outgoing, message: Message, accepted_at: number): void {
    if (!this.#isSettled(row)) this.#settlement.confirmed(row, message, accepted_at)
    this.#done(row)
  }

  #isSettled({ number }: Outgoing): boolean {
    return this.#records.store.outbox.get(number)?.state !== 'queued'
  }

  async #send(row: Outgoing, { external_id, raw: payload }: Message): Promise<{ accepted_at: number }> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ATTEMPT_SECONDS * 1000)])
    try {
      const message: OutboundMessage = { external_id, payload, to: this.#records.address(row.chat_id) }
      return await this.#sender.engine.send(message, signal)
    } catch (error) {
      throw signal.aborted ? new EngineError('timeout', 'WhatsApp did not confirm the message', 'later') : error
    } finally {
      this.#preparation.tried(row)
    }
  }

  #refused(row: Outgoing, error: unknown): void {
    if (this.#stopping.signal.aborted) return
    try {
      if (this.#isSettled(row)) this.#done(row)
      else this.#judge(row, error)
    } catch (cause) {
      // What cannot be kept now is sent once more, as the same message.
      this.#again(row, cause instanceof StorageError ? cause.code : 'internal')
    }
  }

  /** @throws StorageError when it cannot be kept that the message has failed. */
  #judge(row: Outgoing, error: unknown): void {
    if (error instanceof StorageError) throw error
    if (!(error instanceof EngineError)) {
      this.#log.error({ err: error }, 'the engine failed to send a message')
      return this.#fail(row, 'internal', 'The bridge failed to send the message: see its log')
    }
    if (error.retry === 'never' || !row.retry) return this.#fail(row, error.code, error.message, error.details)
    if (row.expires_at <= now()) return this.#failAsExpired(row)
    this.#again(row, error.code)
  }

  #again(row: Outgoing, code: ErrorCode): void {
    const { attempts, seconds } = this.#schedule.retry(row, now())
    this.#log.info({ code, attempts, seconds }, 'a message was not sent yet and is tried again')
  }

  #failAsExpired(row: Outgoing): void {
    this.#fail(row, 'expired', 'WhatsApp could not be reached in time, so the message was not sent')
  }

  #fail(row: Outgoing, code: ErrorCode, message: string, details: Record<string, unknown> = {}): void {
    this.#settlement.failed(row, code, message, details)
    this.#done(row)
  }

  #done(row: Outgoing): void {
    this.#queued -= 1
    this.#schedule.settled(row)
    this.#preparation.forget(row)
    this.#settled(row.number)
    this.#sender.queueChanged()
  }

  /** Until something expires or may go; a new message or a new connection wakes it earlier. */
  #sleep(least: number): void {
    clearTimeout(this.#timer)
    if (this.#stopping.signal.aborted || this.#queued === 0) return
    const next = Math.min(this.#next, this.#expiry)
    if (next !== Infinity) this.#timer = setTimeout(() => this.wake(), Math.max(least, next - now()) * 1000 + 1)
  }
}
