import {
  type BinaryNode,
  cleanMessage,
  type Contact,
  decodeMessageNode,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  jidDecode,
  type WAMessage,
  type WAMessageKey,
} from './library.ts'

/** What a message's stanza says outside its encryption. */
export type Attributes = Record<string, string>

/** A message's stanza, and the message it is. */
export interface Stanza {
  attrs: Attributes
  key: WAMessageKey
  name: string
}

/** The encryptions that Baileys can read. */
const READABLE = new Set(['pkmsg', 'msg', 'skmsg'])

/** The parts that can be decrypted. */
export function ciphertextsOf(stanza: BinaryNode): Uint8Array[] {
  return getBinaryNodeChildren(stanza, 'enc').flatMap(({ attrs, content }) =>
    READABLE.has(attrs['type'] ?? '') && content instanceof Uint8Array ? [content] : [],
  )
}

/** Bodies that Baileys would take for messages although they are not encrypted, by whatever name. */
export function isUnencrypted({ tag, attrs }: BinaryNode): boolean {
  return tag === 'plaintext' || attrs['type'] === 'plaintext'
}

/** Why WhatsApp does not hand it to this device, when it says so: `view_once` and the like. */
export function unavailableType(stanza: BinaryNode): string | undefined {
  return getBinaryNodeChild(stanza, 'unavailable')?.attrs['type']
}

/** The frame of a message as Baileys makes it, without anything in it. Throws when the stanza is malformed. */
export function frameOf(attrs: Attributes, me: Contact | undefined): WAMessage {
  const message = decodeMessageNode({ tag: 'message', attrs }, me?.id ?? '', me?.lid ?? '').fullMessage
  cleanMessage(message, me?.id ?? '', me?.lid ?? '')
  return message
}

/** One name for a message, whichever of its stanzas or keys one has: WhatsApp's id and whose it is. */
export function nameOf(key: WAMessageKey): string {
  const author = key.fromMe ? 'me' : jidDecode(key.participant || (key.remoteJid ?? undefined))?.user
  return `${key.id ?? ''} ${author ?? ''}`
}
