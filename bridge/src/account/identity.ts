import type { Address, Alias, ChatsListed } from '../engine/engine.ts'
import { type Chat, type ChatKind, LIMITS, type Person } from '../protocol.ts'
import { fold } from '../store/fold.ts'
import type { ChatRow } from '../store/identities.ts'
import type { Store } from '../store/store.ts'
import { isUsable, Malformed } from './malformed.ts'
import { phoneDigits } from './phone.ts'
import { cleanName } from './text.ts'

/** What else is known about a chat; what is left out stays as it was. */
type Facts = Partial<Pick<ChatRow, 'listed_name' | 'participants' | 'is_admin' | 'active_at'>> & { listed?: boolean }

/** A number in the form in which somebody typed it, when WhatsApp writes it in another. */
const TYPED = 'typed'

/**
 * The alias book of one account. A chat's id is the alias it was first seen under and never changes; every alias leads
 * to it for ever. Nothing is guessed: an alias that nobody has told of leads nowhere.
 */
export class Identity {
  readonly #store: Store
  readonly #account: string
  readonly #changed: (chats: Chat[], removed: string[]) => void
  #pending = new Map<string, number | null>()

  /** `changed` hears, once it is on disk, which listed chats are new or different and which ids are gone. */
  constructor(store: Store, account: string, changed: (chats: Chat[], removed: string[]) => void) {
    this.#store = store
    this.#account = account
    this.#changed = changed
  }

