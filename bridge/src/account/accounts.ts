import type { EngineFactory, Self } from '../engine/engine.ts'
import { BridgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { AccountHealth, CommandArgs, LinkEvent, StorageStatus } from '../protocol.ts'
import type { Backup } from '../store/backup.ts'
import { StorageError, type StorageProblem } from '../store/faults.ts'
import type { Store } from '../store/store.ts'
import { Account } from './account.ts'
import { accountHealth } from './counters.ts'
import { Link } from './link.ts'
import { MediaDesk } from './media-desk.ts'
import { accountId } from './self.ts'
import type { Context, EngineSession } from './session.ts'

const MAX_LINKS = 8

/**
 * All accounts of the bridge, and the links that may become accounts.
 *
 * While the storage does not take what it is given, no account is connected: WhatsApp keeps what it cannot hand over. When the storage is
 * back, everything starts over from what is on disk.
 */
export class Accounts {
  readonly bridgeId: string
  readonly media: MediaDesk
  readonly #context: Context
  readonly #accounts = new Map<string, Account>()
  readonly #links = new Set<Link>()
  readonly #watchers = new Set<() => void>()
  /** Since the storage failed. Resolves when every connection is over. */
  #suspended: Promise<void> | undefined
  #problem: StorageProblem = 'full'
  #stopped = false

  constructor(store: Store, engines: EngineFactory, log: Logger) {
    this.bridgeId = store.bridgeId
    this.media = new MediaDesk(store)
    this.#context = { store, engines, log, media: this.media }
    store.database.watch((status) => this.#storageChanged(status))
  }

  /** Starts every account that is stored, and deletes what links left that never became one. With bad storage once it is good. */
  start(): void {
    const { database } = this.#context.store
    if (database.status !== 'ok') return this.#storageChanged(database.status)
    try {
      this.#startAll()
    } catch (error) {
      // Whoever watches the storage has heard of it, and everything has been stopped.
      if (!(error instanceof StorageError)) throw error
    }
  }

  #startAll(): void {
    const { auth, accounts } = this.#context.store
    auth.deleteOrphans()
    this.#tidy()
    for (const { account_id, self, linked } of accounts.all<Self>()) {
      this.#accounts.set(account_id, new Account(this.#context, account_id, self, linked))
    }
    for (const account of this.#accounts.values()) account.start()
  }

  /** Deletes what is past its time. `now`: seconds since 1970. */
  sweep(now: number): void {
    this.#context.store.sweep(now)
    for (const account of this.list()) account.media.sweep()
    this.#tidy()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await (this.#suspended ?? this.#end())
  }

  /** Calls `watcher` when the accounts that were listed are not the ones that are there, or will not be. */
  watch(watcher: () => void): void {
    this.#watchers.add(watcher)
  }

  list(): Account[] {
    return [...this.#accounts.values()]
  }

  /** Whether the bridge can keep what it is given. */
  storage(): StorageStatus {
    return this.#context.store.database.status
  }

  /** @throws BridgeError `storage_…` when what is to be done cannot be done for it. */
  checkStorage(forWriting: boolean): void {
    const { database } = this.#context.store
    database.requireReadable()
    if (!forWriting || !this.#suspended) return
    // Should it work by now, the accounts have to start over first.
    database.probe()
    throw new StorageError(this.#problem)
  }

  /** Nothing of accounts that cannot be read. */
  health(): AccountHealth[] {
    try {
      return this.list().map((account) => accountHealth(account))
    } catch (error) {
      if (error instanceof StorageError) return []
      throw error
    }
  }

  /** See `Backups`. */
  async backup(): Promise<Backup> {
    return this.#context.store.backups.make()
  }

  /** @throws BridgeError `account_not_found`. */
  get(account_id: string): Account {
    const account = this.#accounts.get(account_id)
    if (account) return account
    throw new BridgeError('account_not_found', 'This bridge has no such account: link it', { account_id })
  }

  /**
   * Starts a link; `tell` hears how it goes on.
   * @throws BridgeError `invalid_request`, `rate_limited`.
   */
  link(request: CommandArgs<'link'>, tell: (event: LinkEvent) => void): Link {
    if (this.#links.size >= MAX_LINKS) {
      throw new BridgeError('rate_limited', 'Too many links are under way: finish or cancel one first')
    }
    const adopt = (session: EngineSession, self: Self, wanted: string | undefined): Account =>
      this.#adopt(session, self, wanted)
    const link = new Link(this.#context, request, adopt, tell)
    this.#links.add(link)
    void link.done.then(() => this.#links.delete(link))
    return link
  }

  /**
   * Logs an account out and deletes all that is kept of it.
   * @throws BridgeError `account_not_found`, `storage_…`.
   */
  async forget(account_id: string): Promise<void> {
    const account = this.get(account_id)
    await account.unlink()
    // In one go: a link that ends meanwhile makes a new account.
    this.#accounts.delete(account_id)
    const stopping = account.stop()
    this.#context.store.forget(account_id)
    await stopping
    this.#tidy()
  }

  #storageChanged(status: StorageStatus): void {
    const { log } = this.#context
    if (status === 'ok') {
      log.info('the storage takes data again')
      return void this.#resume()
    }
    log.error({ status }, new StorageError(status).message)
    this.#problem = status
    // In this very tick: what could not be kept must not be confirmed to WhatsApp.
    for (const account of this.list()) {
      if (account.isLinked()) account.connection({ status: 'disconnected', reason: 'storage', retry_at: null })
    }
    this.#suspended ??= this.#end().catch((error: unknown) => log.warn({ err: error }, 'could not stop cleanly'))
    this.#changed()
  }

  async #resume(): Promise<void> {
    await this.#suspended
    if (!this.#suspended || this.#stopped || this.storage() !== 'ok') return
    this.#suspended = undefined
    this.#accounts.clear()
    this.start()
    this.#changed()
  }

  /** Files that stay a day longer harm nobody. */
  #tidy(): void {
    try {
      this.media.tidy()
    } catch (error) {
      this.#context.log.warn({ err: error }, 'could not delete the files that nothing leads to')
    }
  }

  async #end(): Promise<void> {
    await Promise.all([
      ...[...this.#links].map(async (link) => link.stop()),
      ...this.list().map(async (account) => account.stop()),
    ])
  }

  #changed(): void {
    for (const tell of this.#watchers) tell()
  }

  #adopt(session: EngineSession, self: Self, wanted: string | undefined): Account {
    const id = accountId(self)
    const known = this.#accounts.get(id)
    if (wanted !== undefined && wanted !== id) {
      throw new BridgeError('link_conflict', 'Another WhatsApp account was linked than the one that was asked for')
    }
    if (wanted === undefined && known?.isLinked()) {
      throw new BridgeError('link_conflict', 'This WhatsApp account is linked already')
    }
    const account = known ?? new Account(this.#context, id, self, false)
    account.adopt(session, self)
    this.#accounts.set(id, account)
    return account
  }
}
