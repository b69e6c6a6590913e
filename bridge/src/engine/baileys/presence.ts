import type { Presence } from '../../protocol.ts'
import { type Address, EngineError, type EngineHost, type PresenceReceived } from '../engine.ts'
import { aliasOf, person } from './addresses.ts'
import { inTime } from './ask.ts'
import type { Connection } from './connection.ts'
import { jidOf, namesOf } from './jids.ts'
import { type BinaryNode, type Contact, getAllBinaryNodeChildren } from './library.ts'
import { summary } from './logger.ts'

const IN_CHAT = new Set<Presence>(['composing', 'recording', 'paused'])

/** Who is seen doing what. Nothing is shown that nobody asked for. */
export class Presences {
  readonly #host: EngineHost
  readonly #me: () => Contact | undefined
  /** Where it was said already whether the account is there. */
  readonly #shown = new WeakSet<Connection>()
  /** The names of those who are watched. */
  readonly #watched = new WeakMap<Connection, Set<string>>()

  constructor(host: EngineHost, me: () => Contact | undefined) {
    this.#host = host
    this.#me = me
  }

  attach(connection: Connection): void {
    connection.onStanza('CB:presence', (stanza) => this.#tell(connection, presenceIn(stanza, this.#me())))
    connection.onStanza('CB:chatstate', (stanza) => this.#tell(connection, stateIn(stanza, this.#me())))
    // WhatsApp shows nobody without a name, which a new device learns some time after its first login.
    const showUp = () => {
      const due = connection.isOpen && !this.#shown.has(connection) && this.#me()?.name && this.#host.markOnline()
      if (!due) return
      this.#shown.add(connection)
      connection.show('available').catch((error: unknown) => {
        this.#host.log.warn({ error: summary(error) }, 'The account could not be shown online')
      })
    }
    connection.on('connection.update', showUp)
    connection.on('creds.update', showUp)
  }

  /** @param to Where, for what is shown in one chat only. @throws EngineError */
  async show(connection: Connection, presence: Presence, to: Address | null, stop: AbortSignal): Promise<void> {
    if (IN_CHAT.has(presence) !== Boolean(to)) {
      throw new EngineError('invalid_request', 'Typing is shown in a chat, being there everywhere', 'never')
    }
    if (!to && !this.#me()?.name) {
      throw new EngineError('rejected', "WhatsApp has not told this account's name yet", 'later')
    }
    if (!to) this.#shown.add(connection)
    const shown = connection.show(presence, to ? jidOf(to, this.#host) : undefined)
    await inTime(shown, AbortSignal.any([connection.signal, stop]))
  }

  async watch(connection: Connection, whom: Address, stop: AbortSignal): Promise<void> {
    const { socket, signal } = connection
    const jid = jidOf(whom, this.#host)
    this.#watched.set(connection, (this.#watched.get(connection) ?? new Set()).union(namesOf(whom.aliases, this.#host)))
    await inTime(socket.presenceSubscribe(jid), AbortSignal.any([signal, stop]))
  }

  /** To an account that is shown online WhatsApp tells more than it was asked. */
  #tell(connection: Connection, event: PresenceReceived | undefined): void {
    const watched = this.#watched.get(connection)
    if (event && watched && !watched.isDisjointFrom(namesOf(event.chat.aliases, this.#host))) this.#host.emit(event)
  }
}

function presenceIn({ attrs }: BinaryNode, me: Contact | undefined): PresenceReceived | undefined {
  const who = person([attrs['from']], me)
  const presence = attrs['type'] === 'unavailable' ? 'unavailable' : 'available'
  const last = Number(attrs['last'])
  return (
    who && {
      type: 'presence',
      chat: who,
      person: who,
      presence,
      last_seen: Number.isSafeInteger(last) && last > 0 ? last : null,
    }
  )
}

/** Baileys takes "has stopped typing" for "is there". */
function stateIn(stanza: BinaryNode, me: Contact | undefined): PresenceReceived | undefined {
  const { from, participant } = stanza.attrs
  const [state] = getAllBinaryNodeChildren(stanza)
  const chat = aliasOf(from)
  const who = person([participant ?? from], me)
  if (!state || !chat || !who) return undefined
  const presence = state.attrs['media'] === 'audio' ? 'recording' : state.tag
  if (presence !== 'composing' && presence !== 'recording' && presence !== 'paused') return undefined
  const where: Address = chat.kind === 'group' ? { kind: 'group', aliases: [chat] } : who
  return { type: 'presence', chat: where, person: who, presence, last_seen: null }
}
