import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { AccountTable } from './accounts.ts'
import { AuthTable } from './auth.ts'
import { Backups } from './backup.ts'
import { Database } from './database.ts'
import { StorageError } from './faults.ts'
import { HistoryTable } from './history.ts'
import { IdentityTable } from './identities.ts'
import { JournalTable } from './journal.ts'
import { MediaTable } from './media.ts'
import { MessageTable } from './messages.ts'
import { OutboxTable } from './outbox.ts'
import { VoteTable } from './votes.ts'

const DAY = 86_400
const KEEP = {
  journal: 7 * DAY,
  journalRows: 50_000,
  messages: 14 * DAY,
  polls: 90 * DAY,
  consumers: 90 * DAY,
} as const

/** Everything the bridge keeps on disk. */
export class Store {
  readonly database: Database
  readonly accounts: AccountTable
  readonly auth: AuthTable
  readonly backups: Backups
  readonly history: HistoryTable
  readonly identities: IdentityTable
  readonly journal: JournalTable
  readonly media: MediaTable
  readonly messages: MessageTable
  readonly outbox: OutboxTable
  readonly votes: VoteTable
  /** Made once for this data folder. A file beside the database keeps it too: whatever becomes of the database, it is the same bridge. */
  readonly bridgeId: string

  /** @throws StoreError see `Database`. */
  constructor(folder: string) {
    this.database = new Database(folder)
    this.accounts = new AccountTable(this.database)
    this.auth = new AuthTable(this.database)
    this.backups = new Backups(this.database, folder)
    this.history = new HistoryTable(this.database)
    this.identities = new IdentityTable(this.database)
    this.journal = new JournalTable(this.database)
    this.media = new MediaTable(this.database)
    this.messages = new MessageTable(this.database)
    this.outbox = new OutboxTable(this.database)
    this.votes = new VoteTable(this.database)
    this.bridgeId = bridgeId(folder, this.database)
  }

  /** Deletes what is past its time. `now`: seconds since 1970. */
  sweep(now: number): void {
    this.database.transaction(() => {
      this.journal.sweep(now - KEEP.journal, KEEP.journalRows)
      this.journal.sweepCursors(now - KEEP.consumers)
      this.messages.sweep(now - KEEP.messages, now - KEEP.polls)
    })
    this.database.tidy()
  }

  /** Deletes all that is kept of an account. */
  forget(account_id: string): void {
    this.database.transaction(() => {
      this.messages.delete(account_id)
      this.journal.delete(account_id)
      this.identities.delete(account_id)
      this.auth.delete(account_id)
      this.accounts.delete(account_id)
    })
  }

  close(): void {
    this.backups.discard()
    this.database.close()
  }
}

function bridgeId(folder: string, database: Database): string {
  const path = join(folder, 'bridge_id')
  const kept = readId(path)
  const fallback = kept ?? randomUUID()
  const bridge_id = storedId(database, fallback) ?? fallback
  if (bridge_id !== kept && database.status === 'ok') {
    writeFileSync(`${path}.new`, `${bridge_id}\n`, { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
  }
  return bridge_id
}

/** As the database has it, which takes `fallback` when it has none. `undefined` when it cannot tell. */
function storedId(database: Database, fallback: string): string | undefined {
  try {
    const row = database.get<{ bridge_id: string }>('SELECT bridge_id FROM bridge')
    if (!row) database.run('INSERT INTO bridge (bridge_id) VALUES ($bridge_id)', { bridge_id: fallback })
    return row?.bridge_id
  } catch (error) {
    // The storage has a status for this.
    if (error instanceof StorageError) return undefined
    throw error
  }
}

function readId(path: string): string | undefined {
  try {
    return /^[\da-f-]{36}$/u.exec(readFileSync(path, 'utf8').trim())?.[0]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
