import { BridgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { CommandArgs, CommandResult, Pacing } from '../protocol.ts'
import type { Outgoing } from '../store/outbox.ts'
import { Admission } from './admission.ts'
import { Delivery } from './delivery.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'

type Send = CommandArgs<'send'>
type Sent = CommandResult<'send'>

const WAIT_SECONDS = 20
const MAX_WAITING = 1000

/**
 * What goes out. A message is on disk, with its id and payload fixed, before anything of it is sent, and stays there until
 * WhatsApp has confirmed it or it has failed for good: whatever dies in between, it is sent again as the same message.
 */
export class Outbox {
  readonly #records: Records
  readonly #sender: Sender
  readonly #admission: Admission
  readonly #delivery: Delivery
  /** Requests that have no row yet, by request id. */
  readonly #admissions = new Map<string, Promise<void>>()
  /** The last admission to each chat, as the chat was named. */
  readonly #tails = new Map<string, Promise<void>>()
  readonly #waiting = new Map<number, Set<() => void>>()

  constructor(records: Records, sender: Sender, log: Logger) {
    this.#records = records
    this.#sender = sender
    this.#delivery = new Delivery(records, sender, log, (number) => this.#settled(number))
    records.messages.confirmed = (row, at) => this.#delivery.confirmed(row, at)
    this.#admission = new Admission(records, sender, (expires_at) => {
      this.#delivery.add(expires_at)
      sender.queueChanged()
    })
  }

  /**
   * Sends one message and waits for WhatsApp's confirmation, for a while. The same `request_id` is the same message and result.
   * @throws BridgeError what is wrong with the request, or why the message failed for good.
   */
  async send(request: Send): Promise<Sent> {
    const { request_id, wait = WAIT_SECONDS } = request
    const known = this.#row(request_id)
    if (!known) await this.#admit(request)
    const row = known ?? this.#row(request_id)
    if (row?.state !== 'queued' || row.sent_at !== null) return answer(row)
    await this.#confirmation(row, wait)
    return answer(this.#row(request_id))
  }

  count(): number {
    return this.#delivery.queued
  }

  /** Goes on with what waits, at once: call it when the account has connected. */
  resume(): void {
    this.#delivery.resume()
  }

  /** From now on messages go out no faster than this. */
  pace(pacing: Pacing): void {
    this.#delivery.pace(pacing)
  }

  /** What waits stays on disk. */
  stop(): void {
    this.#delivery.stop()
  }

  #row(request_id: string): Outgoing | undefined {
    return this.#records.store.outbox.byRequest(this.#records.account, request_id)
  }

  #admit(request: Send): Promise<void> {
    const running = this.#admissions.get(request.request_id)
    if (running) return running
    const before = this.#tails.get(request.chat) ?? Promise.resolve()
    const admission = before.then(() => this.#enter(request))
    const over = (): void => {
      this.#admissions.delete(request.request_id)
      if (this.#tails.get(request.chat) === tail) this.#tails.delete(request.chat)
    }
    const tail = admission.then(over, over)
    this.#admissions.set(request.request_id, admission)
    this.#tails.set(request.chat, tail)
    return admission
  }

  async #enter(request: Send): Promise<void> {
    if (this.count() + this.#admissions.size > MAX_WAITING) {
      throw new BridgeError('rate_limited', `${MAX_WAITING} messages are waiting to be sent: try again later`)
    }
    await this.#admission.enter(request)
  }

  /** Resolves when the message is settled or `seconds` are over; at once when it has to wait for a connection. */
  async #confirmation({ number, retry }: Outgoing, seconds: number): Promise<void> {
    if (retry && !this.#sender.isConnected()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = this.#waiting.get(number) ?? new Set()
    this.#waiting.set(number, waiting.add(resolve))
    // A message that may not wait settles by itself, soon, and its sender is told how.
    const timer = retry ? setTimeout(resolve, seconds * 1000).unref() : undefined
    await promise
    clearTimeout(timer)
    waiting.delete(resolve)
    if (waiting.size === 0) this.#waiting.delete(number)
  }

  #settled(number: number): void {
    for (const resolve of this.#waiting.get(number) ?? []) resolve()
  }
}

function answer(row: Outgoing | undefined): Sent {
  if (!row) throw new Error('an admitted request has no row')
  const { message_id, chat_id, sent_at, sent_as, error } = row
  if (error) throw new BridgeError(error.code, error.message, { ...error.details, message_id, chat_id })
  return { message_id, chat_id, status: sent_at === null ? 'queued' : 'sent', sent_as, timestamp: sent_at }
}
