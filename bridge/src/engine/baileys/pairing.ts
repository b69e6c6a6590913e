import { EngineError, type PairProgress, type PairRequest } from '../engine.ts'
import { abortable } from './abort.ts'
import { selfOf } from './addresses.ts'
import type { Session } from './auth.ts'
import type { Connection } from './connection.ts'
import { noAnswer, notConnected } from './errors.ts'
import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren } from './library.ts'

type Progress = (step: PairProgress) => void

/** WhatsApp takes only an ordinary operating system for a code, and only for that moment. */
const CANONICAL_OS = 'Mac OS'
/** How long WhatsApp may take to close the connection after a link. */
const GOODBYE_MS = 10_000
/** How long WhatsApp may take to accept a code. */
const ANSWER_MS = 20_000
const PASSKEY_NOTIFICATIONS = new Set(['passkey_prologue_request', 'crsc_continuation'])

/**
 * One attempt to be linked, over a connection of its own which WhatsApp ends when it is done: the login needs a new one.
 * Resolves when the phone has agreed and the session is kept.
 */
export class Pairing {
  readonly #connection: Connection
  readonly #session: Session
  readonly #request: PairRequest
  readonly #progress: Progress
  readonly #paired = Promise.withResolvers<void>()
  #shown = 0
  #total = 0
  #agreed = false

  /** The phone has agreed and the session is kept. */
  get agreed(): boolean {
    return this.#agreed
  }

  /** @param browser The array that Baileys describes this device with. */
  constructor(connection: Connection, session: Session, request: PairRequest, progress: Progress, browser: string[]) {
    this.#connection = connection
    this.#session = session
    this.#request = request
    this.#progress = progress
    connection.onStanza('CB:iq,type:set,pair-device', (node) => {
      this.#total = getBinaryNodeChildren(getBinaryNodeChild(node, 'pair-device'), 'ref').length
    })
    connection.on('connection.update', ({ qr }) => {
      if (qr) this.#show(qr, browser)
    })
    connection.on('creds.update', () => this.#adopt())
    connection.onStanza('CB:notification', (node) => this.#watchForPasskey(node))
  }

  /** @throws EngineError, or the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    const closed = this.#connection.closed.then((error) => {
      if (!this.#agreed) throw failureOf(error)
    })
    try {
      await abortable(Promise.race([this.#paired.promise, closed]), signal)
      // WhatsApp closes the connection itself: a login before that would be turned away.
      const enough = AbortSignal.any([signal, AbortSignal.timeout(GOODBYE_MS)])
      await abortable(this.#connection.closed, enough).catch(() => signal.throwIfAborted())
    } finally {
      await this.#connection.end()
    }
  }

  #show(qr: string, browser: string[]): void {
    this.#shown++
    if (this.#request.method === 'qr') this.#progress({ status: 'qr', qr, number: this.#shown, total: this.#total })
    else if (this.#shown === 1)
      this.#askForCode(browser).catch((error: unknown) => this.#paired.reject(asFailure(error)))
  }

  /** Baileys makes the code itself and does not wait for the server's word on it. */
  async #askForCode(browser: string[]): Promise<void> {
    const accepted = Promise.withResolvers<void>()
    this.#connection.onStanza('CB:iq,type:result,link_code_companion_reg', () => accepted.resolve())
    this.#connection.onStanza('CB:iq,type:error', (node) => {
      this.#paired.reject(refusal(Number(getBinaryNodeChild(node, 'error')?.attrs['code'])))
    })
    // The name that the phone lists us under has been told before; the code takes an ordinary one.
    browser[0] = CANONICAL_OS
    const code = await this.#connection.socket.requestPairingCode(this.#request.phone ?? '')
    await abortable(accepted.promise, AbortSignal.any([this.#connection.signal, AbortSignal.timeout(ANSWER_MS)]))
    this.#progress({ status: 'code', code })
  }

  #adopt(): void {
    if (!this.#session.creds.account) return
    try {
      if (this.#agreed) return this.#session.save()
      this.#session.adopt()
      this.#agreed = true
      this.#progress({ status: 'paired', self: selfOf(this.#session.creds.me) })
      this.#paired.resolve()
    } catch (error) {
      this.#paired.reject(error)
    }
  }

  #watchForPasskey({ attrs }: BinaryNode): void {
    if (!PASSKEY_NOTIFICATIONS.has(attrs['type'] ?? '')) return
    const message = 'WhatsApp asks for a passkey, which only its own apps have'
    this.#paired.reject(new EngineError('passkey_required', message, 'never'))
  }
}

function refusal(code: number): EngineError {
  if (code === 429) return new EngineError('rate_limited', 'WhatsApp wants no more codes for now', 'later')
  return new EngineError('rejected', 'WhatsApp gave no code for this phone number', 'never')
}

function asFailure(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  return error instanceof DOMException ? noAnswer() : notConnected()
}

function failureOf(error: Error | undefined): EngineError {
  // Baileys' words; its number for this also stands for a network that failed.
  const expired = error?.message === 'QR refs attempts ended'
  return expired ? new EngineError('link_expired', 'Nobody entered a code in time', 'later') : notConnected()
}
