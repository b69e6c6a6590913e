import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { Store } from '../src/store/store.ts'
import { makeFolder } from './support/folder.ts'
import { MemoryBridge, received } from './support/memory.ts'
import { messageRow, outgoingRow, receiptEvent } from './support/rows.ts'

const ACCOUNT = 'wa1'

function mode(path: string): number {
  return statSync(path).mode & 0o777
}

test('everything in the folder is for its owner only', (t) => {
  const folder = makeFolder(t)
  const store = new Store(join(folder, 'data'))
  store.accounts.save(ACCOUNT, {})
  assert.equal(mode(join(folder, 'data')), 0o700)
  const files = readdirSync(join(folder, 'data'))
  assert.ok(files.includes('bridge.db-wal'))
  for (const file of files) assert.equal(mode(join(folder, 'data', file)), 0o600, file)
  store.close()
})

test('what is committed survives without closing, and the id of the bridge stays', (t) => {
  const folder = makeFolder(t)
  const store = new Store(folder)
  assert.match(store.bridgeId, /^[\da-f-]{36}$/u)
  store.close()
  const again = new Store(folder)
  assert.equal(again.bridgeId, store.bridgeId)
  again.close()
})

test('a second bridge on one folder is told so', (t) => {
  const folder = makeFolder(t)
  const store = new Store(folder)
  assert.throws(() => new Store(folder), /Another bridge uses .*--data/u)
  store.close()
  new Store(folder).close()
})

test('data of a newer bridge is not touched', (t) => {
  const folder = makeFolder(t)
  new Store(folder).close()
  const file = new DatabaseSync(join(folder, 'bridge.db'))
  file.exec('PRAGMA user_version = 99')
  file.close()
  assert.throws(() => new Store(folder), /newer bridge.*update the bridge/u)
  assert.throws(() => new Store(folder), /newer bridge/u, 'the lock was not lifted')
})

test('writes are flushed before they count', (t) => {
  const store = new Store(makeFolder(t))
  const { database } = store
  assert.deepEqual({ ...database.get<object>('PRAGMA synchronous') }, { synchronous: 2 })
  assert.deepEqual({ ...database.get<object>('PRAGMA journal_mode') }, { journal_mode: 'wal' })
  assert.deepEqual({ ...database.get<object>('PRAGMA foreign_keys') }, { foreign_keys: 1 })
  store.close()
})

test('a transaction is all or nothing, and tells only after it is on disk', (t) => {
  const store = new Store(makeFolder(t))
  const told: string[] = []
  const work = (fail: boolean) => (): void => {
    store.accounts.save(ACCOUNT, { fail })
    store.database.onCommit(() => told.push(`fail ${fail}, linked ${store.accounts.all().length}`))
    store.database.transaction(() => store.auth.set(ACCOUNT, { t: { id: 'value' } }))
    assert.deepEqual(told, [])
    if (fail) throw new Error('no')
  }
  assert.throws(() => store.database.transaction(work(true)), /no/u)
  assert.deepEqual(store.accounts.all(), [])
  assert.equal(store.auth.get(ACCOUNT, 't', ['id']).size, 0)
  store.database.transaction(work(false))
  assert.deepEqual(told, ['fail false, linked 1'])
  store.close()
})

test('auth values come and go by owner', (t) => {
  const { auth, ...store } = new Store(makeFolder(t))
  auth.set('link:1', { session: { a: '1', b: '2' }, creds: { creds: '{}' } })
  auth.set('link:2', { session: { a: 'other' } })
  auth.set('link:1', { session: { a: null, b: '3' } })
  assert.deepEqual([...auth.get('link:1', 'session', ['a', 'b'])], [['b', '3']])
  auth.move('link:1', ACCOUNT)
  assert.deepEqual([...auth.all(ACCOUNT, 'session')], [['b', '3']])
  assert.equal(auth.all('link:1', 'session').size, 0)
  store.accounts.save(ACCOUNT, {})
  auth.deleteOrphans()
  assert.equal(auth.all('link:2', 'session').size, 0)
  assert.equal(auth.all(ACCOUNT, 'creds').size, 1)
  store.accounts.unlink(ACCOUNT)
  auth.deleteOrphans()
  assert.equal(auth.all(ACCOUNT, 'creds').size, 0)
  store.database.close()
})

test('seq never falls back and a cursor never passes the head', (t) => {
  const store = new Store(makeFolder(t))
  const { journal } = store
  store.accounts.save(ACCOUNT, {})
  store.database.transaction(() => {
    assert.equal(journal.append(ACCOUNT, 'a', receiptEvent(), 1), 1)
    assert.equal(journal.append(ACCOUNT, 'a', receiptEvent(), 1), undefined)
    assert.equal(journal.append(ACCOUNT, 'b', receiptEvent(), 2), 2)
  })
  assert.equal(journal.cursor(ACCOUNT, 'new', 10), 2)
  journal.sweep(100, 50)
  assert.equal(journal.count(ACCOUNT), 0)
  store.database.transaction(() => journal.append(ACCOUNT, 'c', receiptEvent(), 3))
  assert.equal(journal.head(ACCOUNT), 3)
  assert.equal(journal.cursor(ACCOUNT, 'new', 10), 2)
  journal.ack(ACCOUNT, 'new', 99, 10)
  assert.equal(journal.cursor(ACCOUNT, 'new', 10), 3)
  journal.ack(ACCOUNT, 'new', 1, 10)
  assert.equal(journal.cursor(ACCOUNT, 'new', 10), 3)
  store.close()
})

