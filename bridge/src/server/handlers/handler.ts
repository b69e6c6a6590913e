import type { Account } from '../../account/account.ts'
import type { Accounts } from '../../account/accounts.ts'
import type { Command, CommandArgs, CommandResult } from '../../protocol.ts'

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

export type Answer<C extends Command> = CommandResult<C> | Promise<CommandResult<C>>
export type Handlers<C extends Command> = { [K in C]: (client: Client, args: CommandArgs<K>) => Answer<K> }
