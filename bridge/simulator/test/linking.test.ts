import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Curve } from 'baileys'

import { Client } from './client.ts'
import { makeLinkedWorld, makeWorld } from './world.ts'

test('links by QR code: restart, login, open', async (t) => {
  const { whatsapp, owner } = await makeWorld(t)
  const client = new Client(whatsapp)
  t.after(() => client.end())
  const device = await owner.scan(await client.nextQr())
  await client.until(() => client.closed === 515)
  client.reconnect()
  await client.until(() => client.open)
  await whatsapp.until(() => device.ready)
  assert.equal(client.auth.creds.me?.id, '15550000001:1@s.whatsapp.net')
  assert.equal(client.auth.creds.me.lid, '900015550000001:1@lid')
  assert.ok(client.auth.creds.account)
  assert.deepEqual(owner.devices, [device])
  assert.ok(device.keyCount > 800)
})

test('links by code', async (t) => {
  const { whatsapp, owner } = await makeWorld(t)
  const client = new Client(whatsapp)
  t.after(() => client.end())
  await client.nextQr()
  const code = await client.socket.requestPairingCode(owner.number)
  await whatsapp.until(() => whatsapp.registrations.some((one) => one.code))
  const device = await owner.enterCode(`${code.slice(0, 4)}-${code.slice(4).toLowerCase()}`)
  await client.reopen()
  await whatsapp.until(() => device.ready)
})

test('refuses a wrong code', async (t) => {
  const { whatsapp, owner, bob } = await makeWorld(t)
  const client = new Client(whatsapp)
  t.after(() => client.end())
  await client.nextQr()
  await client.socket.requestPairingCode(owner.number)
  await whatsapp.until(() => whatsapp.registrations.some((one) => one.code))
  await assert.rejects(bob.enterCode('ABCDEFGH'), /No device asks/)
  await assert.rejects(owner.enterCode('ABC'), /eight letters/)
  await assert.rejects(owner.enterCode('ABCDEFGH'), /not the one the device shows/)
  assert.deepEqual(owner.devices, [])
})

test('refuses a QR code that nobody shows', async (t) => {
  const { whatsapp, owner } = await makeWorld(t)
  const client = new Client(whatsapp)
  t.after(() => client.end())
  const qr = await client.nextQr()
  await assert.rejects(owner.scan('hello'), /not a WhatsApp QR code/)
  await assert.rejects(owner.scan(qr.replace('2@', '2@A')), /not valid any more/)
  const parts = qr.split(',')
  parts[1] = Buffer.from(Curve.generateKeyPair().public).toString('base64')
  await assert.rejects(owner.scan(parts.join(',')), /tampered/)
  client.end()
  await whatsapp.until(() => whatsapp.registrations.length === 0)
  await assert.rejects(owner.scan(qr), /not valid any more/)
})

test('a client that does not accept the signature stays unlinked', async (t) => {
  const { whatsapp, owner } = await makeWorld(t)
  const client = new Client(whatsapp)
  t.after(() => client.end())
  const parts = (await client.nextQr()).split(',')
  parts[3] = Buffer.alloc(32).toString('base64')
  await assert.rejects(owner.scan(parts.join(',')), /refused to be linked/)
  assert.deepEqual(owner.devices, [])
})

test('turns an unknown device away with 401', async (t) => {
  const { client, owner } = await makeLinkedWorld(t)
  client.end()
  await client.until(() => client.closed !== undefined)
  owner.unlink()
  client.reconnect()
  await client.until(() => client.closed === 401)
})

test('a second connection replaces the first', async (t) => {
  const { client, whatsapp, owner } = await makeLinkedWorld(t)
  const first = client.socket
  const codes: unknown[] = []
  first.ev.on('connection.update', (update) => codes.push(update.lastDisconnect?.error))
  client.reconnect()
  await client.until(() => client.open && codes.length > 0)
  assert.match(String(codes[0]), /conflict/)
  assert.equal(owner.devices.length, 1)
  await whatsapp.until(() => owner.devices[0]?.ready)
})

test('the client logs out', async (t) => {
  const { client, whatsapp, owner } = await makeLinkedWorld(t)
  await client.socket.logout()
  await whatsapp.until(() => owner.devices.length === 0)
  await client.until(() => client.closed === 401)
})

test('the phone unlinks the client', async (t) => {
  const { client, owner } = await makeLinkedWorld(t)
  assert.deepEqual(
    owner.unlink().map(({ id }) => id),
    [1],
  )
  await client.until(() => client.closed === 401)
  assert.deepEqual(owner.devices, [])
})

test('a newly linked device gets the history', async (t) => {
  const { whatsapp, owner, bob, family } = await makeWorld(t)
  await bob.say(owner, 'before')
  await owner.say(family, 'all of you')
  const client = await Client.link(whatsapp, owner)
  t.after(() => client.end())
  const history = await client.until(() => client.events.find(({ name }) => name === 'messaging-history.set'))
  const { chats, messages } = history.data as {
    chats: { id: string; name: string }[]
    messages: { message: { conversation: string } }[]
  }
  assert.deepEqual(chats.map(({ name }) => name).toSorted(), ['Bob', 'Family'])
  assert.deepEqual(messages.map(({ message }) => message.conversation).toSorted(), ['all of you', 'before'])
})

test('one phone links two clients', async (t) => {
  const { whatsapp, owner, bob, client } = await makeLinkedWorld(t)
  const second = await Client.link(whatsapp, owner)
  t.after(() => second.end())
  const id = await bob.say(owner, 'both')
  await client.message(id)
  await second.message(id)
  const written = await client.say(bob.jid, 'from the first')
  assert.equal((await second.message(written)).message.key.fromMe, true)
})
