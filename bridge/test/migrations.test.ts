import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { test } from 'node:test'

import { migrate } from '../src/store/files.ts'
import { MIGRATIONS } from '../src/store/migrations.ts'
import { Store } from '../src/store/store.ts'
import { makeFolder } from './support/folder.ts'

/** The beginning of the SHA-256 of every step. A step that was in a release never changes: add one, and its line here. */
const PINNED = [
  '09a8681158986fad',
  'cb582cff794973df',
  'e22a15dc2e0d69a6',
  'e6fb97b04444ff22',
  'ada47556ab8d14df',
  'ed9f6e7297ea0b66',
  'aa07716803ad3770',
]

const EVENT = { type: 'message', message_id: 'IN1', timestamp: 1_700_000_000 }
const POLL = { question: 'Tea?', options: ['yes', 'no'], selectable: 1 }

type Row = Record<string, SQLInputValue>

/** What a bridge that was used for a while holds. Of columns that a schema does not have yet nothing is written. */
const ROWS: [table: string, rows: Row[]][] = [
  ['bridge', [{ bridge_id: '0b3a1a52-3f0e-4a7e-9d5c-0d4a6f6f0001' }]],
  [
    'accounts',
    [
      {
        account_id: 'wa1',
        self: JSON.stringify({ aliases: [], name: 'Owner' }),
        linked: 1,
        head: 3,
        settings: '{"mark_online":true}',
      },
      { account_id: 'wa2', self: '{"aliases":[],"name":null}', linked: 0, head: 0 },
    ],
  ],
  [
    'auth',
    [
      { owner: 'wa1', type: 'creds', id: 'creds', value: '{"secret":1}' },
      { owner: 'wa1', type: 'session', id: '15550000002.0', value: '{"ratchet":2}' },
    ],
  ],
  [
    'journal',
    [2, 3].map((seq) => ({
      account_id: 'wa1',
      seq,
      once: `message:${seq}`,
      event: JSON.stringify(EVENT),
      stored_at: 1_700_000_000,
    })),
  ],
  ['cursors', [{ account_id: 'wa1', consumer: 'home', seq: 2 }]],
  [
    'chats',
    [
      {
        number: 1,
        account_id: 'wa1',
        chat_id: 'bob',
        kind: 'person',
        listed: 1,
        listed_name: 'Bob',
        folded: 'bob',
        active_at: 1_700_000_000,
      },
      {
        number: 2,
        account_id: 'wa1',
        chat_id: 'fam',
        kind: 'group',
        listed: 1,
        listed_name: 'Family',
        folded: 'family',
        participants: 3,
        is_admin: 1,
      },
    ],
  ],
  [
    'aliases',
    [
      { account_id: 'wa1', value: '15550000002@s.whatsapp.net', kind: 'phone', digits: '15550000002', chat: 1 },
      { account_id: 'wa1', value: '900000000000002@lid', kind: 'lid', chat: 1 },
      { account_id: 'wa1', value: '120363000000000001@g.us', kind: 'group', chat: 2 },
    ],
  ],
  [
    'messages',
    ['IN1', 'OUT1', 'POLL1'].map((id) => ({
      account_id: 'wa1',
      message_id: id,
      chat_id: 'bob',
      external_id: `x${id}`,
      from_me: id === 'IN1' ? 0 : 1,
      raw: Buffer.from(`raw ${id}`),
      poll: id === 'POLL1' ? JSON.stringify(POLL) : null,
      stored_at: 1_700_000_000,
      timestamp: 1_700_000_000,
    })),
  ],
  ['votes', [{ account_id: 'wa1', poll_id: 'POLL1', voter_id: 'bob', options: '["yes"]', timestamp: 1_700_000_001 }]],
  [
    'media',
    [
      {
        account_id: 'wa1',
        message_id: 'IN1',
        name: 'f1',
        size: 5,
        mime: 'image/png',
        stored_at: 1_700_000_000,
      },
    ],
  ],
  [
    'outbox',
    [
      {
        account_id: 'wa1',
        request_id: 'r1',
        message_id: 'OUT1',
        chat_id: 'bob',
        state: 'queued',
        retry: 1,
        expires_at: 4_000_000_000,
      },
      {
        account_id: 'wa1',
        request_id: 'r2',
        message_id: 'POLL1',
        chat_id: 'bob',
        state: 'sent',
        retry: 1,
        expires_at: 1_700_000_600,
        sent_at: 1_700_000_002,
      },
    ],
  ],
]

/** A folder with a database of an earlier schema that was in use. */
function earlier(folder: string, version: number): DatabaseSync {
  const file = new DatabaseSync(join(folder, 'bridge.db'))
  file.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON')
  migrate(file, MIGRATIONS.slice(0, version))
  for (const [table, rows] of ROWS) {
    const columns = new Set(
      file
        .prepare('SELECT name FROM pragma_table_info(?)')
        .all(table)
        .map(({ name }) => String(name)),
    )
    // A table that this schema does not have yet.
    if (columns.size === 0) continue
    for (const row of rows) {
      const names = Object.keys(row).filter((name) => columns.has(name))
      const places = names.map((name) => `$${name}`)
      const values = Object.fromEntries(names.map((name) => [name, row[name] ?? null]))
      file.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')})`).run(values)
    }
  }
  return file
}

