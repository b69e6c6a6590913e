import type { EngineHost } from '../engine.ts'
import type { Connection } from './connection.ts'
import { Handled } from './handled.ts'
import { Identities } from './identities.ts'
import { Inbound } from './inbound.ts'
import { Inbox } from './inbox.ts'
import { Incoming } from './incoming.ts'
import type { Contact, SignalKeyStore, SocketConfig } from './library.ts'
import { summary } from './logger.ts'
import { OwnDevices } from './own-devices.ts'
import type { Pairs } from './pairs.ts'
import { Repairs } from './repairs.ts'
import { makeRepository } from './repository.ts'
import { Unread } from './unread.ts'

/** Everything that comes in: told once, whatever happens on the way. */
export class Receiving {
  readonly makeSignalRepository: SocketConfig['makeSignalRepository']
  readonly #host: EngineHost
  readonly #unread: Unread
  readonly #handled: Handled
  readonly #incoming: Incoming
  readonly #inbound: Inbound
  readonly #repairs: Repairs
  readonly #identities: Identities
  readonly #ownDevices: OwnDevices

  constructor(host: EngineHost, pairs: Pairs, me: () => Contact | undefined, repairMs: number) {
    const { store, log } = host
    const inbox = new Inbox(store, me, log)
    this.#host = host
    this.#unread = new Unread(store)
    this.#handled = new Handled(store)
    const parts = { inbox, unread: this.#unread, handled: this.#handled, me }
    this.#incoming = new Incoming(host, parts)
    this.#inbound = new Inbound(host, parts)
    const tell = () => this.#inbound.tellUnread()
    this.#repairs = new Repairs({ unread: this.#unread, incoming: this.#incoming, me, tell, log, waitMs: repairMs })
    this.#identities = new Identities(host, me)
    this.#ownDevices = new OwnDevices(host, me)
    this.makeSignalRepository = makeRepository(this.#incoming, pairs)
  }

  /** A session begins: with what an earlier process left of it. */
  begin(): void {
    this.#unread.load()
    this.#handled.load()
    this.replay()
  }

  /** The keys of a session, with all that is to be noticed in what is written to them. */
  watch(keys: SignalKeyStore): SignalKeyStore {
    return this.#ownDevices.watch(this.#identities.watch(keys))
  }

  attach(connection: Connection): void {
    this.#incoming.onLost = () => void connection.end(new Error('Not kept'))
    connection.before('CB:message', (stanza) => this.#incoming.expect(stanza))
    connection.on('connection.update', (update) => {
      if (update.connection === 'open') this.replay()
    })
    connection.on('messages.upsert', (upsert) => {
      connection.keep(() => this.#inbound.upsert(upsert))
    })
    this.#repairs.attach(connection)
    this.#identities.attach(connection)
    this.#ownDevices.attach(connection)
  }

  /** What was received and not told. */
  replay(): void {
    try {
      this.#inbound.replay()
    } catch (error) {
      this.#host.log.error({ error: summary(error) }, 'Messages could not be kept; they will be tried again')
    }
  }
}
