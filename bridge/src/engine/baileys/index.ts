import type { Readable } from 'node:stream'

import type { Capability, Presence } from '../../protocol.ts'
import {
  type Address,
  type Engine,
  EngineError,
  type EngineFactory,
  type EngineHost,
  type GroupAdmin,
  type MediaFile,
  type MessageRef,
  type OutboundMessage,
  type PairProgress,
  type PairRequest,
  type Prepared,
  type Self,
  type Sendable,
  type SendContext,
} from '../engine.ts'
import { type ActionParts, markRead, picture } from './actions.ts'
import { selfOf } from './addresses.ts'
import { Session } from './auth.ts'
import { Backoff } from './backoff.ts'
import { makeCaches } from './caches.ts'
import { CAPABILITIES } from './capabilities.ts'
import { Connection } from './connection.ts'
import { historyChats, savedContacts } from './contacts.ts'
import { notConnected } from './errors.ts'
import { learnExpirations } from './expirations.ts'
import { BaileysGroups } from './group-admin.ts'
import { Groups } from './groups.ts'
import { Happenings } from './happenings.ts'
import { type Contact, WA_CERT_DETAILS, type WAVersion } from './library.ts'
import { Lifeline } from './lifeline.ts'
import { lookup } from './lookup.ts'
import { MediaServers } from './media-hosts.ts'
import { download, upload } from './media.ts'
import { prepare, send } from './outbound.ts'
import { chatOf } from './outbound-chat.ts'
import { Pairing } from './pairing.ts'
import { Pairs } from './pairs.ts'
import { Receiving } from './receiving.ts'
import { Presences } from './presence.ts'
import { probe } from './probe.ts'
import { Restrictions } from './restrictions.ts'
import { socketConfig, type SocketParts } from './socket.ts'
import { TIMING, type Timing } from './timing.ts'

/** How long a link that was cancelled too late may take to be taken back. */
const UNDO_MS = 5000

export interface BaileysOptions {
  /** Another WhatsApp than the real one. */
  url?: string
  /** The public key that its certificates go back to. */
  rootKey?: Uint8Array
  /** The version of WhatsApp Web to pose as, when Baileys' own has become too old. */
  version?: WAVersion
  timing?: Partial<Timing>
}

/** WhatsApp as a linked device, by Baileys. */
export function baileysEngine(options: BaileysOptions = {}): EngineFactory {
  return (host) => new BaileysEngine(host, options)
}

class BaileysEngine implements Engine {
  readonly name = 'baileys'
  readonly groups: GroupAdmin
  readonly #host: EngineHost
  readonly #options: BaileysOptions
  readonly #timing: Timing
  readonly #parts: SocketParts
  readonly #receiving: Receiving
  readonly #pairs: Pairs
  readonly #groupList: Groups
  readonly #mediaServers: MediaServers
  readonly #happenings: Happenings
  readonly #presences: Presences
  readonly #restrictions: Restrictions
  #session: Session | undefined
  #lifeline: Lifeline | undefined
  /** Ends a link that is under way. */
  #stopping: AbortController | undefined

