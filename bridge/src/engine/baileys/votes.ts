import { createHash } from 'node:crypto'

import { LIMITS, type VoteError } from '../../protocol.ts'
import type { EngineHost } from '../engine.ts'
import { aliasesOf, ownAliases } from './addresses.ts'
import { pollFormOf, unwrap } from './content.ts'
import { cut } from './content-text.ts'
import { namesOf } from './jids.ts'
import { type Contact, decryptPollVote, proto, type WAMessageKey } from './library.ts'

type Book = Pick<EngineHost, 'aliases' | 'message'>

export interface Choice {
  options: string[]
  error: VoteError | null
}

/**
 * What somebody chose. A vote is encrypted for the identities of the poll's creator and of the voter, in whichever form their phones
 * chose, so every pair that can be meant is tried: a wrong one does not decrypt.
 */
export function readVote(
  vote: proto.Message.IPollUpdateMessage,
  key: WAMessageKey,
  me: Contact | undefined,
  book: Book,
): Choice {
  const pollKey = vote.pollCreationMessageKey
  const stored = pollKey?.id ? book.message(pollKey.id) : undefined
  if (!pollKey?.id || !stored) return unknown('poll_unknown')
  const poll = unwrap(proto.Message.decode(stored.raw))
  const form = pollFormOf(poll)
  if (!form) return unknown('poll_unknown')
  const secret = poll.messageContextInfo?.messageSecret
  if (!secret?.length) return unknown('secret_missing')
  const creators = stored.from_me ? forms(book, me) : creatorsOf(pollKey, key, me, book)
  const hashes = decrypt(vote.vote, pollKey.id, secret, creators, writersOf(key, me, book))
  return hashes ? { options: optionsOf(form, hashes), error: null } : unknown('decrypt_failed')
}

function unknown(error: VoteError): Choice {
  return { options: [], error }
}

/** Whoever writes about a message names its author, from where the writer stands: nobody, when it is the writer. */
export function creatorsOf(about: proto.IMessageKey, key: WAMessageKey, me: Contact | undefined, book: Book): string[] {
  const named = forms(book, undefined, about.participant, about.remoteJid)
  return [
    ...new Set([...named, ...writersOf(key, me, book), ...forms(book, undefined, key.remoteJid), ...forms(book, me)]),
  ]
}

/** Every identity of whoever wrote a message. */
export function writersOf(key: WAMessageKey, me: Contact | undefined, book: Book): string[] {
  if (key.fromMe) return forms(book, me)
  const group = key.remoteJid?.endsWith('@g.us')
  return group
    ? forms(book, undefined, key.participant, key.participantAlt)
    : forms(book, undefined, key.remoteJid, key.remoteJidAlt)
}

/** Every identity of a person that is known, written as JIDs without a device. */
function forms(book: Book, me: Contact | undefined, ...jids: (string | null | undefined)[]): string[] {
  const aliases = [...ownAliases(me), ...aliasesOf(...jids)].filter(({ kind }) => kind !== 'group')
  return [...namesOf(aliases, book)]
}

function decrypt(
  vote: proto.Message.IPollEncValue | null | undefined,
  pollMsgId: string,
  pollEncKey: Uint8Array,
  creators: string[],
  voters: string[],
): Uint8Array[] | undefined {
  if (!vote?.encPayload || !vote.encIv) return undefined
  for (const pollCreatorJid of creators) {
    for (const voterJid of voters) {
      try {
        return decryptPollVote(vote, { pollCreatorJid, pollMsgId, pollEncKey, voterJid }).selectedOptions
      } catch {
        // Not this pair.
      }
    }
  }
  return undefined
}

function optionsOf(poll: proto.Message.IPollCreationMessage, hashes: Uint8Array[]): string[] {
  const names = new Map<string, string>()
  for (const { optionName } of poll.options ?? []) {
    if (optionName) names.set(createHash('sha256').update(optionName).digest('hex'), optionName)
  }
  return hashes.flatMap((hash) => cut(names.get(Buffer.from(hash).toString('hex')), LIMITS.poll_option_chars) ?? [])
}
