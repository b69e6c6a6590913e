import { History } from '../../account/history.ts'
import { showPresence, watchPresence } from '../../account/presence.ts'
import type { Client, Handlers } from './handler.ts'

/** What is written, and what was. */
export const messageHandlers: Handlers<'send' | 'messages' | 'poll' | 'mark_read' | 'presence' | 'watch_presence'> = {
  send: async ({ accounts }, args) => accounts.get(args.account_id).send(args),
  messages: (client, args) => ({ messages: history(client, args).list(args) }),
  poll: ({ accounts }, { account_id, message_id }) => accounts.get(account_id).records.polls.standing(message_id),
  mark_read: async (client, args) => {
    await history(client, args).markRead(args)
    return {}
  },
  presence: async ({ accounts }, args) => {
    const account = accounts.get(args.account_id)
    await showPresence(account.records, account, args)
    return {}
  },
  watch_presence: async ({ accounts }, { account_id, chat }) => {
    const account = accounts.get(account_id)
    await watchPresence(account.records, account, chat)
    return {}
  },
}

function history({ accounts }: Client, { account_id }: { account_id: string }): History {
  const account = accounts.get(account_id)
  return new History(account.records, account)
}
