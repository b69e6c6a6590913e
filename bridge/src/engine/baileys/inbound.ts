import { LIMITS } from '../../protocol.ts'
import type {
  EditReceived,
  EngineHost,
  MessageReceived,
  ReactionReceived,
  RevokeReceived,
  VoteReceived,
} from '../engine.ts'
import { partiesOf, person } from './addresses.ts'
import { readContent, unwrap } from './content.ts'
import { cut } from './content-text.ts'
import { readChange } from './edits.ts'
import { learnExpiration } from './expirations.ts'
import type { Handled } from './handled.ts'
import type { Inbox } from './inbox.ts'
import { type BaileysEventMap, type Contact, proto, type WAMessage } from './library.ts'
import { summary } from './logger.ts'
import { originOf, type Told } from './origin.ts'
import { handedOut } from './placeholders.ts'
import { timestampOf } from './seconds.ts'
import { type Attributes, nameOf } from './stanzas.ts'
import type { Unread, Unreadable } from './unread.ts'
import { unreadableEvent } from './undecryptable.ts'
import { readVote } from './votes.ts'

type Received = MessageReceived | EditReceived | RevokeReceived | ReactionReceived | VoteReceived

/** The parts of a group message that only hand over the sender's key. */
const KEYS_ONLY = new Set([
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'messageContextInfo',
])

/** WhatsApp brings nothing again that is older. */
const KEPT_SECONDS = 30 * 86_400

export interface InboundParts {
  inbox: Inbox
  unread: Unread
  handled: Handled
  me: () => Contact | undefined
}

/** Turns what Baileys received into our events. */
export class Inbound {
  readonly #host: EngineHost
  readonly #inbox: Inbox
  readonly #unread: Unread
  readonly #handled: Handled
  readonly #me: () => Contact | undefined

  constructor(host: EngineHost, { inbox, unread, handled, me }: InboundParts) {
    this.#host = host
    this.#inbox = inbox
    this.#unread = unread
    this.#handled = handled
    this.#me = me
  }

  /** Throws when the host could not keep one, which stays in the inbox; the others are told. */
  upsert({ messages, requestId }: BaileysEventMap['messages.upsert']): void {
    // What the own phone hands out again is taken from its answer itself, which is in the inbox.
    if (requestId === undefined) this.#each(messages, (message) => this.#tell(message))
  }

  /** What an earlier connection or process received but did not get to tell. */
  replay(): void {
    const pending = this.#inbox.pending()
    // The rest of a message of which only the sender's key has come is still to come, if it is not too old.
    const over = Date.now() / 1000 - KEPT_SECONDS
    this.#each(
      pending.filter((message) => saysAnything(message.message) || timestampOf(message) < over),
      (message) => this.#tell(message),
    )
    this.tellUnread()
  }

  /** What could not be read and has not been told. */
  tellUnread(): void {
    const untold = [...this.#unread].filter(([, { told }]) => !told)
    this.#each(untold, ([name, row]) => this.#tellUnreadable(name, row))
  }

  #each<T>(items: readonly T[], work: (item: T) => void): void {
    const failures: unknown[] = []
    for (const item of items) {
      try {
        work(item)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, summary(failures[0]))
  }

  /** The host has it and the inbox has not, in one commit. */
  #tell(message: WAMessage): void {
    const name = nameOf(message.key)
    const unreadable = saysAnything(message.message) ? undefined : this.#unread.get(name)
    if (unreadable) return this.#tellUnreadable(name, unreadable)
    const done: (() => void)[] = []
    this.#host.transaction(() => {
      for (const one of this.#handedOut(message)) {
        done.push(this.#settle(one, this.#unread.get(nameOf(one.key))?.attrs))
      }
      done.push(this.#settle(message, this.#inbox.stanzaOf(message.key)))
    })
    for (const forget of done) forget()
  }

  /** Tells and writes that it is told. Returns what is to be done when that is committed. What has no stanza was never encrypted. */
  #settle(message: WAMessage, stanza: Attributes | undefined): () => void {
    const { key } = message
    const name = nameOf(key)
    const event = stanza && this.#read(message, stanza)
    if (event) this.#host.emit(event)
    // The host knows its messages.
    const isHandled = event?.type !== 'message' && stanza !== undefined && saysAnything(message.message)
    const changes = {
      ...this.#inbox.settled(key),
      ...this.#unread.settled(name),
      ...(isHandled && this.#handled.adding(name)),
    }
    if (Object.keys(changes).length > 0) this.#host.store.set(changes)
    return () => {
      this.#inbox.forget(key)
      this.#unread.forget(name)
      if (isHandled) this.#handled.add(name)
    }
  }

  #tellUnreadable(name: string, row: Unreadable): void {
    if (row.told) return
    const event = unreadableEvent(row, this.#me())
    const told = { ...row, told: true }
    this.#host.transaction(() => {
      if (event) this.#host.emit(event)
      this.#host.store.set(this.#unread.changing(name, told))
    })
    this.#unread.changed(name, told)
  }

  #handedOut({ key, message }: WAMessage): WAMessage[] {
    try {
      return message ? handedOut(key, message, this.#unread, this.#me()) : []
    } catch (error) {
      this.#host.log.warn({ error: summary(error) }, 'What the phone handed out again cannot be read')
      return []
    }
  }

  /** A message that cannot be read costs itself only. */
  #read(message: WAMessage, stanza: Attributes): Received | undefined {
    try {
      const event = this.#event(message, stanza)
      if (!event) this.#host.log.debug('Received something that is not a message')
      return event
    } catch (error) {
      this.#host.log.warn({ error: summary(error) }, 'A message cannot be read')
      return undefined
    }
  }

  #event(message: WAMessage, stanza: Attributes): Received | undefined {
    const { key, message: content } = message
    const me = this.#me()
    const parties = partiesOf(key, me, cut(message.pushName, LIMITS.name_chars))
    if (!content || !parties || !key.id || key.id.length > LIMITS.name_chars) return undefined
    const timestamp = timestampOf(message)
    const common = { external_id: key.id, from_me: key.fromMe === true, timestamp }
    const origin = (told?: Partial<Told>) => originOf(key, stanza, timestamp, content, told)
    const vote = unwrap(content).pollUpdateMessage
    if (vote) {
      const poll_external_id = cut(vote.pollCreationMessageKey?.id, LIMITS.name_chars)
      if (!poll_external_id) return undefined
      const { chat, sender: voter } = parties
      const choice = readVote(vote, key, me, this.#host)
      return { type: 'poll_vote', ...common, poll_external_id, chat, voter, ...choice, origin: origin() }
    }
    learnExpiration(this.#host, parties.chat, content)
    // What this bridge sent itself may come back to it.
    if (key.fromMe && this.#host.message(key.id)?.from_me) return undefined
    const change = readChange(content, key, stanza['edit'], me, this.#host)
    if (change) return { ...change, ...common, ...parties, origin: origin({ edited: change.type === 'edit' }) }
    const read = readContent(content)
    if (!read) return undefined
    const raw = proto.Message.encode(content).finish()
    const { said, told, quoted_external_id, mentioned } = read
    const mentions = mentioned.flatMap((jid) => person([jid], me) ?? [])
    return {
      type: 'message',
      ...common,
      ...parties,
      ...said,
      mentions,
      quoted_external_id,
      origin: origin(told),
      raw,
    }
  }
}

/** Whether there is more to it than a key for what follows. */
function saysAnything(content: proto.IMessage | null | undefined): boolean {
  return Object.entries(content ?? {}).some(([field, value]) => value && !KEYS_ONLY.has(field))
}
