import type { Database } from './database.ts'

/** The whole current choice of one voter; `options` is a JSON list of names. */
export interface VoteRow {
  voter_id: string
  options: string
  timestamp: number
}

export class VoteTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  /** False when a later choice of this voter is known already. */
  save(row: VoteRow & { account_id: string; poll_id: string }): boolean {
    const changed = this.#database.run(
      `INSERT INTO votes (account_id, poll_id, voter_id, options, timestamp)
       VALUES ($account_id, $poll_id, $voter_id, $options, $timestamp)
       ON CONFLICT DO UPDATE SET options = excluded.options, timestamp = excluded.timestamp
       WHERE excluded.timestamp >= votes.timestamp`,
      { ...row },
    )
    return changed > 0
  }

  of(account_id: string, poll_id: string): VoteRow[] {
    return this.#database.all(
      'SELECT voter_id, options, timestamp FROM votes WHERE account_id = $account_id AND poll_id = $poll_id',
      { account_id, poll_id },
    )
  }

  /** Two voters are one: of their two choices in one poll the later stays. */
  moveVoter(account_id: string, from: string, to: string): void {
    this.#database.run(
      `DELETE FROM votes AS mine WHERE account_id = $account_id AND voter_id IN ($from, $to) AND EXISTS (
         SELECT 1 FROM votes AS other
         WHERE other.account_id = $account_id AND other.poll_id = mine.poll_id AND other.voter_id IN ($from, $to)
           AND (other.timestamp, other.voter_id) > (mine.timestamp, mine.voter_id))`,
      { account_id, from, to },
    )
    this.#database.run('UPDATE votes SET voter_id = $to WHERE account_id = $account_id AND voter_id = $from', {
      account_id,
      from,
      to,
    })
  }
}
