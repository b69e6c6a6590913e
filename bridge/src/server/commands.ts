import type { Command } from '../protocol.ts'
import { checked } from './check.ts'
import { accountHandlers } from './handlers/account.ts'
import { chatHandlers } from './handlers/chats.ts'
import { groupHandlers } from './handlers/groups.ts'
import type { Answer, Client, Handlers } from './handlers/handler.ts'
import { mediaHandlers } from './handlers/media.ts'
import { messageHandlers } from './handlers/messages.ts'

/** `authenticate` is the session's own. */
type Run = (client: Client, args: unknown) => Answer<Command>

type Served = Exclude<Command, 'authenticate'>

const handlers: Handlers<Served> = {
  ...accountHandlers,
  ...chatHandlers,
  ...messageHandlers,
  ...mediaHandlers,
  ...groupHandlers,
}

/** What writes nothing. */
const READING: ReadonlySet<string> = new Set<Command>([
  'accounts',
  'listen',
  'chats',
  'groups',
  'messages',
  'poll',
  'link_cancel',
])
/** What is answered at once. Everything else may have to wait for WhatsApp: a client may only have so many of these under way. */
const QUICK: ReadonlySet<string> = new Set<Command>(['health', 'ack', 'configure', 'link'])

export function isReading(name: string): boolean {
  return READING.has(name)
}

export function isSlow(name: string): boolean {
  return !READING.has(name) && !QUICK.has(name)
}

/** The one table of commands: each checks its arguments, then runs. @throws BridgeError `invalid_request` on wrong ones. */
export const commands: ReadonlyMap<string, Run> = new Map(
  (Object.keys(handlers) as Served[]).map((name) => command(name)),
)

function command<C extends Served>(name: C): [string, Run] {
  const check = checked(name)
  return [name, (client, args) => handlers[name](client, check(args))]
}
