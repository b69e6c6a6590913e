import type { Handlers } from './handler.ts'

/** Bytes, by ticket. */
export const mediaHandlers: Handlers<'upload' | 'download' | 'picture'> = {
  upload: (client, { account_id, size }) => client.accounts.get(account_id).media.reserve(client, size),
  download: async (client, { account_id, message_id }) =>
    client.accounts.get(account_id).media.download(client, message_id),
  picture: async (client, { account_id, chat }) => {
    const account = client.accounts.get(account_id)
    const { chat_id } = await account.resolve(chat)
    return account.media.picture(client, chat_id)
  },
}
