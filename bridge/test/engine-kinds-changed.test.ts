import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Addressing } from '../simulator/people.ts'
import { groupOf, makeLinkedWorld, send, phoneOf, values, identitiesOf } from './support/engine.ts'

import { eventOf, makeWriter, PLACES } from './support/writer.ts'

const BYTES = Buffer.from('a file')
const MODES = ['lid', 'pn'] as const satisfies Addressing[]

for (const addressing of MODES) {
  describe(`what the engine tells of changes, addressed by ${addressing}`, () => {
    for (const where of PLACES) {
      test(`from a ${where}: a reaction, another, and taken back`, async (t) => {
        const world = await makeWriter(t, addressing, where)
        const { writer, to } = world
        const target = await writer.say(to, 'Well?')
        await eventOf(world, 'message', target)
        for (const form of ['plain', 'encrypted'] as const) {
          for (const emoji of ['👍', '❤️', '']) {
            const event = await eventOf(world, 'reaction', await writer.react(target, emoji, form))
            assert.deepEqual([event.target_external_id, event.emoji], [target, emoji || null])
            assert.deepEqual(values(event.sender), identitiesOf(writer))
            assert.equal(event.from_me, where === 'own phone')
          }
        }
      })

      for (const form of ['plain', 'wrapped', 'encrypted'] as const) {
        test(`from a ${where}: an edit, ${form}`, async (t) => {
          const world = await makeWriter(t, addressing, where)
          const { writer, to } = world
          const image = await writer.sendMedia(to, { kind: 'image', bytes: BYTES, caption: 'Frist' })
          for (const target of [await writer.say(to, 'Frist'), image]) {
            await eventOf(world, 'message', target)
            const event = await eventOf(world, 'edit', await writer.edit(target, 'First', form))
            assert.deepEqual([event.target_external_id, event.text, event.origin.edited], [target, 'First', true])
            assert.deepEqual(values(event.sender), identitiesOf(writer))
          }
        })
      }

      test(`from a ${where}: an encrypted edit, by whichever identities`, async (t) => {
        const world = await makeWriter(t, addressing, where)
        const { writer, to } = world
        const target = await writer.say(to, 'Frist')
        await eventOf(world, 'message', target)
        for (const creator of MODES) {
          for (const author of MODES) {
            const id = await writer.edit(target, `${creator} ${author}`, 'encrypted', { creator, author })
            assert.equal((await eventOf(world, 'edit', id)).text, `${creator} ${author}`)
          }
        }
      })

      test(`from a ${where}: a deletion`, async (t) => {
        const world = await makeWriter(t, addressing, where)
        const { writer, to } = world
        const target = await writer.say(to, 'Oops')
        const event = await eventOf(world, 'revoke', await writer.delete(target))
        assert.deepEqual([event.target_external_id, event.as_admin], [target, false])
        assert.deepEqual(values(event.sender), identitiesOf(writer))
      })
    }

    test('what comes twice is told once', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, family } = world
      for (const to of [owner, family]) {
        const target = await bob.say(to, 'First')
        const writing = [
          () => bob.react(target, '👍'),
          () => bob.edit(target, 'Second'),
          () => bob.edit(target, 'Third', 'encrypted'),
          () => bob.locate(to, { latitude: 1, longitude: 2 }),
          () => bob.delete(target),
        ]
        const ids: string[] = []
        for (const write of writing) {
          whatsapp.faults.set({ kind: 'duplicate', times: 1 })
          ids.push(await write())
          await eventOf(world, 'message', await bob.say(to, 'And on'))
        }
        const told = world.host.events.flatMap((event) => ('external_id' in event ? event.external_id : []))
        assert.deepEqual(
          told.filter((id) => ids.includes(id)),
          ids,
        )
      }
    })

    test('an admin deletes what somebody else wrote', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, eve } = world
      const group = whatsapp.group({ subject: 'Yard', members: [bob, owner, eve] })
      const target = await eve.say(group, 'Spam')
      const event = await eventOf(world, 'revoke', await bob.delete(target))
      assert.deepEqual([event.target_external_id, event.as_admin], [target, true])
    })

    test('an encrypted reaction to what somebody else wrote, by whichever identities', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { bob, eve, family, host, engine } = world
      const ours = await send(engine, host, groupOf(family), 'Ours')
      await bob.waitFor(({ id }) => id === ours)
      const theirs = await eve.say(family, 'Theirs')
      await eventOf(world, 'message', theirs)
      for (const target of [ours, theirs]) {
        for (const creator of MODES) {
          for (const author of MODES) {
            const event = await eventOf(
              world,
              'reaction',
              await bob.react(target, '👍', 'encrypted', { creator, author }),
            )
            assert.deepEqual([event.target_external_id, event.emoji], [target, '👍'])
          }
        }
      }
    })

    test('an edit on the own phone of what this bridge sent, encrypted', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { owner, bob, host, engine } = world
      const id = await send(engine, host, phoneOf(bob), 'Frist')
      await owner.waitFor((message) => message.id === id)
      const event = await eventOf(world, 'edit', await owner.edit(id, 'First', 'encrypted'))
      assert.deepEqual([event.target_external_id, event.text, event.from_me], [id, 'First', true])
    })

    test('an edit that does not decrypt costs itself only', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { owner, bob, eve, family, host } = world
      const theirs = await eve.say(family, 'Mine')
      await eventOf(world, 'message', theirs)
      const forged = await bob.edit(theirs, 'Not mine', 'encrypted')
      const unknown = await bob.say(owner, 'Known')
      host.messages.delete(unknown)
      await eventOf(world, 'message', unknown)
      host.messages.delete(unknown)
      const keyless = await bob.edit(unknown, 'Nobody can tell', 'encrypted')
      await eventOf(world, 'message', await bob.say(owner, 'And on'))
      await eventOf(world, 'message', await bob.say(family, 'And on'))
      const ids = new Set([forged, keyless])
      assert.deepEqual(
        host.events.filter((event) => 'external_id' in event && ids.has(event.external_id)),
        [],
      )
    })
  })
}
