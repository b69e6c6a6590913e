import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Account } from '../src/account/account.ts'
import { EngineError } from '../src/engine/engine.ts'
import type { ReceiptEvent } from '../src/protocol.ts'
import { makeFolder } from './support/folder.ts'
import { BOB, freeze, MemoryBridge, type MemoryEngine, person, textOf } from './support/memory.ts'
import { code, later, sayer, type Send, world } from './support/sending.ts'
import { EVE, eventsOf } from './support/told.ts'
import { until } from './support/until.ts'

function restricted(): Promise<never> {
  return Promise.reject(new EngineError('restricted', 'WhatsApp has restricted this account', 'never'))
}

function receipts(account: Account): ReceiptEvent[] {
  return eventsOf(account, 'receipt')
}

test('answers "sent" when WhatsApp has confirmed, and journals it', async (t) => {
  const { account, engine, say } = await world(t)
  const result = await say('hello')
  const timestamp = 1_700_000_000
  assert.deepEqual(result, { message_id: 'OUT1', chat_id: BOB.phone, status: 'sent', sent_as: 'text', timestamp })
  assert.deepEqual(engine.sent[0]?.to, person(BOB.phone))
  assert.deepEqual(
    receipts(account).map(({ message_id, status }) => [message_id, status]),
    [['OUT1', 'sent']],
  )
  assert.equal(account.state().queued, 0)
})

test('a receipt that comes before the confirmation, or instead of it, says that the message was sent', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine, say } = await world(t, bridge)
  const read = (external_id: string): void =>
    engine.host.emit({ type: 'receipt', external_id, status: 'read', by: null, timestamp: 1_700_000_001 })
  const told = (): string[] => receipts(account).map(({ message_id, status }) => `${message_id} ${status}`)
  engine.deliver = ({ external_id }) => {
    read(external_id)
    return Promise.resolve({ accepted_at: 1_700_000_000 })
  }
  assert.equal((await say('before')).status, 'sent')
  assert.deepEqual(told(), ['OUT1 sent', 'OUT1 read'])
  assert.equal(account.state().queued, 0)

  // The connection breaks after WhatsApp has it.
  engine.deliver = ({ external_id }) => {
    read(external_id)
    return later()
  }
  assert.equal((await say('instead')).status, 'sent')
  assert.deepEqual(told().slice(2), ['OUT2 sent', 'OUT2 read'])
  assert.equal(account.state().queued, 0)

  // It waits to be sent again.
  engine.deliver = () => later()
  const answer = say('while it waits')
  await until(() => engine.sent.length === 3)
  read('OUT3')
  assert.equal((await answer).status, 'sent')
  assert.deepEqual(told().slice(4), ['OUT3 sent', 'OUT3 read'])
  assert.equal(account.state().queued, 0)
  assert.equal(engine.sent.length, 3)
})

test('the message is on disk before anything of it is sent', async (t) => {
  const { bridge, account, engine, say } = await world(t)
  engine.deliver = ({ external_id }) => {
    assert.equal(bridge.store.outbox.byMessage(account.id, external_id)?.state, 'queued')
    assert.ok(engine.host.message(external_id))
    assert.equal(
      bridge.store.database.transaction(() => true),
      true,
    )
    return Promise.resolve({ accepted_at: 1 })
  }
  await say('hello')
})

test('the same request is one message and one result: at the same time, later, and after a restart', async (t) => {
  const bridge = MemoryBridge.open(t, makeFolder(t))
  const { engine, say } = await world(t, bridge)
  const [first, second] = await Promise.all([say('once'), say('once')])
  assert.deepEqual(first, second)
  assert.deepEqual(await say('once', { content: { kind: 'text', text: 'something else' } }), first)
  assert.equal(engine.sent.length, 1)
  await bridge.close()

  const again = MemoryBridge.open(t, bridge.folder)
  const [account] = again.accounts.list()
  assert.ok(account)
  assert.deepEqual(await sayer(account)('once'), first)
  assert.equal((account.engine as MemoryEngine).sent.length, 0)
})

test('a request that was refused may be made again', async (t) => {
  const { engine, say } = await world(t)
  await assert.rejects(say('r', { chat: '+1 555 999 0000' }), code('not_on_whatsapp'))
  engine.directory.set('15559990000', person('15559990000@s.whatsapp.net'))
  assert.equal((await say('r', { chat: '+1 555 999 0000' })).status, 'sent')
  assert.deepEqual(engine.lookups, ['15559990000', '15559990000'])
})

