import { LIMITS } from '../../protocol.ts'
import {
  type Address,
  EngineError,
  type EngineHost,
  type GroupChanged,
  type GroupAdmin,
  type GroupChanges as Changes,
  type GroupInfo,
  type MemberOutcome,
} from '../engine.ts'
import { person } from './addresses.ts'
import { ask } from './ask.ts'
import type { Connection } from './connection.ts'
import { cut } from './content-text.ts'
import { answeredCode, noAnswer } from './errors.ts'
import type { GroupChanges } from './group-changes.ts'
import { type Groups, namesIn } from './groups.ts'
import { jidOf, namesOf } from './jids.ts'
import {
  type BinaryNode,
  extractGroupMetadata,
  generateMessageIDV2,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  type GroupMetadata,
} from './library.ts'
import { outcomesOf } from './member-outcomes.ts'

type Action = Parameters<GroupAdmin['change']>[1]

export interface GroupParts {
  host: EngineHost
  groups: Groups
  changes: GroupChanges
  /** @throws EngineError when there is no connection. */
  open: () => Connection
}

const NO_SUCH_GROUP = new Set([404, 410])
const NOT_ALLOWED = new Set([401, 403, 405])

/** What members and admins of groups can do. */
export class BaileysGroups implements GroupAdmin {
  readonly #parts: GroupParts

  constructor(parts: GroupParts) {
    this.#parts = parts
  }

  async info(group: Address, signal: AbortSignal): Promise<GroupInfo> {
    return this.#describe(await this.#refresh(this.#jid(group), signal))
  }

  async create(subject: string, members: Address[], signal: AbortSignal): ReturnType<GroupAdmin['create']> {
    const { host } = this.#parts
    const participants = members.map((member) => participant(jidOf(member, host, ['phone', 'lid'])))
    const attrs = { subject, key: generateMessageIDV2() }
    this.#parts.changes.make('new', 'join')
    const answer = await this.#ask('@g.us', 'set', { tag: 'create', attrs, content: participants }, signal)
    const created = getBinaryNodeChild(answer, 'group')
    const outcomes = outcomesOf('add', getBinaryNodeChildren(created, 'participant'), this.#names(members))
    const group = await this.#refresh(extractGroupMetadata(answer).id, signal)
    return { group: this.#describe(group), members: outcomes }
  }

  async change(group: Address, action: Action, members: Address[], signal: AbortSignal): Promise<MemberOutcome[]> {
    const { host, changes } = this.#parts
    const jid = this.#jid(group)
    const { participants } = await this.#refresh(jid, signal)
    const named = members.map((member) => {
      const names = namesOf(member.aliases, host)
      const known = participants.find((each) => namesIn(each).some((name) => name && names.has(name)))
      return participant(known?.id ?? jidOf(member, host, ['phone', 'lid']))
    })
    changes.make(jid, action)
    const answer = await this.#ask(jid, 'set', { tag: action, attrs: {}, content: named }, signal)
    const answered = getBinaryNodeChildren(getBinaryNodeChild(answer, action), 'participant')
    await this.#refresh(jid, signal)
    return outcomesOf(action, answered, this.#names(members))
  }

  async update(group: Address, changes: Changes, signal: AbortSignal): Promise<void> {
    const jid = this.#jid(group)
    const { descId } = await this.#refresh(jid, signal)
    try {
      for (const [name, request] of requests(changes, descId)) {
        this.#parts.changes.make(jid, name)
        await this.#ask(jid, 'set', request, signal)
      }
    } finally {
      // A later one may have been refused after earlier ones were made.
      if (!signal.aborted) await this.#refresh(jid, signal)
    }
  }

  async invite(group: Address, renew: boolean, signal: AbortSignal): Promise<string> {
    const jid = await this.#own(group)
    const answer = await this.#ask(jid, renew ? 'set' : 'get', { tag: 'invite', attrs: {} }, signal)
    const code = getBinaryNodeChild(answer, 'invite')?.attrs['code']
    if (!code) throw noAnswer()
    return code
  }

  async join(code: string, signal: AbortSignal): Promise<Address> {
    const invite = { tag: 'invite', attrs: { code } }
    this.#parts.changes.make('new', 'join')
    const answer = await this.#raw('@g.us', 'set', invite, signal)
      .catch((error: unknown) => {
        // In it already.
        if (answeredCode(error) === 409) return this.#raw('@g.us', 'get', invite, signal)
        throw error
      })
      .catch((error: unknown) => {
        if (answeredCode(error) === undefined) throw error
        throw new EngineError('chat_not_found', 'This invitation is not valid, or not any more', 'never')
      })
    if (getBinaryNodeChild(answer, 'membership_approval_request')) {
      throw new EngineError('rejected', 'An admin of this group has to agree first', 'never')
    }
    const jid = getBinaryNodeChild(answer, 'group')?.attrs['jid'] ?? extractGroupMetadata(answer).id
    await this.#refresh(jid, signal)
    return { kind: 'group', aliases: [{ kind: 'group', value: jid }] }
  }

  async leave(group: Address, signal: AbortSignal): Promise<void> {
    const jid = await this.#own(group)
    this.#parts.changes.make(jid, 'leave')
    await this.#ask(
      '@g.us',
      'set',
      { tag: 'leave', attrs: {}, content: [{ tag: 'group', attrs: { id: jid } }] },
      signal,
    )
    this.#parts.groups.remove(jid)
  }

  #jid(group: Address): string {
    return jidOf(group, this.#parts.host, ['group'])
  }

  /** Of a group that this account is in: to others WhatsApp says what it says to those who are no admins. */
  async #own(group: Address): Promise<string> {
    const { id } = await this.#parts.groups.fetch(this.#parts.open(), this.#jid(group))
    return id
  }

  #names(members: readonly Address[]): Set<string>[] {
    return members.map((member) => namesOf(member.aliases, this.#parts.host))
  }

  async #refresh(jid: string, signal: AbortSignal): Promise<GroupMetadata> {
    return this.#parts.groups.update(this.#parts.open(), jid, signal)
  }

  async #raw(to: string, type: 'get' | 'set', request: BinaryNode, signal: AbortSignal): Promise<BinaryNode> {
    return ask(this.#parts.open(), { to, xmlns: 'w:g2', type }, [request], signal)
  }

  /** @throws EngineError that says why WhatsApp refuses. */
  async #ask(to: string, type: 'get' | 'set', request: BinaryNode, signal: AbortSignal): Promise<BinaryNode> {
    try {
      return await this.#raw(to, type, request, signal)
    } catch (error) {
      throw refusal(answeredCode(error)) ?? error
    }
  }

