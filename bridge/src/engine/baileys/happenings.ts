import type { EngineEvent, EngineHost } from '../engine.ts'
import { Calls } from './calls.ts'
import type { Connection } from './connection.ts'
import { GroupChanges } from './group-changes.ts'
import type { Groups } from './groups.ts'
import { type BinaryNode, type Contact, getBinaryNodeChild } from './library.ts'
import { receiptsIn } from './receipts.ts'

/**
 * What happens besides messages: receipts, calls, changes in groups. Read from the stanzas themselves, and kept before Baileys confirms them:
 * what could not be kept is told again.
 */
export class Happenings {
  readonly groupChanges: GroupChanges
  readonly #host: EngineHost
  readonly #groups: Groups
  readonly #me: () => Contact | undefined
  readonly #calls: Calls

  constructor(host: EngineHost, groups: Groups, me: () => Contact | undefined) {
    this.#host = host
    this.#groups = groups
    this.#me = me
    this.#calls = new Calls(me)
    this.groupChanges = new GroupChanges(me)
  }

  attach(connection: Connection): void {
    const tell = (name: string, read: (stanza: BinaryNode) => EngineEvent[]) => {
      connection.before(name, (stanza) => {
        const events = read(stanza)
        if (events.length > 0) connection.keep(() => this.#emit(events))
      })
    }
    tell('CB:receipt', (stanza) => receiptsIn(stanza, this.#me()))
    tell('CB:call', (stanza) => this.#calls.in(stanza))
    tell('CB:ib,,offline', () => this.#calls.caughtUp())
    tell('CB:notification,type:w:gp2', (stanza) => {
      const changes = this.groupChanges.in(stanza)
      const group = stanza.attrs['from'] ?? ''
      // Of these two Baileys tells nothing about the group.
      if (changes.some(({ change }) => change === 'expiration')) this.#groups.refresh(connection, group)
      if (getBinaryNodeChild(stanza, 'delete')) this.#groups.remove(group)
      return changes
    })
  }

  #emit(events: EngineEvent[]): void {
    try {
      this.#host.transaction(() => events.forEach((event) => this.#host.emit(event)))
    } catch (error) {
      for (const event of events) if (event.type === 'call') this.#calls.takeBack(event)
      throw error
    }
  }
}
