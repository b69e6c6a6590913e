/** Between JIDs, which come from strangers, and our addresses. What does not look like a JID we know is not an address. */
import type { Address, Alias } from '../engine.ts'
import { type Contact, isJidBroadcast, isJidStatusBroadcast, type WAMessageKey } from './library.ts'

const PHONE = /^(\d{5,20})(?:[_:]\d+)*@(?:s\.whatsapp\.net|c\.us|hosted)$/u
const LID = /^(\d{5,20})(?:[_:]\d+)*@(?:lid|hosted\.lid)$/u
const GROUP = /^\d[\d-]{4,40}@g\.us$/u

type Jid = string | null | undefined

/** Without the device; `undefined` for broadcasts, newsletters, bots and whatever is malformed. */
export function aliasOf(jid: Jid): Alias | undefined {
  if (!jid) return undefined
  const phone = PHONE.exec(jid)?.[1]
  if (phone) return { kind: 'phone', value: phoneJid(phone) }
  const lid = LID.exec(jid)?.[1]
  if (lid) return { kind: 'lid', value: `${lid}@lid` }
  return GROUP.test(jid) ? { kind: 'group', value: jid } : undefined
}

function phoneJid(digits: string): string {
  return `${digits}@s.whatsapp.net`
}

/** Every valid one once. */
export function aliasesOf(...jids: Jid[]): Alias[] {
  const found = new Map<string, Alias>()
  for (const jid of jids) {
    const alias = aliasOf(jid)
    if (alias) found.set(alias.value, alias)
  }
  return [...found.values()]
}

export function ownAliases(me: Contact | undefined): Alias[] {
  return aliasesOf(me?.id, me?.lid)
}

export function isOneOf(aliases: readonly Alias[], jid: Jid): boolean {
  const value = aliasOf(jid)?.value
  return value !== undefined && aliases.some((alias) => alias.value === value)
}

/** The phone number and the LID of one person, when these two JIDs are that. */
export function pairOf(one: Jid, other: Jid): [Alias, Alias] | undefined {
  const [first, second] = [aliasOf(one), aliasOf(other)]
  if (!first || !second) return undefined
  const kinds = new Set([first.kind, second.kind])
  return kinds.has('phone') && kinds.has('lid') ? [first, second] : undefined
}

/** `~` is what Baileys calls us before it knows better. */
export function selfOf(me: Contact | undefined): Address {
  return named({ kind: 'self', aliases: ownAliases(me) }, me?.name === '~' ? undefined : me?.name)
}

/** Who it is among everybody, the account itself included. `undefined` when no JID is a person's. */
export function person(jids: Jid[], me: Contact | undefined, name?: string | null): Address | undefined {
  const aliases = aliasesOf(...jids).filter((alias) => alias.kind !== 'group')
  if (aliases.length === 0) return undefined
  const own = ownAliases(me)
  if (aliases.some((alias) => isOneOf(own, alias.value))) return selfOf(me)
  return named({ kind: 'person', aliases }, name)
}

function named(address: Address, name: string | null | undefined): Address {
  return name ? { ...address, name } : address
}

/**
 * Where a message was written and by whom. `undefined` when that is nowhere we look.
 *
 * On a message typed on the own phone `remoteJidAlt` may be the writer's other identity instead of the chat's, hence the check.
 */
export function partiesOf(
  key: WAMessageKey,
  me: Contact | undefined,
  name?: string | null,
): { chat: Address; sender: Address } | undefined {
  if (isJidBroadcast(key.remoteJid ?? '') && !isJidStatusBroadcast(key.remoteJid ?? '')) {
    // Everybody on the list sees it in the chat with its writer.
    const writer = key.fromMe ? undefined : person([key.participant, key.remoteJidAlt], me, name)
    return writer && { chat: writer, sender: writer }
  }
  const remote = aliasOf(key.remoteJid)
  if (!remote) return undefined
  // Baileys learns what the own phone calls itself from this very message, but later.
  const self = (): Address => selfOf(me && name ? { ...me, name } : me)
  if (remote.kind === 'group') {
    const sender = key.fromMe ? self() : person([key.participant, key.participantAlt], me, name)
    return sender && { chat: { kind: 'group', aliases: [remote] }, sender }
  }
  const own = ownAliases(me)
  const alternative = !isOneOf(own, key.remoteJid) && isOneOf(own, key.remoteJidAlt) ? undefined : key.remoteJidAlt
  const chat = person([key.remoteJid, alternative], me, key.fromMe ? undefined : name)
  return chat && { chat, sender: key.fromMe ? self() : chat }
}
