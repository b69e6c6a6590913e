import { type Address, EngineError, type EngineHost } from '../engine.ts'

type Book = Pick<EngineHost, 'aliases'>

/** Every name that the host knows for a chat. */
export function namesOf(whom: Address, host: Book): Set<string> {
  return new Set(whom.aliases.flatMap((alias) => [alias, ...host.aliases(alias)]).map(({ value }) => value))
}

/** The JID of a chat in the first of these forms that is known. @throws EngineError `chat_not_found` */
export function jidOf(whom: Address, host: Book, kinds: readonly string[] = ['group', 'lid', 'phone']): string {
  const aliases = whom.aliases.flatMap((alias) => [alias, ...host.aliases(alias)])
  const jid = kinds.map((wanted) => aliases.find(({ kind }) => kind === wanted)?.value).find((value) => value)
  if (!jid) throw new EngineError('chat_not_found', 'This chat has no such address on WhatsApp', 'never')
  return jid
}
