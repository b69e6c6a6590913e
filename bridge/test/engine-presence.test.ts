import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Presence } from '../src/protocol.ts'
import { World as BridgeWorld } from './support/world.ts'
import {
  groupOf,
  identitiesOf,
  link,
  makeEngine,
  makeLinkedWorld,
  makeWorld,
  phoneOf,
  send,
  values,
  type World,
} from './support/engine.ts'

/** A new device learns what the account is called from the own phone. */
async function learnName({ whatsapp, owner, bob, host }: World): Promise<void> {
  await owner.say(bob, 'my name')
  await whatsapp.until(() => host.store.rows.get('creds')?.get('creds')?.includes('"Owner"'))
}

const soon = () => AbortSignal.timeout(5000)

for (const addressing of ['lid', 'pn'] as const) {
  describe(`presence, addressed by ${addressing}`, () => {
    test('is shown when asked: to everybody, and in a chat', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, family, engine } = world
      const { heard } = whatsapp.presences
      await learnName(world)
      await engine.presence('available', null, soon())
      for (const shown of ['composing', 'recording', 'paused'] as const) {
        await engine.presence(shown, phoneOf(bob), soon())
        await engine.presence(shown, groupOf(family), soon())
      }
      await engine.presence('unavailable', null, soon())
      await whatsapp.until(() => heard.length === 8)
      assert.ok(heard.every(({ from }) => from === owner.number))
      assert.deepEqual(
        heard.map(({ type }) => type),
        ['available', 'composing', 'composing', 'recording', 'recording', 'paused', 'paused', 'unavailable'],
      )
      assert.deepEqual([heard[0]?.name, heard[7]?.name], ['Owner', 'Owner'])
      assert.ok(identitiesOf(bob).includes(heard[1]?.to ?? ''))
      assert.equal(heard[2]?.to, family.id)
    })

    test('of somebody who is watched', async (t) => {
      const { whatsapp, owner, bob, host, engine } = await makeLinkedWorld(t, addressing)
      const told = () => host.of('presence').map(({ presence }) => presence)
      whatsapp.presences.show(bob, 'unavailable')
      await engine.watchPresence(phoneOf(bob), soon())
      await whatsapp.until(() => told().length === 1)
      assert.ok(Math.abs((host.of('presence')[0]?.last_seen ?? 0) - Date.now() / 1000) < 10)
      const steps: Presence[] = ['available', 'composing', 'recording', 'paused', 'unavailable']
      for (const step of steps) whatsapp.presences.show(bob, step, owner)
      await whatsapp.until(() => told().length === 6)
      assert.deepEqual(told().slice(1), steps)
      for (const event of host.of('presence')) {
        assert.deepEqual(event.chat, event.person)
        assert.ok(values(event.person).every((value) => identitiesOf(bob).includes(value)))
      }
      assert.equal(host.of('presence')[1]?.last_seen, null)
    })

    test('in a group that is watched, by whom', async (t) => {
      const { whatsapp, eve, family, host, engine } = await makeLinkedWorld(t, addressing)
      await engine.watchPresence(groupOf(family), soon())
      await whatsapp.until(() => whatsapp.presences.heard.length === 1)
      whatsapp.presences.show(eve, 'composing', family)
      await whatsapp.until(() => host.of('presence').length === 1)
      const [event] = host.of('presence')
      assert.deepEqual(values(event?.chat), [family.id])
      assert.ok(values(event?.person).every((value) => identitiesOf(eve).includes(value)))
      assert.equal(event?.presence, 'composing')
    })

    test('nothing is sent that nobody asked for', async (t) => {
      const world = await makeWorld(t, addressing)
      const { whatsapp, owner, bob, family, host } = world
      await bob.say(owner, 'before')
      const engine = makeEngine(t, world, { timing: { probe: 50 } })
      await link(engine, world)
      await bob.say(owner, 'hello')
      await bob.say(family, 'hello all')
      await owner.say(bob, 'typed on the own phone')
      whatsapp.calls.place(bob, owner)
      family.rename('Household')
      await whatsapp.until(() => host.of('message').length === 3 && host.of('call').length === 1)
      await engine.stop()
      await bob.say(owner, 'while away')
      const later = makeEngine(t, world, { timing: { probe: 50 } })
      later.start()
      await whatsapp.until(() => host.of('message').length === 4)
      // Idle: the server is asked a few times whether it is there, and that is all.
      const asked = owner.devices[0]?.pings ?? 0
      await whatsapp.until(() => (owner.devices[0]?.pings ?? 0) > asked + 3)
      // What has been sent up to here has arrived.
      await send(later, host, phoneOf(bob), 'marker')
      await bob.waitFor(({ text }) => text === 'marker')
      assert.deepEqual(whatsapp.presences.heard, [])
      assert.deepEqual(whatsapp.calls.heard, [])
      const told = new Set(bob.receipts.map(({ type }) => type))
      assert.deepEqual([...told], ['inactive'], 'that messages have arrived, and nothing more')
    })
  })
}

