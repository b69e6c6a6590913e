import { hkdfSync } from 'node:crypto'

import type { EngineHost } from '../engine.ts'
import { unwrap } from './content.ts'
import { aesDecryptGCM, proto } from './library.ts'

/** What is encrypted with the secret of the message it is about. */
export interface AddOn {
  targetMessageKey?: proto.IMessageKey | null
  encPayload?: Uint8Array | null
  encIv?: Uint8Array | null
}

/**
 * The plaintext of an edit or a reaction that is encrypted with the secret of the message it is about, for the identities of that message's
 * author and of its own, in whichever form their phones chose: every pair is tried, a wrong one does not decrypt (whatsmeow, msgsecret.go).
 */
export function decryptAddOn(
  { targetMessageKey, encPayload, encIv }: AddOn,
  use: 'Message Edit' | 'Enc Reaction',
  authors: readonly string[],
  writers: readonly string[],
  book: Pick<EngineHost, 'message' | 'log'>,
): Uint8Array | undefined {
  const target = targetMessageKey?.id ?? ''
  const stored = book.message(target)
  const secret = stored && unwrap(proto.Message.decode(stored.raw)).messageContextInfo?.messageSecret
  if (!secret?.length || !encPayload || !encIv) {
    book.log.debug('Something encrypted is about a message whose secret is not known')
    return undefined
  }
  for (const author of authors) {
    for (const writer of writers) {
      const key = Buffer.from(hkdfSync('sha256', secret, '', `${target}${author}${writer}${use}`, 32))
      try {
        return aesDecryptGCM(encPayload, key, encIv, Buffer.alloc(0))
      } catch {
        // Not this pair.
      }
    }
  }
  book.log.debug('Something that is about another message cannot be decrypted')
  return undefined
}
