import { randomUUID } from 'node:crypto'

import type { BinaryNode } from 'baileys'

import { SimulatorError } from './errors.ts'
import { node, now } from './nodes.ts'
import { type Addressing, appearance } from './people.ts'
import type { Phone } from './phone.ts'

/** A group: its members, and how they are addressed in it. */
export class Group {
  readonly id: string
  readonly addressing: Addressing
  readonly #creator: Phone
  readonly #members: Set<Phone>
  readonly #created = now()
  #subject: string
  readonly #changed: () => void

  constructor(id: string, subject: string, members: readonly Phone[], addressing: Addressing, changed: () => void) {
    const [creator] = members
    if (creator === undefined) throw new SimulatorError('A group needs a member.')
    this.id = id
    this.addressing = addressing
    this.#creator = creator
    this.#members = new Set(members)
    this.#subject = subject
    this.#changed = changed
    this.#notify(members, creator, node('create', {}, [this.node()]))
  }

  get subject(): string {
    return this.#subject
  }

  get members(): Phone[] {
    return [...this.#members]
  }

  has(phone: Phone): boolean {
    return this.#members.has(phone)
  }

  rename(subject: string): void {
    this.#subject = subject
    this.#notify(this.members, this.#creator, node('subject', { subject, s_t: now(), s_o: this.#jidOf(this.#creator) }))
  }

  add(member: Phone): void {
    if (this.has(member)) throw new SimulatorError(`${member.number} is a member already.`)
    const others = this.members
    this.#members.add(member)
    this.#notify(others, this.#creator, node('add', {}, [this.#participant(member)]))
    this.#notify([member], this.#creator, node('create', {}, [this.node()]))
  }

  /** The admin removes a member. */
  remove(member: Phone): void {
    this.#depart(member, this.#creator)
  }

  /** A member leaves. */
  leave(member: Phone): void {
    this.#depart(member, member)
  }

  /** The group as clients ask for it. */
  node(): BinaryNode {
    const creator = appearance(this.#creator, this.addressing)
    const attrs = {
      id: this.id.replace('@g.us', ''),
      subject: this.#subject,
      s_t: this.#created,
      s_o: creator.jid,
      creation: this.#created,
      creator: creator.jid,
      creator_pn: creator.mode === 'lid' ? creator.alternative : undefined,
      addressing_mode: this.addressing,
      size: String(this.#members.size),
    }
    const participants = this.members.map((member) =>
      this.#participant(member, member === this.#creator ? 'superadmin' : undefined),
    )
    return node('group', attrs, participants)
  }

  #jidOf(phone: Phone): string {
    return appearance(phone, this.addressing).jid
  }

  #participant(phone: Phone, type?: string): BinaryNode {
    const { jid, alternative, mode } = appearance(phone, this.addressing)
    return node('participant', { jid, [mode === 'lid' ? 'phone_number' : 'lid']: alternative, type })
  }

  #depart(member: Phone, actor: Phone): void {
    if (!this.has(member)) throw new SimulatorError(`${member.number} is not a member.`)
    const before = this.members
    this.#members.delete(member)
    this.#notify(before, actor, node('remove', {}, [this.#participant(member)]))
  }

  #notify(to: readonly Phone[], actor: Phone, content: BinaryNode): void {
    const { jid, alternative, mode } = appearance(actor, this.addressing)
    const attrs = {
      from: this.id,
      type: 'w:gp2',
      id: randomUUID(),
      t: now(),
      participant: jid,
      [mode === 'lid' ? 'participant_pn' : 'participant_lid']: alternative,
      addressing_mode: mode,
      notify: actor.name,
    }
    for (const phone of to) for (const device of phone.devices) device.deliver(node('notification', attrs, [content]))
    this.#changed()
  }
}
