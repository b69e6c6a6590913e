import type {
  Alias,
  Engine,
  EngineEvent,
  EngineFactory,
  EngineHost,
  KeyValue,
  StoredMessage,
} from '../engine/engine.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { MediaDesk } from './media-desk.ts'

/** What every account and link needs. */
export interface Context {
  store: Store
  engines: EngineFactory
  media: MediaDesk
  log: Logger
}

/** Who hears an engine: an account. */
export type Listener = Pick<
  EngineHost,
  'emit' | 'connection' | 'markOnline' | 'restricted' | 'learn' | 'aliases' | 'message'
>

/**
 * An engine and its door to the rest. `owner` names its rows in the auth table, and `listener` hears it; both change when
 * a link becomes an account, and when a session is over. Without a listener an engine speaks to nobody.
 */
export class EngineSession implements EngineHost {
  readonly engine: Engine
  readonly transaction: EngineHost['transaction']
  readonly store: KeyValue
  readonly log: Logger
  owner: string
  listener: Listener | undefined

  constructor({ store, engines, log }: Context, owner: string, listener?: Listener) {
    this.owner = owner
    this.listener = listener
    this.log = log.child({ part: 'engine' })
    this.store = {
      get: (type, ids) => store.auth.get(this.owner, type, ids),
      all: (type) => store.auth.all(this.owner, type),
      set: (changes) => store.auth.set(this.owner, changes),
      clear: () => store.auth.delete(this.owner),
    }
    this.transaction = (work) => store.database.transaction(work)
    this.engine = engines(this)
  }

  /** Nobody hears it any more, and what it still writes is `owner`'s. */
  retire(owner: string): void {
    this.owner = owner
    this.listener = undefined
  }

  emit(event: EngineEvent): void {
    this.listener?.emit(event)
  }

  connection(state: Parameters<EngineHost['connection']>[0]): void {
    this.listener?.connection(state)
  }

  markOnline(): boolean {
    return this.listener?.markOnline() ?? false
  }

  restricted(until: number | null | undefined): void {
    this.listener?.restricted(until)
  }

  learn(aliases: Alias[]): void {
    this.listener?.learn(aliases)
  }

  aliases(alias: Alias): Alias[] {
    return this.listener?.aliases(alias) ?? [alias]
  }

  message(external_id: string): StoredMessage | undefined {
    return this.listener?.message(external_id)
  }
}
