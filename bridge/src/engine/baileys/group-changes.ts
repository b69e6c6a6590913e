import { LRUCache } from 'lru-cache'

import { LIMITS } from '../../protocol.ts'
import type { GroupChanged } from '../engine.ts'
import { aliasOf, person } from './addresses.ts'
import { cut } from './content-text.ts'
import { type BinaryNode, type Contact, getAllBinaryNodeChildren, getBinaryNodeChild } from './library.ts'
import { serverOrigin } from './origin.ts'
import { secondsOf } from './seconds.ts'

type Change = GroupChanged['change']

/** How long after this bridge changed a group it is told of it. */
const ECHO_MS = 60_000
const VALUE_CHARS = LIMITS.text_chars

/** What changes in groups, from WhatsApp's notifications: Baileys loses who did it. */
export class GroupChanges {
  readonly #me: () => Contact | undefined
  readonly #made = new LRUCache<string, true>({ max: 1000, ttl: ECHO_MS })

  constructor(me: () => Contact | undefined) {
    this.#me = me
  }

  /** This bridge is about to change that. @param group A JID; `new` for one that is not known yet. */
  make(group: string, change: Change): void {
    this.#made.set(`${group} ${change}`, true)
  }

  /** The changes that a `w:gp2` notification tells of. What only communities and requests to join are about is none. */
  in(notification: BinaryNode): GroupChanged[] {
    const { attrs } = notification
    const group = aliasOf(attrs['from'])
    if (group?.kind !== 'group' || !attrs['id']) return []
    const me = this.#me()
    const by =
      person([attrs['participant'], attrs['participant_pn'], attrs['participant_lid']], me, nameIn(attrs)) ?? null
    const timestamp = secondsOf(attrs['t'])
    return getAllBinaryNodeChildren(notification).flatMap((node, index) => {
      const what = readChange(node, by, me)
      if (!what) return []
      const mine = by?.kind === 'self'
      const made = this.#made.has(`${node.tag === 'create' ? 'new' : group.value} ${what.change}`)
      const source = mine ? (made ? 'bridge' : 'phone') : 'person'
      const event: GroupChanged = {
        type: 'group_change',
        once: `${group.value} ${attrs['id']} ${index}`,
        chat: { kind: 'group', aliases: [group] },
        by,
        ...what,
        origin: serverOrigin(source, attrs, timestamp),
        timestamp,
      }
      return [event]
    })
  }
}

type What = Pick<GroupChanged, 'change' | 'members' | 'value'>

function readChange(node: BinaryNode, by: GroupChanged['by'], me: Contact | undefined): What | undefined {
  const { tag, attrs } = node
  switch (tag) {
    case 'add':
    case 'remove':
    case 'leave':
    case 'promote':
    case 'demote':
      return membersChange(tag, node, by, me)
    case 'create':
      return entry(attrs, by, me)
    case 'subject':
      return setting('subject', cut(attrs['subject'], LIMITS.name_chars))
    case 'description':
      return setting('description', cut(textOf(getBinaryNodeChild(node, 'body')), VALUE_CHARS))
    case 'announcement':
    case 'not_announcement':
      return setting('announce', tag === 'announcement' ? 'on' : 'off')
    case 'locked':
    case 'unlocked':
      return setting('locked', tag === 'locked' ? 'on' : 'off')
    case 'ephemeral':
    case 'not_ephemeral':
      return setting('expiration', String(tag === 'ephemeral' ? Number(attrs['expiration']) || 0 : 0))
    default:
      return undefined
  }
}

function setting(change: Change, value: string | null): What {
  return { change, members: [], value }
}

/** Who adds or removes nobody but themselves joins or leaves. */
function membersChange(
  tag: 'add' | 'remove' | 'leave' | 'promote' | 'demote',
  node: BinaryNode,
  by: GroupChanged['by'],
  me: Contact | undefined,
): What | undefined {
  const members = getAllBinaryNodeChildren(node).flatMap(({ tag: name, attrs }) =>
    name === 'participant' ? (person([attrs['jid'], attrs['phone_number'], attrs['lid']], me) ?? []) : [],
  )
  if (members.length === 0) return undefined
  const [first] = members
  const alone = members.length === 1 && by !== null && first !== undefined && isSame(first, by)
  if (tag === 'add') return { change: alone ? 'join' : 'add', members, value: null }
  if (tag === 'remove') return { change: alone ? 'leave' : 'remove', members, value: null }
  return { change: tag, members, value: null }
}

/** A group that this account is new in: made by it, joined, or made or opened to it by somebody else. */
function entry(attrs: Record<string, string>, by: GroupChanged['by'], me: Contact | undefined): What | undefined {
  const self = person([me?.id, me?.lid], me)
  if (!self) return undefined
  const own = attrs['reason'] === 'invite' || by?.kind === 'self'
  return { change: own ? 'join' : 'add', members: [self], value: null }
}

function isSame(one: NonNullable<GroupChanged['by']>, other: NonNullable<GroupChanged['by']>): boolean {
  return one.aliases.some(({ value }) => other.aliases.some((alias) => alias.value === value))
}

function nameIn(attrs: Record<string, string>): string | null {
  return cut(attrs['notify'], LIMITS.name_chars)
}

function textOf(node: BinaryNode | undefined): string | null {
  const content = node?.content
  return typeof content === 'string' ? content : content instanceof Uint8Array ? Buffer.from(content).toString() : null
}
