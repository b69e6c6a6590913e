import assert from 'node:assert/strict'
import { test } from 'node:test'

import { CLOSE, LIMITS } from '../src/protocol.ts'
import { Client, Refusal } from './support/client.ts'
import { ask } from './support/http.ts'
import { BridgeProcess } from './support/process.ts'

function refused(code: string) {
  return (error: unknown): boolean => error instanceof Refusal && error.code === code
}

test('the bridge and a client that knows it', async (t) => {
  const bridge = await BridgeProcess.start(t)

  await t.test('health says that it lives, to anybody, and nothing more', async () => {
    const { status, body } = await ask(bridge.port, '/health')
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(JSON.parse(body) as object), ['status', 'version'])
  })

  await t.test('no other path or method answers', async () => {
    for (const path of ['/', '/ws', '/token', '/health/../token', '/health?x']) {
      assert.equal((await ask(bridge.port, path)).status, 404, path)
    }
    assert.equal((await ask(bridge.port, '/health', { method: 'POST' })).status, 404)
  })

  await t.test('what comes through a browser is refused', async () => {
    assert.equal((await ask(bridge.port, '/health', { headers: { origin: 'http://localhost' } })).status, 403)
    assert.equal((await ask(bridge.port, '/health', { headers: { host: 'evil.example' } })).status, 403)
    await assert.rejects(bridge.connect({ origin: 'http://127.0.0.1' }), /HTTP 403/u)
    await assert.rejects(bridge.connect({ headers: { host: 'evil.example' } }), /HTTP 403/u)
  })

  await t.test('a websocket elsewhere is refused', async () => {
    await assert.rejects(Client.connect(t, bridge.url.replace('/ws', '/other')), /HTTP 404/u)
  })

  await t.test('greets, and lets the right token in', async () => {
    const client = await bridge.connect()
    assert.equal(client.hello?.bridge_id, bridge.bridgeId)
    assert.deepEqual(client.hello.schema, { min: 1, max: 1 })
    assert.equal((await client.authenticate(bridge.token)).bridge_id, bridge.bridgeId)
    assert.deepEqual(await client.call('accounts', {}), { accounts: [] })
    const health = await client.call('health', {})
    assert.equal(health.clients, 1)
    await client.close()
  })

  await t.test('keeps a wrong token out, after a while', async () => {
    const client = await bridge.connect()
    const start = performance.now()
    await assert.rejects(client.authenticate(`${bridge.token}x`), refused('unauthorized'))
    assert.ok(performance.now() - start > 900)
    assert.equal(await client.closed, CLOSE.unauthorized)
  })

  await t.test('obeys nobody who has not authenticated', async () => {
    const client = await bridge.connect()
    await assert.rejects(client.call('accounts', {}), refused('unauthorized'))
    assert.equal(await client.closed, CLOSE.unauthorized)
  })

  await t.test('says which schemas it speaks', async () => {
    const client = await bridge.connect()
    await assert.rejects(client.authenticate(bridge.token, 2), (error: unknown) => {
      assert.ok(error instanceof Refusal)
      assert.equal(error.code, 'schema_incompatible')
      assert.deepEqual(error.details, { min: 1, max: 1 })
      return true
    })
    assert.equal(await client.closed, CLOSE.schema)
  })

  await t.test('does not tell a schema to who has no token', async () => {
    const client = await bridge.connect()
    await assert.rejects(client.authenticate('wrong', 2), refused('unauthorized'))
  })

  await t.test('closes on what is no request', async () => {
    for (const frame of ['{', '[]', '{"id":"1","command":"accounts","args":{}}', '{"command":"accounts"}', 'null']) {
      const client = await bridge.client()
      client.socket.send(frame)
      assert.equal(await client.closed, CLOSE.bad_frame, frame)
    }
    const client = await bridge.client()
    client.socket.send(Buffer.from('{"id":1,"command":"accounts","args":{}}'), { binary: true })
    assert.equal(await client.closed, CLOSE.bad_frame)
  })

  await t.test('closes on a frame that is too large', async () => {
    const client = await bridge.client()
    client.socket.send('x'.repeat(LIMITS.frame_bytes + 1))
    assert.equal(await client.closed, 1009)
  })

  await t.test('answers wrong commands with an error and goes on', async () => {
    const client = await bridge.client()
    await assert.rejects(client.request('dance', {}), refused('unknown_command'))
    await assert.rejects(client.request('toString', {}), refused('unknown_command'))
    await assert.rejects(client.request('listen', {}), refused('invalid_request'))
    await assert.rejects(client.request('accounts', null), refused('invalid_request'))
    await assert.rejects(client.call('listen', { account_id: 'x', consumer: 'y' }), refused('account_not_found'))
    await assert.rejects(client.call('link', { method: 'code' }), refused('invalid_request'))
    assert.deepEqual(await client.call('link_cancel', { link_id: 'none' }), {})
    assert.deepEqual(await client.request('accounts', { unknown: 1 }), { accounts: [] })
  })

  await t.test('names the field of an argument that is wrong', async () => {
    const client = await bridge.client()
    const send = { account_id: 'x', chat: 'y', request_id: 'z' }
    const cases = [
      [{ ...send, content: { kind: 'text', text: '' } }, '/content/text'],
      [{ ...send, content: { kind: 'poll', question: 'q', options: ['a'], selectable: 1 } }, '/content/options'],
      [{ ...send, content: { kind: 'text', text: 'x' }, ttl: -1 }, '/ttl'],
      [{ ...send, chat: '', content: { kind: 'text', text: 'x' } }, '/chat'],
    ] as const
    for (const [args, field] of cases) {
      await assert.rejects(client.request('send', args), (error: unknown) => {
        assert.ok(error instanceof Refusal)
        assert.equal(error.code, 'invalid_request')
        assert.equal(error.details['field'], field)
        return true
      })
    }
  })
})

test('a client that says nothing is sent away', async (t) => {
  const bridge = await BridgeProcess.start(t)
  const client = await bridge.connect()
  const start = performance.now()
  assert.equal(await client.closed, CLOSE.auth_deadline)
  assert.ok(performance.now() - start > 4500)
})
