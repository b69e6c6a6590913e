import type { BinaryNode } from 'baileys'

import type { Connection } from './connection.ts'
import { SimulatorError } from './errors.ts'
import type { Chat } from './inbox.ts'
import { child, node } from './nodes.ts'
import { seconds } from './outbox.ts'
import { type Addressing, appearance } from './people.ts'
import type { Phone } from './phone.ts'
import type { Source } from './routing.ts'

/** What somebody shows everybody, or in one chat. */
export type Shown = 'available' | 'unavailable' | 'composing' | 'recording' | 'paused'

/** What a client showed or asked. */
export interface Heard {
  /** The number of its account. */
  from: string
  /** `subscribe`, or one of `Shown`; `none` for a presence that names no type. */
  type: string
  to?: string
  /** What it calls itself. */
  name?: string
}

/** A client that asked to see what they do. */
interface Watcher {
  connection: Connection
  owner: Phone
  chats: Set<Chat>
}

/** Who is seen doing what by whom. */
export class Presences {
  /** What clients showed and asked, oldest first. */
  readonly heard: Heard[] = []
  readonly #addressing: Addressing
  readonly #find: (jid: string) => Chat
  readonly #changed: () => void
  readonly #watchers = new Set<Watcher>()
  readonly #lastSeen = new WeakMap<Phone, { online: boolean; at: number }>()

  constructor(addressing: Addressing, find: (jid: string) => Chat, changed: () => void) {
    this.#addressing = addressing
    this.#find = find
    this.#changed = changed
  }

  /** Takes a `<presence>` or `<chatstate>` of a client. */
  take({ phone, device }: Source, stanza: BinaryNode): void {
    const { type, to, name } = stanza.attrs
    const inChat = child(stanza)
    const what = stanza.tag === 'presence' ? (type ?? 'none') : inChat?.attrs['media'] ? 'recording' : inChat?.tag
    const heard = { from: phone.number, type: what ?? '', ...(to && { to }), ...(name && { name }) }
    this.heard.push(heard)
    const { connection } = device
    if (type === 'subscribe' && to && connection) this.#watch(connection, phone, this.#find(to))
    this.#changed()
  }

  /** A phone shows everybody that it is there, or in one chat what its owner does. Those who watch see it. */
  show(phone: Phone, shown: Shown, chat?: Chat): void {
    if (shown === 'available' || shown === 'unavailable') {
      this.#lastSeen.set(phone, { online: shown === 'available', at: seconds() })
      for (const { connection } of this.#watchersOf(phone)) this.#tell(connection, phone)
    } else if (chat) {
      this.#showIn(chat, phone, shown)
    } else {
      throw new SimulatorError('That is shown in a chat.')
    }
  }

  #showIn(chat: Chat, phone: Phone, shown: 'composing' | 'recording' | 'paused'): void {
    const state = node(shown === 'recording' ? 'composing' : shown, shown === 'recording' ? { media: 'audio' } : {})
    const isPerson = 'number' in chat
    const { jid } = appearance(phone, isPerson ? this.#addressing : chat.addressing)
    const attrs = isPerson ? { from: jid } : { from: chat.id, participant: jid }
    for (const { connection, owner } of this.#watchersOf(isPerson ? phone : chat)) {
      if (isPerson ? owner === chat : chat.has(owner)) connection.send(node('chatstate', attrs, [state]))
    }
  }

  #watchersOf(watched: Chat): Watcher[] {
    return [...this.#watchers].filter(({ chats }) => chats.has(watched))
  }

  #watch(connection: Connection, owner: Phone, chat: Chat): void {
    const known = [...this.#watchers].find((watcher) => watcher.connection === connection)
    const watcher = known ?? { connection, owner, chats: new Set() }
    this.#watchers.add(watcher)
    watcher.chats.add(chat)
    connection.gone.addEventListener('abort', () => this.#watchers.delete(watcher))
    if ('number' in chat && this.#lastSeen.has(chat)) this.#tell(connection, chat)
  }

  #tell(connection: Connection, phone: Phone): void {
    const { online, at } = this.#lastSeen.get(phone) ?? { online: false, at: 0 }
    const from = appearance(phone, this.#addressing).jid
    connection.send(node('presence', online ? { from } : { from, type: 'unavailable', last: String(at) }))
  }
}
