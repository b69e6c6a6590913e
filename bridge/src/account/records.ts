import type { Address, EngineEvent, MessageRef, PresenceReceived, StoredMessage } from '../engine/engine.ts'
import type { Logger } from '../log.ts'
import type { Chat, Person, PresenceEvent } from '../protocol.ts'
import type { Message } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import { Answers } from './answers.ts'
import { Changes } from './changes.ts'
import { clean, cleanAddress } from './clean.ts'
import { Happenings } from './happenings.ts'
import { Identity } from './identity.ts'
import { Journal } from './journal.ts'
import { Malformed } from './malformed.ts'
import { Messages } from './messages.ts'
import { Polls } from './polls.ts'

/** All that one account keeps. It outlives sessions: a new link of the same account finds everything as it was. */
export class Records {
  readonly store: Store
  readonly account: string
  readonly identity: Identity
  readonly journal: Journal
  readonly messages: Messages
  readonly polls: Polls
  readonly #answers: Answers
  readonly #changes: Changes
  readonly #happenings: Happenings
  readonly #log: Logger

  constructor(store: Store, account: string, log: Logger, chatsChanged: (chats: Chat[], removed: string[]) => void) {
    this.store = store
    this.account = account
    this.#log = log
    this.identity = new Identity(store, account, chatsChanged)
    this.journal = new Journal(store, account)
    this.messages = new Messages(store, account, this.identity, this.journal)
    this.polls = new Polls(store, account, this.identity, this.journal, this.messages)
    this.#answers = new Answers(store, account, this.journal)
    this.#changes = new Changes(store, account, this, log)
    this.#happenings = new Happenings(this.identity, this.journal)
  }

  /**
   * Keeps what an engine tells: who, what and the event, in one commit. Throws when there was none. What is malformed is left out. Returns
   * what is for whoever listens now, and for nobody later.
   */
  take(event: EngineEvent): PresenceEvent | undefined {
    try {
      const sound = clean(event)
      return this.store.database.transaction(() => {
        if (sound.type === 'presence') return this.#happenings.presence(sound)
        this.#keep(sound)
        return undefined
      })
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.#log.warn({ type: event.type, reason: error.message }, 'WhatsApp told something malformed: it is left out')
      return undefined
    }
  }

  /** A message by WhatsApp's id, for the engine. */
  message(external_id: string): StoredMessage | undefined {
    const message = this.store.messages.anywhere(this.account, external_id)
    return message && message.raw.length > 0 ? message : undefined
  }

  /** Whom the engine names in an answer; `undefined` when that is nobody. */
  person(address: Address): Person | undefined {
    try {
      const sound = cleanAddress(address)
      this.identity.note(sound)
      return this.identity.person(sound)
    } catch (error) {
      if (error instanceof Malformed) return undefined
      throw error
    }
  }

  /** A message that is kept, as an engine refers to it. */
  ref(
    message: Pick<Message, 'external_id' | 'from_me' | 'chat_id' | 'sender_id' | 'raw'> & Partial<Message>,
    self: Address,
  ): MessageRef {
    const { external_id, from_me, chat_id, sender_id, raw, edited, said } = message
    const chat = this.address(chat_id)
    const sender = from_me ? self : sender_id === null ? chat : this.address(sender_id)
    return { external_id, from_me, chat, sender, raw, ...(edited === true && { edited: said?.text ?? null }) }
  }

  /** Where a message to this chat goes. */
  address(chat_id: string): Address {
    return this.identity.address(this.identity.row(chat_id))
  }

  #keep(event: Exclude<EngineEvent, PresenceReceived>): void {
    switch (event.type) {
      case 'message':
        return this.#answers.said(this.messages.receive(event))
      case 'undecryptable':
        return this.messages.undecryptable(event)
      case 'receipt':
        return this.messages.receipt(event)
      case 'edit':
        return this.#changes.edit(event)
      case 'revoke':
        return this.#changes.revoke(event)
      case 'reaction':
        return this.#changes.reaction(event)
      case 'poll_vote':
        return this.#answers.voted(this.polls.vote(event))
      case 'group_change':
        return this.#happenings.group(event)
      case 'call':
        return this.#happenings.call(event)
      case 'identity_changed':
        return this.#happenings.identity(event)
      case 'own_devices_changed':
        return this.#happenings.devices(event)
      case 'chats':
        return this.identity.list(event)
    }
  }
}
