import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { restrict } from '../simulator/restrictions.ts'
import { BridgeProcess } from './support/process.ts'
import { Home, link, outcome, World } from './support/world.ts'

describe('a phone that wants a passkey, through the whole bridge', () => {
  test('by QR code', async (t) => {
    const world = await World.start(t)
    world.whatsapp.faults.set({ kind: 'passkey', times: 1 })
    const client = await (await world.bridge()).client()
    const { link_id } = await client.call('link', { method: 'qr' })
    const { event } = await client.event('link', ({ status }) => status === 'qr')
    await assert.rejects(world.owner.scan(event.qr ?? ''), /passkey/u)
    const { status, error } = await outcome(client, link_id)
    assert.deepEqual([status, error], ['failed', 'passkey_required'])
    assert.deepEqual(await client.call('accounts', {}), { accounts: [] })
  })

  test('by pairing code', async (t) => {
    const world = await World.start(t)
    world.whatsapp.faults.set({ kind: 'passkey', times: 1 })
    const client = await (await world.bridge()).client()
    const { link_id } = await client.call('link', { method: 'code', phone: world.owner.number })
    const { event } = await client.event('link', ({ status }) => status === 'code')
    await assert.rejects(world.owner.enterCode(event.code ?? ''), /passkey/u)
    const { status, error } = await outcome(client, link_id)
    assert.deepEqual([status, error], ['failed', 'passkey_required'])
  })
})

describe('the life of a connection, through the whole bridge', () => {
  test('a version of WhatsApp Web that is too old is told, and another one helps without a release', async (t) => {
    const world = await World.start(t)
    const { bridge, client, home } = await world.linked()
    world.whatsapp.disconnect(world.owner, 'failure_405')
    await client.event('account', ({ account }) => account.connection.reason === 'client_outdated')
    assert.equal((await bridge.end('SIGTERM')).code, 0)
    const { url, rootKey } = world.whatsapp
    const root = Buffer.from(rootKey).toString('base64')
    const args = ['--whatsapp-url', url, '--whatsapp-root-key', root, '--whatsapp-version', '2.3100.1234567']
    const newer = await BridgeProcess.start(t, { data: bridge.data, args })
    await (await Home.listen(await newer.client(), home.account_id)).connection('connected')
    const { appVersion } = world.owner.devices[0]?.connection?.payload.userAgent ?? {}
    assert.deepEqual([appVersion?.primary, appVersion?.secondary, appVersion?.tertiary], [2, 3100, 1_234_567])
  })

  for (const how of ['connected', 'waiting', 'hanging'] as const) {
    test(`it stops within two seconds while it is ${how}`, async (t) => {
      const world = await World.start(t)
      const bridge = await world.bridge()
      const client = await bridge.client()
      const home = await Home.listen(client, await link(client, world.owner))
      if (how === 'hanging') world.whatsapp.disconnect(world.owner, 'hang')
      if (how === 'waiting') {
        world.whatsapp.faults.set({ kind: 'http_status', code: 503 })
        world.whatsapp.disconnect(world.owner, 'drop')
        await home.connection('disconnected')
      }
      const began = performance.now()
      assert.equal((await bridge.end('SIGTERM')).code, 0)
      assert.ok(performance.now() - began < 2000)
    })
  }
})

test('a restriction is told with its end, and when it is lifted', async (t) => {
  const world = await World.start(t)
  const { whatsapp, owner, bob } = world
  const { client, home } = await world.linked()
  const until = Math.floor(Date.now() / 1000) + 3600
  whatsapp.faults.set({ kind: 'ack_error', code: 463, times: 1 })
  const refused = home.say(bob.jid, 'hi')
  await assert.rejects(refused, { code: 'restricted' })
  restrict(owner, until)
  const told = await client.event('account', ({ account }) => account.restriction !== null)
  assert.equal(told.event.account.restriction?.until, until)
  restrict(owner, undefined)
  await client.event('account', ({ account }) => account.restriction === null, { from: client.events.length })
  await home.say(bob.jid, 'again')
  await bob.waitFor(({ text }) => text === 'again')
})

describe('reconnecting', () => {
  for (const end of ['replaced', 'failure_403', 'failure_405']) {
    test(`after ${end}, which nobody tries again by themselves`, async (t) => {
      const world = await World.start(t)
      const { client, home } = await world.linked()
      const { account_id } = home
      world.whatsapp.disconnect(world.owner, end as 'replaced')
      await client.event('account', ({ account: { connection } }) => {
        return connection.status === 'disconnected' && connection.reason !== null && connection.retry_at === null
      })
      await client.call('reconnect', { account_id })
      await home.connection('connected')
      await home.say(world.bob.jid, 'here again')
      await world.bob.waitFor(({ text }) => text === 'here again')
    })
  }

  test('while connected, twice at once, and one that is logged out', async (t) => {
    const world = await World.start(t)
    const { client, home } = await world.linked()
    const { account_id } = home
    const from = client.events.length
    await Promise.all([client.call('reconnect', { account_id }), client.call('reconnect', { account_id })])
    await client.event('account', ({ account }) => account.connection.status === 'connecting', { from })
    await home.connection('connected')
    await home.say(world.bob.jid, 'still here')
    await world.bob.waitFor(({ text }) => text === 'still here')
    await client.call('unlink', { account_id })
    await assert.rejects(client.call('reconnect', { account_id }), { code: 'not_linked' })
    await assert.rejects(client.call('reconnect', { account_id: 'nobody' }), { code: 'account_not_found' })
  })
})
