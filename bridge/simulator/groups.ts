import { randomBytes, randomUUID } from 'node:crypto'

import type { BinaryNode } from 'baileys'

import { Refused, SimulatorError } from './errors.ts'
import { node, now } from './nodes.ts'
import { type Addressing, appearance } from './people.ts'
import type { Phone } from './phone.ts'

type Rank = 'superadmin' | 'admin' | undefined

/** What a group allows its members: `announce`: only admins write; `locked`: only admins change what it says about itself. */
export type Setting = 'announce' | 'locked'

const SETTING_TAGS = {
  announce: { on: 'announcement', off: 'not_announcement' },
  locked: { on: 'locked', off: 'unlocked' },
} as const satisfies Record<Setting, object>

/** A group: its members, how they are addressed in it, and what it says about itself. Who may not change it is refused. */
export class Group {
  readonly id: string
  readonly addressing: Addressing
  readonly #creator: Phone
  readonly #members: Map<Phone, Rank>
  readonly #settings = { announce: false, locked: false }
  readonly #created = now()
  readonly #changed: () => void
  #subject: string
  #description: { id: string; text: string; by: Phone } | undefined
  #expiration = 0
  #code = newCode()

  constructor(id: string, subject: string, members: readonly Phone[], addressing: Addressing, changed: () => void) {
    const [creator] = members
    if (creator === undefined) throw new SimulatorError('A group needs a member.')
    this.id = id
    this.addressing = addressing
    this.#creator = creator
    this.#members = new Map(members.map((member) => [member, member === creator ? 'superadmin' : undefined]))
    this.#subject = subject
    this.#changed = changed
    this.#notify(members, creator, node('create', { type: 'new' }, [this.node()]))
  }

  get subject(): string {
    return this.#subject
  }

  get description(): string {
    return this.#description?.text ?? ''
  }

  /** Seconds after which messages disappear; 0: never. */
  get expiration(): number {
    return this.#expiration
  }

  get settings(): Readonly<Record<Setting, boolean>> {
    return this.#settings
  }

  /** Of its invitation. */
  get code(): string {
    return this.#code
  }

  get members(): Phone[] {
    return [...this.#members.keys()]
  }

  get admins(): Phone[] {
    return this.members.filter((member) => this.#members.get(member))
  }

  has(phone: Phone): boolean {
    return this.#members.has(phone)
  }

  rename(subject: string, by = this.#anAdmin()): void {
    this.#requireMember(by, this.#settings.locked)
    this.#subject = subject
    this.#tell(by, node('subject', { subject, s_t: now(), s_o: this.#jidOf(by) }))
  }

  /** An empty text takes the description away. */
  describe(text: string, by = this.#anAdmin()): void {
    this.#requireMember(by, this.#settings.locked)
    this.#description = text === '' ? undefined : { id: randomUUID(), text, by }
    this.#tell(by, this.#descriptionNode() ?? node('description', { delete: 'true' }))
  }

  set(setting: Setting, on: boolean, by = this.#anAdmin()): void {
    this.#requireMember(by, true)
    this.#settings[setting] = on
    this.#tell(by, node(SETTING_TAGS[setting][on ? 'on' : 'off']))
  }

  expire(seconds: number, by = this.#anAdmin()): void {
    this.#requireMember(by, this.#settings.locked)
    this.#expiration = seconds
    this.#tell(by, seconds > 0 ? node('ephemeral', { expiration: String(seconds) }) : node('not_ephemeral'))
  }

  add(member: Phone, by = this.#anAdmin()): void {
    this.#requireMember(by, true)
    this.#enter(member, by, {})
  }

  /** By its invitation. */
  join(member: Phone, code = this.#code): void {
    if (code !== this.#code) throw new Refused(406, 'There is no such invitation (any more).')
    this.#enter(member, member, { reason: 'invite' })
  }

  remove(member: Phone, by = this.#anAdmin()): void {
    this.#requireMember(by, true)
    this.#depart(member, by)
  }

  leave(member: Phone): void {
    this.#depart(member, member)
  }

  promote(member: Phone, by = this.#anAdmin()): void {
    this.#rank(member, 'admin', by)
  }

  demote(member: Phone, by = this.#anAdmin()): void {
    this.#rank(member, undefined, by)
  }

  /** The code of the invitation, a new one when wished. */
  invite(renew = false, by = this.#anAdmin()): string {
    this.#requireMember(by, true)
    if (renew) {
      this.#code = newCode()
      this.#tell(by, node('invite', { code: this.#code }))
    }
    return this.#code
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
    const description = this.#descriptionNode()
    return node('group', attrs, [
      ...this.members.map((member) => this.participant(member, { type: this.#members.get(member) })),
      ...(description ? [description] : []),
      ...(this.#settings.announce ? [node('announcement')] : []),
      ...(this.#settings.locked ? [node('locked')] : []),
      ...(this.#expiration > 0 ? [node('ephemeral', { expiration: String(this.#expiration) })] : []),
    ])
  }

  /** Somebody as this group's stanzas name them. */
  participant(phone: Phone, more: Record<string, string | undefined> = {}): BinaryNode {
    const { jid, alternative, mode } = appearance(phone, this.addressing)
    return node('participant', { jid, [mode === 'lid' ? 'phone_number' : 'lid']: alternative, ...more })
  }

  #descriptionNode(): BinaryNode | undefined {
    if (!this.#description) return undefined
    const { id, text, by } = this.#description
    return node('description', { id, participant: this.#jidOf(by), t: now() }, [node('body', {}, Buffer.from(text))])
  }

  #jidOf(phone: Phone): string {
    return appearance(phone, this.addressing).jid
  }

  /** Whoever does it when nobody in particular is said to. */
  #anAdmin(): Phone {
    return this.admins[0] ?? this.#creator
  }

  #requireMember(phone: Phone, admin: boolean): void {
    if (!this.has(phone)) throw new Refused(403, `${phone.number} is not a member of this group.`)
    if (admin && !this.#members.get(phone)) throw new Refused(403, `${phone.number} is not an admin of this group.`)
  }

  #enter(member: Phone, by: Phone, how: Record<string, string>): void {
    if (this.has(member)) throw new Refused(409, `${member.number} is a member already.`)
    const others = this.members
    this.#members.set(member, undefined)
    this.#notify(others, by, node('add', how, [this.participant(member)]))
    this.#notify([member], by, node('create', how, [this.node()]))
  }

  #depart(member: Phone, by: Phone): void {
    if (!this.has(member)) throw new Refused(404, `${member.number} is not a member.`)
    const before = this.members
    this.#members.delete(member)
    this.#notify(before, by, node('remove', {}, [this.participant(member)]))
  }

  #rank(member: Phone, rank: Rank, by: Phone): void {
    this.#requireMember(by, true)
    if (!this.has(member)) throw new Refused(404, `${member.number} is not a member.`)
    if (this.#members.get(member) === 'superadmin') throw new Refused(403, 'Nobody may do that to the creator.')
    this.#members.set(member, rank)
    this.#tell(by, node(rank ? 'promote' : 'demote', {}, [this.participant(member, { type: rank })]))
  }

  #tell(by: Phone, content: BinaryNode): void {
    this.#notify(this.members, by, content)
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

function newCode(): string {
  return randomBytes(16).toString('base64url')
}
