import type { Address, EngineEvent, StoredMessage } from '../engine/engine.ts'
import type { Chat } from '../protocol.ts'
import type { Store } from '../store/store.ts'
import { Identity } from './identity.ts'
import { Journal } from './journal.ts'
import { Messages } from './messages.ts'
import { Polls } from './polls.ts'

/** All that one account keeps. It outlives sessions: a new link of the same account finds everything as it was. */
export class Records {
  readonly store: Store
  readonly account: string
  readonly identity: Identity
  readonly journal: Journal
  readonly messages: Messages
  readonly #polls: Polls

  constructor(store: Store, account: string, chatsChanged: (chats: Chat[], removed: string[]) => void) {
    this.store = store
    this.account = account
    this.identity = new Identity(store, account, chatsChanged)
    this.journal = new Journal(store, account)
    this.messages = new Messages(store, account, this.identity, this.journal)
    this.#polls = new Polls(store, account, this.identity, this.journal, this.messages)
  }

  /** Keeps what an engine tells: who, what and the event, in one commit. Throws when there was none. */
  take(event: EngineEvent): void {
    this.store.database.transaction(() => {
      switch (event.type) {
        case 'message':
          return this.messages.receive(event)
        case 'poll_vote':
          return this.#polls.vote(event)
        case 'receipt':
          return this.messages.receipt(event)
        case 'chats':
          return this.identity.list(event)
        default:
          return
      }
    })
  }

  /** A message by WhatsApp's id, for the engine. */
  message(external_id: string): StoredMessage | undefined {
    return this.store.messages.anywhere(this.account, external_id)
  }

  /** Where a message to this chat goes. */
  address(chat_id: string): Address {
    return this.identity.address(this.identity.row(chat_id))
  }
}
