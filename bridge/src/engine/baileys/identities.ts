import type { EngineHost } from '../engine.ts'
import { person } from './addresses.ts'
import type { Connection } from './connection.ts'
import { type Contact, getBinaryNodeChild, type SignalKeyStore, WAJIDDomains } from './library.ts'
import { summary } from './logger.ts'

/** `user_domain.device`: the place of an identity in Signal's terms; no domain is the phone numbers'. */
const PLACE = /^(?<user>\d+)(?:_(?<domain>\d+))?\.\d+$/u
const LIDS = new Set([WAJIDDomains.LID, WAJIDDomains.HOSTED_LID])

/** Tells of each identity key that takes the place of another one, in the commit that keeps it. */
export class Identities {
  readonly #host: Pick<EngineHost, 'emit' | 'transaction' | 'log'>
  readonly #me: () => Contact | undefined

  constructor(host: Pick<EngineHost, 'emit' | 'transaction' | 'log'>, me: () => Contact | undefined) {
    this.#host = host
    this.#me = me
  }

  /** The keys, with this watching what is written. */
  watch(keys: SignalKeyStore): SignalKeyStore {
    return {
      ...keys,
      set: async (data) => {
        const written = Object.entries(data['identity-key'] ?? {})
        const places = written.map(([place]) => place)
        const known = places.length > 0 ? await keys.get('identity-key', places) : {}
        const changed = written.flatMap(([place, key]) => (isOther(known[place], key) ? [place] : []))
        if (changed.length === 0) return await keys.set(data)
        return await this.#host.transaction(() => {
          for (const place of changed) this.#tell(place)
          return keys.set(data)
        })
      },
    }
  }

  /** Baileys asks for the new key when it hears that somebody has one, but not when that was kept while this device was away. */
  attach(connection: Connection): void {
    connection.onStanza('CB:notification,type:encrypt', (notification) => {
      const { from, offline } = notification.attrs
      if (!from || !offline || !getBinaryNodeChild(notification, 'identity')) return
      void renewSession(connection, from).catch((error: unknown) => {
        this.#host.log.warn({ error: summary(error) }, 'A changed identity could not be asked for')
      })
    })
  }

  #tell(place: string): void {
    const { user, domain = '0' } = PLACE.exec(place)?.groups ?? {}
    const server = LIDS.has(Number(domain)) ? 'lid' : 's.whatsapp.net'
    const whose = user === undefined ? undefined : person([`${user}@${server}`], this.#me())
    if (!whose) return
    this.#host.emit({ type: 'identity_changed', person: whose, timestamp: Math.floor(Date.now() / 1000) })
  }
}

async function renewSession({ socket }: Connection, jid: string): Promise<void> {
  if ((await socket.signalRepository.validateSession(jid)).exists) await socket.assertSessions([jid], true)
}

function isOther(known: Uint8Array | undefined, key: Uint8Array | null): boolean {
  return known !== undefined && key !== null && !Buffer.from(known).equals(key)
}
