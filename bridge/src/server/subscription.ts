import type { Account } from '../account/account.ts'
import { now } from '../account/text.ts'
import type { EventFrame } from '../protocol.ts'

const PAGE = 64

/** Writes one frame and resolves when the system has taken it; false when the client is gone. */
export type Write = (frame: EventFrame) => Promise<boolean>

/**
 * What one client hears of one account. There is one path for old and new: pages of the journal after the last event written,
 * each event written when the one before it has gone out. So order cannot break, and a slow client costs one event of memory.
 */
export class Subscription {
  /** The head when it began: what is older than that is replayed. */
  readonly head: number
  readonly #account: Account
  readonly #write: Write
  readonly #endings: (() => void)[]
  #seq: number
  #pumping = false
  #ended = false

  /** `tell` hears state events, at once. Events follow in a later tick: first comes the answer to who asked. */
  constructor(account: Account, consumer: string, write: Write, tell: (frame: EventFrame) => void) {
    const { journal } = account.records
    this.#account = account
    this.#write = write
    this.head = journal.head()
    this.#seq = journal.cursor(consumer)
    const wake = (): void => queueMicrotask(() => void this.#pump())
    this.#endings = [
      journal.subscribe(wake),
      account.subscribe((event) => tell({ type: 'event', account_id: account.id, event })),
    ]
    wake()
  }

  end(): void {
    this.#ended = true
    for (const end of this.#endings) end()
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    const { journal } = this.#account.records
    let page = this.#ended ? [] : journal.after(this.#seq, PAGE)
    while (page.length > 0) {
      for (const { seq, event } of page) {
        const replayed = seq <= this.head
        const age = Math.max(0, now() - event.timestamp)
        const frame = {
          type: 'event',
          account_id: this.#account.id,
          seq,
          replayed,
          age,
          event: 'origin' in event ? { ...event, origin: { ...event.origin, replayed } } : event,
        } as const
        if (this.#isOver() || !(await this.#write(frame))) return
        this.#seq = seq
      }
      page = this.#isOver() ? [] : journal.after(this.#seq, PAGE)
    }
    this.#pumping = false
  }

  #isOver(): boolean {
    return this.#ended
  }
}