test('a number that WhatsApp writes differently is looked up once', async (t) => {
  const { engine, say } = await world(t)
  engine.directory.set('5511987654321', person('551187654321@s.whatsapp.net'))
  const first = await say('a', { chat: '+55 11 98765-4321' })
  const second = await say('b', { chat: '5511987654321' })
  assert.equal(first.chat_id, '551187654321@s.whatsapp.net')
  assert.equal(second.chat_id, first.chat_id)
  assert.equal(engine.lookups.length, 1)
  assert.deepEqual(engine.sent[1]?.to.aliases, [{ kind: 'phone', value: '551187654321@s.whatsapp.net' }])
})

test('wrong requests leave nothing behind', async (t) => {
  const { account, engine, say } = await world(t)
  const poll = { kind: 'poll', question: 'q', options: ['a', 'b'], selectable: 1 } as const
  const wrong = [
    ['invalid_request', { content: { kind: 'text', text: ' \n' } }],
    ['invalid_request', { content: { ...poll, options: ['a', ' '] } }],
    ['invalid_request', { content: { ...poll, options: ['a', 'b'], question: ' ' } }],
    ['invalid_request', { content: { ...poll, options: ['a', 'b'], selectable: 3 } }],
    ['chat_not_found', { chat: 'Bob' }],
    ['chat_not_found', { chat: '120363000000000009@g.us' }],
    ['chat_not_found', { chat: '900000000000099@lid' }],
    ['not_on_whatsapp', { chat: '+1 555 999 0000' }],
  ] as const satisfies [string, object][]
  for (const [expected, changes] of wrong) await assert.rejects(say('r', changes as Partial<Send>), code(expected))
  engine.capabilities = () => ({ text: { supported: false, limits: {} } })
  await assert.rejects(say('r'), code('unsupported'))
  assert.equal(engine.sent.length, 0)
  assert.equal(account.state().queued, 0)
  assert.deepEqual(receipts(account), [])
})

test('a final refusal is an error for who waits, and a receipt for everybody', async (t) => {
  const { account, engine, say } = await world(t)
  engine.deliver = restricted
  await assert.rejects(say('no'), code('restricted'))
  await assert.rejects(say('no'), code('restricted'))
  assert.equal(engine.sent.length, 1)
  assert.deepEqual(
    receipts(account).map(({ status, error }) => [status, error]),
    [['failed', 'restricted']],
  )
  engine.deliver = () => Promise.resolve({ accepted_at: 1 })
  assert.equal((await say('next')).status, 'sent', 'one message that failed holds nothing up')
})

test('a bug in the engine fails the message and is not tried again', async (t) => {
  const { account, engine, say } = await world(t)
  engine.deliver = () => Promise.reject(new TypeError('oops'))
  await assert.rejects(say('no'), code('internal'))
  assert.equal(engine.sent.length, 1)
  assert.equal(receipts(account)[0]?.error, 'internal')
})

test('each chat in order, and a chat that has to wait does not hold up the others', async (t) => {
  const { engine, say } = await world(t)
  const timers = freeze(t)
  const order: string[] = []
  let failures = 2
  engine.deliver = (message) => {
    const text = textOf(message)
    if (text === 'bob 1' && failures > 0) {
      failures -= 1
      return later()
    }
    order.push(text)
    return Promise.resolve({ accepted_at: 1 })
  }
  const sends = Promise.all([
    say('bob 1'),
    say('bob 2'),
    say('eve 1', { chat: EVE }),
    say('bob 3'),
    say('eve 2', { chat: EVE }),
  ])
  await until(() => order.length === 2)
  timers.tick(1000)
  await until(() => failures === 0)
  assert.deepEqual(order, ['eve 1', 'eve 2'])
  await new Promise(setImmediate)
  timers.tick(2000)
  await sends
  assert.deepEqual(order, ['eve 1', 'eve 2', 'bob 1', 'bob 2', 'bob 3'])
  const tries = engine.sent.filter((message) => textOf(message) === 'bob 1').map(({ external_id }) => external_id)
  assert.equal(tries.length, 3)
  assert.equal(new Set(tries).size, 1)
})

test('order holds while a number is looked up', async (t) => {
  const { engine, say } = await world(t)
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof person>>()
  engine.lookup = () => promise
  const sends = [say('1', { chat: '15559990000' }), say('2', { chat: '15559990000' }), say('other')]
  await sends[2]
  resolve(person('15559990000@s.whatsapp.net'))
  await Promise.all(sends)
  assert.deepEqual(engine.texts(), ['other', '1', '2'])
})

test('an account that is not linked sends nothing', async (t) => {
  const { account, engine, say } = await world(t)
  engine.host.connection({ status: 'unlinked', reason: 'logged_out', retry_at: null })
  await assert.rejects(say('no'), code('not_linked'))
  assert.equal(account.state().queued, 0)
})
