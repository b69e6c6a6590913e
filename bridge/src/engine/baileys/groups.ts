import { LIMITS } from '../../protocol.ts'
import { EngineError, type EngineHost, type ListedChat } from '../engine.ts'
import { aliasOf, isOneOf, ownAliases } from './addresses.ts'
import type { Connection } from './connection.ts'
import { cut } from './content-text.ts'
import { keepExpiration } from './expirations.ts'
import { ask } from './ask.ts'
import { answeredCode, noAnswer } from './errors.ts'
import {
  type BaileysEventMap,
  type BinaryNode,
  type Contact,
  extractGroupMetadata,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  type GroupMetadata,
} from './library.ts'
import { summary } from './logger.ts'
import type { Pairs } from './pairs.ts'

const LIST_ATTEMPTS = 3
/** Not a member, not known, gone. */
const NO_GROUP = new Set([401, 403, 404, 406, 410])

/** The groups this account is in, as known since the connection opened. */
export class Groups {
  readonly #host: EngineHost
  readonly #pairs: Pairs
  readonly #me: () => Contact | undefined
  readonly #known = new Map<string, GroupMetadata>()
  /** Those being fetched; true when they changed again meanwhile. */
  readonly #fetching = new Map<string, boolean>()

  constructor(host: EngineHost, pairs: Pairs, me: () => Contact | undefined) {
    this.#host = host
    this.#pairs = pairs
    this.#me = me
  }

  cached(jid: string): GroupMetadata | undefined {
    return this.#known.get(jid)
  }

  /** What happens while we are not connected is not heard in time. */
  forget(): void {
    this.#known.clear()
  }

  attach(connection: Connection): void {
    connection.on('connection.update', (update) => {
      if (update.connection === 'open') this.#background(connection, () => this.#list(connection))
    })
    connection.on('groups.upsert', (groups) => this.#tell(groups))
    connection.on('groups.update', (updates) => {
      for (const update of updates) this.#update(connection, update)
    })
    connection.on('group-participants.update', (update) => this.#participants(connection, update))
  }

  /** @throws EngineError `chat_not_found`, `timeout`, `not_connected` */
  async fetch(connection: Connection, jid: string): Promise<GroupMetadata> {
    return this.#known.get(jid) ?? this.#ask(connection, jid)
  }

  /** As it is now; the host is told. @throws EngineError as `fetch` */
  async update(connection: Connection, jid: string, stop: AbortSignal): Promise<GroupMetadata> {
    const group = await this.#ask(connection, jid, stop)
    this.#tell([group])
    return group
  }

  /** This account is not in it any more. */
  remove(id: string): void {
    this.#known.delete(id)
    const alias = aliasOf(id)
    if (alias) this.#host.emit({ type: 'chats', chats: [], removed: [alias], all_groups: false })
  }

  /** What the host is told of a group. */
  listed({ id, subject, size, participants }: GroupMetadata): ListedChat | undefined {
    const alias = aliasOf(id)
    if (alias?.kind !== 'group') return undefined
    const own = ownAliases(this.#me())
    const mine = participants.find((someone) => namesIn(someone).some((jid) => isOneOf(own, jid)))
    const name = cut(subject, LIMITS.name_chars)
    return {
      kind: 'group',
      aliases: [alias],
      ...(name ? { name } : {}),
      participants: Math.max(size ?? 0, participants.length),
      is_admin: Boolean(mine?.admin),
    }
  }

  async #ask(connection: Connection, jid: string, stop = connection.signal): Promise<GroupMetadata> {
    try {
      const content = [{ tag: 'query', attrs: { request: 'interactive' } }]
      const group = extractGroupMetadata(await ask(connection, { to: jid, xmlns: 'w:g2', type: 'get' }, content, stop))
      this.#remember(group)
      return group
    } catch (error) {
      if (!NO_GROUP.has(answeredCode(error) ?? 0)) throw error
      throw new EngineError('chat_not_found', 'This account is not in that group', 'never')
    }
  }

  /** Baileys' own function says "no groups" too when nobody answered. */
  async #list(connection: Connection): Promise<void> {
    const wanted = ['participants', 'description'].map((tag) => ({ tag, attrs: {} }))
    const content = [{ tag: 'participating', attrs: {}, content: wanted }]
    for (let attempt = 0; attempt < LIST_ATTEMPTS && connection.isOpen; attempt++) {
      const attrs = { to: '@g.us', xmlns: 'w:g2', type: 'get' }
      const answer = (await connection.socket.query({ tag: 'iq', attrs, content })) as BinaryNode | undefined
      const list = getBinaryNodeChild(answer, 'groups')
      if (!list) continue
      this.#tell(this.#readAll(getBinaryNodeChildren(list, 'group')), true)
      return
    }
    throw noAnswer()
  }

  #readAll(nodes: BinaryNode[]): GroupMetadata[] {
    return nodes.flatMap((group) => {
      try {
        return [extractGroupMetadata({ tag: 'result', attrs: {}, content: [group] })]
      } catch (error) {
        this.#host.log.warn({ error: summary(error) }, 'A group cannot be read')
        return []
      }
    })
  }