test('of those who are not watched nothing is told, whatever WhatsApp says', async (t) => {
  const { whatsapp, owner, bob, eve, host, engine } = await makeLinkedWorld(t)
  const server = owner.devices[0]?.connection
  const typing = (from: string) =>
    server?.send({ tag: 'chatstate', attrs: { from }, content: [{ tag: 'composing', attrs: {} }] })
  typing(bob.lid ?? '')
  await engine.watchPresence(phoneOf(bob), soon())
  await whatsapp.until(() => whatsapp.presences.heard.length === 1)
  typing(eve.lid ?? '')
  typing(bob.lid ?? '')
  await whatsapp.until(() => host.of('presence').length > 0)
  assert.deepEqual(
    host.of('presence').map(({ person }) => values(person)),
    [[bob.lid]],
  )
})

test('an account that may be seen online is, at each login', async (t) => {
  const world = await makeWorld(t)
  const { whatsapp, owner, host } = world
  const { heard } = whatsapp.presences
  host.marksOnline = true
  await link(makeEngine(t, world), world)
  assert.deepEqual(heard, [], 'it has no name yet')
  await learnName(world)
  await whatsapp.until(() => heard.length === 1)
  whatsapp.disconnect(owner, 'drop')
  await whatsapp.until(() => heard.length === 2)
  assert.deepEqual(heard, [
    { from: owner.number, type: 'available', name: 'Owner' },
    { from: owner.number, type: 'available', name: 'Owner' },
  ])
})

test('chosen through the whole bridge while it is connected, it takes effect at once', async (t) => {
  const world = await BridgeWorld.start(t)
  const { whatsapp, owner, bob } = world
  const { client, home } = await world.linked()
  const { heard } = whatsapp.presences
  const configure = (mark_online: boolean) =>
    client.call('configure', { account_id: home.account_id, settings: { mark_online } })
  await configure(true)
  await owner.say(bob, 'my name')
  await whatsapp.until(() => heard.length === 1)
  await configure(false)
  await whatsapp.until(() => heard.length === 2)
  await configure(true)
  await whatsapp.until(() => heard.length === 3)
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['available', 'unavailable', 'available'],
  )
})

test('what makes no sense, or cannot be shown now', async (t) => {
  const { whatsapp, owner, bob, host, engine } = await makeLinkedWorld(t)
  await assert.rejects(engine.presence('composing', null, soon()), { code: 'invalid_request' })
  await assert.rejects(engine.presence('available', phoneOf(bob), soon()), { code: 'invalid_request' })
  whatsapp.disconnect(owner, 'replaced')
  await whatsapp.until(() => host.state?.reason === 'replaced')
  await assert.rejects(engine.presence('available', null, soon()), { code: 'not_connected' })
  await assert.rejects(engine.watchPresence(phoneOf(bob), soon()), { code: 'not_connected' })
})
