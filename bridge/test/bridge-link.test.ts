import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Accounts } from '../src/account/accounts.ts'
import { baileysEngine } from '../src/engine/baileys/index.ts'
import { createLogger } from '../src/log.ts'
import type { LinkEvent } from '../src/protocol.ts'
import { Store } from '../src/store/store.ts'
import { makeFolder } from './support/folder.ts'
import { Home, link, outcome, tryToLink, World } from './support/world.ts'

test('by QR code: shown, scanned, linked', async (t) => {
  const world = await World.start(t)
  const bridge = await world.bridge()
  const client = await bridge.client()
  const account_id = await link(client, world.owner)
  const states = client.of('link').map(({ event }) => event.status)
  assert.deepEqual(states, ['connecting', 'qr', 'linking', 'linked'])
  const { event } = client.of('link')[1] ?? {}
  assert.deepEqual([event?.number, event?.total], [1, 6])
  const { accounts } = await client.call('accounts', {})
  assert.deepEqual(accounts, [client.of('link').at(-1)?.event.account])
  const [account] = accounts
  assert.equal(account?.account_id, account_id)
  assert.deepEqual([account.phone, account.lid, account.engine], [world.owner.number, world.owner.lid, 'baileys'])
  assert.deepEqual([account.connection.status, account.connection.reason, account.queued], ['connected', null, 0])
  assert.ok(account.capabilities['text']?.supported)
})

test('by pairing code', async (t) => {
  const world = await World.start(t)
  const client = await (await world.bridge()).client()
  const { link_id } = await client.call('link', { method: 'code', phone: `+${world.owner.number}` })
  const { event } = await client.event('link', ({ status }) => status === 'code')
  assert.match(event.code ?? '', /^[\dA-Z]{8}$/u)
  await world.owner.enterCode(event.code ?? '')
  assert.equal((await outcome(client, link_id)).account?.phone, world.owner.number)
})

test('cancelled, or left behind by its client, it leaves nothing', async (t) => {
  const world = await World.start(t)
  const bridge = await world.bridge()
  const watcher = await bridge.client()
  for (const end of ['cancel', 'close', 'terminate'] as const) {
    const client = await bridge.client()
    const { link_id } = await client.call('link', { method: 'qr' })
    const { event } = await client.event('link', ({ status }) => status === 'qr')
    if (end === 'cancel') await client.call('link_cancel', { link_id })
    else client.socket[end]()
    await world.whatsapp.until(() => world.whatsapp.registrations.length === 0)
    await assert.rejects(world.owner.scan(event.qr ?? ''))
  }
  assert.deepEqual(watcher.of('link'), [], 'a link is told to who asked for it only')
  assert.deepEqual(await watcher.call('accounts', {}), { accounts: [] })
  assert.deepEqual(world.owner.devices, [])
})

test('another client cannot cancel it', async (t) => {
  const world = await World.start(t)
  const bridge = await world.bridge()
  const [client, other] = [await bridge.client(), await bridge.client()]
  const { link_id } = await client.call('link', { method: 'qr' })
  const { event } = await client.event('link', ({ status }) => status === 'qr')
  await other.call('link_cancel', { link_id })
  await world.owner.scan(event.qr ?? '')
  assert.equal((await outcome(client, link_id)).status, 'linked')
})

test('when nobody scans it ends by itself', async (t) => {
  const { whatsapp } = await World.start(t)
  const store = new Store(makeFolder(t))
  const engine = baileysEngine({ url: whatsapp.url, rootKey: whatsapp.rootKey, timing: { code: 30 } })
  const accounts = new Accounts(store, engine, createLogger('silent'))
  t.after(async () => {
    await accounts.stop()
    store.close()
  })
  const events: LinkEvent[] = []
  await accounts.link({ method: 'qr' }, (event) => events.push(event)).done
  assert.deepEqual(
    events.map(({ status, number }) => [status, number]),
    [['connecting', 0], ...[1, 2, 3, 4, 5, 6].map((number) => ['qr', number]), ['failed', 0]],
  )
  assert.equal(events.at(-1)?.error, 'link_expired')
  assert.deepEqual(store.database.all('SELECT * FROM auth'), [])
})

test('an account that is linked already: the new device is taken back, the old one goes on', async (t) => {
  const world = await World.start(t)
  const { client, home } = await world.linked()
  const [device] = world.owner.devices
  const { status, error } = await tryToLink(client, world.owner)
  assert.deepEqual([status, error], ['failed', 'link_conflict'])
  await world.whatsapp.until(() => world.owner.devices.length === 1)
  assert.equal(world.owner.devices[0], device)
  await world.bob.say(world.owner, 'still there?')
  await client.event('message', ({ text }) => text === 'still there?')
  assert.equal((await home.say(world.bob.number, 'yes')).status, 'sent')
})

test('another account than the one to be linked again is taken back', async (t) => {
  const world = await World.start(t)
  const { client, home } = await world.linked()
  const { status, error } = await tryToLink(client, world.bob, home.account_id)
  assert.deepEqual([status, error], ['failed', 'link_conflict'])
  await world.whatsapp.until(() => world.bob.devices.length === 0)
  assert.equal((await client.call('accounts', {})).accounts.length, 1)
})

test('linking a linked account again on purpose replaces its device', async (t) => {
  const world = await World.start(t)
  const { client, home } = await world.linked()
  const [device] = world.owner.devices
  assert.equal(await link(client, world.owner, home.account_id), home.account_id)
  await world.whatsapp.until(() => world.owner.devices.length === 1 && world.owner.devices[0] !== device)
  assert.equal((await home.say(world.bob.number, 'hello')).status, 'sent')
})

test('logged out on the phone: said so, refused to send, and linked again with everything as it was', async (t) => {
  const world = await World.start(t)
  const { bridge, client, home } = await world.linked()
  const content = { kind: 'poll', question: 'Heat?', options: ['On', 'Off'], selectable: 1 } as const
  const poll = await home.send(world.bob.number, { ...content, options: [...content.options] })
  await world.bob.waitFor((m) => m.id === poll.message_id, 15_000)
  world.owner.unlink()
  await client.event('account', ({ account }) => account.connection.status === 'unlinked')
  const [account] = (await client.call('accounts', {})).accounts
  assert.deepEqual([account?.connection.status, account?.connection.reason], ['unlinked', 'logged_out'])
  await assert.rejects(home.say(world.bob.number, 'x'), /link it again/u)

  await bridge.end('SIGTERM')
  const again = await world.bridge(bridge.data)
  const successor = await again.client()
  assert.equal((await successor.call('accounts', {})).accounts[0]?.connection.status, 'unlinked')
  assert.equal(await link(successor, world.owner), home.account_id)
  await Home.listen(successor, home.account_id)
  await world.bob.vote(poll.message_id, ['On'])
  const { event } = await successor.event('poll_vote')
  assert.deepEqual([event.poll_id, event.options, event.error], [poll.message_id, ['On'], null])
})

test('unlink takes the device off the phone', async (t) => {
  const world = await World.start(t)
  const { client, home } = await world.linked()
  await client.call('unlink', { account_id: home.account_id })
  await world.whatsapp.until(() => world.owner.devices.length === 0)
  const [account] = (await client.call('accounts', {})).accounts
  assert.equal(account?.connection.status, 'unlinked')
  await client.call('unlink', { account_id: home.account_id })
})
