import type { Address, GroupChanges, GroupInfo, MemberOutcome } from '../engine/engine.ts'
import { BridgeError } from '../errors.ts'
import { type CommandArgs, type CommandResult, LIMITS, type MemberResult } from '../protocol.ts'
import type { ChatRow } from '../store/identities.ts'
import { ask, inParallel, patience } from './ask.ts'
import { type Directory, LOOKUPS_AT_ONCE } from './directory.ts'
import { page } from './page.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'
import { cleanText } from './text.ts'

const INVITATION = 'https://chat.whatsapp.com/'
/** An invitation's code, by itself or in a link as people copy it. */
const CODE = /^(?:(?:https?:\/\/)?chat\.whatsapp\.com\/(?:invite\/)?)?([\w-]{4,64})\/?(?:[?#].*)?$/iu

/** A member of a request: who it is, or why nobody knows. */
type Asked = { member: string; row: ChatRow } | { member: string; error: MemberOutcome }

/**
 * What members and admins of groups can do. What is changed here is in the list of chats when it is answered.
 *
 * All of it throws BridgeError `invalid_request`, `chat_not_found`, `rejected` when this account may not, `not_linked`, `not_connected`, `timeout`.
 */
export class Groups {
  readonly #records: Records
  readonly #sender: Sender
  readonly #directory: Directory

  constructor(records: Records, sender: Sender, directory: Directory) {
    this.#records = records
    this.#sender = sender
    this.#directory = directory
  }

  async info({ chat }: CommandArgs<'group'>): Promise<CommandResult<'group'>> {
    const { address } = await this.#group(chat)
    const info = await ask(this.#sender, async (engine, signal) => engine.groups.info(address, signal))
    this.#list(info)
    const { announce, locked, expiration } = info
    const description = info.description === null ? null : cleanText(info.description, LIMITS.group_description_chars)
    const members = this.#records.store.database.transaction(() =>
      info.members.flatMap(({ is_admin, ...who }) => {
        const person = this.#records.person(who)
        return person ? { ...person, is_admin } : []
      }),
    )
    const about = { description, announce, locked, expiration, members: page(members) }
    return { chat: this.#records.identity.chat(address), ...about }
  }

  async create({ subject, members }: CommandArgs<'group_create'>): Promise<CommandResult<'group_create'>> {
    const asked = await this.#resolve(members)
    const known = this.#distinct(asked)
    if (known.length === 0) {
      const message = 'None of the members can be found: write numbers with their country code'
      throw new BridgeError('not_on_whatsapp', message, { members: results(asked, new Map()) })
    }
    const addresses = known.map((row) => this.#records.identity.address(row))
    const made = await ask(this.#sender, async (engine, signal) => engine.groups.create(subject, addresses, signal))
    this.#list(made.group)
    const chat = this.#records.identity.chat(made.group)
    return { chat, members: results(asked, byChat(known, made.members)) }
  }

  async members({ chat, action, members }: CommandArgs<'group_members'>): Promise<CommandResult<'group_members'>> {
    const { row, address } = await this.#group(chat)
    const asked = await this.#resolve(members)
    const known = this.#distinct(asked)
    if (known.length === 0) return { members: results(asked, new Map()) }
    const addresses = known.map((member) => this.#records.identity.address(member))
    const outcomes = await ask(this.#sender, async (engine, signal) =>
      engine.groups.change(address, action, addresses, signal),
    )
    const done = known.filter((_, index) => outcomes[index] === null)
    this.#changed(row, address, action, done)
    return { members: results(asked, byChat(known, outcomes)) }
  }

  async update(args: CommandArgs<'group_update'>): Promise<void> {
    const changes = changesOf(args)
    if (Object.keys(changes).length === 0) {
      throw new BridgeError('invalid_request', 'Nothing is to be changed: give a subject, a description or a setting')
    }
    const { address } = await this.#group(args.chat)
    await ask(this.#sender, async (engine, signal) => engine.groups.update(address, changes, signal))
    if (changes.subject !== undefined) this.#list({ ...address, name: changes.subject })
  }

  async invite({ chat, renew = false }: CommandArgs<'group_invite'>): Promise<CommandResult<'group_invite'>> {
    const { address } = await this.#group(chat)
    const code = await ask(this.#sender, async (engine, signal) => engine.groups.invite(address, renew, signal))
    return { code, url: `${INVITATION}${encodeURIComponent(code)}` }
  }

  async join({ code: given }: CommandArgs<'group_join'>): Promise<CommandResult<'group_join'>> {
    const code = CODE.exec(given.trim())?.[1]
    if (code === undefined) {
      const message = `This is no invitation: paste the link, ${INVITATION}…, or what stands behind it`
      throw new BridgeError('invalid_request', message, { field: '/code' })
    }
    const address = await ask(this.#sender, async (engine, signal) => engine.groups.join(code, signal))
    this.#list(address)
    await this.#refresh(address)
    return { chat: this.#records.identity.chat(address) }
  }

  async leave({ chat }: CommandArgs<'group_leave'>): Promise<void> {
    const { address } = await this.#group(chat)
    await ask(this.#sender, async (engine, signal) => engine.groups.leave(address, signal))
    this.#records.take({ type: 'chats', chats: [], removed: address.aliases, all_groups: false })
  }

  async #group(reference: string): Promise<{ row: ChatRow; address: Address }> {
    const row = await this.#directory.resolve(reference)
    if (row.kind === 'group') return { row, address: this.#records.identity.address(row) }
    throw new BridgeError('invalid_request', 'This chat is not a group', { field: '/chat' })
  }

  async #resolve(members: readonly string[]): Promise<Asked[]> {
    const signal = patience()
    return inParallel(members, LOOKUPS_AT_ONCE, async (member) => {
      try {
        const row = await this.#directory.resolve(member, signal)
        return row.kind === 'group' ? { member, error: 'invalid_request' } : { member, row }
      } catch (error) {
        if (!(error instanceof BridgeError)) throw error
        if (error.code === 'not_connected' || error.code === 'not_linked') throw error
        return { member, error: error.code }
      }
    })
  }

  /** Everybody once, in the order asked for. */
  #distinct(asked: readonly Asked[]): ChatRow[] {
    const rows = asked.flatMap((each) => ('row' in each ? [[each.row.chat_id, each.row] as const] : []))
    return [...new Map(rows).values()]
  }

  /** WhatsApp tells of it too, a little later. */
  #changed(row: ChatRow, address: Address, action: CommandArgs<'group_members'>['action'], done: ChatRow[]): void {
    const step = { add: 1, remove: -1, promote: 0, demote: 0 }[action]
    const { participants } = row
    const isSelf = done.some(({ kind }) => kind === 'self')
    this.#list({
      ...address,
      ...(participants !== null && { participants: Math.max(0, participants + step * done.length) }),
      ...(isSelf && step === 0 && { is_admin: action === 'promote' }),
    })
  }

  /** What WhatsApp does not answer now, it tells by itself later. */
  async #refresh(address: Address): Promise<void> {
    try {
      this.#list(await ask(this.#sender, async (engine, signal) => engine.groups.info(address, signal)))
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error
    }
  }

  #list(group: Address | GroupInfo): void {
    this.#records.take({ type: 'chats', chats: [group], removed: [], all_groups: false })
  }
}

function changesOf({ subject, description, announce, locked, expiration }: GroupChanges): GroupChanges {
  return {
    ...(subject !== undefined && { subject }),
    ...(description !== undefined && { description }),
    ...(announce !== undefined && { announce }),
    ...(locked !== undefined && { locked }),
    ...(expiration !== undefined && { expiration }),
  }
}

function byChat(rows: readonly ChatRow[], outcomes: readonly MemberOutcome[]): Map<string, MemberOutcome> {
  return new Map(rows.map(({ chat_id }, index) => [chat_id, outcomes[index] ?? null]))
}

/** In the order asked for. */
function results(asked: readonly Asked[], outcomes: ReadonlyMap<string, MemberOutcome>): MemberResult[] {
  return asked.map((each) => ({
    member: each.member,
    error: 'error' in each ? each.error : (outcomes.get(each.row.chat_id) ?? null),
  }))
}
