import { LIMITS } from '../../protocol.ts'
import type { EngineHost, MessageReceived, VoteReceived } from '../engine.ts'
import { partiesOf, person } from './addresses.ts'
import { cut, readContent, unwrap } from './content.ts'
import type { Inbox } from './inbox.ts'
import { type BaileysEventMap, type Contact, proto, toNumber, type WAMessage } from './library.ts'
import { summary } from './logger.ts'
import { originOf, type Told } from './origin.ts'
import { readVote } from './votes.ts'

type Received = MessageReceived | VoteReceived

/** Turns what Baileys received into our events. */
export class Inbound {
  readonly #host: EngineHost
  readonly #inbox: Inbox
  readonly #me: () => Contact | undefined

  constructor(host: EngineHost, inbox: Inbox, me: () => Contact | undefined) {
    this.#host = host
    this.#inbox = inbox
    this.#me = me
  }

  /** Throws when the host could not keep one, which stays in the inbox; the others are told. */
  upsert({ messages, type }: BaileysEventMap['messages.upsert']): void {
    this.#take(messages, type === 'append')
  }

  /** What an earlier connection or process received but did not get to tell. */
  replay(): void {
    this.#take(this.#inbox.pending(), true)
  }

  #take(messages: readonly WAMessage[], offline: boolean): void {
    const failures: unknown[] = []
    for (const message of messages) {
      try {
        this.#tell(message, offline)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, summary(failures[0]))
  }

  /** The host has it and the inbox has not, in one commit. */
  #tell(message: WAMessage, offline: boolean): void {
    const event = this.#read(message, offline)
    this.#host.transaction(() => {
      if (event) this.#host.emit(event)
      this.#inbox.settle(message)
    })
    this.#inbox.forget(message)
  }

  /** A message that cannot be read costs itself only. */
  #read(message: WAMessage, offline: boolean): Received | undefined {
    try {
      const event = this.#event(message, offline)
      if (!event) this.#host.log.debug('Received something that is not a message')
      return event
    } catch (error) {
      this.#host.log.warn({ error: summary(error) }, 'A message cannot be read')
      return undefined
    }
  }

  #event(message: WAMessage, offline: boolean): Received | undefined {
    const { key, message: content } = message
    const me = this.#me()
    const parties = partiesOf(key, me, cut(message.pushName, LIMITS.name_chars))
    if (!content || !parties || !key.id || key.id.length > LIMITS.name_chars) return undefined
    const timestamp = timestampOf(message)
    const common = { external_id: key.id, from_me: key.fromMe === true, timestamp }
    const origin = (told?: Partial<Told>) => originOf(key, this.#inbox.stanzaOf(key), offline, timestamp, told)
    const vote = unwrap(content).pollUpdateMessage
    if (vote) {
      const poll_external_id = cut(vote.pollCreationMessageKey?.id, LIMITS.name_chars)
      if (!poll_external_id) return undefined
      const { chat, sender: voter } = parties
      const choice = readVote(vote, key, me, this.#host)
      return { type: 'poll_vote', ...common, poll_external_id, chat, voter, ...choice, origin: origin() }
    }
    const read = readContent(content)
    // What this bridge sent itself may come back to it.
    if (!read || (key.fromMe && this.#host.message(key.id)?.from_me)) return undefined
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

function timestampOf({ messageTimestamp }: WAMessage): number {
  const seconds = toNumber(messageTimestamp)
  return Number.isFinite(seconds) && seconds > 0 ? seconds : Math.floor(Date.now() / 1000)
}
