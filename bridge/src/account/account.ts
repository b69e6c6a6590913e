import { randomUUID } from 'node:crypto'

import {
  type Address,
  type Alias,
  type Engine,
  EngineError,
  type EngineEvent,
  type EngineHost,
  type Self,
  type StoredMessage,
} from '../engine/engine.ts'
import type { Logger } from '../log.ts'
import type * as wire from '../protocol.ts'
import type { ChatRow } from '../store/identities.ts'
import { Announcer } from './announcer.ts'
import { Directory } from './directory.ts'
import { MediaStore } from './media.ts'
import { Outbox } from './outbox.ts'
import { Records } from './records.ts'
import { phoneOf, valueOf } from './self.ts'
import type { Sender } from './sender.ts'
import { type Context, EngineSession, type Listener } from './session.ts'
import { loadSettings, markOnline } from './settings.ts'
import { cleanName, now } from './text.ts'

/** One WhatsApp account: what it keeps, and the session that it has for now. */
export class Account implements Listener, Sender {
  readonly id: string
  readonly records: Records
  readonly media: MediaStore
  readonly directory: Directory
  readonly #outbox: Outbox
  readonly #context: Context
  readonly #log: Logger
  readonly #announcer = new Announcer(() => this.state())
  #self: Self
  #linked: boolean
  #session: EngineSession
  #connection: wire.Connection
  #restriction: wire.Restriction | null = null
  #settings: wire.Settings
  /** Sessions that are being ended. */
  readonly #endings = new Set<Promise<void>>()
  #stopped = false

