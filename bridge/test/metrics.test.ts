import assert from 'node:assert/strict'
import { test } from 'node:test'

import { EngineError } from '../src/engine/engine.ts'
import { BOB, group, person, received } from './support/memory.ts'
import { ask } from './support/http.ts'
import { serve, TOKEN } from './support/serve.ts'

const AUTHORIZED = { headers: { authorization: `Bearer ${TOKEN}` } }

/** The samples by name and label. */
function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

test('what was sent, failed, received and reconnected is counted, and who lags behind', async (t) => {
  const { account, engine, port, connect } = await serve(t)
  const client = await connect()
  await client.call('listen', { account_id: account.id, consumer: 'slow' })
  engine.directory.set(BOB.digits, person(BOB.phone))
  const send = { account_id: account.id, chat: BOB.digits, content: { kind: 'text', text: 'x' } } as const
  await client.call('send', { ...send, request_id: '1' })
  engine.deliver = () => Promise.reject(new EngineError('rejected', 'no', 'never'))
  await assert.rejects(client.call('send', { ...send, request_id: '2' }))
  engine.host.emit(received({ external_id: 'a' }))
  engine.host.emit(received({ external_id: 'a' }))
  engine.host.emit(received({ external_id: 'b', from_me: true, chat: group('1@g.us') }))
  engine.disconnect()
  engine.connect()
  const { accounts, storage } = await client.call('health', {})
  assert.equal(storage, 'ok')
  const [health] = accounts
  assert.ok(health)
  const { account_id, connection, last_received_at, ...counted } = health
  assert.equal(account_id, account.id)
  assert.equal(connection.status, 'connected')
  assert.ok(last_received_at !== null && Math.abs(last_received_at - Date.now() / 1000) < 60)
  const expected = { queued: 0, journal: 5, lag: 5, reconnects: 1, sent: 1, failed: 1, received: 1 }
  assert.deepEqual(counted, { ...expected, last_sent_at: 1_700_000_000 })
  await client.call('ack', { account_id, consumer: 'slow', seq: 3 })
  assert.equal((await client.call('health', {})).accounts[0]?.lag, 2)

  const { status, headers, body } = await ask(port, '/metrics', AUTHORIZED)
  assert.equal(status, 200)
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/u)
  const values = samples(body)
  const label = `{account_id="${account_id}"}`
  const told = (name: string): number | undefined => values.get(`whatsapp_account_${name}${label}`)
  assert.deepEqual(
    ['connected', 'queued_messages', 'journal_events', 'journal_lag_events', 'reconnects_total'].map((name) =>
      told(name),
    ),
    [1, 0, 5, 2, 1],
  )
  assert.deepEqual(
    ['sent_messages_total', 'failed_messages_total', 'received_messages_total'].map((name) => told(name)),
    [1, 1, 1],
  )
  assert.equal(told('last_sent_timestamp_seconds'), 1_700_000_000)
  assert.equal(values.get('whatsapp_bridge_storage_ok'), 1)
  assert.equal(values.get('whatsapp_bridge_clients'), 1)
  assert.ok((values.get('process_resident_memory_bytes') ?? 0) > 10_000_000)
})

test('metrics are in the form that Prometheus reads, and name nobody', async (t) => {
  const { account, engine, port } = await serve(t)
  engine.host.emit(received({ text: 'secret text' }))
  const { body } = await ask(port, '/metrics', AUTHORIZED)
  const sample = /^[a-z_]+(?:\{account_id="wa[\da-f]{16}"\})? -?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/u
  const comment = /^# (?:HELP [a-z_]+ [\w .,]+\.|TYPE [a-z_]+ (?:counter|gauge))$/u
  assert.ok(body.endsWith('\n'))
  for (const line of body.trimEnd().split('\n')) assert.match(line, line.startsWith('#') ? comment : sample)
  const named = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gmu)]
  for (const [, name, type] of named) assert.equal(type === 'counter', name?.endsWith('_total'), name)
  assert.doesNotMatch(body, /secret|Owner|1555/u)
  assert.ok(body.includes(account.id))
})

test('metrics are for who knows the token', async (t) => {
  const { port } = await serve(t)
  for (const authorization of ['', 'Bearer', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN, `Bearer  ${TOKEN}`]) {
    const { status, headers, body } = await ask(port, '/metrics', { headers: authorization ? { authorization } : {} })
    assert.equal(status, 401, authorization)
    assert.equal(headers['www-authenticate'], 'Bearer')
    assert.equal(body, '{"error":"Unauthorized"}')
  }
  assert.equal((await ask(port, `/metrics?token=${TOKEN}`)).status, 404)
  assert.equal((await ask(port, '/metrics', { ...AUTHORIZED, method: 'POST' })).status, 404)
  assert.equal((await ask(port, '/metrics', AUTHORIZED)).status, 200)
})
