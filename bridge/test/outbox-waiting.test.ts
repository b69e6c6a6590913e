import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Account } from '../src/account/account.ts'
import { EngineError } from '../src/engine/engine.ts'
import type { ReceiptEvent } from '../src/protocol.ts'
import { makeFolder } from './support/folder.ts'
import { BOB, freeze, MemoryBridge, type MemoryEngine } from './support/memory.ts'
import { messageRow, outgoingRow } from './support/rows.ts'
import { code, later, sayer, world } from './support/sending.ts'
import { eventsOf } from './support/told.ts'
import { until } from './support/until.ts'

function receipts(account: Account): ReceiptEvent[] {
  return eventsOf(account, 'receipt')
}

test('without a connection it is queued at once, and goes out with the connection', async (t) => {
  const { account, engine, say } = await world(t)
  engine.disconnect()
  const { status, timestamp } = await say('patience')
  assert.deepEqual([status, timestamp], ['queued', null])
  assert.equal(account.state().queued, 1)
  await assert.rejects(say('stranger', { chat: '+1 555 999 0000' }), code('not_connected'))
  assert.equal(engine.sent.length, 0)
  engine.connect()
  await until(() => receipts(account).length === 1)
  assert.equal((await say('patience')).status, 'sent')
})

test('what does not answer in time is queued, and its result can be asked for again', async (t) => {
  const { engine, say } = await world(t)
  const { promise, resolve } = Promise.withResolvers<{ accepted_at: number }>()
  engine.deliver = () => promise
  const first = await say('slow', { wait: 0 })
  assert.equal(first.status, 'queued')
  const again = say('slow')
  resolve({ accepted_at: 7 })
  assert.deepEqual(await again, { ...first, status: 'sent', timestamp: 7 })
  assert.equal(engine.sent.length, 1)
})

test('waits twenty seconds for a confirmation unless told otherwise', async (t) => {
  const { engine, say } = await world(t)
  const timers = freeze(t)
  engine.deliver = () => new Promise(() => undefined)
  let status: string | undefined
  void say('slow').then((result) => (status = result.status))
  await until(() => engine.sent.length === 1)
  timers.tick(19_900)
  await Promise.resolve()
  assert.equal(status, undefined)
  timers.tick(200)
  await until(() => status === 'queued')
})

test('tries again ever less often, and at once when WhatsApp is back', async (t) => {
  const { engine, say } = await world(t)
  const timers = freeze(t)
  t.mock.method(Math, 'random', () => 1)
  engine.deliver = later
  void say('again', { ttl: 3600 })
  await until(() => engine.sent.length === 1)
  for (const [index, seconds] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    await until(() => engine.sent.length === index + 1)
    await new Promise(setImmediate)
    timers.tick(seconds * 1000 - 100)
    await new Promise(setImmediate)
    assert.equal(engine.sent.length, index + 1, `too early after ${seconds} s`)
    timers.tick(200)
    await until(() => engine.sent.length === index + 2)
  }
  await new Promise(setImmediate)
  engine.disconnect()
  engine.connect()
  await until(() => engine.sent.length === 10)
})

test('a message that is too old is not sent any more', async (t) => {
  const { account, engine, say } = await world(t)
  const timers = freeze(t)
  engine.disconnect()
  assert.equal((await say('short', { ttl: 30 })).status, 'queued')
  assert.equal((await say('long', { ttl: 3600 })).status, 'queued')
  timers.tick(29_000)
  assert.deepEqual(receipts(account), [])
  timers.tick(2000)
  await until(() => receipts(account).length === 1)
  assert.deepEqual(
    receipts(account).map(({ status, error }) => [status, error]),
    [['failed', 'expired']],
  )
  await assert.rejects(say('short'), code('expired'))
  engine.connect()
  await until(() => receipts(account).length === 2)
  assert.deepEqual(engine.texts(), ['long'])
})

test('ten minutes are the patience unless told otherwise', async (t) => {
  const { bridge, account, engine, say } = await world(t)
  engine.disconnect()
  const before = Date.now() / 1000
  const { message_id } = await say('usual')
  const expires = bridge.store.outbox.byMessage(account.id, message_id)?.expires_at ?? 0
  assert.ok(Math.abs(expires - before - 600) < 5)
})

test('without patience it is now or an error', async (t) => {
  const { account, engine, say } = await world(t)
  engine.deliver = later
  await assert.rejects(say('now', { ttl: 0 }), code('not_connected'))
  assert.equal(engine.sent.length, 1)
  assert.equal(receipts(account)[0]?.status, 'failed')
  engine.disconnect()
  await assert.rejects(say('now 2', { ttl: 0 }), code('not_connected'))
  assert.equal(account.state().queued, 0)
})

test('what was queued before a restart is sent after it, as the same message', async (t) => {
  const bridge = MemoryBridge.open(t, makeFolder(t))
  const { engine, say } = await world(t, bridge)
  engine.deliver = (_, signal) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(new EngineError('timeout', 'stopped', 'later'))),
    )
  const { message_id } = await say('survivor', { wait: 0 })
  await until(() => engine.sent.length === 1)
  await bridge.close()

  const again = MemoryBridge.open(t, bridge.folder)
  const [account] = again.accounts.list()
  assert.ok(account)
  const successor = account.engine as MemoryEngine
  assert.equal(account.state().queued, 1)
  successor.connect()
  await until(() => receipts(account).length === 1)
  assert.deepEqual(
    successor.sent.map(({ external_id }) => external_id),
    engine.sent.map(({ external_id }) => external_id),
  )
  assert.equal((await sayer(account)('survivor')).message_id, message_id)
})

test('the queue is bounded', async (t) => {
  const bridge = MemoryBridge.open(t, makeFolder(t))
  const { account } = await world(t, bridge)
  bridge.store.database.transaction(() => {
    for (let n = 0; n < 1000; n += 1) {
      const row = { message_id: `old${n}`, chat_id: BOB.phone }
      bridge.store.messages.insert(account.id, messageRow(row), Date.now() / 1000)
      bridge.store.outbox.insert(account.id, outgoingRow(row))
    }
  })
  await bridge.close()
  const [successor] = MemoryBridge.open(t, bridge.folder).accounts.list()
  assert.ok(successor)
  assert.equal(successor.state().queued, 1000)
  await assert.rejects(sayer(successor)('one more'), code('rate_limited'))
})
