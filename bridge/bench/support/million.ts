import { DatabaseSync } from 'node:sqlite'

/** As many messages as a busy household has after years without retention, in a bridge's store while no bridge runs. */
export function fill(path: string, messages: number): void {
  const file = new DatabaseSync(path)
  const { account_id, chat_id } = file.prepare('SELECT account_id, chat_id FROM chats ORDER BY number DESC').get() ?? {}
  if (account_id === undefined || chat_id === undefined) throw new Error('the store has no chat')
  file.exec('PRAGMA synchronous = OFF; BEGIN')
  file
    .prepare(
      `INSERT INTO messages (account_id, message_id, chat_id, external_id, from_me, sender_id, kind, said, raw, stored_at, timestamp)
       WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $messages)
       SELECT $account_id, 'BENCH' || n, $chat_id, 'BENCH' || n, n % 2, $chat_id, 'text', $said, randomblob(160), $now - n % 86400, $now
       FROM numbers`,
    )
    .run({ account_id, chat_id, messages, now: Date.now() / 1000, said: SAID })
  file.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
  file.close()
}

const SAID = JSON.stringify({
  kind: 'text',
  text: 'The washing machine is done.',
  poll: null,
  media: null,
  location: null,
  contacts: [],
})
