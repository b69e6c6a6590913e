import type { Handlers } from './handler.ts'

/** What is written, and what was. */
export const messageHandlers: Handlers<'send'> = {
  send: async ({ accounts }, args) => accounts.get(args.account_id).send(args),
}
