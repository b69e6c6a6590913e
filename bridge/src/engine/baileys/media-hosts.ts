import { EngineError } from '../engine.ts'
import { ask } from './ask.ts'
import type { Connection } from './connection.ts'
import { getBinaryNodeChild, getBinaryNodeChildren, S_WHATSAPP_NET } from './library.ts'
import { trusted } from './media-http.ts'

/** Where files go for now, and the word that opens the door. */
export interface MediaHosts {
  hosts: { name: string; maxBytes: number }[]
  auth: string
}

/**
 * WhatsApp's media servers, as it names them for a while. Baileys' own function is not used: after one question that
 * nobody answered it fails until the next connection.
 */
export class MediaServers {
  readonly #simulated: string | undefined
  #known: (MediaHosts & { connection: Connection; until: number }) | undefined

  /** @param url Of a simulated WhatsApp, whose media servers are on its own host. */
  constructor(url: string | undefined) {
    this.#simulated = url === undefined ? undefined : new URL(url).hostname
  }

  /** An address, if it is on one of WhatsApp's hosts. */
  trusted(address: string): URL | undefined {
    return trusted(address, this.#simulated)
  }

  /** `renew`: what is known does not open the door any more. @throws EngineError */
  async hosts(connection: Connection, signal: AbortSignal, renew = false): Promise<MediaHosts> {
    const known = this.#known
    if (known && !renew && known.connection === connection && known.until > Date.now()) return known
    const header = { to: S_WHATSAPP_NET, xmlns: 'w:m', type: 'set' } as const
    const answer = await ask(connection, header, [{ tag: 'media_conn', attrs: {} }], signal)
    const answered = getBinaryNodeChild(answer, 'media_conn')
    const { auth, ttl } = answered?.attrs ?? {}
    const hosts = getBinaryNodeChildren(answered, 'host').flatMap(({ attrs }) => {
      const name = attrs['hostname'] ?? ''
      return this.trusted(`https://${name}/`)
        ? [{ name, maxBytes: Number(attrs['maxContentLengthBytes']) || Infinity }]
        : []
    })
    if (!auth || hosts.length === 0) throw new EngineError('not_connected', 'WhatsApp names no media server', 'later')
    this.#known = { hosts, auth, connection, until: Date.now() + (Number(ttl) || 0) * 1000 }
    return this.#known
  }
}
