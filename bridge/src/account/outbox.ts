import type { Engine, Sendable } from '../engine/engine.ts'
import { asBridgeError, BridgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { CommandArgs, CommandResult } from '../protocol.ts'
import type { Outgoing } from '../store/outbox.ts'
import { checkContent, pollOf } from './content.ts'
import { Delivery, type Sender } from './delivery.ts'
import type { Records } from './records.ts'
import { now } from './text.ts'

type Send = CommandArgs<'send'>
type Sent = CommandResult<'send'>

const TTL_SECONDS = 600
const WAIT_SECONDS = 20
/** How long "now" is for a message that may not wait. */
const NOW_SECONDS = 20
const MAX_WAITING = 1000

/**
 * What goes out. A message is on disk, with its id and payload fixed, before anything of it is sent, and stays there until
 * WhatsApp has confirmed it or it has failed for good: whatever dies in between, it is sent again as the same message.
 */
export class Outbox {
  readonly #records: Records
  readonly #sender: Sender
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
  }

  /**
   * Sends one message and waits for WhatsApp's confirmation, for a while. The same `request_id` is the same message and result.
   * @throws BridgeError what is wrong with the request, or why the message failed for good.
   */
  async send(request: Send): Promise<Sent> {
    const { request_id, wait = WAIT_SECONDS } = request
    if (!this.#row(request_id)) await this.#admit(request)
    const row = this.#row(request_id)
    if (row?.state === 'queued') await this.#confirmation(row, wait)
    return answer(this.#row(request_id))
  }

  count(): number {
    return this.#records.store.outbox.countQueued(this.#records.account)
  }

  /** Goes on with what waits, at once: call it when the account has connected. */
  resume(): void {
    this.#delivery.resume()
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
    const { engine } = this.#sender
    const ttl = request.ttl ?? TTL_SECONDS
    this.#checkLinked()
    checkContent(request.content, engine.capabilities())
    if (this.count() + this.#admissions.size > MAX_WAITING) {
      throw new BridgeError('rate_limited', `${MAX_WAITING} messages are waiting to be sent: try again later`)
    }
    if (ttl === 0) this.#checkConnected()
    const chat = await this.#sender.resolve(request.chat)
    const prepared = await engine
      .prepare(this.#records.identity.address(chat), sendable(request.content), { mentions: [] })
      .catch((error: unknown) => {
        throw asBridgeError(error) ?? error
      })
    // Both may have changed meanwhile.
    this.#checkLinked()
    if (ttl === 0) this.#checkConnected()
    this.#insert(request, chat.chat_id, prepared, ttl)
  }

  #insert(
    { request_id, content }: Send,
    chat_id: string,
    { external_id, payload }: Awaited<ReturnType<Engine['prepare']>>,
    ttl: number,
  ): void {
    const { store, account, messages, identity } = this.#records
    store.database.transaction(() => {
      const at = now()
      const message_id = messages.id(chat_id, external_id)
      const poll = pollOf(content)
      const row = {
        message_id,
        chat_id,
        external_id,
        from_me: true,
        sender_id: null,
        kind: content.kind,
        said: null,
        poll,
        choices: null,
        quoted_message_id: null,
        timestamp: at,
        raw: payload,
      }
      store.messages.insert(account, row, at)
      const expires_at = at + (ttl === 0 ? NOW_SECONDS : ttl)
      store.outbox.insert(account, { request_id, message_id, chat_id, retry: ttl > 0, expires_at })
      identity.note(this.#records.address(chat_id), { listed: true, active_at: at })
    })
    this.#sender.queueChanged()
    this.#delivery.wake()
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

  #checkLinked(): void {
    if (this.#sender.isLinked()) return
    throw new BridgeError('not_linked', 'The account is not linked to WhatsApp any more: link it again')
  }

  #checkConnected(): void {
    if (this.#sender.isConnected()) return
    throw new BridgeError('not_connected', 'WhatsApp is not connected at the moment and the message may not wait')
  }
}

function answer(row: Outgoing | undefined): Sent {
  if (!row) throw new Error('an admitted request has no row')
  const { message_id, chat_id, state, sent_at, error } = row
  if (error) throw new BridgeError(error.code, error.message, { message_id, chat_id })
  return { message_id, chat_id, status: state === 'sent' ? 'sent' : 'queued', sent_as: 'text', timestamp: sent_at }
}

function sendable(content: Send['content']): Sendable {
  if (content.kind !== 'buttons' && content.kind !== 'list') return content
  throw new BridgeError('unsupported', 'This account cannot send buttons')
}
