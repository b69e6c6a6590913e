/** The books of one run: what was written at either end, what came out at the other, and what does not add up. */
import type { Phone } from '../../simulator/phone.ts'
import type { CommandResult, Failure, JournalEvent } from '../../src/protocol.ts'
import type { Ask, Line } from './consumer.ts'

interface Outgoing {
  ask: Ask
  /** What the message shows on a phone, and nowhere else. */
  mark: string
  readers: readonly Phone[]
  result?: CommandResult<'send'>
}

export interface Verdict {
  sent: number
  received: number
  lost: number
  sent_twice: number
  event_twice: number
}

/** One line for each thing that does not add up. */
export interface Complaint {
  what: string
  of: string
}

export class Ledger {
  readonly outgoing = new Map<string, Outgoing>()
  readonly unanswered = new Set<string>()
  readonly #owner: Phone
  /** What phones wrote, by what its event must be. */
  readonly #written = new Map<string, string>()
  readonly #seqs = new Map<string, number>()
  readonly #events = new Map<number, string>()
  readonly #complaints: Complaint[] = []
  /** The last event of the present connection, and the last that the bridge knows to be handled. */
  #last = 0
  #acked = 0
  #twice = 0
  #confirmed = 0
  #told = 0
  replayed = 0

  constructor(owner: Phone) {
    this.#owner = owner
  }

  /** How many messages WhatsApp has not confirmed, as far as the consumer knows. */
  get unconfirmed(): number {
    return this.outgoing.size - this.#confirmed
  }

  /** How much of what people wrote has not been told. */
  get untold(): number {
    return this.#written.size - this.#told
  }

  /** How many events there have been. */
  get heard(): number {
    return this.#events.size
  }

  get acked(): number {
    return this.#acked
  }

  ask(outgoing: Outgoing): void {
    this.outgoing.set(outgoing.ask.request_id, outgoing)
    this.unanswered.add(outgoing.ask.request_id)
  }

