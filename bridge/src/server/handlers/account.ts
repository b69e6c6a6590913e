import { BridgeError } from '../../errors.ts'
import { LIMITS } from '../../protocol.ts'
import type { Handlers } from './handler.ts'

/** What is about an account as a whole, and about the bridge. */
export const accountHandlers: Handlers<
  | 'accounts'
  | 'listen'
  | 'ack'
  | 'configure'
  | 'link'
  | 'link_cancel'
  | 'reconnect'
  | 'unlink'
  | 'forget'
  | 'health'
  | 'backup'
> = {
  accounts: ({ accounts }) => ({ accounts: accounts.list().map((account) => account.state()) }),
  listen: (client, { account_id, consumer }) => {
    const account = client.accounts.get(account_id)
    const seq = client.listen(account, consumer)
    return { account: account.state(), chats: account.records.identity.search('', LIMITS.listed_chats), seq }
  },
  ack: async ({ accounts }, { account_id, consumer, seq }) => {
    await accounts.get(account_id).records.journal.ack(consumer, seq)
    return {}
  },
  configure: ({ accounts }, { account_id, settings }) => {
    const account = accounts.get(account_id)
    account.configure(settings)
    return { settings: account.settings }
  },
  link: (client, args) => ({ link_id: client.link(args) }),
  link_cancel: (client, { link_id }) => {
    client.cancelLink(link_id)
    return {}
  },
  reconnect: async ({ accounts }, { account_id }) => {
    const account = accounts.get(account_id)
    if (!account.isLinked()) throw new BridgeError('not_linked', 'The account is not linked to WhatsApp: link it again')
    await account.restart()
    return {}
  },
  unlink: async ({ accounts }, { account_id }) => {
    await accounts.get(account_id).unlink()
    return {}
  },
  forget: async ({ accounts }, { account_id }) => {
    await accounts.forget(account_id)
    return {}
  },
  backup: async (client) => {
    const copy = await client.accounts.backup()
    return {
      ...client.accounts.media.handouts.offer(client, { ...copy, mime: 'application/vnd.sqlite3' }),
      size: copy.size,
    }
  },
  health: (client) => ({
    version: client.version,
    uptime: process.uptime(),
    clients: client.clients(),
    storage: client.accounts.storage(),
    accounts: client.accounts.health(),
  }),
}
