/** Messages that change earlier ones. */
import { hkdfSync } from 'node:crypto'

import { LIMITS } from '../../protocol.ts'
import type { EditReceived, EngineHost, ReactionReceived, RevokeReceived } from '../engine.ts'
import { cut, textOf, unwrap } from './content.ts'
import { aesDecryptGCM, type Contact, proto, type WAMessageKey } from './library.ts'
import { writersOf } from './votes.ts'

type Book = Pick<EngineHost, 'aliases' | 'message' | 'log'>
type What<T> = Pick<T, Extract<keyof T, 'type' | 'target_external_id' | 'text' | 'emoji' | 'as_admin'>>
/** What becomes of the message `target_external_id`. */
export type Change = What<ReactionReceived> | What<EditReceived> | What<RevokeReceived>

const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type
const ADMIN_DELETES = '8'
const ENCRYPTED_EDIT = proto.Message.SecretEncryptedMessage.SecretEncType.MESSAGE_EDIT

/** @param edit What its stanza says of it. `undefined` when it changes nothing, or cannot be decrypted. */
export function readChange(
  message: proto.IMessage,
  key: WAMessageKey,
  edit: string | undefined,
  me: Contact | undefined,
  book: Book,
): Change | undefined {
  const wrapped = unwrap(message)
  const { reactionMessage, protocolMessage, secretEncryptedMessage } = unwrap(wrapped.editedMessage?.message ?? wrapped)
  const about = reactionMessage?.key ?? protocolMessage?.key ?? secretEncryptedMessage?.targetMessageKey
  const target_external_id = about?.id
  if (!target_external_id || target_external_id.length > LIMITS.name_chars) return undefined
  if (reactionMessage) {
    return { type: 'reaction', target_external_id, emoji: cut(reactionMessage.text, LIMITS.emoji_chars) }
  }
  if (protocolMessage?.type === REVOKE) return { type: 'revoke', target_external_id, as_admin: edit === ADMIN_DELETES }
  const edited = secretEncryptedMessage
    ? decryptEdit(secretEncryptedMessage, target_external_id, writersOf(key, me, book), book)
    : protocolMessage?.type === MESSAGE_EDIT && protocolMessage.editedMessage
  if (!edited) return undefined
  return { type: 'edit', target_external_id, text: cut(textOf(unwrap(edited)), LIMITS.text_chars) }
}

/**
 * The new content of an edit that is encrypted with the secret of the message it changes, for its author and its editor, who are the
 * same person in whichever form their phone chose (whatsmeow, msgsecret.go: "Message Edit").
 */
function decryptEdit(
  { encPayload, encIv, secretEncType }: proto.Message.ISecretEncryptedMessage,
  target: string,
  writers: readonly string[],
  book: Book,
): proto.IMessage | undefined {
  const stored = secretEncType === ENCRYPTED_EDIT ? book.message(target) : undefined
  const secret = stored && unwrap(proto.Message.decode(stored.raw)).messageContextInfo?.messageSecret
  if (!secret?.length || !encPayload || !encIv) {
    book.log.debug('An encrypted edit is about a message whose secret is not known')
    return undefined
  }
  for (const author of writers) {
    for (const editor of writers) {
      const info = `${target}${author}${editor}Message Edit`
      try {
        const key = Buffer.from(hkdfSync('sha256', secret, '', info, 32))
        const plain = proto.Message.decode(aesDecryptGCM(encPayload, key, encIv, Buffer.alloc(0)))
        return unwrap(plain.editedMessage?.message ?? plain).protocolMessage?.editedMessage ?? plain
      } catch {
        // Not this pair.
      }
    }
  }
  book.log.debug('An edit cannot be decrypted')
  return undefined
}
