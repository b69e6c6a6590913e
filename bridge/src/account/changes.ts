import type { EditReceived, ReactionReceived, RevokeReceived } from '../engine/engine.ts'
import type { Logger } from '../log.ts'
import type { Message } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import type { Identity } from './identity.ts'
import type { Journal } from './journal.ts'
import type { Messages } from './messages.ts'
import { type Written, written } from './written.ts'

type Change = EditReceived | RevokeReceived | ReactionReceived
interface Target extends Written {
  message_id: string
  message: Message | undefined
  /** The sender of the change has written the message, as far as that is known. */
  isAuthor: boolean
}

/**
 * What people do to messages that were written before. What is done to one that is not kept is told with its id all the same. Call it
 * inside a transaction.
 */
export class Changes {
  readonly #store: Store
  readonly #account: string
  readonly #identity: Identity
  readonly #journal: Journal
  readonly #messages: Messages
  readonly #log: Logger

  constructor(
    store: Store,
    account: string,
    book: { identity: Identity; journal: Journal; messages: Messages },
    log: Logger,
  ) {
    this.#store = store
    this.#account = account
    this.#identity = book.identity
    this.#journal = book.journal
    this.#messages = book.messages
    this.#log = log
  }

  /** A new text for a message, by who wrote it. */
  edit(edit: EditReceived): void {
    if (this.#messages.isOwn(edit)) return
    const { message_id, message, isAuthor, ...who } = this.#target(edit)
    if (!isAuthor || message?.revoked) return this.#refuse('an edit of a message that is not the sender’s to edit')
    const { text } = edit
    const once = `edit:${who.chat.id}:${edit.external_id}`
    const isNew = this.#journal.append({ type: 'edit', message_id, ...who, text }, once)
    if (isNew && message) this.#store.history.edit(this.#account, message_id, text)
  }

  /**
   * A message is deleted for everybody. WhatsApp lets admins delete what others wrote in a group, and its server vouches for their being
   * admins. Anybody else may delete what they wrote themselves.
   */
  revoke(revoke: RevokeReceived): void {
    if (this.#messages.isOwn(revoke)) return
    const { message_id, message, isAuthor, ...who } = this.#target(revoke)
    const mayDelete = isAuthor || (who.chat.kind === 'group' && revoke.as_admin)
    if (!mayDelete) return this.#refuse('a deletion of a message that is not the sender’s to delete')
    if (message?.revoked) return
    const once = `revoke:${who.chat.id}:${revoke.external_id}`
    const isNew = this.#journal.append({ type: 'revoke', message_id, ...who }, once)
    if (isNew && message) this.#store.history.revoke(this.#account, message_id)
  }

  reaction(reaction: ReactionReceived): void {
    if (this.#messages.isOwn(reaction)) return
    const { message_id, message: _, isAuthor: __, ...who } = this.#target(reaction)
    const once = `reaction:${who.chat.id}:${reaction.external_id}`
    this.#journal.append({ type: 'reaction', message_id, ...who, emoji: reaction.emoji }, once)
  }

  #target(change: Change): Target {
    const who = written(this.#identity, change, false)
    const { chat, from_me } = who
    const message = this.#messages.known({ external_id: change.target_external_id, from_me }, chat.id)
    const message_id = message?.message_id ?? this.#messages.id(chat.id, change.target_external_id)
    return { ...who, message_id, message, isAuthor: !message || this.#messages.wrote(message, who) }
  }

  #refuse(what: string): void {
    this.#log.debug(`Left out ${what}`)
  }
}
