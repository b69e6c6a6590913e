import { BridgeError } from '../errors.ts'
import type { CommandArgs, Content } from '../protocol.ts'
import type { ChatRow } from '../store/identities.ts'
import type { Message, Whose } from '../store/messages.ts'
import { isMessageKind } from './content.ts'
import type { Records } from './records.ts'
import type { Sender } from './sender.ts'

type Send = CommandArgs<'send'>
type About = Extract<Content, { message_id: string }>

/** What a request refers to, found. */
export interface Referred {
  quote: Message | undefined
  /** The message that a reaction, an edit, a deletion, a forward or a pin is about. */
  target: Message | undefined
  /** The ids of people. */
  mentions: string[]
}

/** The newest message of the chat that can be meant. */
const LAST = 'last'
const MEANT_BY_LAST = {
  reaction: 'others',
  edit: 'own',
  delete: 'own',
  forward: 'any',
  pin: 'any',
  unpin: 'any',
} as const satisfies Record<About['kind'], Whose>
const EDITABLE = new Set(['text', 'image', 'video', 'document'])

/** Finds the messages and the people that a message to be sent refers to, and says when it may not. */
export class References {
  readonly #records: Records
  readonly #sender: Sender

  constructor(records: Records, sender: Sender) {
    this.#records = records
    this.#sender = sender
  }

  /** @throws BridgeError `message_not_found`, `invalid_request`, and what looking up a person throws. */
  async resolve({ content, quote }: Send, chat: ChatRow): Promise<Referred> {
    if (quote !== undefined && 'message_id' in content) {
      throw new BridgeError('invalid_request', `A ${content.kind} answers no message: leave "quote" out`, {
        field: '/quote',
      })
    }
    const quoted = quote === undefined ? undefined : this.#find(quote, chat.chat_id, 'others')
    if (quoted) inChat(quoted, chat, 'quote')
    const target = 'message_id' in content ? await this.#target(content, chat) : undefined
    const named = 'mentions' in content ? (content.mentions ?? []) : []
    const mentions: string[] = []
    for (const reference of named) mentions.push(await this.#mentioned(reference))
    return { quote: quoted, target, mentions: [...new Set(mentions)] }
  }

  async #target(content: About, chat: ChatRow): Promise<Message> {
    const elsewhere = content.kind === 'forward' && content.source_chat !== undefined ? content.source_chat : undefined
    const source = elsewhere === undefined ? chat : await this.#sender.resolve(elsewhere)
    const target = this.#find(content.message_id, source.chat_id, MEANT_BY_LAST[content.kind])
    if (content.kind !== 'forward') inChat(target, chat, content.kind)
    if (content.kind === 'edit') checkEdit(target)
    if (content.kind === 'delete') checkDelete(target, chat)
    return target
  }

  #find(message_id: string, chat_id: string, whose: Whose): Message {
    const { store, account } = this.#records
    const last = message_id === LAST
    const message = last ? store.messages.last(account, chat_id, whose) : store.messages.get(account, message_id)
    if (!message || !isMessageKind(message.kind)) {
      throw notFound(last ? 'The chat has no message that "last" could mean' : 'This account has no such message')
    }
    if (message.revoked) throw notFound('The message was deleted')
    if (store.outbox.byMessage(account, message.message_id)?.state === 'failed') {
      throw notFound('The message was never sent')
    }
    return message
  }

  async #mentioned(reference: string): Promise<string> {
    const { kind, chat_id } = await this.#sender.resolve(reference)
    if (kind !== 'group') return chat_id
    throw new BridgeError('invalid_request', 'Only people can be mentioned, no groups', { field: '/content/mentions' })
  }
}

function inChat(message: Message, { chat_id }: ChatRow, what: string): void {
  if (message.chat_id === chat_id) return
  throw wrong(`The message of this ${what} is in another chat: name the chat that it is in`)
}

function checkEdit({ from_me, kind, said }: Message): void {
  if (!from_me) throw wrong('Only own messages can be edited')
  const isOld = said === null && kind === 'other'
  if (isOld || (EDITABLE.has(kind) && (kind === 'text' || said?.text !== null))) return
  throw wrong('Only texts and captions can be edited')
}

function checkDelete({ from_me }: Message, { kind, is_admin }: ChatRow): void {
  if (from_me || (kind === 'group' && is_admin !== 0)) return
  throw wrong('Only own messages can be deleted for everybody; those of others only by an admin of the group')
}

function wrong(message: string): BridgeError {
  return new BridgeError('invalid_request', message, { field: '/content/message_id' })
}

function notFound(message: string): BridgeError {
  return new BridgeError('message_not_found', message)
}
