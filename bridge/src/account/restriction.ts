import { BridgeError } from '../errors.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'

/** Why nobody needs to ask WhatsApp whether this chat may be written to: the account is restricted, and it is a new one. */
export function strangerRefusal(
  { store, account, identity }: Records,
  sender: Sender,
  chat_id: string,
): BridgeError | undefined {
  const until = sender.restrictedUntil()
  if (until === undefined || identity.row(chat_id).kind !== 'person') return undefined
  if (store.messages.isKnownChat(account, chat_id)) return undefined
  const message = 'WhatsApp does not let this account start chats for now: wait, or let them write first'
  return new BridgeError('restricted', message, { until })
}
