import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { problemOf, StorageError } from '../src/store/faults.ts'
import { Store } from '../src/store/store.ts'
import { Refusal } from './support/client.ts'
import { damage } from './support/damage.ts'
import { makeFolder } from './support/folder.ts'
import { ask } from './support/http.ts'
import { BOB, journalOf, MemoryBridge, person, received } from './support/memory.ts'
import { serve, serveOnly, TOKEN } from './support/serve.ts'
import { until } from './support/until.ts'

/** Fills the file up: SQLite may not make it larger. Returns how to make room again. */
function fill({ database }: Store): () => void {
  const { max } = database.one<{ max: number }>('SELECT max_page_count AS max FROM pragma_max_page_count')
  const { pages } = database.one<{ pages: number }>('SELECT page_count AS pages FROM pragma_page_count')
  const limit = (to: number): unknown => database.all(`PRAGMA max_page_count = ${to}`)
  limit(pages)
  return () => void limit(max)
}

function refused(code: string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof Refusal, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, /\w+ \w+ \w+/u)
    return true
  }
}

/** An error of SQLite as node:sqlite gives it. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error('x'), { code: 'ERR_SQLITE_ERROR', errcode })
}

/** An error of a plain file. */
function fileError(code: string): Error {
  return Object.assign(new Error('x'), { code, syscall: 'write' })
}

test('every error that means trouble with the disk is known as such', () => {
  const known = { 13: 'full', 8: 'read_only', 14: 'read_only', 11: 'corrupt', 26: 'corrupt', 10: 'full' } as const
  for (const [code, problem] of Object.entries(known)) assert.equal(problemOf(sqliteError(Number(code))), problem)
  // Extended: a failed write, a failed fsync, a short read, a damaged index, a database that was moved away.
  const extended = {
    778: 'full',
    1034: 'full',
    4874: 'full',
    522: 'corrupt',
    779: 'corrupt',
    1032: 'read_only',
  } as const
  for (const [code, problem] of Object.entries(extended)) assert.equal(problemOf(sqliteError(Number(code))), problem)
  for (const code of [1, 5, 19, 20, 2067]) assert.equal(problemOf(sqliteError(code)), undefined, String(code))
  assert.deepEqual(
    ['ENOSPC', 'EDQUOT', 'EROFS', 'ENOENT'].map((code) => problemOf(fileError(code))),
    ['full', 'full', 'read_only', undefined],
  )
  assert.equal(problemOf(Object.assign(new Error('x'), { code: 'EPERM' })), undefined, 'not of a file')
})

test('a full disk: nothing of a transaction is kept, reading goes on, and a write that fits ends it', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const store = new Store(makeFolder(t))
  const seen: string[] = []
  store.database.watch((status) => seen.push(status))
  store.accounts.save('a', {})
  const makeRoom = fill(store)
  const large = 'x'.repeat(1_000_000)
  const write = (): void => store.auth.set('a', { t: { small: 'x', large } })
  assert.throws(write, (error: unknown) => error instanceof StorageError && error.code === 'storage_full')
  assert.equal(store.database.status, 'full')
  assert.equal(store.auth.get('a', 't', ['small']).size, 0)
  assert.equal(store.accounts.all().length, 1)
  assert.throws(write, /make room on it/u)
  makeRoom()
  assert.throws(write, StorageError, 'it is not tried all the time')
  t.mock.timers.tick(30_000)
  assert.equal(store.database.status, 'full', 'too early')
  await until(() => {
    t.mock.timers.tick(30_000)
    return store.database.status === 'ok'
  })
  write()
  assert.equal(store.auth.get('a', 't', ['large']).get('large'), large)
  assert.deepEqual(seen, ['full', 'ok'])
  store.close()
})

test('a full disk in the middle of a transaction that goes on regardless: nothing of it is kept', (t) => {
  const store = new Store(makeFolder(t))
  store.accounts.save('a', {})
  fill(store)
  const told: string[] = []
  const work = (): void => {
    store.database.onCommit(() => told.push('committed'))
    store.auth.set('a', { t: { before: 'x' } })
    assert.throws(() => store.auth.set('a', { t: { large: 'x'.repeat(1_000_000) } }), StorageError)
    store.auth.set('a', { t: { after: 'x' } })
  }
  assert.throws(() => store.database.transaction(work), StorageError)
  assert.equal(store.auth.get('a', 't', ['before', 'after']).size, 0)
  assert.deepEqual(told, [])
  store.close()
})

