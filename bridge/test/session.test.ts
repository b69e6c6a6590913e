import assert from 'node:assert/strict'
import { test } from 'node:test'

import { CLOSE } from '../src/protocol.ts'
import { Refusal } from './support/client.ts'
import { received } from './support/memory.ts'
import { serve } from './support/serve.ts'
import { until } from './support/until.ts'

test('the answer comes first, then what was missed, then what is new, without a gap', async (t) => {
  const { account, engine, connect } = await serve(t)
  account.records.journal.cursor('c')
  for (let n = 0; n < 300; n += 1) engine.host.emit(received({ external_id: `old${n}` }))
  const client = await connect()
  const frames: string[] = []
  client.socket.on('message', (data) => frames.push((data as Buffer).toString()))
  const { seq } = await client.call('listen', { account_id: account.id, consumer: 'c' })
  assert.equal(seq, 300)
  assert.match(frames[0] ?? '', /^\{"id":2,"result"/u)
  for (let n = 0; n < 300; n += 1) engine.host.emit(received({ external_id: `new${n}` }))
  await client.event('message', (m) => m.message_id === 'new299')
  const told = client.of('message')
  assert.deepEqual(
    told.map((frame) => frame.seq),
    Array.from({ length: 600 }, (_, index) => index + 1),
  )
  assert.deepEqual(
    told.map(({ replayed }) => replayed),
    told.map((_, index) => index < 300),
  )
})

test('listening again starts again after the cursor, and does not double anything', async (t) => {
  const { account, engine, connect } = await serve(t)
  const client = await connect()
  await client.call('listen', { account_id: account.id, consumer: 'c' })
  engine.host.emit(received({ external_id: 'one' }))
  await client.event('message')
  const from = client.events.length
  await client.call('listen', { account_id: account.id, consumer: 'c' })
  await client.event('message', (m) => m.message_id === 'one', { from })
  engine.host.emit(received({ external_id: 'two' }))
  await client.event('message', (m) => m.message_id === 'two', { from })
  await client.call('health', {})
  assert.deepEqual(
    client.of('message').map(({ event }) => event.message_id),
    ['one', 'one', 'two'],
  )
})

test('state is told to who listens only', async (t) => {
  const { account, engine, connect } = await serve(t)
  const [listener, other] = [await connect(), await connect()]
  await listener.call('listen', { account_id: account.id, consumer: 'c' })
  engine.disconnect()
  engine.host.emit(received())
  await listener.event('account', (event) => event.account.connection.status === 'disconnected')
  const { event } = await listener.event('chats')
  assert.equal(event.chats.length, 1)
  await other.call('health', {})
  assert.deepEqual(other.events, [])
})

test('a client that does not read is closed, and loses nothing', async (t) => {
  const { account, engine, connect } = await serve(t, { stall: 1500 })
  const slow = await connect()
  const { account_id } = (await slow.call('listen', { account_id: account.id, consumer: 'c' })).account
  slow.socket.pause()
  const text = 'x'.repeat(60_000)
  for (let n = 0; n < 300; n += 1) engine.host.emit(received({ external_id: `${n}`, text }))
  const watcher = await connect()
  let clients = 2
  while (clients > 1) ({ clients } = await watcher.call('health', {}))
  slow.socket.resume()
  assert.ok([CLOSE.slow_client, 1006].includes(await slow.closed))
  const again = await connect()
  await again.call('listen', { account_id, consumer: 'c' })
  await again.event('message', (m) => m.message_id === '299')
  assert.equal(again.of('message').length, 300)
})

test('a dead client is noticed', async (t) => {
  const { connect } = await serve(t, { ping: 50 })
  const dead = await connect()
  const alive = await connect()
  dead.socket.pause()
  let clients = 2
  while (clients > 1) ({ clients } = await alive.call('health', {}))
  dead.socket.resume()
  assert.equal(await dead.closed, 1006)
})

test('too many commands at once are refused, and the connection goes on', async (t) => {
  const { account, engine, connect } = await serve(t)
  engine.deliver = () => new Promise(() => undefined)
  const client = await connect()
  const content = { kind: 'text', text: 'x' } as const
  engine.directory.set('15550000002', {
    kind: 'person',
    aliases: [{ kind: 'phone', value: '15550000002@s.whatsapp.net' }],
  })
  const args = { account_id: account.id, chat: '15550000002', content }
  const refusals: unknown[] = []
  for (let n = 0; n < 300; n += 1) {
    client.call('send', { ...args, request_id: `${n}` }).catch((error: unknown) => refusals.push(error))
  }
  await until(() => refusals.length >= 44)
  const [first] = refusals as { code: string }[]
  assert.equal(first?.code, 'rate_limited')
  assert.equal(refusals.length, 44)
  assert.deepEqual((await client.call('accounts', {})).accounts.length, 1)
})

test('what nobody foresaw is an error with a number to look for in the log, and says nothing else', async (t) => {
  const { account, engine, connect } = await serve(t)
  engine.lookup = () => Promise.reject(new TypeError('/secret/path is undefined'))
  const client = await connect()
  const asking = client.call('resolve', { account_id: account.id, chat: '+1 555 999 9999' })
  await assert.rejects(asking, (error: unknown) => {
    assert.ok(error instanceof Refusal)
    assert.equal(error.code, 'internal')
    assert.match(String(error.details['reference']), /^[\da-f-]{36}$/u)
    assert.ok(error.message.includes(String(error.details['reference'])))
    assert.doesNotMatch(JSON.stringify([error.message, error.details]), /secret/u)
    return true
  })
  assert.equal((await client.call('accounts', {})).accounts.length, 1)
})