function checkEverything(store: Store): void {
  assert.equal(store.bridgeId, ROWS[0]?.[1][0]?.['bridge_id'])
  assert.deepEqual(
    store.accounts
      .all<{ name: string | null }>()
      .map(({ account_id, self, linked }) => [account_id, self.name, linked]),
    [
      ['wa1', 'Owner', true],
      ['wa2', null, false],
    ],
  )
  assert.equal(store.auth.get('wa1', 'creds', ['creds']).get('creds'), '{"secret":1}')
  assert.equal(store.auth.all('wa1', 'session').size, 1)
  const journal = store.journal.after('wa1', 0, 10)
  assert.deepEqual(
    journal,
    [2, 3].map((seq) => ({ seq, event: EVENT })),
  )
  assert.deepEqual([store.journal.head('wa1'), store.journal.head('wa2')], [3, 0])
  assert.equal(store.journal.cursor('wa1', 'home', Date.now() / 1000), 2)
  const bob = store.identities.find('wa1', '900000000000002@lid')
  assert.equal(bob, 1)
  assert.equal(store.identities.findDigits('wa1', '15550000002'), bob)
  const { chat_id, listed_name, phone, lid } = store.identities.get(bob)
  assert.deepEqual([chat_id, listed_name, phone, lid], ['bob', 'Bob', '15550000002', '900000000000002@lid'])
  assert.deepEqual(
    store.identities.groups('wa1').map((chat) => [chat.chat_id, chat.participants]),
    [['fam', 3]],
  )
  assert.deepEqual(
    store.identities.search('wa1', 'bob', null, 10).map((chat) => chat.chat_id),
    ['bob'],
  )
  checkMessages(store)
}

function checkMessages(store: Store): void {
  const message = store.messages.get('wa1', 'IN1')
  assert.ok(message)
  assert.deepEqual([message.chat_id, message.external_id, message.from_me], ['bob', 'xIN1', false])
  assert.equal(Buffer.from(message.raw).toString(), 'raw IN1')
  assert.deepEqual(store.messages.get('wa1', 'POLL1')?.poll, POLL)
  assert.equal(store.messages.inChat('wa1', 'bob', 'xOUT1')?.message_id, 'OUT1')
  assert.equal(store.messages.anywhere('wa1', 'xPOLL1')?.message_id, 'POLL1')
  assert.deepEqual(store.votes.choices('wa1', 'POLL1'), [['yes']])
  const [queued, sent] = [store.outbox.byRequest('wa1', 'r1'), store.outbox.byRequest('wa1', 'r2')]
  assert.deepEqual([queued?.state, queued?.retry, queued?.message_id, queued?.error], ['queued', true, 'OUT1', null])
  assert.deepEqual([sent?.state, sent?.sent_at], ['sent', 1_700_000_002])
  assert.equal(store.outbox.countQueued('wa1'), 1)
}

test('no step of the schema has changed', () => {
  const hashes = MIGRATIONS.map((step) => createHash('sha256').update(step).digest('hex').slice(0, 16))
  assert.deepEqual(hashes.slice(0, PINNED.length), PINNED, 'a step that is in use was changed: add a step instead')
  assert.deepEqual(hashes.slice(PINNED.length), [], 'a step was added: pin it above')
})

for (const version of MIGRATIONS.keys()) {
  test(`from schema ${version + 1}: everything is still there, and of the newest schema`, (t) => {
    const folder = makeFolder(t)
    const file = earlier(folder, version + 1)
    const hadMedia = file.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'media'`).get() !== undefined
    file.close()
    const store = new Store(folder)
    assert.equal(store.media.get('wa1', 'IN1')?.name, hadMedia ? 'f1' : undefined)
    assert.equal(store.database.one<{ user_version: number }>('PRAGMA user_version').user_version, MIGRATIONS.length)
    assert.deepEqual(store.database.all('PRAGMA foreign_key_check'), [])
    checkEverything(store)
    store.close()
    const again = new Store(folder)
    checkEverything(again)
    again.close()
  })
}

test('every way to the newest schema leads to the same one', (t) => {
  const schemas = MIGRATIONS.map((_, index) => {
    const folder = makeFolder(t)
    earlier(folder, index + 1).close()
    const store = new Store(folder)
    const schema = store.database.all<{ sql: string }>('SELECT name, sql FROM sqlite_schema ORDER BY name')
    store.close()
    return schema
  })
  for (const schema of schemas) assert.deepEqual(schema, schemas[0])
})

test('a step that fails leaves the schema before it, and all that was there', (t) => {
  const folder = makeFolder(t)
  const file = earlier(folder, MIGRATIONS.length)
  const broken = [...MIGRATIONS, 'CREATE TABLE half (a); DELETE FROM messages; INSERT INTO nowhere VALUES (1)']
  assert.throws(() => migrate(file, broken), /nowhere/u)
  assert.equal(file.isTransaction, false)
  assert.equal(file.prepare(`SELECT count(*) AS n FROM sqlite_schema WHERE name = 'half'`).get()?.['n'], 0)
  file.close()
  const store = new Store(folder)
  checkEverything(store)
  store.close()
})

test('a process that is killed inside a step leaves the schema before it', (t) => {
  const folder = makeFolder(t)
  earlier(folder, 1).close()
  const script = `
    const { DatabaseSync } = await import('node:sqlite')
    const file = new DatabaseSync(${JSON.stringify(join(folder, 'bridge.db'))})
    file.exec("PRAGMA cache_size = 1; BEGIN IMMEDIATE; CREATE TABLE half (a)")
    file.exec("DELETE FROM messages; PRAGMA user_version = 2")
    for (let n = 0; n < 500; n += 1) file.exec("INSERT INTO half VALUES (zeroblob(4000))")
    process.kill(process.pid, 'SIGKILL')
  `
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', script])
  assert.equal(signal, 'SIGKILL')
  const store = new Store(folder)
  checkEverything(store)
  store.close()
})
