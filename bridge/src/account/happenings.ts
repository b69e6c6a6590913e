import { createHash } from 'node:crypto'

import type {
  Address,
  CallReceived,
  GroupChanged,
  IdentityChanged,
  OwnDevicesChanged,
  PresenceReceived,
} from '../engine/engine.ts'
import type { Chat, Person, PresenceEvent } from '../protocol.ts'
import type { Identity } from './identity.ts'
import type { Journal } from './journal.ts'

/** What happens besides messages: to groups, calls, keys and devices. Call it inside a transaction. */
export class Happenings {
  readonly #identity: Identity
  readonly #journal: Journal

  constructor(identity: Identity, journal: Journal) {
    this.#identity = identity
    this.#journal = journal
  }

  group({ chat: where, change, members: whom, value, timestamp, ...event }: GroupChanged): void {
    const members = whom.map((member) => this.#person(member))
    const by = event.by && this.#person(event.by)
    const chat = this.#chat(where)
    const origin = { ...event.origin, replayed: false }
    const once = createHash('sha256').update(event.once).digest('base64url')
    this.#journal.append(
      { type: 'group_change', chat, change, by, members, value, origin, timestamp },
      `group:${chat.id}:${once}`,
    )
  }

  /** Each stage of a call once. */
  call({ call_id, status, video, timestamp, ...event }: CallReceived): void {
    const caller = this.#person(event.caller)
    const chat = this.#chat(event.chat)
    const origin = { ...event.origin, replayed: false }
    this.#journal.append(
      { type: 'call', call_id, chat, caller, status, video, origin, timestamp },
      `call:${chat.id}:${call_id}:${status}`,
    )
  }

  identity({ person, timestamp }: IdentityChanged): void {
    const chat = this.#chat(person)
    this.#journal.append({ type: 'identity_changed', chat, timestamp }, `identity:${chat.id}:${timestamp}`)
  }

  devices({ added, removed, timestamp }: OwnDevicesChanged): void {
    const once = `devices:${timestamp}:${added.join()}:${removed.join()}`
    this.#journal.append({ type: 'own_devices_changed', added, removed, timestamp }, once)
  }

  /** Over when it is told: nothing of it is kept but who it is. */
  presence({ person: whom, chat: where, presence, last_seen }: PresenceReceived): PresenceEvent {
    const person = this.#person(whom)
    return { type: 'presence', chat: this.#chat(where), person, presence, last_seen }
  }

  #person(address: Address): Person {
    this.#identity.note(address)
    return this.#identity.person(address)
  }

  #chat(address: Address): Chat {
    this.#identity.note(address)
    return this.#identity.chat(address)
  }
}
