/** Messages that change earlier ones. */
import { LIMITS } from '../../protocol.ts'
import type { EditReceived, EngineHost, ReactionReceived, RevokeReceived } from '../engine.ts'
import { decryptAddOn } from './addons.ts'
import { textOf, unwrap } from './content.ts'
import { cut } from './content-text.ts'
import { type Contact, proto, type WAMessageKey } from './library.ts'
import { creatorsOf, writersOf } from './votes.ts'

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
  const content = unwrap(wrapped.editedMessage?.message ?? wrapped)
  const { reactionMessage, encReactionMessage, protocolMessage, secretEncryptedMessage } = content
  const about =
    reactionMessage?.key ??
    protocolMessage?.key ??
    encReactionMessage?.targetMessageKey ??
    secretEncryptedMessage?.targetMessageKey
  const target_external_id = about?.id
  if (!target_external_id || target_external_id.length > LIMITS.name_chars) return undefined
  const reaction = encReactionMessage ? decryptReaction(encReactionMessage, key, me, book) : reactionMessage
  if (reaction) return { type: 'reaction', target_external_id, emoji: cut(reaction.text, LIMITS.emoji_chars) }
  if (protocolMessage?.type === REVOKE) return { type: 'revoke', target_external_id, as_admin: edit === ADMIN_DELETES }
  const edited = secretEncryptedMessage
    ? decryptEdit(secretEncryptedMessage, writersOf(key, me, book), book)
    : protocolMessage?.type === MESSAGE_EDIT && protocolMessage.editedMessage
  if (!edited) return undefined
  return { type: 'edit', target_external_id, text: cut(textOf(unwrap(edited)), LIMITS.text_chars) }
}

/** In the announcements of a community nobody but the message's author is to know who reacted. */
function decryptReaction(
  reaction: proto.Message.IEncReactionMessage,
  key: WAMessageKey,
  me: Contact | undefined,
  book: Book,
): proto.Message.IReactionMessage | undefined {
  const authors = creatorsOf(reaction.targetMessageKey ?? {}, key, me, book)
  const plain = decryptAddOn(reaction, 'Enc Reaction', authors, writersOf(key, me, book), book)
  return plain && proto.Message.ReactionMessage.decode(plain)
}

/** Whoever edits a message is its author. */
function decryptEdit(
  edit: proto.Message.ISecretEncryptedMessage,
  writers: readonly string[],
  book: Book,
): proto.IMessage | undefined {
  if (edit.secretEncType !== ENCRYPTED_EDIT) return undefined
  const plain = decryptAddOn(edit, 'Message Edit', writers, writers, book)
  if (!plain) return undefined
  const message = proto.Message.decode(plain)
  return unwrap(message.editedMessage?.message ?? message).protocolMessage?.editedMessage ?? message
}
