import { normalizeMessageContent, type proto } from 'baileys'

import { NotFound } from './errors.ts'
import type { Group } from './groups.ts'
import type { Phone } from './phone.ts'
import { type Poll, readPoll, readVote } from './polls.ts'
import { read, type Reading, type Resolve } from './reading.ts'

/** Where a message goes, seen from one phone: another person, or a group. */
export type Chat = Phone | Group

/** A decrypted message on its way into one phone. */
export interface Mail {
  id: string
  author: Phone
  chat: Chat
  message: proto.IMessage
  timestamp: number
  /** The stanza's, when a linked device wrote it. */
  attrs?: Record<string, string>
}

/** What a phone received. */
export interface ReceivedMessage extends Reading {
  /** Counts from 1. */
  index: number
  id: string
  /** The author's number. */
  from: string
  /** The other person's number, or the group's id. */
  chat: string
  /** Seconds since the epoch. */
  timestamp: number
  /** How often it came. */
  copies: number
  /** Of a poll: what this phone voted. */
  chosen?: string[]
  /** Of a vote: the poll's message id. */
  poll?: string
  /** The stanza's, when a linked device wrote it. */
  attrs?: Record<string, string>
  message: proto.IMessage
}

/** What a phone has seen: its messages, and the polls it can vote in. */
export class Inbox {
  readonly messages: ReceivedMessage[] = []
  readonly #received = new Map<string, ReceivedMessage>()
  readonly #mail = new Map<string, Mail>()
  readonly #polls = new Map<string, { poll: Poll; chat: Chat }>()
  /** What it received and what it wrote. */
  readonly #seen = new Map<string, Mail>()
  readonly #resolve: Resolve

  constructor(resolve: Resolve) {
    this.#resolve = resolve
  }

  /** Everything received, for the history a newly linked device gets. */
  get received(): Mail[] {
    return [...this.#mail.values()]
  }

  /** Takes a message in; the same one again is counted only. */
  record(mail: Mail): void {
    const key = `${mail.author.number} ${mail.id}`
    const earlier = this.#received.get(key)
    if (earlier) {
      earlier.copies++
      return
    }
    this.#mail.set(mail.id, mail)
    this.learn(mail)
    const message: ReceivedMessage = {
      index: this.messages.length + 1,
      id: mail.id,
      from: mail.author.number,
      chat: 'number' in mail.chat ? mail.chat.number : mail.chat.id,
      timestamp: mail.timestamp,
      copies: 1,
      ...this.#contentOf(mail),
      ...(mail.attrs && { attrs: mail.attrs }),
      message: mail.message,
    }
    this.messages.push(message)
    this.#received.set(key, message)
  }

  /** Remembers a message, and the poll in it if there is one. */
  learn(mail: Mail): void {
    const { id, author, chat, message } = mail
    this.#seen.set(id, mail)
    const poll = readPoll(message, id, author)
    if (poll) this.#polls.set(id, { poll, chat })
  }

  /** @throws NotFound when no such message was received. */
  get(id: string): Mail {
    const mail = this.#mail.get(id)
    if (!mail) throw new NotFound(`This phone has not received a message ${id}.`)
    return mail
  }

  /** One that it received or wrote. @throws NotFound */
  mail(id: string): Mail {
    const mail = this.#seen.get(id)
    if (!mail) throw new NotFound(`This phone has not seen a message ${id}.`)
    return mail
  }

  /** @throws NotFound when the phone does not know such a poll. */
  poll(id: string): { poll: Poll; chat: Chat } {
    const known = this.#polls.get(id)
    if (!known) throw new NotFound(`This phone does not know a poll ${id}.`)
    return known
  }

  /** Notes on the poll what this phone voted. */
  choose(id: string, options: readonly string[]): void {
    const message = this.messages.find((one) => one.id === id)
    if (message) message.chosen = [...options]
  }

  #contentOf({ id, author, message }: Mail): Reading & Partial<ReceivedMessage> {
    const reading = read(message, author.number, this.#resolve)
    const poll = readPoll(message, id, author)
    if (poll) {
      const { question, options, selectable } = poll
      return { ...reading, kind: 'poll', question, options, selectable, chosen: [] }
    }
    const vote = normalizeMessageContent(message)?.pollUpdateMessage
    const known = this.#polls.get(vote?.pollCreationMessageKey?.id ?? '')
    if (!vote?.vote || !known) return reading
    return { kind: 'vote', poll: known.poll.id, options: readVote(known.poll, vote.vote, author) }
  }
}
