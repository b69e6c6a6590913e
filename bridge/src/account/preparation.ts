import { EngineError } from '../engine/engine.ts'
import type { Logger } from '../log.ts'
import type { Presence } from '../protocol.ts'
import type { Outgoing, OutgoingFile } from '../store/outbox.ts'
import { Gate } from './gate.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'
import { now } from './text.ts'

const UPLOADS_AT_ONCE = 3
const UPLOAD_SECONDS = 60
/** A line that is slower than this is taken for dead. */
const BYTES_PER_SECOND = 32 * 1024
/** How long a person seems to write: longer for more, but nobody waits longer than this. */
const TYPING = { least: 0.6, each: 0.03, most: 3 }

/** What comes before a message can be sent: its file is handed over, or its receiver sees it being written. */
export class Preparation {
  readonly #records: Records
  readonly #sender: Sender
  readonly #log: Logger
  readonly #stopping: AbortSignal
  readonly #underWay = new Set<number>()
  readonly #ready: number[] = []
  /** Messages that were seen being written. */
  readonly #typed = new Set<number>()
  readonly #uploads = new Gate(UPLOADS_AT_ONCE)

  constructor(records: Records, sender: Sender, log: Logger, stopping: AbortSignal) {
    this.#records = records
    this.#sender = sender
    this.#log = log
    this.#stopping = stopping
  }

  isNeeded({ number, media, typing }: Outgoing): boolean {
    return media !== null || (typing && !this.#typed.has(number))
  }

  isUnderWay({ number }: Outgoing): boolean {
    return this.#underWay.has(number)
  }

  /** A message that has been made ready and still waits. */
  takeReady(): Outgoing | undefined {
    for (let number = this.#ready.shift(); number !== undefined; number = this.#ready.shift()) {
      const row = this.#records.store.outbox.get(number)
      if (row?.state === 'queued') return row
    }
    return undefined
  }

  /** @throws EngineError */
  async run(row: Outgoing): Promise<void> {
    this.#underWay.add(row.number)
    try {
      const { media } = row
      if (media) await this.#uploads.run(async () => this.#upload(row, media))
      else await this.#type(row)
      this.#ready.push(row.number)
    } finally {
      this.#underWay.delete(row.number)
    }
  }

  /** There was an attempt: nothing is being written any more. */
  tried(row: Outgoing): void {
    if (this.#typed.has(row.number)) void this.#show('paused', row)
  }

  forget({ number }: Outgoing): void {
    this.#typed.delete(number)
  }

  async #upload(row: Outgoing, media: OutgoingFile): Promise<void> {
    const { store, account } = this.#records
    const payload = await this.#handOver(row, media)
    store.database.transaction(() => {
      store.messages.setRaw(account, row.message_id, payload)
      store.outbox.uploaded(row.number)
    })
    this.#sender.media.release(media)
  }

  async #handOver({ message_id, chat_id, expires_at }: Outgoing, media: OutgoingFile): Promise<Uint8Array> {
    const { store, account } = this.#records
    const message = store.messages.get(account, message_id)
    if (!message) throw new Error('a queued message is missing')
    const seconds = Math.max(0, Math.min(UPLOAD_SECONDS + media.size / BYTES_PER_SECOND, expires_at - now()))
    const signal = AbortSignal.any([this.#stopping, AbortSignal.timeout(Math.ceil(seconds * 1000))])
    try {
      const to = this.#records.address(chat_id)
      return await this.#sender.engine.upload(
        { external_id: message.external_id, payload: message.raw, to },
        media,
        signal,
      )
    } catch (error) {
      throw signal.aborted ? new EngineError('timeout', 'WhatsApp did not take the file in time', 'later') : error
    }
  }

  async #type(row: Outgoing): Promise<void> {
    const { store, account } = this.#records
    const text = store.messages.get(account, row.message_id)?.said?.text ?? ''
    this.#typed.add(row.number)
    void this.#show('composing', row)
    await pause(Math.min(TYPING.least + text.length * TYPING.each, TYPING.most), this.#stopping)
  }

  /** It is only for show: whatever comes of it, the message goes out. */
  async #show(presence: Presence, { chat_id }: Outgoing): Promise<void> {
    try {
      await this.#sender.engine.presence(presence, this.#records.address(chat_id), this.#stopping)
    } catch (error) {
      if (!this.#stopping.aborted) this.#log.debug({ err: error }, 'could not show that a message is being written')
    }
  }
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, seconds * 1000)
  const stop = (): void => resolve()
  signal.addEventListener('abort', stop)
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', stop)
}