for (const [problem, spoil] of [
  ['full', fill],
  [
    'read_only',
    ({ database }: Store): (() => void) => {
      database.all('PRAGMA query_only = 1')
      return () => void database.all('PRAGMA query_only = 0')
    },
  ],
] as const) {
  test(`${problem}: what comes in is not taken, commands say why, and all goes on without a restart`, async (t) => {
    const { bridge, account, engine, port, connect } = await serve(t)
    const { store, engines, accounts } = bridge
    const client = await connect()
    await client.call('listen', { account_id: account.id, consumer: 'c' })
    const repair = spoil(store)
    const large = 'x'.repeat(60_000)
    assert.throws(() => engine.host.emit(received({ external_id: 'A', text: large })), StorageError)
    assert.equal(engine.stopped, 1, 'it was not disconnected in the same tick')
    assert.equal(journalOf(account).length, 0)
    assert.equal(await client.closed, 1012)

    const again = await connect()
    const { account: state } = await again.call('listen', { account_id: account.id, consumer: 'c' })
    assert.deepEqual([state.connection.status, state.connection.reason], ['disconnected', 'storage'])
    const send = {
      account_id: account.id,
      chat: BOB.digits,
      content: { kind: 'text', text: 'x' },
      request_id: '1',
    } as const
    await assert.rejects(again.call('send', send), refused(`storage_${problem}`))
    await assert.rejects(
      again.call('ack', { account_id: account.id, consumer: 'c', seq: 1 }),
      refused(`storage_${problem}`),
    )
    await assert.rejects(again.call('link', { method: 'qr' }), refused(`storage_${problem}`))
    assert.equal((await again.call('health', {})).storage, problem)
    const { status, body } = await ask(port, '/health')
    assert.deepEqual([status, (JSON.parse(body) as { status: string }).status], [503, `storage_${problem}`])
    const metrics = await ask(port, '/metrics', { headers: { authorization: `Bearer ${TOKEN}` } })
    assert.match(metrics.body, /^whatsapp_bridge_storage_ok 0$/mu)

    repair()
    // Whoever wants to write makes it be tried, once a second at most.
    const writes = async (): Promise<boolean> =>
      again.call('send', { ...send, wait: 0 }).then(
        () => true,
        () => again.socket.readyState !== 1,
      )
    while (!(await writes()));
    await until(() => engines.length > 1 && accounts.storage() === 'ok')
    const [restarted] = accounts.list()
    const fresh = restarted?.engine as typeof engine
    assert.equal(fresh.started, 1)
    fresh.directory.set(BOB.digits, person(BOB.phone))
    fresh.connect()
    fresh.host.emit(received({ external_id: 'A', text: large }))
    const last = await connect()
    await last.call('listen', { account_id: account.id, consumer: 'c' })
    await last.event('message', (event) => event.message_id === 'A')
    assert.equal((await last.call('send', send)).status, 'sent')
    assert.equal((await ask(port, '/health')).status, 200)
  })
}

test('a database that is damaged while the bridge runs: it stays up, says so, and touches nothing', async (t) => {
  const { bridge, account, engine, port, connect } = await serve(t)
  const { store } = bridge
  for (let n = 0; n < 200; n += 1) engine.host.emit(received({ external_id: `${n}`, text: 'x'.repeat(2000) }))
  store.database.tidy()
  const earlier = await connect()
  damage(store.database.path)
  // What is read from the disk from now on is nonsense; what SQLite has in memory is not.
  store.database.all('PRAGMA shrink_memory')
  assert.throws(
    () => journalOf(account),
    (error: unknown) => error instanceof StorageError && error.problem === 'corrupt',
  )
  assert.equal(engine.stopped, 1)
  assert.equal(await earlier.closed, 1012)
  const before = readFileSync(store.database.path)
  const client = await connect()
  for (const [command, args] of [
    ['accounts', {}],
    ['listen', { account_id: account.id, consumer: 'c' }],
    ['chats', { account_id: account.id }],
  ] as const) {
    await assert.rejects(client.request(command, args), refused('storage_corrupt'))
  }
  const health = await client.call('health', {})
  assert.deepEqual([health.storage, health.accounts], ['corrupt', []])
  assert.equal((await ask(port, '/health')).status, 503)
  assert.ok(readFileSync(store.database.path).equals(before))
})

test('a file that is no database: the bridge starts, refuses every command, and leaves the file alone', async (t) => {
  const folder = makeFolder(t)
  const { bridgeId, database } = new Store(folder)
  database.close()
  const nonsense = Buffer.alloc(20_000, 'nonsense ')
  writeFileSync(join(folder, 'bridge.db'), nonsense)
  const { port, connect } = await serveOnly(t, MemoryBridge.open(t, folder))
  const { status, body } = await ask(port, '/health')
  assert.deepEqual([status, (JSON.parse(body) as { status: string }).status], [503, 'storage_corrupt'])
  const client = await connect()
  assert.equal(client.hello?.bridge_id, bridgeId, 'it is the same bridge')
  await assert.rejects(client.call('accounts', {}), (error: unknown) => {
    assert.ok(refused('storage_corrupt')(error))
    assert.match((error as Error).message, /backup.*bridge\.db.*move the file away/u)
    return true
  })
  assert.equal((await client.call('health', {})).storage, 'corrupt')
  assert.ok(readFileSync(join(folder, 'bridge.db')).equals(nonsense))
})

test('moving the damaged file away makes a new database for the same bridge', (t) => {
  const folder = makeFolder(t)
  const first = new Store(folder)
  first.close()
  const path = join(folder, 'bridge.db')
  const moved = new DatabaseSync(path)
  moved.exec('DROP TABLE bridge; CREATE TABLE bridge (bridge_id TEXT NOT NULL) STRICT')
  moved.close()
  const second = new Store(folder)
  assert.equal(second.bridgeId, first.bridgeId)
  second.close()
})

for (const table of [undefined, 'bridge', 'accounts', 'auth']) {
  test(`damage that is found at the start, in ${table ?? 'everything'}: the bridge starts, and is the same`, async (t) => {
    const folder = makeFolder(t)
    const { bridgeId, database } = new Store(folder)
    database.close()
    damage(join(folder, 'bridge.db'), table)
    const { port, connect } = await serveOnly(t, MemoryBridge.open(t, folder))
    const client = await connect()
    assert.equal(client.hello?.bridge_id, bridgeId)
    await assert.rejects(client.call('accounts', {}), refused('storage_corrupt'))
    assert.equal((await ask(port, '/health')).status, 503)
  })
}
