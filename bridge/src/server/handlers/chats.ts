import { LIMITS } from '../../protocol.ts'
import type { Handlers } from './handler.ts'

/** Whom an account knows, and who is on WhatsApp. */
export const chatHandlers: Handlers<'resolve' | 'groups' | 'chats' | 'check'> = {
  resolve: async ({ accounts }, { account_id, chat }) => {
    const account = accounts.get(account_id)
    const { chat_id } = await account.resolve(chat)
    return { chat: account.records.identity.chatById(chat_id) }
  },
  groups: ({ accounts }, { account_id }) => ({ groups: accounts.get(account_id).records.identity.groups() }),
  chats: ({ accounts }, { account_id, query = '', limit = LIMITS.listed_chats }) => ({
    chats: accounts.get(account_id).records.identity.search(query, limit),
  }),
  check: ({ accounts }, { account_id, phones }) => accounts.get(account_id).directory.check(phones),
}
