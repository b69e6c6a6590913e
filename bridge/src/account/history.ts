import { BridgeError } from '../errors.ts'
import { type CommandArgs, LIMITS, MessageKind, type Person, type StoredMessage } from '../protocol.ts'
import type { Kept } from '../store/history.ts'
import type { ChatRow } from '../store/identities.ts'
import { ask } from './ask.ts'
import { page } from './page.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'

/** How many messages are marked as read at a time. Who opens a chat on a phone has not read more either. */
const READ_AT_ONCE = 100
const NOTHING = { text: null, poll: null, media: null, location: null, contacts: [] }

type Reader = Pick<Sender, 'engine' | 'isLinked' | 'isConnected' | 'self'>

/** What the chats of one account hold. */
export class History {
  readonly #records: Records
  readonly #sender: Reader

  constructor(records: Records, sender: Reader) {
    this.#records = records
    this.#sender = sender
  }

  /**
   * Newest first: `limit` messages, or fewer when they are too long for one frame.
   * @throws BridgeError `chat_not_found`, `message_not_found`.
   */
  list({ chat, limit = LIMITS.listed_messages, before }: CommandArgs<'messages'>): StoredMessage[] {
    const { store, account } = this.#records
    const { chat_id } = this.#chat(chat)
    if (before !== undefined) this.#check(chat_id, before)
    const rows = store.history.list(account, chat_id, limit, before ?? null)
    return page(rows.map((row) => this.#message(row)))
  }

  /**
   * Shows the senders that their messages were read up to this one, or all of them. What was shown once is not shown again.
   * @throws BridgeError `chat_not_found`, `message_not_found`, `not_linked`, `not_connected`, `timeout`.
   */
  async markRead({ chat, message_id }: CommandArgs<'mark_read'>): Promise<void> {
    const { store, account } = this.#records
    const { chat_id } = this.#chat(chat)
    if (message_id !== undefined) this.#check(chat_id, message_id)
    const until = message_id ?? store.history.newest(account, chat_id)
    if (until === undefined) return
    const after = store.history.readUpTo(account, chat_id)
    const unread = store.history.unread(account, chat_id, after, until, READ_AT_ONCE)
    const [newest] = unread
    if (!newest) return
    const refs = unread.map((message) => this.#records.ref({ ...message, chat_id, from_me: false }, this.#sender.self))
    await ask(this.#sender, async (engine, signal) => engine.markRead(refs, signal))
    store.history.read(account, chat_id, newest.message_id)
  }

  #chat(reference: string): ChatRow {
    const row = this.#records.identity.find(reference)
    if (row) return row
    throw new BridgeError('chat_not_found', 'This account has no such chat')
  }

  #check(chat_id: string, message_id: string): void {
    const { store, account } = this.#records
    if (store.messages.get(account, message_id)?.chat_id === chat_id) return
    throw new BridgeError('message_not_found', 'This chat has no such message, or not any more')
  }

  #message({ message_id, from_me, sender_id, kind, said, ...row }: Kept): StoredMessage {
    const { quoted_message_id, edited, revoked, timestamp } = row
    const sender = from_me ? this.#records.identity.person(this.#sender.self) : this.#author(sender_id)
    const body = said ?? { kind: kindOf(kind), ...NOTHING }
    return { message_id, sender, from_me, ...body, quoted_message_id, edited, revoked, timestamp }
  }

  #author(sender_id: string | null): Person {
    if (sender_id === null) throw new Error('a message that nobody wrote')
    return this.#records.identity.personById(sender_id)
  }
}

/** Of what says nothing any more. */
function kindOf(kind: string): MessageKind {
  return MessageKind.enum.find((each) => each === kind) ?? 'other'
}
