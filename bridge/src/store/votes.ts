import { type Database, fromJson } from './database.ts'

/** The whole current choice of one voter, by name. */
export interface Vote {
  poll_id: string
  voter_id: string
  options: string[]
  timestamp: number
}

export class VoteTable {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  /** False when a later choice of this voter is known already. */
  save(account_id: string, vote: Vote): boolean {
    const changed = this.#database.run(
      `INSERT INTO votes (account_id, poll_id, voter_id, options, timestamp)
       VALUES ($account_id, $poll_id, $voter_id, $options, $timestamp)
       ON CONFLICT DO UPDATE SET options = excluded.options, timestamp = excluded.timestamp
       WHERE excluded.timestamp >= votes.timestamp`,
      { ...vote, account_id, options: JSON.stringify(vote.options) },
    )
    return changed > 0
  }

  /** The current choice of one voter. */
  of(account_id: string, poll_id: string, voter_id: string): string[] {
    const sql =
      'SELECT options FROM votes WHERE account_id = $account_id AND poll_id = $poll_id AND voter_id = $voter_id'
    const row = this.#database.get<{ options: string }>(sql, { account_id, poll_id, voter_id })
    return row ? fromJson<string[]>(row.options) : []
  }

  /** The current choice of every voter. */
  choices(account_id: string, poll_id: string): string[][] {
    return this.all(account_id, poll_id).map(({ options }) => options)
  }

  /** Every vote, oldest first; of who has withdrawn it too. */
  all(account_id: string, poll_id: string): Vote[] {
    const sql = `SELECT poll_id, voter_id, options, timestamp FROM votes WHERE account_id = $account_id AND poll_id = $poll_id
      ORDER BY timestamp, voter_id`
    return this.#database
      .all<Omit<Vote, 'options'> & { options: string }>(sql, { account_id, poll_id })
      .map((row) => ({ ...row, options: fromJson<string[]>(row.options) }))
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
