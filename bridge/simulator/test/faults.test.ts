import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type BinaryNode, proto } from 'baileys'

import type { DisconnectReason } from '../disconnects.ts'
import { makeLinkedWorld, makeWorld } from './world.ts'
import { Client } from './client.ts'

const { ERROR } = proto.WebMessageInfo.Status

/** The status code Baileys closes with. */
const CODES: Record<Exclude<DisconnectReason, 'hang'>, number> = {
  restart: 515,
  replaced: 440,
  device_removed: 401,
  service_unavailable: 503,
  malformed: 500,
  unknown: 500,
  end: 428,
  drop: 428,
  failure_401: 401,
  failure_402: 402,
  failure_403: 403,
  failure_405: 405,
  failure_406: 406,
  failure_409: 409,
  failure_503: 503,
}

test('every disconnect ends the connection its way, and one can come back', async (t) => {
  const { client, whatsapp, owner } = await makeLinkedWorld(t)
  for (const reason of Object.keys(CODES) as (keyof typeof CODES)[]) {
    assert.equal(whatsapp.disconnect(owner, reason).length, 1)
    await client.until(() => client.closed !== undefined)
    assert.equal(client.closed, CODES[reason], reason)
    await client.reopen()
    await whatsapp.until(() => owner.devices[0]?.ready)
  }
})

test('disconnects one device of several', async (t) => {
  const { client, whatsapp, owner } = await makeLinkedWorld(t)
  const second = await Client.link(whatsapp, owner)
  t.after(() => second.end())
  whatsapp.disconnect(owner, 'drop', owner.devices[1])
  await second.until(() => second.closed === 428)
  assert.ok(client.open)
})

test('drops before the message: nothing is delivered', async (t) => {
  const { client, whatsapp, bob } = await makeLinkedWorld(t)
  whatsapp.faults.set({ kind: 'drop', at: 'before_message', times: 1 })
  const id = await client.say(bob.jid, 'lost')
  await client.reopen()
  await client.say(bob.jid, 'next')
  await bob.waitFor(({ text }) => text === 'next')
  assert.equal(bob.inbox.length, 1)
  assert.equal(
    client.acks.some(({ attrs }) => attrs['id'] === id),
    false,
  )
})

test('drops before the ack: delivered, and once only when sent again', async (t) => {
  const { client, whatsapp, bob } = await makeLinkedWorld(t)
  whatsapp.faults.set({ kind: 'drop', at: 'before_ack', times: 1 })
  const id = await client.say(bob.jid, 'once')
  await bob.waitFor((one) => one.id === id)
  await client.reopen()
  assert.equal(
    client.acks.some(({ attrs }) => attrs['id'] === id),
    false,
  )
  await client.socket.sendMessage(bob.jid, { text: 'once' }, { messageId: id })
  await client.ackOf(id)
  await bob.waitFor((one) => one.id === id && one.copies === 2)
  assert.equal(bob.inbox.length, 1)
})

test('drops after the ack', async (t) => {
  const { client, whatsapp, bob } = await makeLinkedWorld(t)
  whatsapp.faults.set({ kind: 'drop', at: 'after_ack', times: 1 })
  const id = await client.say(bob.jid, 'acknowledged')
  await client.until(() => client.closed === 428)
  await bob.waitFor((one) => one.id === id)
})

test('never acknowledges a message', async (t) => {
  const { client, whatsapp, bob } = await makeLinkedWorld(t)
  whatsapp.faults.set({ kind: 'no_answer', to: 'message', times: 1 })
  const first = await client.say(bob.jid, 'silence')
  const second = await client.say(bob.jid, 'answered')
  await client.ackOf(second)
  assert.equal(
    client.acks.some(({ attrs }) => attrs['id'] === first),
    false,
  )
  await bob.waitFor(({ id }) => id === first)
})

test('refuses a message with an error', async (t) => {
  const { client, whatsapp, owner, bob } = await makeLinkedWorld(t)
  whatsapp.faults.set({ kind: 'ack_error', code: 463, times: 1, number: bob.number })
  await client.ackOf(await client.say(bob.jid, 'fine'))
  const fault = whatsapp.faults.set({ kind: 'ack_error', code: 463, number: owner.number })
  const id = await client.say(bob.jid, 'restricted')
  assert.equal((await client.ackOf(id)).attrs['error'], '463')
  await client.status(id, ERROR)
  whatsapp.faults.clear(fault)
  await client.say(bob.jid, 'fine again')
  await bob.waitFor(({ text }) => text === 'fine again')
  assert.deepEqual(
    bob.inbox.map(({ text }) => text),
    ['fine', 'fine again'],
  )
  assert.throws(() => whatsapp.faults.clear(fault), /no fault/)
})

