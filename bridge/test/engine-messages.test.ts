import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { groupOf, makeLinkedWorld, phoneOf, send, values } from './support/engine.ts'

for (const addressing of ['lid', 'pn'] as const) {
  describe(`messages, addressed by ${addressing}`, () => {
    test('a text arrives with everything that names its writer', async (t) => {
      const { whatsapp, owner, bob, host } = await makeLinkedWorld(t, addressing)
      const id = await bob.say(owner, 'hello')
      await whatsapp.until(() => host.withId('message', id).length > 0)
      const [event] = host.withId('message', id)
      assert.equal(event?.text, 'hello')
      assert.equal(event.kind, 'text')
      assert.equal(event.from_me, false)
      assert.equal(event.chat.kind, 'person')
      assert.equal(event.sender.name, 'Bob')
      assert.deepEqual(values(event.chat), [bob.jid, bob.lid].toSorted())
    })

    test('a text is sent, and the phone reads it', async (t) => {
      const { bob, host, engine } = await makeLinkedWorld(t, addressing)
      const id = await send(engine, host, phoneOf(bob), 'hi')
      const got = await bob.waitFor((message) => message.id === id)
      assert.equal(got.text, 'hi')
    })

    test('a group reads and is read', async (t) => {
      const { whatsapp, bob, eve, family, host, engine } = await makeLinkedWorld(t, addressing)
      const id = await send(engine, host, groupOf(family), 'hi all')
      await bob.waitFor((message) => message.id === id && message.text === 'hi all')
      await eve.waitFor((message) => message.id === id)
      const answer = await eve.say(family, 'hi you')
      await whatsapp.until(() => host.withId('message', answer).length > 0)
      const [event] = host.withId('message', answer)
      assert.deepEqual(values(event?.chat), [family.id])
      assert.deepEqual(values(event?.sender), [eve.jid, eve.lid].toSorted())
    })
  })
}
