import { type Address, type Alias, EngineError, type EngineHost } from '../engine.ts'
import { isOneOf, ownAliases } from './addresses.ts'
import { expirationOf } from './expirations.ts'
import type { Groups } from './groups.ts'
import { allAliases } from './jids.ts'
import { type Contact, WAMessageAddressingMode } from './library.ts'

/** The chat that a message is made for, as far as it is known without asking anybody. */
export interface Chat {
  jid: string
  isGroup: boolean
  /** The announcements of a community, which have polls of their own kind. */
  isAnnouncements: boolean
  /** Whether this account is an admin of the group; `undefined` when that is not known. */
  isAdmin: boolean | undefined
  /** Seconds after which messages disappear; 0: they stay. */
  expiration: number
  /** Whether this is the chat as well. */
  is(other: Address): boolean
  /** Somebody's JID as this chat names people. @throws EngineError `invalid_request` when there is none. */
  jidOf(person: Address): string
  /** Every alias of somebody. */
  aliasesOf(person: Address): Alias[]
}

/** @throws EngineError `invalid_request` */
export function chatOf(to: Address, host: EngineHost, groups: Groups, me: Contact | undefined): Chat {
  const aliasesOf = ({ kind, aliases }: Address): Alias[] => [
    ...allAliases(aliases, host),
    ...(kind === 'self' ? ownAliases(me) : []),
  ]
  const aliases = aliasesOf(to)
  const group = aliases.find(({ kind }) => kind === 'group')?.value
  const metadata = group === undefined ? undefined : groups.cached(group)
  const isByLid = group === undefined ? hasLid(aliases) : metadata?.addressingMode !== WAMessageAddressingMode.PN
  const jidOf = (person: Address) => jidAmong(aliasesOf(person), isByLid)
  const own = ownAliases(me)
  const mine = metadata?.participants.find(({ id, lid, phoneNumber }) =>
    [id, lid, phoneNumber].some((jid) => isOneOf(own, jid)),
  )
  return {
    jid: group ?? jidOf(to),
    isGroup: group !== undefined,
    isAnnouncements: metadata?.isCommunityAnnounce === true,
    isAdmin: metadata && Boolean(mine?.admin),
    expiration: metadata ? (metadata.ephemeralDuration ?? 0) : expirationOf(host.store, aliases),
    is: (other) => aliasesOf(other).some((alias) => isOneOf(aliases, alias.value)),
    jidOf,
    aliasesOf,
  }
}

function hasLid(aliases: readonly Alias[]): boolean {
  return aliases.some(({ kind }) => kind === 'lid')
}

function jidAmong(aliases: readonly Alias[], isByLid: boolean): string {
  const jid = (wanted: string) => aliases.find(({ kind }) => kind === wanted)?.value
  const found = isByLid ? (jid('lid') ?? jid('phone')) : (jid('phone') ?? jid('lid'))
  if (found !== undefined) return found
  throw new EngineError('invalid_request', 'Somebody in this message has no address on WhatsApp', 'never')
}
