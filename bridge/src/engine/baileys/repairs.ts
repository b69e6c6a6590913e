import type { Logger } from '../../log.ts'
import type { Connection } from './connection.ts'
import type { Incoming } from './incoming.ts'
import { type Contact, proto } from './library.ts'
import { summary } from './logger.ts'
import { frameOf } from './stanzas.ts'
import type { Unread, Unreadable } from './unread.ts'

const { PLACEHOLDER_MESSAGE_RESEND } = proto.Message.PeerDataOperationRequestType

/** How many messages one question may be about, and how often one message may be asked for: once a connection. */
const ASKED_AT_ONCE = 32
const ASKED_AT_MOST = 5

/** Phones do not hand these out to other devices. */
const NEVER_HANDED_OUT = /^(?:view_once|bot_|hosted_)/u

export interface RepairParts {
  unread: Unread
  incoming: Incoming
  me: () => Contact | undefined
  /** Tells the host of what could not be read and has not been told. */
  tell: () => void
  log: Logger
  /** How long peers and queues have before the own phone is asked. */
  waitMs: number
}

/** Asks the own phone for what could not be read and what its writer has not sent again, a while later and never all at once. */
export class Repairs {
  readonly #parts: RepairParts
  #connection: Connection | undefined
  #timer: NodeJS.Timeout | undefined
  /** Asked for on this connection. */
  #asked = new Set<string>()

  constructor(parts: RepairParts) {
    this.#parts = parts
    parts.incoming.onWork = () => this.#later()
  }

  /** What an earlier connection did not get is asked for again on this one. */
  attach(connection: Connection): void {
    this.#connection = connection
    this.#asked = new Set()
    connection.on('connection.update', (update) => {
      if (update.connection === 'open' && this.#hasWork()) this.#later()
    })
    connection.signal.addEventListener('abort', () => {
      clearTimeout(this.#timer)
      this.#timer = undefined
    })
  }

  #later(): void {
    if (this.#connection?.signal.aborted !== false) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#work().catch((error: unknown) => {
        this.#parts.log.warn({ error: summary(error) }, 'Messages could not be asked for again')
      })
    }, this.#parts.waitMs)
  }

  async #work(): Promise<void> {
    const { incoming, tell, waitMs } = this.#parts
    incoming.noteForgotten(waitMs)
    tell()
    const old = Date.now() - waitMs
    const due = this.#due()
      .filter(([, { at }]) => at <= old)
      .slice(0, ASKED_AT_ONCE)
    if (due.length > 0 && this.#connection?.isOpen) await this.#ask(this.#connection, due)
    if (this.#hasWork()) this.#later()
  }

  async #ask({ socket }: Connection, due: [string, Unreadable][]): Promise<void> {
    for (const [name] of due) this.#asked.add(name)
    await socket.sendPeerDataOperationMessage({
      peerDataOperationRequestType: PLACEHOLDER_MESSAGE_RESEND,
      placeholderMessageResendRequest: due.map(([, { attrs }]) => ({ messageKey: this.#keyOf(attrs) })),
    })
    for (const [name] of due) {
      const row = this.#parts.unread.get(name)
      if (row) this.#parts.unread.change(name, { ...row, asked: row.asked + 1 })
    }
  }

  #keyOf(attrs: Unreadable['attrs']): proto.IMessageKey {
    const { remoteJid, fromMe, id, participant } = frameOf(attrs, this.#parts.me()).key
    return {
      remoteJid: remoteJid ?? null,
      fromMe: fromMe === true,
      id: id ?? null,
      ...(participant && { participant }),
    }
  }

  #hasWork(): boolean {
    return this.#parts.incoming.isWaiting || this.#due().length > 0
  }

  #due(): [string, Unreadable][] {
    return [...this.#parts.unread].filter(
      ([name, { asked, unavailable }]) =>
        !this.#asked.has(name) && asked < ASKED_AT_MOST && !NEVER_HANDED_OUT.test(unavailable ?? ''),
    )
  }
}
