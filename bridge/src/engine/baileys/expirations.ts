/** After how many seconds the messages of a chat disappear: kept by every alias of the chat, so that no restart forgets it. */
import type { Alias, EngineHost, KeyValue } from '../engine.ts'

const TYPE = 'expiration'
const YEAR = 366 * 86_400

/** 0: they stay. */
export function expirationOf(store: KeyValue, aliases: readonly Alias[]): number {
  const ids = aliases.map(({ value }) => value)
  const known = store.get(TYPE, ids)
  return Number(ids.map((id) => known.get(id)).find((seconds) => seconds !== undefined) ?? 0)
}

/** Writes only what is new. */
export function learnExpiration(
  host: Pick<EngineHost, 'store' | 'aliases'>,
  chat: readonly Alias[],
  seconds: number,
): void {
  const ids = [...new Set(chat.flatMap((alias) => [alias, ...host.aliases(alias)]).map(({ value }) => value))]
  const value = Number.isInteger(seconds) && seconds > 0 ? String(Math.min(seconds, YEAR)) : null
  const known = host.store.get(TYPE, ids)
  const changed = ids.filter((id) => (known.get(id) ?? null) !== value)
  if (changed.length > 0) host.store.set({ [TYPE]: Object.fromEntries(changed.map((id) => [id, value])) })
}