  constructor(host: EngineHost, options: BaileysOptions) {
    this.#host = host
    this.#options = options
    this.#timing = { ...TIMING, ...options.timing }
    const me = () => this.#me
    this.#pairs = new Pairs(host, me)
    this.#receiving = new Receiving(host, this.#pairs, me, this.#timing.repair)
    this.#groupList = new Groups(host, this.#pairs, me)
    this.#mediaServers = new MediaServers(options.url)
    this.#happenings = new Happenings(host, this.#groupList, me)
    this.#presences = new Presences(host, me)
    this.#restrictions = new Restrictions(host)
    const { groupChanges: changes } = this.#happenings
    this.groups = new BaileysGroups({ host, groups: this.#groupList, changes, open: () => this.#open() })
    this.#parts = {
      url: options.url,
      version: options.version,
      host,
      timing: this.#timing,
      caches: makeCaches(),
      makeSignalRepository: this.#receiving.makeSignalRepository,
      watch: (keys) => this.#receiving.watch(keys),
      cachedGroupMetadata: (jid) => Promise.resolve(this.#groupList.cached(jid)),
    }
  }

  get #me(): Contact | undefined {
    return this.#session?.creds.me
  }

  capabilities(): Record<string, Capability> {
    return CAPABILITIES
  }

  start(): void {
    if (this.#lifeline && !this.#lifeline.over) return
    this.#session = Session.load(this.#host.store)
    if (!this.#session) throw new EngineError('not_linked', 'This account is not linked to WhatsApp', 'never')
    this.#live(this.#session)
  }

  async stop(): Promise<void> {
    this.#stopping?.abort(notConnected())
    await this.#lifeline?.stop()
    this.#restrictions.stop()
  }

  async pair(request: PairRequest, progress: (step: PairProgress) => void, signal: AbortSignal): Promise<Self> {
    signal.throwIfAborted()
    if (this.#lifeline && !this.#lifeline.over) {
      throw new EngineError('link_conflict', 'This account is linked already', 'never')
    }
    checkPhone(request)
    const earlier = this.#session
    const session = Session.create(this.#host.store)
    const stopping = new AbortController()
    this.#stopping = stopping
    const either = AbortSignal.any([signal, stopping.signal])
    this.#session = session
    const config = socketConfig(session, this.#parts)
    const pairing = new Pairing(this.#connection(config), session, request, progress, config.browser ?? [])
    try {
      await pairing.run(either)
      earlier?.retire()
      await this.#live(session).untilOpen(either)
    } catch (error) {
      if (!pairing.agreed) this.#session = earlier
      // Otherwise the session may still be good: it stays for the next start.
      else if (signal.aborted || !(error instanceof EngineError)) await this.#undo(session)
      throw error
    }
    return selfOf(session.creds.me)
  }

  async unlink(): Promise<void> {
    await this.#lifeline?.logOut()
    this.#forget()
    this.#host.connection({ status: 'unlinked', reason: null, retry_at: null })
  }

  prepare(to: Address, content: Sendable, context: SendContext): Promise<Prepared> {
    return Promise.try(() => prepare(content, context, chatOf(to, this.#host, this.#groupList, this.#me), this.#me?.id))
  }

  async send(message: OutboundMessage, signal: AbortSignal): Promise<{ accepted_at: number }> {
    const parts = { connection: this.#open(), host: this.#host, groups: this.#groupList, ackMs: this.#timing.ack }
    return await send(parts, message, signal).catch(async (error: unknown) => {
      const restricted = error instanceof EngineError && error.code === 'restricted'
      throw restricted ? await this.#restrictions.explain(error, this.#lifeline?.open) : error
    })
  }

  async lookup(phone: string, signal: AbortSignal): Promise<Address | null> {
    return await lookup(this.#open(), this.#pairs, phone, signal)
  }

  async upload(message: OutboundMessage, media: MediaFile, signal: AbortSignal): Promise<Uint8Array> {
    return await upload(this.#mediaServers, this.#open(), message, media, signal)
  }

  async download(message: MessageRef, signal: AbortSignal): Promise<Readable> {
    return await download(this.#mediaServers, this.#open(), message, this.#timing.restore, signal)
  }

  async picture(whom: Address, signal: AbortSignal): Promise<Readable | null> {
    return await picture(this.#action(), this.#mediaServers, whom, signal)
  }

  async markRead(messages: readonly MessageRef[], signal: AbortSignal): Promise<void> {
    await markRead(this.#action(), this.#groupList, messages, signal)
  }

  async presence(presence: Presence, to: Address | null, signal: AbortSignal): Promise<void> {
    await this.#presences.show(this.#open(), presence, to, signal)
  }

  async watchPresence(whom: Address, signal: AbortSignal): Promise<void> {
    await this.#presences.watch(this.#open(), whom, signal)
  }

  /** Baileys waits for an answer as long as `query`, and then takes none for one. */
  #action(): ActionParts {
    return { connection: this.#open(), host: this.#host, answerMs: this.#timing.query / 2 }
  }

  #open(): Connection {
    const connection = this.#lifeline?.open
    if (connection) return connection
    if (this.#session) throw notConnected()
    throw new EngineError('not_linked', 'This account is not linked to WhatsApp', 'later')
  }

  #live(session: Session): Lifeline {
    this.#receiving.begin()
    this.#lifeline = new Lifeline({
      host: this.#host,
      backoff: new Backoff(this.#timing.retryFirst, this.#timing.retryLast),
      connect: () => this.#attach(this.#connection(socketConfig(session, this.#parts)), session),
      ended: () => {
        this.#groupList.forget()
        this.#receiving.replay()
      },
      unlinked: () => this.#forget(),
    })
    return this.#lifeline
  }

  #connection(config: ConstructorParameters<typeof Connection>[0]): Connection {
    const { rootKey } = this.#options
    if (rootKey) WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey)
    return new Connection(config, this.#timing.connect, this.#host.log)
  }

  #attach(connection: Connection, session: Session): Connection {
    connection.on('creds.update', () => connection.keep(() => session.save()))
    this.#receiving.attach(connection)
    this.#happenings.attach(connection)
    this.#presences.attach(connection)
    this.#restrictions.attach(connection)
    probe(connection, this.#timing.probe, this.#timing.query)
    connection.on('contacts.upsert', (contacts) => this.#list(savedContacts(contacts, this.#me)))
    connection.on('contacts.update', (contacts) => this.#list(savedContacts(contacts, this.#me)))
    connection.on('messaging-history.set', (history) => {
      learnExpirations(this.#host, history, this.#me)
      this.#list(historyChats(history, this.#me))
    })
    this.#groupList.attach(connection)
    return connection
  }

  #list(chats: ReturnType<typeof savedContacts>): void {
    if (chats.length > 0) this.#host.emit({ type: 'chats', chats, removed: [], all_groups: false })
  }

  /** The phone lists a device by now that nobody wants any more. */
  async #undo(session: Session): Promise<void> {
    const lifeline = this.#lifeline && !this.#lifeline.over ? this.#lifeline : this.#live(session)
    await lifeline.untilOpen(AbortSignal.timeout(UNDO_MS)).catch(() => undefined)
    await this.unlink()
  }

  #forget(): void {
    this.#receiving.replay()
    this.#session?.forget()
    this.#session = undefined
  }
}

function checkPhone({ method, phone }: PairRequest): void {
  if (method === 'qr' || /^\d{5,20}$/u.test(phone ?? '')) return
  throw new EngineError('invalid_request', 'A code needs the phone number in digits, with country code', 'never')
}