test('the sweep keeps the newest rows of each account, and polls for longer', (t) => {
  const store = new Store(makeFolder(t))
  const { journal, messages, votes } = store
  const day = 86_400
  for (const account of [ACCOUNT, 'wa2']) store.accounts.save(account, {})
  store.database.transaction(() => {
    for (let n = 1; n <= 10; n += 1) journal.append(ACCOUNT, `${n}`, receiptEvent(), 1000 * day)
    journal.append('wa2', '1', receiptEvent(), 1000 * day)
  })
  journal.sweep(0, 4)
  const left = journal.after(ACCOUNT, 0, 100).map(({ seq }) => seq)
  assert.deepEqual(left, [7, 8, 9, 10])
  assert.equal(journal.count('wa2'), 1)

  const poll = { question: 'q', options: ['a', 'b'], selectable: 1 }
  messages.insert(ACCOUNT, messageRow({ message_id: 'old', chat_id: 'c', poll }), 900 * day)
  messages.insert(ACCOUNT, messageRow({ message_id: 'text', chat_id: 'c' }), 980 * day)
  messages.insert(ACCOUNT, messageRow({ message_id: 'poll', chat_id: 'c', poll }), 980 * day)
  const choices = [{ id: 'on', title: 'On' }]
  messages.insert(ACCOUNT, messageRow({ message_id: 'question', chat_id: 'c', choices }), 980 * day)
  messages.insert(ACCOUNT, messageRow({ message_id: 'new', chat_id: 'c' }), 990 * day)
  journal.append('wa2', '2', receiptEvent(), 991 * day)
  for (const poll_id of ['poll', 'old']) votes.save(ACCOUNT, { poll_id, voter_id: 'v', options: ['a'], timestamp: 1 })
  store.outbox.insert(ACCOUNT, outgoingRow({ request_id: 'r', message_id: 'text', chat_id: 'c' }))
  store.sweep(1000 * day)
  assert.equal(messages.get(ACCOUNT, 'text'), undefined)
  assert.equal(store.outbox.byRequest(ACCOUNT, 'r'), undefined)
  assert.deepEqual(messages.get(ACCOUNT, 'poll')?.poll, poll)
  assert.deepEqual(messages.get(ACCOUNT, 'question')?.choices, choices)
  assert.deepEqual(votes.choices(ACCOUNT, 'poll'), [['a']])
  assert.equal(messages.get(ACCOUNT, 'old'), undefined)
  assert.ok(messages.get(ACCOUNT, 'new'))
  assert.deepEqual(votes.choices(ACCOUNT, 'old'), [])
  store.close()
})

test('a consumer that was not here for 90 days is forgotten, and new when it comes back', (t) => {
  const store = new Store(makeFolder(t))
  const { journal } = store
  const day = 86_400
  store.accounts.save(ACCOUNT, {})
  journal.cursor(ACCOUNT, 'gone', 900 * day)
  journal.cursor(ACCOUNT, 'slow', 909 * day)
  journal.cursor(ACCOUNT, 'busy', 900 * day)
  store.database.transaction(() => journal.append(ACCOUNT, 'a', receiptEvent(), 999 * day))
  journal.ack(ACCOUNT, 'busy', 1, 999 * day)
  assert.equal(journal.lag(ACCOUNT, 998 * day), 0, 'only of those who were here lately')
  assert.equal(journal.lag(ACCOUNT, 0), 1)
  // Who only listens is known to be here as well.
  assert.equal(journal.cursor(ACCOUNT, 'slow', 950 * day), 0)
  store.sweep(1000 * day)
  assert.equal(journal.cursor(ACCOUNT, 'slow', 1000 * day), 0)
  assert.equal(journal.cursor(ACCOUNT, 'busy', 1000 * day), 1)
  assert.equal(journal.cursor(ACCOUNT, 'gone', 1000 * day), 1)
  store.close()
})

test('listening again writes nothing, but once a day', (t) => {
  const store = new Store(makeFolder(t))
  store.accounts.save(ACCOUNT, {})
  const changes = (): number => store.database.one<{ n: number }>('SELECT total_changes() AS n').n
  store.journal.cursor(ACCOUNT, 'c', 1_000_000)
  const before = changes()
  store.journal.cursor(ACCOUNT, 'c', 1_000_000 + 86_399)
  assert.equal(changes(), before)
  store.journal.cursor(ACCOUNT, 'c', 1_000_000 + 86_401)
  assert.equal(changes(), before + 1)
  store.close()
})

test('the disk gets back what was deleted, when it is much', (t) => {
  const folder = makeFolder(t)
  const store = new Store(folder)
  const size = (): number => statSync(join(folder, 'bridge.db')).size
  store.accounts.save(ACCOUNT, {})
  store.database.transaction(() => {
    for (let n = 0; n < 3000; n += 1) {
      const raw = Buffer.alloc(8000, 1)
      store.messages.insert(ACCOUNT, messageRow({ message_id: `${n}`, chat_id: 'c', raw }), n < 2900 ? 1 : 900_000_000)
    }
  })
  store.database.tidy()
  const before = size()
  assert.ok(before > 20_000_000)
  store.sweep(900_000_000)
  assert.ok(size() < 3_000_000, `${size()} bytes of ${before} are left`)
  assert.ok(statSync(join(folder, 'bridge.db-wal')).size < 1_000_000)
  assert.ok(store.messages.get(ACCOUNT, '2950'))
  store.close()
})

test('an idle hour with a client and an account writes nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now() })
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  engine.host.emit(received())
  account.records.journal.cursor('c')
  const acknowledged = account.records.journal.ack('c', 1)
  t.mock.timers.tick(1000)
  await acknowledged
  const changes = (): number => bridge.store.database.one<{ n: number }>('SELECT total_changes() AS n').n
  const before = changes()
  assert.ok(before > 0)
  for (let minute = 0; minute < 60; minute += 1) t.mock.timers.tick(60_000)
  assert.equal(changes(), before)
})