  #update(connection: Connection, update: BaileysEventMap['groups.update'][number]): void {
    const { id, participants } = update
    if (!id) return
    const known = this.#known.get(id)
    if (participants) this.#tell([update as GroupMetadata])
    else if (known) this.#tell([{ ...known, ...update }])
    else this.refresh(connection, id)
  }

  #participants(connection: Connection, update: BaileysEventMap['group-participants.update']): void {
    const { id, action, participants } = update
    const own = ownAliases(this.#me())
    const mine = participants.some((someone) => namesIn(someone).some((jid) => isOneOf(own, jid)))
    if (mine && action === 'remove') this.remove(id)
    else this.refresh(connection, id)
  }

  /** A list of members that is out of date would leave somebody unable to read: it is dropped at once. */
  refresh(connection: Connection, id: string): void {
    this.#known.delete(id)
    const busy = this.#fetching.has(id)
    this.#fetching.set(id, busy)
    if (!busy) this.#background(connection, () => this.#fetchAgain(connection, id))
  }

  async #fetchAgain(connection: Connection, id: string): Promise<void> {
    try {
      do {
        this.#fetching.set(id, false)
        this.#tell([await this.#ask(connection, id)])
      } while (this.#fetching.get(id) && connection.isOpen)
    } catch (error) {
      if (!(error instanceof EngineError && error.code === 'chat_not_found')) throw error
      this.remove(id)
    } finally {
      this.#fetching.delete(id)
    }
  }

  #background(connection: Connection, work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (connection.isOpen) this.#host.log.warn({ error: summary(error) }, 'WhatsApp did not tell about groups')
    })
  }

  #remember(group: GroupMetadata): void {
    this.#known.set(group.id, group)
    const alias = aliasOf(group.id)
    if (alias) keepExpiration(this.#host, [alias], group.ephemeralDuration ?? 0)
    for (const { id, lid, phoneNumber } of group.participants) {
      const other = lid ?? phoneNumber
      if (other) this.#pairs.learn([{ lid: lid ?? id, pn: lid ? id : other }])
    }
  }

  #tell(groups: GroupMetadata[], all_groups = false): void {
    for (const group of groups) this.#remember(group)
    // A community itself is no chat; its announcements are one of its groups.
    const chats = groups.flatMap((group) => (group.isCommunity ? [] : (this.listed(group) ?? [])))
    this.#host.emit({ type: 'chats', chats, removed: [], all_groups })
  }
}

/** Every form in which a member is named. */
export function namesIn({ id, lid, phoneNumber }: GroupMetadata['participants'][number]): (string | undefined)[] {
  return [id, lid, phoneNumber]
}
