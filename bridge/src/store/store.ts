import { randomUUID } from 'node:crypto'

import { AccountTable } from './accounts.ts'
import { AuthTable } from './auth.ts'
import { Database } from './database.ts'
import { HistoryTable } from './history.ts'
import { IdentityTable } from './identities.ts'
import { JournalTable } from './journal.ts'
import { MessageTable } from './messages.ts'
import { OutboxTable } from './outbox.ts'
import { VoteTable } from './votes.ts'

const DAY = 86_400
const KEEP = { journal: 7 * DAY, journalRows: 50_000, messages: 14 * DAY, polls: 90 * DAY } as const

/** Everything the bridge keeps on disk. */
export class Store {
  readonly database: Database
  readonly accounts: AccountTable
  readonly auth: AuthTable
  readonly history: HistoryTable
  readonly identities: IdentityTable
  readonly journal: JournalTable
  readonly messages: MessageTable
  readonly outbox: OutboxTable
  readonly votes: VoteTable
  /** Made once for this data folder. */
  readonly bridgeId: string

  /** @throws StoreError when another bridge uses the folder or a newer bridge wrote it. */
  constructor(folder: string) {
    this.database = new Database(folder)
    this.accounts = new AccountTable(this.database)
    this.auth = new AuthTable(this.database)
    this.history = new HistoryTable(this.database)
    this.identities = new IdentityTable(this.database)
    this.journal = new JournalTable(this.database)
    this.messages = new MessageTable(this.database)
    this.outbox = new OutboxTable(this.database)
    this.votes = new VoteTable(this.database)
    this.bridgeId = bridgeId(this.database)
  }

  /** Deletes what is past its time. `now`: seconds since 1970. */
  sweep(now: number): void {
    this.database.transaction(() => {
      this.journal.sweep(now - KEEP.journal, KEEP.journalRows)
      this.messages.sweep(now - KEEP.messages, now - KEEP.polls)
    })
  }

  close(): void {
    this.database.close()
  }
}

function bridgeId(database: Database): string {
  return database.transaction(() => {
    const row = database.get<{ bridge_id: string }>('SELECT bridge_id FROM bridge')
    if (row) return row.bridge_id
    const bridge_id = randomUUID()
    database.run('INSERT INTO bridge (bridge_id) VALUES ($bridge_id)', { bridge_id })
    return bridge_id
  })
}