  #describe(group: GroupMetadata): GroupInfo {
    const me = this.#parts.open().socket.authState.creds.me
    const listed = this.#parts.groups.listed(group)
    if (!listed) throw new EngineError('chat_not_found', 'This is not a group', 'never')
    return {
      ...listed,
      description: cut(group.desc, LIMITS.text_chars),
      announce: group.announce === true,
      locked: group.restrict === true,
      expiration: group.ephemeralDuration ?? 0,
      members: group.participants.flatMap((member) => {
        const who = person(namesIn(member), me)
        return who ? [{ ...who, is_admin: Boolean(member.admin) }] : []
      }),
    }
  }
}

function participant(jid: string): BinaryNode {
  return { tag: 'participant', attrs: { jid } }
}

function refusal(code: number | undefined): EngineError | undefined {
  if (code === undefined) return undefined
  const details = { whatsapp_code: code }
  if (NO_SUCH_GROUP.has(code)) return new EngineError('chat_not_found', 'There is no such group', 'never', details)
  if (code === 429) return new EngineError('rate_limited', 'WhatsApp wants less of this', 'later', details)
  const why = NOT_ALLOWED.has(code)
    ? 'This account may not do that in this group: it takes an admin'
    : 'WhatsApp refused'
  return new EngineError('rejected', why, code >= 500 ? 'later' : 'never', details)
}

/** What to ask for, one after the other, each with the change that it makes. @param descId Of the description that there is. */
function requests(changes: Changes, descId: string | undefined): [GroupChanged['change'], BinaryNode][] {
  const { subject, description, announce, locked, expiration } = changes
  const wanted: [GroupChanged['change'], BinaryNode][] = []
  if (subject !== undefined) wanted.push(['subject', { tag: 'subject', attrs: {}, content: Buffer.from(subject) }])
  if (description !== undefined) wanted.push(['description', descriptionNode(description, descId)])
  if (announce !== undefined) wanted.push(['announce', flag(announce ? 'announcement' : 'not_announcement')])
  if (locked !== undefined) wanted.push(['locked', flag(locked ? 'locked' : 'unlocked')])
  if (expiration === 0) wanted.push(['expiration', flag('not_ephemeral')])
  else if (expiration) {
    wanted.push(['expiration', { tag: 'ephemeral', attrs: { expiration: String(expiration) } }])
  }
  return wanted
}

function flag(tag: string): BinaryNode {
  return { tag, attrs: {} }
}

/** WhatsApp wants to know which one it replaces. */
function descriptionNode(text: string, earlier: string | undefined): BinaryNode {
  const prev = earlier === undefined ? {} : { prev: earlier }
  if (text === '') return { tag: 'description', attrs: { delete: 'true', ...prev } }
  const body = { tag: 'body', attrs: {}, content: Buffer.from(text) }
  return { tag: 'description', attrs: { id: generateMessageIDV2(), ...prev }, content: [body] }
}
