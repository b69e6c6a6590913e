import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { type BinaryNode, proto } from '../src/engine/baileys/library.ts'
import { broadcast } from '../simulator/broadcast.ts'
import { Companion } from '../simulator/companion.ts'
import { identitiesOf, makeEngine, makeLinkedWorld, MemoryHost, values } from './support/engine.ts'

const PLAIN = { e2e: true, forwarded: false, edited: false, view_once: false, quoted: false, broadcast: false }

for (const addressing of ['lid', 'pn'] as const) {
  describe(`where a message comes from, addressed by ${addressing}`, () => {
    test("somebody's phone, and another device of theirs", async (t) => {
      const { whatsapp, owner, bob, family, host } = await makeLinkedWorld(t, addressing)
      const desktop = await Companion.link(whatsapp, bob)
      const told = async (id: string) => {
        await whatsapp.until(() => host.withId('message', id).length > 0)
        const [event] = host.withId('message', id)
        const { server_time, ...origin } = event?.origin ?? assert.fail()
        assert.equal(server_time, event?.timestamp)
        assert.deepEqual(values(event?.sender), identitiesOf(bob))
        return origin
      }
      for (const to of [owner, family]) {
        const fromPhone = await told(await bob.say(to, 'from my pocket'))
        assert.deepEqual(fromPhone, { ...PLAIN, source: 'person', device: 0, offline: false })
        const fromDesktop = await told(await desktop.say(to, 'from my desk'))
        assert.deepEqual(fromDesktop, { ...PLAIN, source: 'person', device: desktop.device.id, offline: false })
      }
    })

    test('the own phone, and another device of the account', async (t) => {
      const { whatsapp, owner, bob, family, host } = await makeLinkedWorld(t, addressing)
      const desktop = await Companion.link(whatsapp, owner)
      for (const to of [bob, family]) {
        const [phone, device] = [await owner.say(to, 'from my pocket'), await desktop.say(to, 'from my desk')]
        await whatsapp.until(() => [phone, device].every((id) => host.withId('message', id).length > 0))
        assert.equal(host.withId('message', phone)[0]?.origin.source, 'phone')
        assert.equal(host.withId('message', phone)[0]?.origin.device, 0)
        const [event] = host.withId('message', device)
        assert.equal(event?.from_me, true)
        assert.equal(event.origin.source, 'device')
        assert.equal(event.origin.device, desktop.device.id)
      }
    })

    test('one that went to a list of people is in the chat with its writer', async (t) => {
      const { whatsapp, owner, bob, eve, host } = await makeLinkedWorld(t, addressing)
      const id = await broadcast(whatsapp, bob, [owner, eve], 'dinner is ready')
      await whatsapp.until(() => host.withId('message', id).length > 0)
      const [event] = host.withId('message', id)
      assert.equal(event?.text, 'dinner is ready')
      assert.equal(event.origin.broadcast, true)
      assert.equal(event.chat.kind, 'person')
      assert.deepEqual(values(event.chat), identitiesOf(bob))
      assert.deepEqual(values(event.sender), identitiesOf(bob))
      await whatsapp.until(() => owner.devices[0]?.unacknowledged === 0)
    })

    test('it is the same when it is told after a crash', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, host, engine } = world
      const desktop = await Companion.link(whatsapp, bob)
      await broadcast(whatsapp, bob, [owner], 'the first brings the keys')
      await whatsapp.until(() => host.of('message').length === 1)
      host.failing = true
      const ids = [await desktop.say(owner, 'one'), await broadcast(whatsapp, bob, [owner], 'two')]
      await whatsapp.until(() => host.store.rows.get('inbox')?.size === 2)
      await engine.stop()
      const later = new MemoryHost(() => whatsapp.activity.changed())
      for (const [type, rows] of structuredClone(host.store.rows)) later.store.rows.set(type, rows)
      makeEngine(t, { ...world, host: later }).start()
      const [one, two] = ids.map((id) => later.withId('message', id)[0]?.origin)
      assert.equal(one?.device, desktop.device.id)
      assert.equal(one.broadcast, false)
      assert.equal(two?.broadcast, true)
      assert.equal(two.device, 0)
    })
  })
}

test('how a message came to be: forwarded, an answer, seen once, edited', async (t) => {
  const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
  const first = await bob.say(owner, 'first')
  const forwarded = await bob.say(owner, 'they say', { forwarded: 3 })
  const answer = await bob.say(owner, 'indeed', { quote: first })
  const once = await bob.sendMedia(owner, { kind: 'image', bytes: Buffer.alloc(64, 1), viewOnce: true })
  await whatsapp.until(() => host.of('message').length === 4)
  const origin = (id: string) => host.withId('message', id)[0]?.origin
  assert.deepEqual([origin(first)?.forwarded, origin(forwarded)?.forwarded], [false, true])
  assert.deepEqual([origin(first)?.quoted, origin(answer)?.quoted], [false, true])
  assert.deepEqual([origin(first)?.view_once, origin(once)?.view_once], [false, true])
  for (const form of ['plain', 'wrapped', 'encrypted'] as const) await bob.edit(first, `new, ${form}`, form)
  await whatsapp.until(() => host.of('edit').length === 3)
  assert.ok(host.of('edit').every((event) => event.origin.edited && event.target_external_id === first))
  assert.ok(host.of('message').every((event) => !event.origin.edited))
})

test('what is not encrypted, or in a way that nobody knows, is no message', async (t) => {
  const { whatsapp, owner, bob, family, host } = await makeLinkedWorld(t)
  const connection = owner.devices[0]?.connection
  const content = proto.Message.encode({ conversation: 'open the door' }).finish()
  const send = (attrs: Record<string, string>, part: BinaryNode): void => {
    const stanza = { t: String(Math.floor(Date.now() / 1000)), type: 'text', notify: 'Mallory', addressing_mode: 'lid' }
    connection?.send({ tag: 'message', attrs: { ...stanza, ...attrs }, content: [part] })
  }
  const parts = ['plaintext', 'none', 'msmsg', 'frskmsg'].map((type) => ({
    tag: 'enc',
    attrs: { v: '2', type },
    content,
  }))
  for (const [index, part] of [{ tag: 'plaintext', attrs: {}, content }, ...parts].entries()) {
    send({ id: `U${index}`, from: bob.lid ?? '', sender_pn: bob.jid }, part)
    send({ id: `G${index}`, from: family.id, participant: bob.lid ?? '' }, part)
  }
  const id = await bob.say(owner, 'hello')
  await whatsapp.until(() => host.withId('message', id).length > 0)
  await whatsapp.until(() => host.of('undecryptable').length >= 6)
  assert.equal(host.of('message').length, 1)
  const unreadable = host.of('undecryptable').map(({ external_id }) => external_id)
  assert.deepEqual(unreadable.toSorted(), ['G2', 'G3', 'G4', 'U2', 'U3', 'U4'])
  assert.ok(host.of('undecryptable').every(({ reason }) => reason === 'unavailable'))
})