  /** Learns what an address tells: the chat when it is new, further aliases, what they call themselves. */
  note(address: Address, facts: Facts = {}): void {
    this.#store.database.transaction(() => {
      const aliases = address.aliases.filter((alias) => isUsable(alias) && this.#fits(alias, address.kind))
      const [first] = aliases
      if (!first) throw new Malformed('an address without a usable alias')
      const number = this.#unite(aliases) ?? this.#create(address.kind, first.value)
      const before = this.#store.identities.get(number)
      for (const alias of aliases) this.#addAlias(number, alias)
      const { listed, ...rest } = facts
      const name = address.kind === 'group' ? null : cleanName(address.name)
      this.#update(before, {
        ...rest,
        ...(address.kind === 'self' && { kind: address.kind }),
        ...(name !== null && { own_name: name }),
        ...(listed !== undefined && { listed: Number(listed) }),
        ...(facts.active_at !== undefined && { active_at: Math.max(facts.active_at, before.active_at) }),
      })
    })
  }

  /** A list of the engine's: names from the address book, subjects of groups, who is gone. */
  list(event: ChatsListed): void {
    this.#store.database.transaction(() => {
      const groups = new Set<string>()
      for (const chat of event.chats) {
        const { participants, is_admin } = chat
        const listed_name = cleanName(chat.name)
        const { name: _, ...address } = chat
        this.note(address, {
          listed: true,
          ...(listed_name !== null && { listed_name }),
          ...(participants !== undefined && { participants }),
          ...(is_admin !== undefined && { is_admin: Number(is_admin) }),
        })
        if (chat.kind === 'group') groups.add(this.chat(chat).id)
      }
      for (const { value } of event.removed) this.#unlist(this.find(value))
      if (!event.all_groups) return
      for (const row of this.#store.identities.groups(this.#account)) {
        if (!groups.has(row.chat_id)) this.#unlist(row)
      }
    })
  }

  /** Aliases that the engine has learnt to be one person. */
  learn(aliases: Alias[]): void {
    if (aliases.some(isUsable)) this.note({ kind: 'person', aliases })
  }

  /** WhatsApp knows a typed number under another one: next time it is found here. */
  learnTyped(digits: string, address: Address): void {
    if (this.#store.identities.findDigits(this.#account, digits) !== undefined) return
    const chat = this.noted(address).number
    this.#store.identities.addAlias({
      account_id: this.#account,
      value: `${TYPED}:${digits}`,
      kind: TYPED,
      digits,
      chat,
    })
  }

  /** By chat id, any alias of it, or a phone number in any usual writing. */
  find(reference: string): ChatRow | undefined {
    const { identities } = this.#store
    const digits = phoneDigits(reference)
    const number =
      identities.find(this.#account, reference) ??
      (digits === undefined ? undefined : identities.findDigits(this.#account, digits))
    return number === undefined ? undefined : identities.get(number)
  }

  /** The chat of an address that was noted before. */
  chat(address: Address): Chat {
    return toChat(this.noted(address))
  }

  /** By an id that this book gave, also one that has become an alias since. */
  chatById(id: string): Chat {
    return toChat(this.row(id))
  }

  row(id: string): ChatRow {
    const row = this.find(id)
    if (!row) throw new Error('a chat id that leads nowhere')
    return row
  }

  /** The person of an address that was noted before. */
  person(address: Address): Person {
    const { chat_id: id, phone, lid, ...row } = this.noted(address)
    return { id, phone, lid, name: nameOf(row) }
  }

  /** By an id that this book gave. */
  personById(chat_id: string): Person {
    const { id, phone, lid, name } = this.chatById(chat_id)
    return { id, phone, lid, name }
  }

  address(row: ChatRow): Address {
    return { kind: row.kind, aliases: this.#aliases(row.number) }
  }

  /** Every alias of the chat of this one; only itself when it is unknown. */
  aliases(alias: Alias): Alias[] {
    const number = this.#store.identities.find(this.#account, alias.value)
    return number === undefined ? [alias] : this.#aliases(number)
  }

  /** Listed chats whose name, number or id contains `query`, in any case and without accents, most recent first. */
  search(query: string, limit: number): Chat[] {
    const wanted = query.trim()
    const number = /^[\d\s().+\-/]+$/u.test(wanted) ? wanted.replaceAll(/\D/gu, '') : wanted.toLowerCase()
    const alias = /[\d@]/u.test(number) ? number : null
    return this.#store.identities.search(this.#account, fold(wanted), alias, limit).map(toChat)
  }

  groups(): Chat[] {
    return this.#store.identities.groups(this.#account).map(toChat)
  }

  /** The row of an address that was noted before. */
  noted(address: Address): ChatRow {
    const alias = address.aliases.find(isUsable)
    const row = alias && this.find(alias.value)
    if (!row) throw new Error('an address that was never noted')
    return row
  }

  #aliases(number: number): Alias[] {
    const rows = this.#store.identities.aliases(number)
    return rows.filter(({ kind }) => kind !== TYPED).map(({ kind, value }) => ({ kind, value }))
  }

  #create(kind: ChatKind, chat_id: string): number {
    return this.#store.identities.create({ account_id: this.#account, chat_id, kind })
  }

  #addAlias(chat: number, { kind, value }: Alias): void {
    const { identities } = this.#store
    if (identities.find(this.#account, value) !== undefined) return
    const digits = kind === 'phone' ? (/^\d+/u.exec(value)?.[0] ?? null) : null
    identities.addAlias({ account_id: this.#account, value, kind, digits, chat })
    this.#tell(identities.get(chat))
  }

  /** A group is never one with a person, whatever an address says. */
  #fits(alias: Alias, kind: ChatKind): boolean {
    const number = this.#store.identities.find(this.#account, alias.value)
    return number === undefined || (this.#store.identities.get(number).kind === 'group') === (kind === 'group')
  }

  /** The chat that all known aliases lead to, after this. Of several the oldest wins. */
  #unite(aliases: Alias[]): number | undefined {
    const known = aliases.map(({ value }) => this.#store.identities.find(this.#account, value))
    const [oldest, ...newer] = [...new Set(known)].filter((number) => number !== undefined).toSorted((a, b) => a - b)
    for (const number of newer) if (oldest !== undefined) this.#merge(oldest, number)
    return oldest
  }

  #merge(into: number, from: number): void {
    const { identities, messages, outbox, votes } = this.#store
    const older = identities.get(into)
    const newer = identities.get(from)
    identities.merge(older.number, newer.number)
    messages.moveChat(this.#account, newer.chat_id, older.chat_id)
    outbox.moveChat(this.#account, newer.chat_id, older.chat_id)
    votes.moveVoter(this.#account, newer.chat_id, older.chat_id)
    this.#update(older, {
      kind: newer.kind === 'self' ? newer.kind : older.kind,
      listed: Math.max(older.listed, newer.listed),
      listed_name: older.listed_name ?? newer.listed_name,
      own_name: newer.own_name ?? older.own_name,
      active_at: Math.max(older.active_at, newer.active_at),
    })
    if (newer.listed) this.#tell(newer, true)
  }

  #update(before: ChatRow, changes: Partial<ChatRow>): void {
    const wanted = { ...before, ...changes }
    if (JSON.stringify(wanted) === JSON.stringify(before)) return
    this.#store.identities.save(wanted)
    const after = this.#store.identities.get(before.number)
    if (after.listed && (!before.listed || JSON.stringify(toChat(after)) !== JSON.stringify(toChat(before))))
      this.#tell(after)
  }

  #unlist(row: ChatRow | undefined): void {
    if (!row?.listed) return
    this.#store.identities.save({ ...row, listed: 0 })
    this.#tell(row, true)
  }

  /** Gathers what changed, and tells it in one go after the commit. */
  #tell(row: ChatRow, removed = false): void {
    if (!row.listed) return
    this.#store.database.onCommit(() => {
      if (this.#pending.size === 0) queueMicrotask(() => this.#flush())
      this.#pending.set(row.chat_id, removed ? null : row.number)
    })
  }

  #flush(): void {
    const pending = this.#pending
    this.#pending = new Map()
    const removed = [...pending].filter(([, number]) => number === null).map(([id]) => id)
    const numbers = [...pending.values()].filter((number) => number !== null)
    const chats = numbers.map((number) => toChat(this.#store.identities.get(number)))
    for (let from = 0; from === 0 || from < chats.length; from += LIMITS.listed_chats) {
      this.#changed(chats.slice(from, from + LIMITS.listed_chats), from === 0 ? removed : [])
    }
  }
}

function nameOf({ listed_name, own_name }: Pick<ChatRow, 'listed_name' | 'own_name'>): string | null {
  return listed_name ?? own_name
}

function toChat(row: ChatRow): Chat {
  const { chat_id: id, kind, phone, lid, participants, is_admin } = row
  return { id, kind, phone, lid, name: nameOf(row), participants, is_admin: is_admin === null ? null : is_admin === 1 }
}
