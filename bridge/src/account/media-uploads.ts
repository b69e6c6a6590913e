import type { MediaFile } from '../engine/engine.ts'
import { BridgeError } from '../errors.ts'
import { LIMITS } from '../protocol.ts'
import { type MediaFolder, tooLarge } from './media-folder.ts'
import { type Ticket, Tickets } from './media-tickets.ts'

/** How long a ticket waits for its file, and a file for its message. */
const USE_MS = 60_000
const SEND_MS = 600_000
/** All that was announced, has come, or waits to be handed over to WhatsApp. */
const MAX_WAITING_BYTES = 4 * LIMITS.media_bytes_max

interface Reservation {
  account_id: string
  size: number
}

interface Waiting extends Reservation {
  file: MediaFile
  timer: NodeJS.Timeout
}

/** Files that clients bring, until WhatsApp has them. */
export class Uploads {
  readonly #folder: MediaFolder
  readonly #tickets = new Tickets<Reservation>(USE_MS, ({ size }) => this.#free(size))
  /** Files that no message has named yet, by the ticket they came with. */
  readonly #waiting = new Map<string, Waiting>()
  /** Those that messages have, by path. */
  readonly #claimed = new Map<string, number>()
  #bytes = 0

  constructor(folder: MediaFolder) {
    this.#folder = folder
  }

  /** Room for one file. @throws BridgeError `rate_limited`. */
  reserve(account_id: string, client: object, size: number): Ticket {
    if (this.#bytes + size > MAX_WAITING_BYTES) {
      throw new BridgeError('rate_limited', 'Too many files wait to be sent: try again when some are gone', {
        limit: MAX_WAITING_BYTES,
      })
    }
    const ticket = this.#tickets.issue(client, { account_id, size })
    this.#bytes += size
    return ticket
  }

  /**
   * Takes the file of a ticket in, `length` bytes of it by what its sender says.
   * @throws BridgeError `media_unavailable` for no such ticket, `media_too_large`, `invalid_request` when it is shorter than announced, `storage_…`;
   * or what the source throws.
   */
  async receive(
    ticket: string,
    source: AsyncIterable<Buffer>,
    length?: number,
  ): Promise<Pick<MediaFile, 'mime' | 'size'>> {
    const reservation = this.#tickets.use(ticket)
    if (!reservation) throw noUpload()
    const { size } = reservation
    try {
      if (length !== undefined && length > size) throw tooLarge(size, length)
      if (length !== undefined && length < size) throw tooShort(size, length)
      const file = await this.#folder.write(source, size)
      if (file.size < size) {
        this.#folder.remove(file.path)
        throw tooShort(size, file.size)
      }
      const timer = setTimeout(() => this.#forget(ticket), SEND_MS).unref()
      this.#waiting.set(ticket, { ...reservation, file, timer })
      return { mime: file.mime, size: file.size }
    } catch (error) {
      this.#free(size)
      throw error
    }
  }

  /** @throws BridgeError `media_unavailable` when the account has no such upload. */
  claim(account_id: string, ticket: string): MediaFile {
    const waiting = this.#waiting.get(ticket)
    if (waiting?.account_id !== account_id) throw noUpload()
    this.#waiting.delete(ticket)
    clearTimeout(waiting.timer)
    this.#claimed.set(waiting.file.path, waiting.size)
    return waiting.file
  }

  /** A message has had this file since before the bridge started. */
  remember({ path, size }: Pick<MediaFile, 'path' | 'size'>): void {
    if (this.#claimed.has(path)) return
    this.#claimed.set(path, size)
    this.#bytes += size
  }

  /** Deletes a file that a message had. */
  release(path: string): void {
    this.#folder.remove(path)
    this.#free(this.#claimed.get(path) ?? 0)
    this.#claimed.delete(path)
  }

  #forget(ticket: string): void {
    const waiting = this.#waiting.get(ticket)
    if (!waiting) return
    this.#waiting.delete(ticket)
    this.#folder.remove(waiting.file.path)
    this.#free(waiting.size)
  }

  #free(size: number): void {
    this.#bytes -= size
  }
}

function noUpload(): BridgeError {
  return new BridgeError('media_unavailable', 'There is no such upload, or not any more: upload the file again')
}

function tooShort(announced: number, size: number): BridgeError {
  const message = `The file has ${size} bytes, and ${announced} were announced`
  return new BridgeError('invalid_request', message, { announced, size })
}
