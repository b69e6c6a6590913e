/** After how many seconds the messages of a chat disappear: kept by every alias of the chat, so that no restart forgets it. */
import type { Address, Alias, EngineHost, KeyValue } from '../engine.ts'
import { person } from './addresses.ts'
import { contextIn, partOf, unwrap } from './content.ts'
import { namesOf } from './jids.ts'
import { type BaileysEventMap, type Contact, proto } from './library.ts'

type Host = Pick<EngineHost, 'store' | 'aliases'>

const TYPE = 'expiration'
const YEAR = 366 * 86_400
const { EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type

/** 0: they stay. */
export function expirationOf(store: KeyValue, aliases: readonly Alias[]): number {
  const ids = aliases.map(({ value }) => value)
  const known = store.get(TYPE, ids)
  return Number(ids.map((id) => known.get(id)).find((seconds) => seconds !== undefined) ?? 0)
}

/** Takes from a message what it says of its chat. What groups do, their metadata says. */
export function learnExpiration(host: Host, chat: Address, message: proto.IMessage): void {
  const seconds = chat.kind === 'group' ? undefined : secondsIn(message)
  if (seconds !== undefined) keepExpiration(host, chat.aliases, seconds)
}

/** What the phone says of its chats with people when it is linked. */
export function learnExpirations(
  host: Host,
  { chats }: BaileysEventMap['messaging-history.set'],
  me: Contact | undefined,
): void {
  for (const { id, pnJid, lidJid, ephemeralExpiration } of chats) {
    const chat = ephemeralExpiration ? person([id, pnJid, lidJid], me) : undefined
    if (chat) keepExpiration(host, chat.aliases, ephemeralExpiration ?? 0)
  }
}

/** Writes only what is new. 0: messages stay. */
export function keepExpiration(host: Host, chat: readonly Alias[], seconds: number): void {
  const ids = [...namesOf(chat, host)]
  const value = seconds > 0 ? String(Math.min(seconds, YEAR)) : null
  const known = host.store.get(TYPE, ids)
  const changed = ids.filter((id) => (known.get(id) ?? null) !== value)
  if (changed.length > 0) host.store.set({ [TYPE]: Object.fromEntries(changed.map((id) => [id, value])) })
}

/** A message that stays says nothing: phones leave it out where they need not say it. */
function secondsIn(message: proto.IMessage): number | undefined {
  const { protocolMessage } = unwrap(message)
  if (protocolMessage?.type === EPHEMERAL_SETTING) return protocolMessage.ephemeralExpiration ?? 0
  const [, value] = partOf(message) ?? []
  const { expiration } = contextIn(value) ?? {}
  return expiration === 0 ? undefined : (expiration ?? undefined)
}
