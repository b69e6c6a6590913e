import { Compile } from 'typebox/compile'

import type { Account } from '../account/account.ts'
import type { Accounts } from '../account/accounts.ts'
import { BridgeError } from '../errors.ts'
import { type Command, type CommandArgs, type CommandResult, COMMANDS, LIMITS } from '../protocol.ts'

/** What a command may do with the client that gave it. */
export interface Client {
  readonly accounts: Accounts
  readonly version: string
  /** How many clients are authenticated. */
  clients(): number
  /** From now on the client hears this account. Returns the head of its journal. */
  listen(account: Account, consumer: string): number
  /** Starts a link that ends with the client, and returns its id. */
  link(request: CommandArgs<'link'>): string
  cancelLink(link_id: string): void
}

/** `authenticate` is the session's own. */
type Served = Exclude<Command, 'authenticate'>
type Answer<C extends Command> = CommandResult<C> | Promise<CommandResult<C>>
type Run = (client: Client, args: unknown) => Answer<Served>

const handlers: { [C in Served]: (client: Client, args: CommandArgs<C>) => Answer<C> } = {
  accounts: ({ accounts }) => ({ accounts: accounts.list().map((account) => account.state()) }),
  listen: (client, { account_id, consumer }) => {
    const account = client.accounts.get(account_id)
    const seq = client.listen(account, consumer)
    return { account: account.state(), chats: account.records.identity.search('', LIMITS.listed_chats), seq }
  },
  ack: ({ accounts }, { account_id, consumer, seq }) => {
    accounts.get(account_id).records.journal.ack(consumer, seq)
    return {}
  },
  send: async ({ accounts }, args) => accounts.get(args.account_id).send(args),
  resolve: async ({ accounts }, { account_id, chat }) => {
    const account = accounts.get(account_id)
    const { chat_id } = await account.resolve(chat)
    return { chat: account.records.identity.chatById(chat_id) }
  },
  groups: ({ accounts }, { account_id }) => ({ groups: accounts.get(account_id).records.identity.groups() }),
  chats: ({ accounts }, { account_id, query = '', limit = LIMITS.listed_chats }) => ({
    chats: accounts.get(account_id).records.identity.search(query, limit),
  }),
  link: (client, args) => ({ link_id: client.link(args) }),
  link_cancel: (client, { link_id }) => {
    client.cancelLink(link_id)
    return {}
  },
  unlink: async ({ accounts }, { account_id }) => {
    await accounts.get(account_id).unlink()
    return {}
  },
  health: (client) => ({
    version: client.version,
    uptime: process.uptime(),
    clients: client.clients(),
    accounts: client.accounts.list().map((account) => {
      const { account_id, connection, queued } = account.state()
      return { account_id, connection, queued, journal: account.records.journal.count() }
    }),
  }),
}

/** What may have to wait for WhatsApp: a client may only have so many of these under way. */
export const slowCommands: ReadonlySet<string> = new Set<Served>(['send', 'resolve', 'unlink'])

/** The one table of commands: each checks its arguments, then runs. @throws BridgeError `invalid_request` on wrong ones. */
export const commands: ReadonlyMap<string, Run> = new Map([
  command('accounts'),
  command('listen'),
  command('ack'),
  command('send'),
  command('resolve'),
  command('groups'),
  command('chats'),
  command('link'),
  command('link_cancel'),
  command('unlink'),
  command('health'),
])

function command<C extends Served>(name: C): [string, Run] {
  const check = checked(name)
  return [name, (client, args) => handlers[name](client, check(args))]
}

/** Returns a function that gives typed arguments back, or throws `invalid_request`. */
export function checked<C extends Command>(name: C): (args: unknown) => CommandArgs<C> {
  const schema = Compile(COMMANDS[name].args)
  return (args) => {
    if (schema.Check(args)) return args as CommandArgs<C>
    // Of a union every branch complains: the complaint that reaches deepest is about the branch that was meant.
    const errors = schema.Errors(args).filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'const')
    const [error] = errors.toSorted((a, b) => depth(b.instancePath) - depth(a.instancePath))
    const field = error?.instancePath ?? ''
    throw new BridgeError('invalid_request', `args${field} ${error?.message ?? 'are malformed'}`, { field })
  }
}

function depth(path: string): number {
  return path.split('/').length
}