test('never answers an iq, or answers it with an error', async (t) => {
  const { client, whatsapp, family } = await makeLinkedWorld(t)
  whatsapp.faults.set({ kind: 'iq_error', to: 'w:g2', code: 429, times: 1 })
  await assert.rejects(client.socket.groupMetadata(family.id), (error: { data?: number }) => error.data === 429)
  whatsapp.faults.set({ kind: 'no_answer', to: 'w:g2/query', times: 1 })
  const attrs = { to: family.id, type: 'get', xmlns: 'w:g2' }
  const iq = { tag: 'iq', attrs, content: [{ tag: 'query', attrs: { request: 'interactive' } }] }
  assert.equal(
    await client.socket.query({ ...iq, attrs: { ...attrs, id: '1' } }, 100).catch(() => undefined),
    undefined,
  )
  assert.ok(await client.socket.query({ ...iq, attrs: { ...attrs, id: '2' } }, 5000))
})

test('refuses a login, as often as asked', async (t) => {
  const { client, whatsapp, owner } = await makeLinkedWorld(t)
  for (const code of [401, 403, 405, 503]) {
    whatsapp.faults.set({ kind: 'login_failure', code, times: 1, number: owner.number })
    client.end()
    await client.until(() => client.closed !== undefined)
    client.reconnect()
    await client.until(() => client.closed === code)
  }
  client.reconnect()
  await client.until(() => client.open)
})

test('refuses the upgrade', async (t) => {
  const { whatsapp } = await makeWorld(t)
  whatsapp.faults.set({ kind: 'http_status', code: 503, times: 1 })
  const client = new Client(whatsapp)
  t.after(() => client.end())
  await client.until(() => client.closed !== undefined)
  client.reconnect()
  await client.nextQr()
})

test('delays, and keeps the order', async (t) => {
  const { client, whatsapp, owner, bob } = await makeLinkedWorld(t)
  await client.ackOf(await client.say(bob.jid, 'warm-up'))
  whatsapp.faults.set({ kind: 'delay', ms: 150, to: 'message', times: 1, number: owner.number })
  const start = performance.now()
  const ids = [await client.say(bob.jid, 'late'), await client.say(bob.jid, 'behind')]
  for (const id of ids) await client.ackOf(id)
  assert.ok(performance.now() - start >= 150)
  assert.deepEqual(client.acks.map(({ attrs }) => attrs['id']).slice(-2), ids)
})

test('a delay ends with the connection', async (t) => {
  const { client, whatsapp, bob } = await makeLinkedWorld(t)
  whatsapp.faults.set({ kind: 'delay', ms: 600_000, to: 'message', times: 1 })
  const id = await client.say(bob.jid, 'very late')
  client.end()
  await bob.waitFor((one) => one.id === id)
})

test('delivers a message twice', async (t) => {
  const { client, whatsapp, owner, bob } = await makeLinkedWorld(t)
  whatsapp.faults.set({ kind: 'duplicate', times: 1 })
  const stanzas: (string | undefined)[] = []
  client.socket.ws.on('CB:message', ({ attrs }: BinaryNode) => stanzas.push(attrs['id']))
  const id = await bob.say(owner, 'twice')
  const next = await bob.say(owner, 'once')
  await client.message(next)
  assert.deepEqual(stanzas, [id, id, next])
})

test('asks for keys when they run low, and works without one-time keys', async (t) => {
  const { client, whatsapp, owner, bob } = await makeLinkedWorld(t)
  const device = owner.devices[0]
  assert.ok(device)
  while (device.keyCount > 5) device.takeBundle()
  await client.message(await bob.say(owner, 'takes one'))
  await whatsapp.until(() => device.keyCount >= 5)
  whatsapp.faults.set({ kind: 'no_answer', to: 'encrypt' })
  while (device.keyCount > 0) device.takeBundle()
  const eve = whatsapp.phone({ number: '15550000005', name: 'Fay' })
  await client.message(await eve.say(owner, 'without a one-time key'))
})

test('who is on WhatsApp', async (t) => {
  const { client, bob } = await makeLinkedWorld(t)
  const found = await client.socket.onWhatsApp(`+${bob.number}`, '+15559999999')
  assert.deepEqual(
    found?.filter(({ exists }) => exists),
    [{ jid: bob.jid, exists: true }],
  )
  const id = await client.say('15559999999@s.whatsapp.net', 'nobody')
  assert.equal((await client.ackOf(id)).attrs['error'], '404')
})

test('refuses a fault that is none', async (t) => {
  const { whatsapp } = await makeWorld(t)
  assert.throws(() => whatsapp.faults.set({ kind: 'duplicate', times: 0 }), /`times` must be >= 1/)
  assert.throws(() => whatsapp.faults.set({ kind: 'rain' } as never), /`kind`/)
})

test('presence, typing and calls trouble nobody', async (t) => {
  const { client, whatsapp, owner, bob } = await makeLinkedWorld(t)
  await client.socket.presenceSubscribe(bob.jid)
  await client.socket.sendPresenceUpdate('composing', bob.jid)
  await client.socket.rejectCall('CALL', bob.jid)
  await client.message(await bob.say(owner, 'still here'))
  await whatsapp.until(() => owner.devices[0]?.ready)
})
