import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { Companion } from '../simulator/companion.ts'
import { reinstall } from '../simulator/directory.ts'
import { groupOf, identitiesOf, makeEngine, makeLinkedWorld, phoneOf, send, values } from './support/engine.ts'

for (const addressing of ['lid', 'pn'] as const) {
  describe(`a person's identity, addressed by ${addressing}`, () => {
    for (const quiet of [false, true]) {
      test(`changes, ${quiet ? 'and nobody says so' : 'and WhatsApp says so'}`, async (t) => {
        const { whatsapp, owner, bob, eve, family, host, engine } = await makeLinkedWorld(t, addressing)
        await send(engine, host, phoneOf(bob), 'hi')
        const before = [await bob.say(owner, 'hello'), await eve.say(owner, 'hello')]
        await whatsapp.until(() => before.every((id) => host.withId('message', id).length > 0))
        assert.deepEqual(host.of('identity_changed'), [], 'a first contact is no change')
        reinstall(whatsapp, bob, { quiet })
        const after = [await bob.say(owner, 'it is me'), await bob.say(family, 'everybody!')]
        await whatsapp.until(() => after.every((id) => host.withId('message', id).length > 0))
        const [changed, ...more] = host.of('identity_changed')
        assert.deepEqual(more, [], 'told once')
        assert.ok(values(changed?.person).every((value) => identitiesOf(bob).includes(value)))
        assert.equal(changed?.person.kind, 'person')
        const direct = await send(engine, host, phoneOf(bob), 'are you?')
        const all = await send(engine, host, groupOf(family), 'who?')
        await bob.waitFor(({ id }) => id === direct)
        await bob.waitFor(({ id }) => id === all)
        assert.equal(host.of('identity_changed').length, 1)
      })
    }

    test('changes before somebody is written to', async (t) => {
      const { whatsapp, bob, host, engine } = await makeLinkedWorld(t, addressing)
      await send(engine, host, phoneOf(bob), 'hi')
      reinstall(whatsapp, bob, { quiet: true })
      const id = await send(engine, host, phoneOf(bob), 'still there?')
      // The phone cannot read it in the old session and asks for it in a new one.
      await bob.waitFor((message) => message.id === id)
      await whatsapp.until(() => host.of('identity_changed').length > 0)
      const later = await send(engine, host, phoneOf(bob), 'good')
      await bob.waitFor((message) => message.id === later)
      assert.equal(host.of('identity_changed').length, 1)
    })

    test('changes while this device is away', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, bob, host, engine } = world
      await send(engine, host, phoneOf(bob), 'hi')
      await engine.stop()
      reinstall(whatsapp, bob)
      const again = makeEngine(t, world)
      again.start()
      await whatsapp.until(() => host.of('identity_changed').length > 0)
      await whatsapp.until(() => host.state?.status === 'connected')
      const id = await send(again, host, phoneOf(bob), 'welcome back')
      await bob.waitFor((message) => message.id === id)
      assert.equal(host.of('identity_changed').length, 1)
    })
  })

  describe(`the account's own devices, addressed by ${addressing}`, () => {
    test('are told when they are linked and unlinked, each once', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, host, engine } = world
      await whatsapp.until(() => host.store.rows.has('own-devices'))
      const desktop = await Companion.link(whatsapp, owner)
      await whatsapp.until(() => host.of('own_devices_changed').length > 0)
      await send(engine, host, phoneOf(bob), 'the list is fetched')
      await desktop.say(bob, 'and used')
      owner.unlink(desktop.device)
      await whatsapp.until(() => host.of('own_devices_changed').length > 1)
      const changes = host.of('own_devices_changed').map(({ added, removed }) => ({ added, removed }))
      const { id } = desktop.device
      assert.deepEqual(changes, [
        { added: [id], removed: [] },
        { added: [], removed: [id] },
      ])
    })

    test('are compared when they are fetched, and after a restart', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, host, engine } = world
      await whatsapp.until(() => host.store.rows.has('own-devices'))
      await engine.stop()
      const [device] = owner.devices
      const desktop = await Companion.link(whatsapp, owner)
      // As if WhatsApp had not kept what it said of it.
      for (const { tag, attrs } of device?.kept() ?? []) {
        const { id = '', from = '', type = '' } = attrs
        device?.acknowledged({ tag: 'ack', attrs: { class: tag, id, from, type } })
      }
      const again = makeEngine(t, world)
      again.start()
      await whatsapp.until(() => host.state?.status === 'connected' && device?.ready)
      await send(again, host, phoneOf(bob), 'hi')
      await whatsapp.until(() => host.of('own_devices_changed').length > 0)
      assert.deepEqual(host.of('own_devices_changed')[0]?.added, [desktop.device.id])
      await send(again, host, phoneOf(bob), 'ho')
      assert.equal(host.of('own_devices_changed').length, 1)
    })

    test('the first list and the own link are no news', async (t) => {
      const { whatsapp, owner, bob, host, engine } = await makeLinkedWorld(t, addressing)
      await send(engine, host, phoneOf(bob), 'hi')
      await whatsapp.until(() => host.store.rows.has('own-devices'))
      const id = await bob.say(owner, 'hello')
      await whatsapp.until(() => host.withId('message', id).length > 0)
      assert.deepEqual(host.of('own_devices_changed'), [])
    })
  })
}
