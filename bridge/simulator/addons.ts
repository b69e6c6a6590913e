import { createHmac, randomBytes } from 'node:crypto'

import { aesEncryptGCM, type proto } from 'baileys'

import { type Addressing, lidJid, numberJid, type Person } from './people.ts'

/** A message that others add to, as the phones in its chat know it. */
export interface Target {
  id: string
  author: Person
  secret: Uint8Array
}

/** By which addresses the target's author and whoever adds to it are named. */
export interface Modes {
  creator: Addressing
  author: Addressing
}

/** Encrypts a vote, an edit or a reaction the way a phone does that knows both people by these addresses. */
export function encryptAddOn(
  { id, author: creator, secret }: Target,
  author: Person,
  modes: Modes,
  use: 'Poll Vote' | 'Message Edit' | 'Enc Reaction',
  plaintext: Uint8Array,
): Required<proto.Message.IPollEncValue> {
  const authorJid = jidAs(author, modes.author)
  const info = Buffer.from(`${id}${jidAs(creator, modes.creator)}${authorJid}${use}`)
  const root = createHmac('sha256', Buffer.alloc(32)).update(secret).digest()
  const key = createHmac('sha256', root)
    .update(info)
    .update(Buffer.from([1]))
    .digest()
  const encIv = randomBytes(12)
  const bound = Buffer.from(use === 'Poll Vote' ? `${id}\0${authorJid}` : '')
  return { encPayload: aesEncryptGCM(plaintext, key, encIv, bound), encIv }
}

const jidAs = (person: Person, mode: Addressing) => (mode === 'lid' ? lidJid(person) : numberJid(person))
