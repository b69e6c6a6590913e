import type { VoteReceived } from '../engine/engine.ts'
import { BridgeError } from '../errors.ts'
import type { CommandResult, Poll, PollTally, PollVoteEvent } from '../protocol.ts'
import type { Store } from '../store/store.ts'
import type { Identity } from './identity.ts'
import type { Journal } from './journal.ts'
import type { Messages } from './messages.ts'
import { page } from './page.ts'

interface StoredPoll extends Poll {
  poll_id: string
  chat_id: string
}

/** Votes by poll and voter: a poll resolves as long as it is stored, whatever restarts. Call it inside a transaction. */
export class Polls {
  readonly #store: Store
  readonly #account: string
  readonly #identity: Identity
  readonly #journal: Journal
  readonly #messages: Messages

  constructor(store: Store, account: string, identity: Identity, journal: Journal, messages: Messages) {
    this.#store = store
    this.#account = account
    this.#identity = identity
    this.#journal = journal
    this.#messages = messages
  }

  /**
   * Keeps a vote and journals it. One that a later choice of the same voter has overtaken is left out. Returns the event, if there was one, and
   * what the voter had chosen before.
   */
  vote(vote: VoteReceived): { event: PollVoteEvent; before: string[] } | undefined {
    this.#identity.note(vote.voter)
    this.#identity.note(vote.chat)
    const { id: here } = this.#identity.chat(vote.chat)
    const voter = this.#identity.person(vote.voter)
    const once = `vote:${here}:${vote.external_id}`
    if (this.#journal.has(once)) return undefined
    const poll = this.#find(vote, here)
    const error = vote.error ?? (poll ? null : 'poll_unknown')
    const options = error ? [] : vote.options
    const { timestamp } = vote
    const before = poll ? this.#store.votes.of(this.#account, poll.poll_id, voter.id) : []
    if (poll && !error) {
      const choice = { poll_id: poll.poll_id, voter_id: voter.id, options, timestamp }
      if (!this.#store.votes.save(this.#account, choice)) return undefined
    }
    const event: PollVoteEvent = {
      type: 'poll_vote',
      message_id: this.#messages.id(here, vote.external_id),
      poll_id: poll?.poll_id ?? this.#messages.id(here, vote.poll_external_id),
      chat: this.#identity.chatById(poll?.chat_id ?? here),
      voter,
      question: poll?.question ?? null,
      options,
      tally: poll ? this.#tally(poll) : [],
      error,
      from_me: vote.from_me,
      origin: { ...vote.origin, replayed: false },
      timestamp,
    }
    return this.#journal.append(event, once) ? { event, before } : undefined
  }

  /**
   * How a poll stands: its votes as many as one frame takes, all of them counted.
   * @throws BridgeError `message_not_found`.
   */
  standing(message_id: string): CommandResult<'poll'> {
    const poll = this.#store.messages.get(this.#account, message_id)?.poll
    if (!poll) throw new BridgeError('message_not_found', 'There is no such poll, or not any more', { message_id })
    const cast = this.#store.votes.all(this.#account, message_id).filter(({ options }) => options.length > 0)
    const votes = cast.map(({ voter_id, options }) => ({ voter: this.#identity.personById(voter_id), options }))
    return { poll, tally: this.#tally({ ...poll, poll_id: message_id }), votes: page(votes) }
  }

  /**
   * The poll of a vote: in the chat where it was cast, or, since only who got the poll can cast a vote that decrypts, in
   * whichever chat it was sent to.
   */
  #find(vote: VoteReceived, here: string): StoredPoll | undefined {
    const { messages } = this.#store
    const elsewhere = vote.error ? undefined : messages.anywhere(this.#account, vote.poll_external_id)
    const message = messages.inChat(this.#account, here, vote.poll_external_id) ?? elsewhere
    return message?.poll ? { ...message.poll, poll_id: message.message_id, chat_id: message.chat_id } : undefined
  }

  #tally({ poll_id, options }: Pick<StoredPoll, 'poll_id' | 'options'>): PollTally[] {
    const choices = this.#store.votes.choices(this.#account, poll_id)
    return options.map((option) => ({ option, votes: choices.filter((choice) => choice.includes(option)).length }))
  }
}
