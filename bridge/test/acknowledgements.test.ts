import assert from 'node:assert/strict'
import { test } from 'node:test'

import { MemoryBridge, received } from './support/memory.ts'

const HOME = 'home'

test('acknowledgements that come together are one commit, and each is on disk when it is answered', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  const { journal } = account.records
  journal.cursor(HOME)
  for (const external_id of ['1', '2', '3']) engine.host.emit(received({ external_id }))
  let commits = 0
  const transaction = bridge.store.database.transaction.bind(bridge.store.database)
  bridge.store.database.transaction = (work) => {
    commits += 1
    return transaction(work)
  }
  await Promise.all([journal.ack(HOME, 1), journal.ack(HOME, 3), journal.ack(HOME, 2), journal.ack('other', 1)])
  assert.equal(commits, 1)
  assert.equal(journal.cursor(HOME), 3)
})

test('what was acknowledged just before the bridge stops is kept', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  account.records.journal.cursor(HOME)
  engine.host.emit(received())
  const acknowledged = account.records.journal.ack(HOME, 1)
  await bridge.close()
  await acknowledged
  const again = MemoryBridge.open(t, bridge.folder)
  assert.equal(again.accounts.list()[0]?.records.journal.cursor(HOME), 1)
})

test('whoever acknowledges hears that it could not be kept', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  account.records.journal.cursor(HOME)
  engine.host.emit(received())
  bridge.store.database.run(
    "CREATE TEMP TRIGGER full BEFORE UPDATE ON cursors BEGIN SELECT RAISE(ABORT, 'no room'); END",
  )
  await assert.rejects(account.records.journal.ack(HOME, 1), /no room/u)
  bridge.store.database.run('DROP TRIGGER full')
  await account.records.journal.ack(HOME, 1)
  assert.equal(account.records.journal.cursor(HOME), 1)
})
