import { existsSync } from 'node:fs'
import type { Readable } from 'node:stream'

import type { Address, Engine, MediaFile, MessageReceived } from '../engine/engine.ts'
import { asBridgeError, BridgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { CommandResult, Settings } from '../protocol.ts'
import type { Message } from '../store/messages.ts'
import { Gate } from './gate.ts'
import type { MediaDesk } from './media-desk.ts'
import { tooLarge } from './media-folder.ts'
import { ReceivedMedia } from './media-received.ts'
import type { Ticket } from './media-tickets.ts'
import type { Records } from './records.ts'

/** What media needs of its account. */
export interface MediaOwner {
  readonly engine: Engine
  readonly settings: Settings
  /** The account itself. */
  readonly self: Address
}

const DOWNLOAD_MS = 900_000
const PICTURE_MS = 60_000
const MAX_PICTURE_BYTES = 2 * 1024 * 1024
/** Of those that nobody asked for by name: more are fetched when somebody does. */
const MAX_AHEAD = 1000

/** The files of one account that are on their way out or came in. */
export class MediaStore {
  readonly #records: Records
  readonly #owner: MediaOwner
  readonly #desk: MediaDesk
  readonly #log: Logger
  readonly #received: ReceivedMedia
  readonly #stopping = new AbortController()
  /** Downloads under way, by message. */
  readonly #fetching = new Map<string, Promise<MediaFile>>()
  readonly #asked = new Gate(4)
  readonly #ahead = new Gate(2)
  /** What could not be fetched ahead since the account was not connected. */
  readonly #missed = new Set<string>()

  constructor(records: Records, owner: MediaOwner, desk: MediaDesk, log: Logger) {
    this.#records = records
    this.#owner = owner
    this.#desk = desk
    this.#log = log
    this.#received = new ReceivedMedia(records, desk, () => owner.settings.media)
  }

  /** Room for a file that `client` brings. @throws BridgeError `rate_limited`. */
  reserve(client: object, size: number): Ticket {
    return this.#desk.uploads.reserve(this.#records.account, client, size)
  }

  /**
   * The file that was uploaded with a ticket; it belongs to the caller from now on.
   * @throws BridgeError `media_unavailable` when there is none, or not any more.
   */
  claim(ticket: string): MediaFile {
    return this.#desk.uploads.claim(this.#records.account, ticket)
  }

  /** Deletes a file that was claimed. */
  release({ path }: Pick<MediaFile, 'path'>): void {
    this.#desk.uploads.release(path)
  }

  /**
   * The media of a message, fetched unless it is here, for `client`.
   * @throws BridgeError `message_not_found`, `media_unavailable`, `media_too_large`, `rate_limited`, `not_connected`, `timeout`.
   */
  async download(client: object, message_id: string): Promise<CommandResult<'download'>> {
    const message = this.#message(message_id)
    const done = this.#received.use(message_id)
    try {
      const file = this.#here(message_id) ?? (await this.#asked.run(() => this.#fetch(message)))
      const ticket = this.#desk.handouts.offer(client, { ...file, done })
      const { mime, size } = file
      return { ...ticket, mime, size, file_name: message.said?.media?.file_name ?? null }
    } catch (error) {
      done()
      throw asBridgeError(error) ?? error
    }
  }

  /** The picture of a person or a group, for `client`. @throws BridgeError `media_too_large`, `not_connected`, `timeout`. */
  async picture(client: object, chat_id: string): Promise<CommandResult<'picture'>> {
    const { folder, handouts } = this.#desk
    try {
      const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(PICTURE_MS)])
      const stream = await this.#owner.engine.picture(this.#records.address(chat_id), signal)
      if (!stream) return { ticket: null, mime: null, size: null }
      const file = await folder.write(stream, MAX_PICTURE_BYTES)
      const { ticket } = handouts.offer(client, { ...file, done: () => folder.remove(file.path) })
      return { ticket, mime: file.mime, size: file.size }
    } catch (error) {
      throw asBridgeError(error) ?? error
    }
  }

  /** A message has come and is journaled: its media is fetched now, if that is wished. It holds nothing up. */
  arrived(message: MessageReceived): void {
    const { download, keep_days } = this.#owner.settings.media
    if (!message.media || message.origin.source === 'bridge' || download !== 'at_once' || keep_days === 0) return
    const { store, messages, identity } = this.#records
    store.database.onCommit(() => {
      const known = messages.known(message, identity.chat(message.chat).id)
      if (known) this.#fetchAhead(known.message_id)
    })
  }

  /** The account has connected: what could not be fetched ahead is tried again. */
  resume(): void {
    const missed = [...this.#missed]
    this.#missed.clear()
    for (const message_id of missed) this.#fetchAhead(message_id)
  }

  /** Deletes what is past its time. */
  sweep(): void {
    this.#received.trim()
  }

  /** Ends every transfer. */
  stop(): void {
    this.#stopping.abort(new BridgeError('not_connected', 'The account stops'))
  }

  #fetchAhead(message_id: string): void {
    if (this.#ahead.waiting >= MAX_AHEAD) return
    void this.#ahead.run(async () => {
      try {
        if (!this.#here(message_id)) await this.#fetch(this.#message(message_id))
      } catch (error) {
        // Whoever wants it can still ask for it.
        const code = asBridgeError(error)?.code
        this.#log.info({ code, ...(code === undefined && { err: error }) }, 'media was not fetched ahead')
        if (code === 'not_connected' && this.#missed.size < MAX_AHEAD) this.#missed.add(message_id)
      }
    })
  }

  /** @throws BridgeError `message_not_found`, `media_unavailable`, `media_too_large`. */
  #message(message_id: string): Message {
    const message = this.#records.store.messages.get(this.#records.account, message_id)
    if (!message || message.revoked) {
      throw new BridgeError('message_not_found', 'This account has no such message, or it was deleted')
    }
    if (!message.said?.media) throw new BridgeError('media_unavailable', 'This message has no media')
    const { max_bytes } = this.#owner.settings.media
    const { size } = message.said.media
    if (size !== null && size > max_bytes) throw tooLarge(max_bytes, size)
    return message
  }

  #here(message_id: string): MediaFile | undefined {
    const file = this.#received.get(message_id)
    if (!file || existsSync(file.path)) return file
    this.#received.forget(message_id)
    return undefined
  }

  /** Once at a time for each message. */
  #fetch(message: Message): Promise<MediaFile> {
    const { message_id } = message
    const running = this.#fetching.get(message_id)
    if (running) return running
    const fetching = this.#load(message).finally(() => this.#fetching.delete(message_id))
    this.#fetching.set(message_id, fetching)
    return fetching
  }

  async #load(message: Message): Promise<MediaFile> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(DOWNLOAD_MS)])
    const stream: Readable = await this.#owner.engine.download(this.#records.ref(message, this.#owner.self), signal)
    const file = await this.#desk.folder.write(stream, this.#owner.settings.media.max_bytes)
    this.#received.add(message.message_id, file)
    this.#received.trim()
    return file
  }
}
