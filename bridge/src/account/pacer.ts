import type { Pacing } from '../protocol.ts'

/** How much sooner or later than on average the next message goes, in parts of one. */
const JITTER = 0.25
/** So many buckets are remembered before those that are full again are looked for. */
const MANY = 256

/** A token bucket. A message that had to wait may go when there are `need` tokens: one on average. */
interface Bucket {
  tokens: number
  at: number
  need: number
}

/**
 * So many messages at once and so many a minute, for each chat and for the account. Urgent messages do not ask, but count. It has no timers:
 * `now` is in seconds and comes from the caller.
 */
export class Pacer {
  #pacing: Pacing
  #account: Bucket | undefined
  readonly #chats = new Map<string, Bucket>()

  constructor(pacing: Pacing) {
    this.#pacing = pacing
  }

  /** Begins anew with these. */
  configure(pacing: Pacing): void {
    this.#pacing = pacing
    this.#account = undefined
    this.#chats.clear()
  }

  /** Counts a message. */
  spend(chat: string, now: number): void {
    const { account_per_minute, chat_per_minute } = this.#pacing
    this.#account = this.#spent(this.#account, account_per_minute, now)
    this.#chats.set(chat, this.#spent(this.#chats.get(chat), chat_per_minute, now))
    if (this.#chats.size > MANY) this.#forgetFull(now)
  }

  /** When the account may send again; not after `now` when it may at once. */
  accountReady(now: number): number {
    return this.#account ? this.#ready(this.#account, this.#pacing.account_per_minute, now) : now
  }

  /** The chats that may not be sent to yet, and when they may. */
  waiting(now: number): Map<string, number> {
    const { chat_per_minute } = this.#pacing
    const times = [...this.#chats].map(([chat, bucket]) => [chat, this.#ready(bucket, chat_per_minute, now)] as const)
    return new Map(times.filter(([, ready]) => ready > now))
  }

  #spent(bucket: Bucket | undefined, perMinute: number, now: number): Bucket {
    const { burst } = this.#pacing
    // Urgent messages may run up a debt, but nobody waits longer for it than for one burst.
    const tokens = Math.max((bucket ? this.#filled(bucket, perMinute, now) : burst) - 1, -burst)
    return { tokens, at: now, need: tokens < 1 ? 1 + (Math.random() * 2 - 1) * JITTER : 1 }
  }

  #filled({ tokens, at, need }: Bucket, perMinute: number, now: number): number {
    const { burst } = this.#pacing
    // A clock that is set back fills nothing.
    const filled = tokens + (Math.max(0, now - at) * perMinute) / 60
    return perMinute === 0 ? burst : Math.min(Math.max(burst, need), filled)
  }

  #ready(bucket: Bucket, perMinute: number, now: number): number {
    if (perMinute === 0) return now
    const missing = bucket.need - this.#filled(bucket, perMinute, now)
    return missing > 1e-9 ? now + (missing * 60) / perMinute : now
  }

  #forgetFull(now: number): void {
    for (const [chat, bucket] of this.#chats) {
      if (this.#filled(bucket, this.#pacing.chat_per_minute, now) >= this.#pacing.burst) this.#chats.delete(chat)
    }
  }
}
