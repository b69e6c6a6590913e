import { basename, join } from 'node:path'

import type { MediaFile } from '../engine/engine.ts'
import type { MediaPolicy } from '../protocol.ts'
import type { KeptFile } from '../store/media.ts'
import type { MediaDesk } from './media-desk.ts'
import type { Records } from './records.ts'
import { now } from './text.ts'

const DAY = 86_400

/** The files of one account's received messages, until they are too old or too many. */
export class ReceivedMedia {
  readonly #records: Records
  readonly #desk: MediaDesk
  readonly #policy: () => MediaPolicy
  /** Files that are handed out now, by message, and how often. */
  readonly #used = new Map<string, number>()

  constructor(records: Records, desk: MediaDesk, policy: () => MediaPolicy) {
    this.#records = records
    this.#desk = desk
    this.#policy = policy
  }

  get(message_id: string): MediaFile | undefined {
    const { store, account } = this.#records
    const kept = store.media.get(account, message_id)
    return kept && { path: this.#path(kept), size: kept.size, mime: kept.mime }
  }

  /** Takes a file that was just written. */
  add(message_id: string, { path, size, mime }: MediaFile): void {
    const { store, account } = this.#records
    const name = basename(path)
    try {
      store.media.insert(account, { message_id, name, size, mime, stored_at: now() })
    } catch (error) {
      this.#desk.folder.remove(path)
      throw error
    }
    this.#desk.folder.keep(path)
  }

  /** It is not deleted before the function that this returns is called. */
  use(message_id: string): () => void {
    this.#used.set(message_id, (this.#used.get(message_id) ?? 0) + 1)
    let over = false
    return () => {
      if (over) return
      over = true
      const left = (this.#used.get(message_id) ?? 1) - 1
      if (left > 0) this.#used.set(message_id, left)
      else this.#used.delete(message_id)
      this.trim()
    }
  }

  /** Deletes what is too old and, oldest first, what is too much. */
  trim(): void {
    const { store, account } = this.#records
    const { keep_days, keep_bytes } = this.#policy()
    const files = store.media.all(account)
    let total = files.reduce((sum, { size }) => sum + size, 0)
    for (const file of files) {
      if (this.#used.has(file.message_id)) continue
      const isOld = keep_days === 0 || file.stored_at < now() - keep_days * DAY
      if (!isOld && total <= keep_bytes) continue
      store.media.delete(account, file.message_id)
      this.#desk.folder.remove(this.#path(file))
      total -= file.size
    }
  }

  /** A file that is not there was deleted by somebody else: it can be fetched again. */
  forget(message_id: string): void {
    this.#records.store.media.delete(this.#records.account, message_id)
  }

  #path({ name }: KeptFile): string {
    return join(this.#desk.folder.path, name)
  }
}
