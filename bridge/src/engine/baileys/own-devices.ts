import type { EngineHost } from '../engine.ts'
import { isOneOf, ownAliases } from './addresses.ts'
import type { Connection } from './connection.ts'
import {
  type BinaryNode,
  type Contact,
  getBinaryNodeChildren,
  jidDecode,
  jidNormalizedUser,
  type SignalKeyStore,
  USyncQuery,
  USyncUser,
} from './library.ts'
import { summary } from './logger.ts'

const TYPE = 'own-devices'

/** Which devices the account has besides this one, and what changes of that. */
export class OwnDevices {
  readonly #host: EngineHost
  readonly #me: () => Contact | undefined

  constructor(host: EngineHost, me: () => Contact | undefined) {
    this.#host = host
    this.#me = me
  }

  /** The keys, with this watching the lists of devices that Baileys fetches before it sends. */
  watch(keys: SignalKeyStore): SignalKeyStore {
    return {
      ...keys,
      set: async (data) => {
        await keys.set(data)
        const me = this.#me()
        const users = new Set([jidDecode(me?.id)?.user, jidDecode(me?.lid)?.user])
        for (const [user, devices] of Object.entries(data['device-list'] ?? {})) {
          if (devices && users.has(user)) this.#are(devices.map(Number))
        }
      },
    }
  }

  /** WhatsApp tells the whole list, or what was added or removed. What it was at first is asked for once. */
  attach(connection: Connection): void {
    connection.onStanza('CB:notification,type:account_sync', ({ attrs, content }) => {
      if (!isOneOf(ownAliases(this.#me()), attrs['from'])) return
      for (const list of childrenOf(content, 'devices')) this.#are(devicesIn(list))
    })
    connection.onStanza('CB:notification,type:devices', ({ attrs, content }) => {
      if (!isOneOf(ownAliases(this.#me()), attrs['from'])) return
      const known = this.#known() ?? []
      const removed = new Set(childrenOf(content, 'remove').flatMap(devicesIn))
      const added = childrenOf(content, 'add').flatMap(devicesIn)
      if (added.length + removed.size > 0) this.#are([...known, ...added].filter((device) => !removed.has(device)))
    })
    connection.on('connection.update', (update) => {
      if (update.connection !== 'open' || this.#known()) return
      void this.#ask(connection).catch((error: unknown) => {
        this.#host.log.debug({ error: summary(error) }, 'The own devices could not be asked for')
      })
    })
  }

  async #ask({ socket }: Connection): Promise<void> {
    const user = new USyncUser().withId(jidNormalizedUser(this.#me()?.id))
    const answer = await socket.executeUSyncQuery(
      new USyncQuery().withContext('message').withDeviceProtocol().withUser(user),
    )
    const devices = answer?.list[0]?.['devices'] as { deviceList?: { id: number }[] } | undefined
    if (devices?.deviceList) this.#are(devices.deviceList.map(({ id }) => id))
  }

  /** Tells how these differ from those known, and keeps them, in one commit. */
  #are(devices: readonly number[]): void {
    const own = jidDecode(this.#me()?.id)?.device
    const now = new Set(devices.filter((device) => Number.isInteger(device) && device !== own && device !== 0))
    const known = this.#known()
    const before = new Set(known)
    const added = [...now.difference(before)]
    const removed = [...before.difference(now)]
    if (known && added.length + removed.length === 0) return
    this.#host.transaction(() => {
      const timestamp = Math.floor(Date.now() / 1000)
      if (known) this.#host.emit({ type: 'own_devices_changed', added, removed, timestamp })
      this.#host.store.set({ [TYPE]: { [TYPE]: JSON.stringify([...now]) } })
    })
  }

  #known(): number[] | undefined {
    const text = this.#host.store.get(TYPE, [TYPE]).get(TYPE)
    return text === undefined ? undefined : (JSON.parse(text) as number[])
  }
}

function childrenOf(content: BinaryNode['content'], tag: string): BinaryNode[] {
  return Array.isArray(content) ? content.filter((child) => child.tag === tag) : []
}

function devicesIn(list: BinaryNode): number[] {
  return getBinaryNodeChildren(list, 'device').flatMap(({ attrs }) => {
    const jid = jidDecode(attrs['jid'])
    return jid ? [jid.device ?? 0] : []
  })
}
