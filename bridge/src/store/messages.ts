import type { Choice, MessageEvent, Poll } from '../protocol.ts'
import { type Database, fromJson } from './database.ts'

/** What a message says, as its event tells it. */
export type Body = Pick<MessageEvent, 'kind' | 'text' | 'poll' | 'media' | 'location' | 'contacts'>

export interface Message extends NewMessage {
  edited: boolean
  revoked: boolean
}

export interface NewMessage {
  message_id: string
  chat_id: string
  external_id: string
  from_me: boolean
  /** A chat id; `null` for the account itself. */
  sender_id: string | null
  /** What was sent or received; also `reaction`, `edit` and the like, which say nothing by themselves. */
  kind: string
  said: Body | null
  /** What it can be answered with, when it is a question. */
  choices: Choice[] | null
  quoted_message_id: string | null
  /** By WhatsApp's clock, seconds since 1970. */
  timestamp: number
  /** The engine's own form. */
  raw: Uint8Array
  /** `null` when the message is none. */
  poll: Poll | null
}

/** Who wrote a message: the account itself, somebody else, or either. */
export type Whose = 'own' | 'others' | 'any'

type Flag = 'from_me' | 'edited' | 'revoked'
type Json = 'poll' | 'said' | 'choices'
type Row = Omit<Message, Flag | Json> & Record<Flag, number> & Record<Json, string | null>

const COLUMNS = `message_id, chat_id, external_id, from_me, sender_id, kind, said, choices, quoted_message_id, edited, revoked, timestamp,
  raw, poll`
/** Neither a reaction nor anything else that is no message by itself. */
const IS_MESSAGE = `kind IN ('text', 'poll', 'image', 'video', 'audio', 'document', 'sticker', 'location', 'contact', 'other')`
const outgoing = (fits: string) =>
  `EXISTS (SELECT 1 FROM outbox WHERE outbox.account_id = messages.account_id AND outbox.message_id = messages.message_id AND ${fits})`
/** Rows are in the order of time: only those up to the first that is not old are looked at. */
const OLD = `stored_at < $before AND rowid < coalesce(
  (SELECT rowid FROM messages WHERE stored_at >= $before ORDER BY rowid LIMIT 1), 9223372036854775807)`
const SELECT = `SELECT ${COLUMNS} FROM messages WHERE account_id = $account_id`

export class MessageTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  insert(account_id: string, message: NewMessage, stored_at: number): void {
    const { from_me, said, choices, poll, ...rest } = message
    const json = { said: toJson(said), choices: toJson(choices), poll: toJson(poll) }
    this.#database.run(
      `INSERT INTO messages (account_id, message_id, chat_id, external_id, from_me, sender_id, kind, said, choices, quoted_message_id,
         timestamp, raw, poll, stored_at)
       VALUES ($account_id, $message_id, $chat_id, $external_id, $from_me, $sender_id, $kind, $said, $choices, $quoted_message_id,
         $timestamp, $raw, $poll, $stored_at)`,
      { ...rest, ...json, from_me: Number(from_me), account_id, stored_at },
    )
  }

  get(account_id: string, message_id: string): Message | undefined {
    return read(this.#database.get(`${SELECT} AND message_id = $message_id`, { account_id, message_id }))
  }

  inChat(account_id: string, chat_id: string, external_id: string): Message | undefined {
    const sql = `${SELECT} AND chat_id = $chat_id AND external_id = $external_id`
    return read(this.#database.get(sql, { account_id, chat_id, external_id }))
  }

  /** By its external id in any chat. Strangers choose theirs, so the account's own messages come first, then the oldest. */
  anywhere(account_id: string, external_id: string): Message | undefined {
    // The first of its id has it for its own.
    const same = `${SELECT} AND message_id = $external_id AND external_id = $external_id`
    const first = read(this.#database.get(same, { account_id, external_id }))
    if (first?.from_me) return first
    const renamed = `${SELECT} AND external_id = $external_id AND message_id <> external_id ORDER BY from_me DESC, rowid LIMIT 1`
    const other = read(this.#database.get(renamed, { account_id, external_id }))
    return other?.from_me ? other : (first ?? other)
  }

  /** The newest message of a chat that was not deleted and has not failed. */
  last(account_id: string, chat_id: string, whose: Whose): Message | undefined {
    const author = { own: 'AND from_me = 1', others: 'AND from_me = 0', any: '' }[whose]
    const sql = `${SELECT} AND chat_id = $chat_id AND revoked = 0 AND ${IS_MESSAGE} ${author} AND NOT ${outgoing("state = 'failed'")}
      ORDER BY timestamp DESC, rowid DESC LIMIT 1`
    return read(this.#database.get(sql, { account_id, chat_id }))
  }

  /** The newest question with choices that a chat may have seen by the time `at`, and that was asked after `since`. */
  question(account_id: string, chat_id: string, since: number, at: number): Message | undefined {
    const seen = outgoing(`(state = 'sent' AND messages.timestamp <= $at OR state = 'queued' AND tried = 1)`)
    const sql = `${SELECT} AND chat_id = $chat_id AND choices IS NOT NULL AND revoked = 0 AND timestamp >= $since AND ${seen}
      ORDER BY timestamp DESC, rowid DESC LIMIT 1`
    return read(this.#database.get(sql, { account_id, chat_id, since, at }))
  }

  /** Whether anything was ever said in a chat, as far as it is kept; what never reached WhatsApp was not. */
  isKnownChat(account_id: string, chat_id: string): boolean {
    const sql = `SELECT 1 FROM messages WHERE account_id = $account_id AND chat_id = $chat_id
      AND NOT ${outgoing("state <> 'sent'")} LIMIT 1`
    return this.#database.get(sql, { account_id, chat_id }) !== undefined
  }

  setRaw(account_id: string, message_id: string, raw: Uint8Array): void {
    const sql = 'UPDATE messages SET raw = $raw WHERE account_id = $account_id AND message_id = $message_id'
    this.#database.run(sql, { account_id, message_id, raw })
  }

  setTimestamp(account_id: string, message_id: string, timestamp: number): void {
    const sql = 'UPDATE messages SET timestamp = $timestamp WHERE account_id = $account_id AND message_id = $message_id'
    this.#database.run(sql, { account_id, message_id, timestamp })
  }

  /** With their votes, files and outbox rows. */
  delete(account_id: string): void {
    this.#database.run('DELETE FROM messages WHERE account_id = $account_id', { account_id })
  }

  /** Two chats are one: the messages of `from` belong to `to`. */
  moveChat(account_id: string, from: string, to: string): void {
    const sql = 'UPDATE OR IGNORE messages SET chat_id = $to WHERE account_id = $account_id AND chat_id = $from'
    this.#database.run(sql, { account_id, from, to })
  }

  /** Deletes messages older than `before`, and polls and questions older than `pollsBefore`, with their votes and outbox rows. */
  sweep(before: number, pollsBefore: number): void {
    this.#database.run(`DELETE FROM messages WHERE ${OLD} AND poll IS NULL AND choices IS NULL`, { before })
    this.#database.run(`DELETE FROM messages WHERE ${OLD}`, { before: pollsBefore })
  }
}

function read(row: Row | undefined): Message | undefined {
  return (
    row && {
      ...row,
      from_me: row.from_me === 1,
      edited: row.edited === 1,
      revoked: row.revoked === 1,
      said: parse<Body>(row.said),
      choices: parse<Choice[]>(row.choices),
      poll: parse<Poll>(row.poll),
    }
  )
}

function parse<T>(json: string | null): T | null {
  return json === null ? null : fromJson<T>(json)
}

function toJson(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value)
}