  write(type: JournalEvent['type'], id: string, what: string): void {
    const name = `${type}:${id}`
    this.#written.set(name, what)
    // It may have been told before its writer knew that it was out.
    if (this.#seqs.has(name)) this.#told += 1
  }

  hear(line: Line): void {
    if ('listening' in line) this.#last = 0
    else if ('acked' in line) this.#acked = Math.max(this.#acked, line.acked)
    else if ('event' in line) this.#event(line.event.seq ?? 0, line.event.event as JournalEvent)
    else if ('result' in line) this.#answer(line.asked, line.result)
    else this.#refuse(line.asked, line.error)
  }

  /** How much of what was written has not come out. */
  missing(): Complaint[] {
    const untold = [...this.#written].filter(([key]) => !this.#seqs.has(key))
    const phones = new Map([...this.#readers()].map((phone) => [phone, this.#marks(phone)]))
    const unread = [...this.outgoing.values()].flatMap(({ mark, readers }) =>
      readers.filter((phone) => !phones.get(phone)?.has(mark)).map((phone) => ({ mark, phone })),
    )
    return [
      ...untold.map(([key, what]) => ({ what: 'not told', of: `${key} ${what}` })),
      ...unread.map(({ mark, phone }) => ({ what: `not on ${phone.name}'s phone`, of: mark })),
    ]
  }

  verdict(): Verdict & { complaints: Complaint[]; copies: number; receipts_missing: number } {
    const missing = this.missing()
    const twice = [...this.#readers()].flatMap((phone) =>
      [...this.#marks(phone)]
        .filter(([, ids]) => ids.size > 1)
        .map(([mark]) => ({ what: `twice on ${phone.name}'s phone`, of: mark })),
    )
    const inboxes = [...this.#readers()].flatMap((phone) => phone.inbox)
    return {
      sent: [...this.outgoing.values()].filter(({ result }) => result).length,
      received: [...this.#written.keys()].filter((key) => this.#seqs.has(key)).length,
      lost: missing.length,
      sent_twice: twice.length,
      event_twice: this.#twice,
      copies: inboxes.reduce((sum, { copies }) => sum + copies - 1, 0),
      receipts_missing: this.#receiptsMissing(),
      complaints: [...missing, ...twice, ...this.#complaints],
    }
  }

  #event(seq: number, event: JournalEvent): void {
    if (this.#last > 0 && seq !== this.#last + 1) this.#complain('out of order', `${seq} after ${this.#last}`)
    if (this.#last === 0 && seq > this.#highest() + 1) this.#complain('skipped', `${seq} after ${this.#highest()}`)
    this.#last = seq
    const name = nameOf(event)
    const known = this.#events.get(seq)
    if (seq <= this.#acked) this.#again('told after it was acknowledged', `${seq} ${name}`)
    else if (known !== undefined) this.replayed += 1
    if (known !== undefined && known !== name) this.#complain('another event under the same seq', `${seq} ${name}`)
    const earlier = this.#seqs.get(name)
    if (earlier === undefined && this.#written.has(name)) this.#told += 1
    if (earlier === undefined && event.type === 'receipt' && event.status === 'sent') this.#confirmed += 1
    if (earlier !== undefined && earlier !== seq) this.#again('two events', `${name} ${earlier} ${seq}`)
    this.#events.set(seq, name)
    this.#seqs.set(name, seq)
    if (event.type === 'poll_vote' && event.error !== null) this.#complain(`vote: ${event.error}`, name)
    if (event.type === 'receipt' && event.error !== null) this.#complain(`failed: ${event.error}`, name)
  }

  #highest(): number {
    return Math.max(this.#acked, this.#events.size)
  }

  #answer(asked: string, result: CommandResult<'send'>): void {
    this.unanswered.delete(asked)
    const outgoing = this.outgoing.get(asked)
    if (!outgoing) return
    const before = outgoing.result
    if (before && before.message_id !== result.message_id) this.#complain('another message for the same request', asked)
    if (before?.status === 'sent' && result.status !== 'sent') this.#complain('not sent any more', asked)
    outgoing.result = result
  }

  #refuse(asked: string, { code, message, details }: Failure['error']): void {
    this.unanswered.delete(asked)
    this.#complain(`refused: ${code}`, `${asked} ${message}`)
    // Nothing was promised of what has no message.
    if (details['message_id'] === undefined) this.outgoing.delete(asked)
  }

  #again(what: string, of: string): void {
    this.#twice += 1
    this.#complain(what, of)
  }

  #complain(what: string, of: string): void {
    this.#complaints.push({ what, of })
  }

  #readers(): Set<Phone> {
    return new Set([...this.outgoing.values()].flatMap(({ readers }) => readers))
  }

  /** The ids under which each mark came to a phone from the owner. */
  #marks(phone: Phone): Map<string, Set<string>> {
    const marks = new Map<string, Set<string>>()
    for (const { from, id, text, question } of phone.inbox) {
      const mark = text ?? question
      if (from !== this.#owner.number || mark === undefined) continue
      marks.set(mark, (marks.get(mark) ?? new Set()).add(id))
    }
    return marks
  }

  /** How many messages were sent without the receipt that says so. */
  #receiptsMissing(): number {
    const results = [...this.outgoing.values()].flatMap(({ result }) => (result ? [result.message_id] : []))
    return results.filter((id) => !this.#seqs.has(`receipt:${id}:sent:`)).length
  }
}

/** What makes it the same event. */
function nameOf(event: JournalEvent): string {
  const { type } = event
  if (type === 'receipt') return `${type}:${event.message_id}:${event.status}:${event.by?.id ?? ''}`
  if (type === 'reaction') return `${type}:${event.message_id}:${event.sender.id}:${event.emoji ?? ''}`
  if (type === 'edit') return `${type}:${event.message_id}:${event.text ?? ''}`
  if ('message_id' in event) return `${type}:${event.message_id}`
  return `${type}:${JSON.stringify(event)}`
}
