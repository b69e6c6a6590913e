import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { get as open, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'

import { BridgeError } from '../src/errors.ts'
import { Store } from '../src/store/store.ts'
import { get } from './support/files.ts'
import { makeFolder } from './support/folder.ts'
import { journalOf, MemoryBridge, received } from './support/memory.ts'
import { serve } from './support/serve.ts'
import { Refusal } from './support/client.ts'

/** Two values that are only ever written together, and a lot beside them. */
function write(store: Store, n: number): void {
  store.database.transaction(() => {
    store.auth.set('one', { t: { n: String(n) } })
    store.auth.set('other', { t: { n: String(n) }, ballast: { [n]: 'x'.repeat(2000) } })
  })
}

function leftovers(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('backup'))
}

test('a copy that was made while others write is whole, and the bridge goes on meanwhile', async (t) => {
  const folder = makeFolder(t)
  const store = new Store(folder)
  store.accounts.save('a', { name: 'Owner' })
  let n = 0
  store.database.transaction(() => {
    while (n < 4000) write(store, (n += 1))
  })
  const before = n
  const done = new AbortController()
  const making = store.backups.make().finally(() => done.abort())
  while (!done.signal.aborted) {
    write(store, (n += 1))
    await turn()
  }
  const { path, size } = await making
  assert.ok(n - before > 5, `only ${n - before} writes came between`)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.ok(size > 8_000_000)

  const copy = new DatabaseSync(path)
  const value = (owner: string): number =>
    Number(copy.prepare(`SELECT value FROM auth WHERE owner = ? AND type = 't'`).get(owner)?.['value'])
  assert.equal(copy.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
  assert.equal(value('one'), value('other'))
  assert.ok(value('one') >= before)
  const ballast = copy.prepare(`SELECT count(*) AS count FROM auth WHERE type = 'ballast'`).get()
  assert.equal(ballast?.['count'], value('one'))
  assert.equal(copy.prepare('SELECT count(*) AS count FROM accounts').get()?.['count'], 1)
  copy.close()
  store.close()
  assert.deepEqual(leftovers(folder), [])
})

test('a copy can take the place of the database', async (t) => {
  const [folder, elsewhere] = [makeFolder(t), makeFolder(t)]
  const store = new Store(folder)
  write(store, 7)
  const { path } = await store.backups.make()
  const copy = new DatabaseSync(path)
  copy.exec(`VACUUM INTO '${join(elsewhere, 'bridge.db')}'`)
  copy.close()
  const restored = new Store(elsewhere)
  assert.equal(restored.bridgeId, store.bridgeId)
  assert.equal(restored.auth.get('one', 't', ['n']).get('n'), '7')
  restored.close()
  store.close()
})

test('one backup at a time; the next takes the place of the one before', async (t) => {
  const store = new Store(makeFolder(t))
  const first = store.backups.make()
  await assert.rejects(
    store.backups.make(),
    (error: unknown) => error instanceof BridgeError && error.code === 'rate_limited',
  )
  const { path } = await first
  const second = await store.backups.make()
  assert.ok(!existsSync(path))
  assert.ok(existsSync(second.path))
  second.done()
  assert.ok(!existsSync(second.path))
  store.close()
})

test('a copy that nobody takes is gone after ten minutes, and one that a crash left behind at the next start', async (t) => {
  const folder = makeFolder(t)
  const store = new Store(folder)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { path } = await store.backups.make()
  t.mock.timers.tick(599_999)
  assert.ok(existsSync(path))
  t.mock.timers.tick(1)
  assert.ok(!existsSync(path))
  store.close()
  for (const name of ['backup-x.db', 'backup-x.db-journal']) writeFileSync(join(folder, name), 'left behind')
  new Store(folder).close()
  assert.deepEqual(leftovers(folder), [])
})

test('a disk without room for a copy: an error that says so, and nothing is left of it', async (t) => {
  const folder = makeFolder(t)
  const store = new Store(folder)
  write(store, 1)
  store.database.copy = () => Promise.reject(Object.assign(new Error('x'), { code: 'ERR_SQLITE_ERROR', errcode: 13 }))
  await assert.rejects(
    store.backups.make(),
    (error: unknown) => error instanceof BridgeError && error.code === 'storage_full',
  )
  assert.deepEqual(leftovers(folder), [])
  assert.equal(store.database.status, 'ok', 'there may be room for everything else')
  store.close()
})

test('a client fetches a backup by ticket, once; it works as a data folder, and nothing stays behind', async (t) => {
  const { bridge, account, engine, port, connect } = await serve(t)
  for (const external_id of ['a', 'b']) engine.host.emit(received({ external_id }))
  const client = await connect()
  const first = client.call('backup', {})
  await assert.rejects(
    client.call('backup', {}),
    (error: unknown) => error instanceof Refusal && error.code === 'rate_limited',
  )
  const { ticket, size } = await first
  const { status, body, headers } = await get(port, ticket)
  assert.deepEqual([status, body.length, headers['content-type']], [200, size, 'application/octet-stream'])
  assert.equal((await get(port, ticket)).status, 404)
  assert.deepEqual(leftovers(bridge.folder), [])

  const folder = makeFolder(t)
  writeFileSync(join(folder, 'bridge.db'), body)
  const restored = MemoryBridge.open(t, folder)
  const [same] = restored.accounts.list()
  assert.equal(same?.id, account.id)
  assert.deepEqual(journalOf(same), journalOf(account))
  assert.equal(restored.accounts.bridgeId, bridge.accounts.bridgeId)
})

test('nothing of a backup stays behind while a client still takes it', async (t) => {
  const { bridge, port, connect } = await serve(t)
  bridge.store.database.transaction(() => {
    for (let n = 0; n < 4000; n += 1) write(bridge.store, n)
  })
  const client = await connect()
  const { ticket, size } = await client.call('backup', {})
  const [response] = (await once(open({ port, path: `/media/${ticket}` }), 'response')) as [IncomingMessage]
  assert.deepEqual(leftovers(bridge.folder), [])
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length
  assert.equal(bytes, size)
})
