import { EngineError, type EngineHost } from '../engine.ts'
import { abortable } from './abort.ts'
import type { Connection } from './connection.ts'
import type { BaileysEventMap } from './library.ts'
import { summary } from './logger.ts'

type TimeLock = NonNullable<BaileysEventMap['connection.update']['reachoutTimeLock']>

/** How long WhatsApp may take to say until when. */
const ANSWER_MS = 5000
/** What `setTimeout` can wait at most. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** What WhatsApp does not let this account do for now: start chats, or more of them. */
export class Restrictions {
  readonly #host: EngineHost
  /** By what it restricts with: seconds since 1970, `null` when WhatsApp did not say. */
  readonly #until = new Map<'time lock' | 'cap', number | null>()
  #end: NodeJS.Timeout | undefined

  constructor(host: EngineHost) {
    this.#host = host
  }

  attach(connection: Connection): void {
    connection.on('connection.update', ({ connection: state, reachoutTimeLock }) => {
      if (reachoutTimeLock) this.#change('time lock', untilOf(reachoutTimeLock))
      // It may have been lifted while nobody was there to hear it.
      if (state === 'open' && this.#until.has('time lock')) void this.#ask(connection)
    })
    connection.on('message-capping.update', ({ capping_status, cycle_end_timestamp }) => {
      const isCapped = (capping_status as string | undefined) === 'CAPPED'
      this.#change('cap', isCapped ? Number(cycle_end_timestamp) || null : undefined)
    })
  }

  /** A message was refused for a restriction: the same error, with until when. */
  async explain(refused: EngineError, connection: Connection | undefined): Promise<EngineError> {
    const answered = connection && (await this.#ask(connection))
    if (!answered && this.#until.size === 0) this.#change('time lock', null)
    return new EngineError(refused.code, refused.message, refused.retry, {
      ...refused.details,
      until: this.#latest ?? null,
    })
  }

  stop(): void {
    clearTimeout(this.#end)
  }

  /** `undefined` when nothing is restricted. */
  get #latest(): number | null | undefined {
    if (this.#until.size === 0) return undefined
    const known = [...this.#until.values()]
    return known.includes(null) ? null : Math.max(...known.map(Number))
  }

  /** Baileys tells the answer as an event. Returns whether there was one. */
  async #ask(connection: Connection): Promise<boolean> {
    const signal = AbortSignal.any([connection.signal, AbortSignal.timeout(ANSWER_MS)])
    try {
      await abortable(connection.socket.fetchAccountReachoutTimelock(), signal)
      return true
    } catch (error) {
      this.#host.log.debug({ error: summary(error) }, 'WhatsApp did not say whether the account is restricted')
      return false
    }
  }

  #change(how: 'time lock' | 'cap', until: number | null | undefined): void {
    const before = this.#latest
    if (until === undefined) this.#until.delete(how)
    else this.#until.set(how, until)
    const latest = this.#latest
    if (latest === before) return
    this.#host.restricted(latest)
    clearTimeout(this.#end)
    if (typeof latest === 'number') this.#liftAt(latest)
  }

  #liftAt(until: number): void {
    const wait = Math.min(Math.max(until * 1000 - Date.now(), 0), LONGEST_TIMER_MS)
    this.#end = setTimeout(() => {
      const now = Date.now() / 1000
      if (now < until) return this.#liftAt(until)
      for (const [how, end] of this.#until) if (end !== null && end <= now) this.#change(how, undefined)
    }, wait).unref()
  }
}

/** `undefined`: there is none. */
function untilOf({ isActive, timeEnforcementEnds }: TimeLock): number | null | undefined {
  if (!isActive) return undefined
  const until = (timeEnforcementEnds?.getTime() ?? Number.NaN) / 1000
  return Number.isFinite(until) ? Math.floor(until) : null
}
