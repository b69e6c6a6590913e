import { type Address, type Alias, EngineError, type EngineHost } from '../engine.ts'

type Book = Pick<EngineHost, 'aliases'>

/** These aliases of somebody, and all others that the host knows. */
export function allAliases(aliases: readonly Alias[], host: Book): Alias[] {
  return aliases.flatMap((alias) => [alias, ...host.aliases(alias)])
}

/** Every name that the host knows for somebody. */
export function namesOf(aliases: readonly Alias[], host: Book): Set<string> {
  return new Set(allAliases(aliases, host).map(({ value }) => value))
}

/** The JID of a chat in the first of these forms that is known. @throws EngineError `chat_not_found` */
export function jidOf(whom: Address, host: Book, kinds: readonly string[] = ['group', 'lid', 'phone']): string {
  const aliases = allAliases(whom.aliases, host)
  const jid = kinds.map((wanted) => aliases.find(({ kind }) => kind === wanted)?.value).find((value) => value)
  if (!jid) throw new EngineError('chat_not_found', 'This chat has no such address on WhatsApp', 'never')
  return jid
}
