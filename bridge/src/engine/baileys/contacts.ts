import { LIMITS } from '../../protocol.ts'
import type { ListedChat } from '../engine.ts'
import { person } from './addresses.ts'
import { cut } from './content-text.ts'
import type { BaileysEventMap, Contact } from './library.ts'

/** Those with a name in the owner's address book. */
export function savedContacts(contacts: readonly Partial<Contact>[], me: Contact | undefined): ListedChat[] {
  return contacts.flatMap(({ id, lid, phoneNumber, name }) =>
    name ? (person([id, lid, phoneNumber], me, cut(name, LIMITS.name_chars)) ?? []) : [],
  )
}

/** The chats with people that the phone told of when it was linked, with the names it has for them. */
export function historyChats(
  { chats, contacts }: BaileysEventMap['messaging-history.set'],
  me: Contact | undefined,
): ListedChat[] {
  const listed = new Map<string, ListedChat>()
  const nameless = chats.flatMap(
    ({ id, pnJid, lidJid, accountLid }) => person([id, pnJid, lidJid, accountLid], me) ?? [],
  )
  for (const chat of [...nameless, ...savedContacts(contacts, me)]) {
    const [first] = chat.aliases
    if (first) listed.set(first.value, { ...listed.get(first.value), ...chat })
  }
  return [...listed.values()]
}
