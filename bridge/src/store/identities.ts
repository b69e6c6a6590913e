import type { ChatKind } from '../protocol.ts'
import type { Database } from './database.ts'
import { fold } from './fold.ts'
import { Memo } from './memo.ts'

/** `phone` (digits) and `lid` are the ones learnt last. */
export interface ChatRow {
  number: number
  chat_id: string
  kind: ChatKind
  listed: number
  listed_name: string | null
  own_name: string | null
  participants: number | null
  is_admin: number | null
  active_at: number
  phone: string | null
  lid: string | null
}

export interface AliasRow {
  value: string
  kind: string
  digits: string | null
}

const SELECT_CHAT = `
  SELECT number, chat_id, kind, listed, listed_name, own_name, participants, is_admin, active_at,
    (SELECT digits FROM aliases WHERE chat = chats.number AND kind = 'phone' ORDER BY aliases.number DESC LIMIT 1) AS phone,
    (SELECT value FROM aliases WHERE chat = chats.number AND kind = 'lid' ORDER BY aliases.number DESC LIMIT 1) AS lid
  FROM chats`

/** Chats and people, and every alias that leads to them. */
export class IdentityTable {
  readonly #database: Database
  readonly #rows: Memo<number, ChatRow>
  readonly #chats: Memo<string, number | undefined>

  constructor(database: Database) {
    this.#database = database
    this.#rows = new Memo(database)
    this.#chats = new Memo(database)
  }

  create(row: { account_id: string; chat_id: string; kind: ChatKind }): number {
    const sql = 'INSERT INTO chats (account_id, chat_id, kind) VALUES ($account_id, $chat_id, $kind) RETURNING number'
    return this.#database.one<{ number: number }>(sql, row).number
  }

  get(number: number): ChatRow {
    return this.#rows.get(number, () => this.#database.one(`${SELECT_CHAT} WHERE number = $number`, { number }))
  }

  save(row: ChatRow): void {
    this.#rows.forget(row.number)
    const { number, kind, listed, listed_name, own_name, participants, is_admin, active_at } = row
    const folded = fold(listed_name ?? own_name ?? '')
    this.#database.run(
      `UPDATE chats SET kind = $kind, listed = $listed, listed_name = $listed_name, own_name = $own_name,
         participants = $participants, is_admin = $is_admin, active_at = $active_at, folded = $folded
       WHERE number = $number`,
      { number, kind, listed, listed_name, own_name, participants, is_admin, active_at, folded },
    )
  }

  addAlias(row: AliasRow & { account_id: string; chat: number }): void {
    this.#rows.forget(row.chat)
    this.#chats.forgetAll()
    this.#database.run(
      'INSERT INTO aliases (account_id, value, kind, digits, chat) VALUES ($account_id, $value, $kind, $digits, $chat)',
      { ...row },
    )
  }

  /** The chat of an alias. */
  find(account_id: string, value: string): number | undefined {
    const sql = 'SELECT chat FROM aliases WHERE account_id = $account_id AND value = $value'
    return this.#chats.get(
      `${account_id} ${value}`,
      () => this.#database.get<{ chat: number }>(sql, { account_id, value })?.chat,
    )
  }

  /** The chat of a phone number. */
  findDigits(account_id: string, digits: string): number | undefined {
    const sql = 'SELECT chat FROM aliases WHERE account_id = $account_id AND digits = $digits ORDER BY number LIMIT 1'
    return this.#database.get<{ chat: number }>(sql, { account_id, digits })?.chat
  }

  aliases(chat: number): AliasRow[] {
    return this.#database.all('SELECT value, kind, digits FROM aliases WHERE chat = $chat ORDER BY number', { chat })
  }

  delete(account_id: string): void {
    this.#rows.forgetAll()
    this.#chats.forgetAll()
    this.#database.run('DELETE FROM chats WHERE account_id = $account_id', { account_id })
  }

  /** `newer` was `older` all along: its aliases lead to `older` from now on. */
  merge(older: number, newer: number): void {
    this.#rows.forgetAll()
    this.#chats.forgetAll()
    this.#database.run('UPDATE aliases SET chat = $older WHERE chat = $newer', { older, newer })
    this.#database.run('DELETE FROM chats WHERE number = $newer', { newer })
  }

  /** Groups that are on a list, most recent first. */
  groups(account_id: string): ChatRow[] {
    const sql = `${SELECT_CHAT} WHERE account_id = $account_id AND listed AND kind = 'group' ORDER BY active_at DESC, number`
    return this.#database.all(sql, { account_id })
  }

  /** Listed chats whose folded name contains `name` or an alias of which contains `alias`, most recent first. */
  search(account_id: string, name: string, alias: string | null, limit: number): ChatRow[] {
    const sql = `${SELECT_CHAT} WHERE number IN (
        SELECT number FROM chats WHERE account_id = $account_id AND listed AND (instr(folded, $name) OR $alias IS NOT NULL
          AND number IN (SELECT chat FROM aliases WHERE account_id = $account_id AND instr(value, $alias)))
        ORDER BY active_at DESC, number LIMIT $limit)
      ORDER BY active_at DESC, number`
    return this.#database.all(sql, { account_id, name, alias, limit })
  }
}
