import type { AnswerEvent, Choice, MessageEvent, PollVoteEvent } from '../protocol.ts'
import type { Message } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import type { Journal } from './journal.ts'

/** How long the newest question of a chat can be answered without quoting it. */
const UNQUOTED_SECONDS = 24 * 3600
const NUMBER = /^([1-9]\d?)[.)]?$/u
const KEYCAP_TEN = '\u{1F51F}'
/** What keycap emoji add to their digits, and other characters that nobody sees. */
const UNSEEN = /[\p{Cf}\u20E3\uFE0F]/gu

interface Given {
  choice: Choice
  form: AnswerEvent['form']
}

/** Recognises answers to the questions that this account has sent, in whatever form they come. Call it inside a transaction. */
export class Answers {
  readonly #store: Store
  readonly #account: string
  readonly #journal: Journal

  constructor(store: Store, account: string, journal: Journal) {
    this.#store = store
    this.#account = account
    this.#journal = journal
  }

  /** A message that has just been journaled, if it was: perhaps it says what was chosen. */
  said(message: MessageEvent | undefined): void {
    if (!message || message.from_me || message.kind !== 'text' || message.text === null) return
    const question = this.#question(message)
    const given = question?.choices && match(message.text, question.choices, question.poll !== null)
    if (given) this.#tell(question, message, message.sender, given)
  }

  /** A vote that has just been journaled, if it was; `before` is what the voter had chosen until then. */
  voted(told: { event: PollVoteEvent; before: readonly string[] } | undefined): void {
    if (!told || told.event.from_me || told.event.error) return
    const { event: vote, before } = told
    const question = this.#store.messages.get(this.#account, vote.poll_id)
    if (!question?.choices || question.revoked) return
    for (const option of vote.options.filter((each) => !before.includes(each))) {
      const choice = question.choices.find(({ title }) => title === option)
      if (choice) this.#tell(question, vote, vote.voter, { choice, form: 'vote' })
    }
  }

  /** The one that is quoted. Without a quote the newest of the chat, unless that is long ago. */
  #question({ chat, origin, quoted_message_id, timestamp }: MessageEvent): Message | undefined {
    const { messages } = this.#store
    if (quoted_message_id !== null) {
      const quoted = messages.get(this.#account, quoted_message_id)
      return quoted?.revoked ? undefined : quoted
    }
    // It answers something that is not kept here.
    if (origin.quoted) return undefined
    return messages.question(this.#account, chat.id, timestamp - UNQUOTED_SECONDS, timestamp)
  }

  #tell(
    { message_id: question_id }: Message,
    { message_id, chat, from_me, origin, timestamp }: MessageEvent | PollVoteEvent,
    sender: AnswerEvent['sender'],
    { choice: { id: option_id, title: option_title }, form }: Given,
  ): void {
    const answer = { question_id, option_id, option_title, form }
    const event = { type: 'answer', message_id, chat, sender, from_me, origin, timestamp, ...answer } as const
    this.#journal.append(event, `answer:${message_id}:${option_id}`)
  }
}

/** What a text chooses. Where a poll was shown nobody saw numbers, so a title that is a number is meant as the title. */
export function match(text: string, choices: readonly Choice[], isPoll: boolean): Given | undefined {
  const byNumber = numbered(text, choices)
  const byTitle = titled(text, choices)
  return isPoll ? (byTitle ?? byNumber) : (byNumber ?? byTitle)
}

function numbered(text: string, choices: readonly Choice[]): Given | undefined {
  const number = NUMBER.exec(plain(text.replaceAll(KEYCAP_TEN, '10')))?.[1]
  const choice = number === undefined ? undefined : choices[Number(number) - 1]
  return choice && { choice, form: 'number' }
}

/** Nothing when it could be either of two. */
function titled(text: string, choices: readonly Choice[]): Given | undefined {
  const wanted = plain(text)
  const [choice, ...others] = wanted === '' ? [] : choices.filter(({ title }) => plain(title) === wanted)
  return choice && others.length === 0 ? { choice, form: 'title' } : undefined
}

/** As it reads: full-width characters as usual ones, any case, without what cannot be seen. */
function plain(text: string): string {
  return text.normalize('NFKC').replaceAll(UNSEEN, '').trim().toLowerCase()
}