  constructor(context: Context, id: string, self: Self, linked: boolean) {
    this.id = id
    this.#context = context
    // The beginning is enough to tell accounts apart, and no part of it can be taken for a phone number.
    this.#log = context.log.child({ account: id.slice(0, 7) })
    this.#self = self
    this.#linked = linked
    this.#session = new EngineSession(context, id, this)
    const reason = linked ? null : 'logged_out'
    this.#connection = { status: linked ? 'disconnected' : 'unlinked', reason, since: now(), retry_at: null }
    this.#settings = loadSettings(context.store, id)
    this.records = new Records(context.store, id, this.#log, (chats, removed) => this.#chatsChanged(chats, removed))
    this.directory = new Directory(this.records, this)
    this.media = new MediaStore(this.records, this, context.media, this.#log)
    this.#outbox = new Outbox(this.records, this, this.#log)
  }

  get engine(): Engine {
    return this.#session.engine
  }

  get self(): Address {
    return { kind: 'self', aliases: this.#self.aliases }
  }

  restrictedUntil(): number | undefined {
    const until = this.#restriction?.until ?? 0
    return until > now() ? until : undefined
  }

  isLinked(): boolean {
    return this.#linked
  }

  isConnected(): boolean {
    return this.#connection.status === 'connected'
  }

  /** The account as clients see it. */
  state(): wire.Account {
    return {
      account_id: this.id,
      phone: phoneOf(this.#self),
      lid: valueOf(this.#self, 'lid') ?? null,
      name: this.#name(),
      engine: this.engine.name,
      capabilities: this.engine.capabilities(),
      connection: this.#connection,
      restriction: this.#restriction,
      settings: this.#settings,
      queued: this.#outbox.count(),
    }
  }

  get settings(): wire.Settings {
    return this.#settings
  }

  /** Chooses what is given, from now on. */
  configure(changes: Partial<wire.Settings>): void {
    const { mark_online } = this.#settings
    this.#settings = { ...this.#settings, ...changes }
    this.#context.store.accounts.configure(this.id, this.#settings)
    this.#outbox.pace(this.#settings.pacing)
    this.#announcer.changed()
    const isNew = this.#settings.mark_online !== mark_online
    if (isNew && this.#connection.status === 'connected') markOnline(this.engine, !mark_online, this.#log)
  }

  /** Calls `listener` with every state event. Returns how to stop that. */
  subscribe(listener: (event: wire.StateEvent) => void): () => void {
    return this.#announcer.subscribe(listener)
  }

  /** Connects, if it is linked, and goes on with what waits to be sent. */
  start(): void {
    if (this.#linked) {
      this.connection({ status: 'connecting', reason: null, retry_at: null })
      this.#startEngine()
    }
    this.#outbox.resume()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#announcer.stop()
    this.#outbox.stop()
    this.media.stop()
    await Promise.all([this.records.journal.flush(), this.engine.stop(), ...this.#endings])
  }

  /** Takes over the session of a link that has just been paired, in one commit. The one before it is logged out. */
  adopt(session: EngineSession, self: Self): void {
    const { auth, accounts, database } = this.#context.store
    const previous = this.#session
    const wasLinked = this.#linked
    const retired = linkName()
    database.transaction(() => {
      accounts.save(this.id, self)
      auth.move(this.id, retired)
      auth.move(session.owner, this.id)
      this.records.identity.note({ kind: 'self', aliases: self.aliases }, { listed: true })
    })
    previous.retire(retired)
    session.owner = this.id
    session.listener = this
    this.#session = session
    this.#self = self
    this.#linked = true
    this.connection({ status: 'connecting', reason: null, retry_at: null })
    this.#end(previous, wasLinked)
  }

  /** Connects from the beginning with the stored session, also when its engine has given up. */
  async restart(): Promise<void> {
    const previous = this.#session
    if (!this.#isLive(previous)) return
    previous.listener = undefined
    await previous.engine.stop()
    if (!this.#isLive(previous)) return
    this.#session = new EngineSession(this.#context, this.id, this)
    this.start()
  }

  /** Logs the device out on WhatsApp. All but the session stays. */
  async unlink(): Promise<void> {
    if (!this.#linked) return
    const { engine } = this
    await engine.unlink().catch((error: unknown) => {
      this.#log.warn({ err: error }, 'could not log out on WhatsApp: the phone still lists this device')
    })
    if (engine === this.engine) this.#forget('logged_out')
  }

  /** See `Directory.resolve`. */
  async resolve(reference: string): Promise<ChatRow> {
    return this.directory.resolve(reference)
  }

  /** See `Outbox.send`. */
  async send(request: wire.CommandArgs<'send'>): Promise<wire.CommandResult<'send'>> {
    return this.#outbox.send(request)
  }

  queueChanged(): void {
    this.#announcer.queueChanged()
  }

  emit(event: EngineEvent): void {
    const told = this.records.take(event)
    if (told) this.#announcer.tell(told)
    if (event.type === 'message') this.media.arrived(event)
  }

  connection({ status, reason, retry_at }: Parameters<EngineHost['connection']>[0]): void {
    if (status === 'unlinked') return this.#forget(reason ?? 'logged_out')
    const { since, ...before } = this.#connection
    const same = before.status === status && before.reason === reason
    this.#connection = { status, reason, retry_at, since: same ? since : now() }
    if (!same) this.#log.info({ status, reason }, 'the connection to WhatsApp has changed')
    this.#announcer.changed()
    if (status !== 'connected') return
    this.records.journal.counters.connected()
    this.#outbox.resume()
    this.media.resume()
  }

  markOnline(): boolean {
    return this.#settings.mark_online
  }

  restricted(until: number | null | undefined): void {
    this.#restriction = until === undefined ? null : { since: now(), until }
    this.#announcer.changed()
  }

  learn(aliases: Alias[]): void {
    this.records.identity.learn(aliases)
  }

  aliases(alias: Alias): Alias[] {
    return this.records.identity.aliases(alias)
  }

  message(external_id: string): StoredMessage | undefined {
    return this.records.message(external_id)
  }

  /** What was known when it was linked, or what its own phone has called itself since. */
  #name(): string | null {
    const own = this.records.identity.find(this.#self.aliases[0]?.value ?? '')
    return cleanName(this.#self.name) ?? own?.own_name ?? null
  }

  #chatsChanged(chats: wire.Chat[], removed: string[]): void {
    this.#announcer.tell({ type: 'chats', chats, removed })
    if (chats.some(({ kind }) => kind === 'self')) this.#announcer.changed()
  }

  #isLive(session: EngineSession): boolean {
    return this.#linked && !this.#stopped && this.#session === session
  }

  #startEngine(): void {
    try {
      this.engine.start()
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'not_linked') throw error
      this.#log.error('an account has lost its session and must be linked again')
      this.#forget('logged_out')
    }
  }

  /** The session is over: it is deleted, and everything else stays. */
  #forget(reason: wire.ConnectionReason): void {
    if (!this.#linked) return
    const { auth, accounts, database } = this.#context.store
    const previous = this.#session
    const retired = linkName()
    database.transaction(() => {
      accounts.unlink(this.id)
      auth.move(this.id, retired)
    })
    previous.retire(retired)
    this.#linked = false
    this.#connection = { status: 'unlinked', reason, since: now(), retry_at: null }
    this.#log.warn({ reason }, 'the account is not linked any more')
    this.#session = new EngineSession(this.#context, this.id, this)
    this.#end(previous, false)
    this.#announcer.changed()
  }

  /** Ends a session that nobody listens to any more. */
  #end({ engine, owner }: EngineSession, logOut: boolean): void {
    const { store } = this.#context
    const over = logOut ? engine.unlink() : engine.stop()
    const ending = over
      .catch((error: unknown) =>
        this.#log.warn({ err: error }, 'could not end a session on WhatsApp: the phone may still list it'),
      )
      .then(() => {
        store.auth.delete(owner)
        return void this.#endings.delete(ending)
      })
    this.#endings.add(ending)
  }
}

/** The name under which a session keeps its keys that is no account's: whatever is left of it is deleted at the next start. */
export function linkName(): string {
  return `link:${randomUUID()}`
}
