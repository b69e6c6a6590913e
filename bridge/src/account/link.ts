import { randomUUID } from 'node:crypto'

import type { PairProgress, PairRequest, Self } from '../engine/engine.ts'
import { asBridgeError, BridgeError } from '../errors.ts'
import type { CommandArgs, LinkEvent } from '../protocol.ts'
import { type Account, linkName } from './account.ts'
import { phoneDigits } from './phone.ts'
import { type Context, EngineSession } from './session.ts'

/** Finds or makes the account of a newly paired session. @throws BridgeError `link_conflict`. */
type Adopt = (session: EngineSession, self: Self, wanted: string | undefined) => Account

/** The act of pairing: from the first code shown to an account that is logged in. */
export class Link {
  readonly id = randomUUID()
  /** Resolves when the link is over and nothing is left to clean up. */
  readonly done: Promise<void>
  readonly #context: Context
  readonly #request: CommandArgs<'link'>
  readonly #adopt: Adopt
  readonly #tell: (event: LinkEvent) => void
  readonly #session: EngineSession
  readonly #cancelled = new AbortController()
  #paired = false
  #account: Account | undefined
  #conflict: BridgeError | undefined

  /** @throws BridgeError `invalid_request` when a code is wanted without a phone number. */
  constructor(context: Context, request: CommandArgs<'link'>, adopt: Adopt, tell: (event: LinkEvent) => void) {
    this.#context = context
    this.#request = request
    this.#adopt = adopt
    this.#tell = tell
    const phone = codePhone(request)
    this.#session = new EngineSession(context, linkName())
    this.done = this.#run(phone)
  }

  /** Ends the link, unless the phone has agreed to it already. */
  cancel(): void {
    if (!this.#paired) this.#cancelled.abort()
  }

  /** Ends the link because the bridge stops. One that the phone has agreed to goes on at the next start, as its account. */
  async stop(): Promise<void> {
    this.cancel()
    if (!this.#paired) return this.done
    if (!this.#account) await this.#session.engine.stop()
  }

  async #run(phone: string | undefined): Promise<void> {
    const { engine } = this.#session
    // The answer to the command, with the link's id, goes first.
    await Promise.resolve()
    this.#say({ status: 'connecting' })
    try {
      const request: PairRequest = { method: this.#request.method, ...(phone !== undefined && { phone }) }
      await engine.pair(request, (step) => this.#step(step), this.#cancelled.signal)
      if (this.#conflict) throw this.#conflict
      if (this.#account) this.#say({ status: 'linked', account: this.#account.state() })
    } catch (error) {
      this.#fail(error)
      // The phone has agreed and the session is kept: it may still log in, or be found to be over.
      await this.#account?.restart()
    }
    await this.#tidy()
  }

  #step(step: PairProgress): void {
    if (step.status !== 'paired') return this.#say(step)
    this.#paired = true
    try {
      this.#account = this.#adopt(this.#session, step.self, this.#request.account_id)
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error
      // The phone lists the new device already: only one that is logged in can take itself off that list.
      this.#conflict = error
    }
    this.#say({ status: 'linking' })
  }

  #fail(error: unknown): void {
    if (this.#cancelled.signal.aborted) return
    const known = asBridgeError(error)
    if (!known) this.#context.log.error({ err: error }, 'a link failed')
    this.#say({ status: 'failed', error: known?.code ?? 'internal' })
  }

  /** Whatever is not an account's by now leaves nothing behind, here or on the phone. */
  async #tidy(): Promise<void> {
    const { engine, owner } = this.#session
    if (this.#account) return
    const over = this.#conflict ? engine.unlink() : engine.stop()
    await over.catch((error: unknown) => this.#context.log.warn({ err: error }, 'could not end a link cleanly'))
    this.#context.store.auth.delete(owner)
  }

  #say(what: Partial<LinkEvent> & Pick<LinkEvent, 'status'>): void {
    const nothing = { qr: null, code: null, number: 0, total: 0, account: null, error: null }
    this.#tell({ type: 'link', link_id: this.id, ...nothing, ...what })
  }
}

function codePhone({ method, phone }: CommandArgs<'link'>): string | undefined {
  if (method === 'qr') return undefined
  const digits = phoneDigits(phone ?? '')
  if (digits !== undefined) return digits
  const message = 'A pairing code needs the phone number of the account, with its country code'
  throw new BridgeError('invalid_request', message, { field: '/phone' })
}
