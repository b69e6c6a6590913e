import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { type BinaryNode, proto } from '../src/engine/baileys/library.ts'
import { groupOf, identitiesOf, makeEngine, makeLinkedWorld, phoneOf, send, values } from './support/engine.ts'

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
      assert.deepEqual(values(event.chat), identitiesOf(bob))
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
      assert.deepEqual(values(event?.sender), identitiesOf(eve))
    })
  })
}

function stanza(attrs: Record<string, string>, content: BinaryNode[]): BinaryNode {
  const t = String(Math.floor(Date.now() / 1000))
  return { tag: 'message', attrs: { t, type: 'text', notify: 'Mallory', ...attrs }, content }
}

const plaintext = (message: proto.IMessage): BinaryNode => ({
  tag: 'plaintext',
  attrs: {},
  content: proto.Message.encode(message).finish(),
})

for (const addressing of ['lid', 'pn'] as const) {
  describe(`messages of the own phone, addressed by ${addressing}`, () => {
    test('to somebody, to a group and to oneself', async (t) => {
      const { whatsapp, owner, bob, family, host } = await makeLinkedWorld(t, addressing)
      const [toBob, toFamily, toSelf] = [
        await owner.say(bob, 'typed'),
        await owner.say(family, 'typed too'),
        await owner.say(owner, 'a note'),
      ]
      await whatsapp.until(() => host.of('message').length === 3)
      const own = identitiesOf(owner)
      const read = (id: string) => {
        const [event] = host.withId('message', id)
        assert.equal(event?.from_me, true)
        assert.equal(event.sender.kind, 'self')
        assert.deepEqual(values(event.sender), own)
        return event.chat
      }
      assert.ok(values(read(toBob)).every((value) => [bob.jid, bob.lid].includes(value)))
      assert.deepEqual(values(read(toFamily)), [family.id])
      assert.equal(read(toSelf).kind, 'self')
      assert.deepEqual(values(read(toSelf)), own)
      const mixed = host.learned.some(
        (pair) => pair.some(({ value }) => own.includes(value)) && !pair.every(({ value }) => own.includes(value)),
      )
      assert.equal(mixed, false)
    })
  })
}

describe('messages', () => {
  test('what is known to be sent by this account is not told again', async (t) => {
    const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
    host.message = () => ({ raw: new Uint8Array(), from_me: true })
    await owner.say(bob, 'an echo')
    const id = await bob.say(owner, 'hello')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    assert.equal(host.of('message').length, 1)
  })

  test('kept while away come as such, in their order', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, eve, family, host, engine } = world
    await engine.stop()
    const ids = [await bob.say(owner, 'one'), await eve.say(family, 'two'), await bob.say(owner, 'three')]
    makeEngine(t, world).start()
    await whatsapp.until(() => host.of('message').length === 3)
    const told = host.of('message')
    assert.deepEqual(
      told.map(({ external_id }) => external_id),
      ids,
    )
    assert.ok(told.every(({ origin }) => origin.offline))
    const now = await bob.say(owner, 'four')
    await whatsapp.until(() => host.withId('message', now).length > 0)
    assert.equal(host.withId('message', now)[0]?.origin.offline, false)
  })

  test('a duplicate does not replace it', async (t) => {
    const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
    whatsapp.faults.set({ kind: 'duplicate', times: 1 })
    const id = await bob.say(owner, 'twice')
    const next = await bob.say(owner, 'next')
    await whatsapp.until(() => host.withId('message', next).length > 0)
    assert.ok(host.withId('message', id).every(({ text }) => text === 'twice'))
    assert.equal(host.of('message').filter(({ kind }) => kind === 'other').length, 0)
  })

  test('one that cannot be decrypted is asked for again', async (t) => {
    for (const where of ['alone', 'in a group'] as const) {
      const { whatsapp, owner, bob, family, host } = await makeLinkedWorld(t)
      whatsapp.faults.set({ kind: 'corrupt', times: 1 })
      const id = await bob.say(where === 'alone' ? owner : family, 'hard to read')
      await whatsapp.until(() => host.withId('message', id).length > 0)
      assert.equal(host.withId('message', id)[0]?.text, 'hard to read')
      assert.equal(host.of('message').length, 1)
      assert.ok(bob.receipts.some((receipt) => receipt.id === id && receipt.type === 'retry'))
    }
  })

  test('an unencrypted body is no message, whoever it says it is from', async (t) => {
    const { whatsapp, owner, bob, family, host } = await makeLinkedWorld(t)
    const connection = owner.devices[0]?.connection
    const body = plaintext({ conversation: 'open the door' })
    const from = { from: bob.lid ?? '', sender_pn: bob.jid, addressing_mode: 'lid' }
    connection?.send(stanza({ id: 'P1', ...from }, [body]))
    connection?.send(stanza({ id: 'P2', from: family.id, participant: bob.lid ?? '' }, [body]))
    connection?.send(stanza({ id: 'P3', from: owner.jid, recipient: bob.jid }, [body]))
    const id = await bob.say(owner, 'hello')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    assert.deepEqual(
      host.of('message').map(({ external_id }) => external_id),
      [id],
    )
  })

  test('what is malformed costs itself only', async (t) => {
    const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
    const connection = owner.devices[0]?.connection
    const enc = { tag: 'enc', attrs: { v: '2', type: 'msg' }, content: Buffer.from('nonsense') }
    connection?.send(stanza({ id: 'M1', from: 'nobody' }, [enc]))
    connection?.send(stanza({ from: bob.jid }, [enc]))
    connection?.send(stanza({ id: 'M2', from: bob.jid, recipient: '15550000003@s.whatsapp.net' }, [enc]))
    connection?.send(stanza({ id: 'M3', from: '@s.whatsapp.net' }, []))
    connection?.send({ tag: 'receipt', attrs: {} })
    connection?.send({ tag: 'notification', attrs: { from: '@s.whatsapp.net', type: 'account_sync', id: 'M4' } })
    connection?.send({ tag: 'ib', attrs: { from: '@s.whatsapp.net' }, content: [{ tag: 'dirty', attrs: {} }] })
    const id = await bob.say(owner, 'hello')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    assert.equal(host.of('message').length, 1)
    assert.equal(host.states.filter(({ status }) => status === 'connecting').length, 1)
  })

  test('what Baileys stumbles over does not end the process', async (t) => {
    const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
    whatsapp.faults.set({ kind: 'iq_error', to: 'w:g2', code: 429, times: 1 })
    const dirty = { tag: 'dirty', attrs: { type: 'groups', timestamp: '1' } }
    owner.devices[0]?.connection?.send({ tag: 'ib', attrs: { from: '@s.whatsapp.net' }, content: [dirty] })
    const id = await bob.say(owner, 'hello')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    assert.equal(host.state?.status, 'connected')
  })

  test('statuses, broadcasts and channels are ignored', async (t) => {
    const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
    const connection = owner.devices[0]?.connection
    const body = plaintext({ conversation: 'news' })
    connection?.send(stanza({ id: 'B1', from: 'status@broadcast', participant: bob.lid ?? '' }, [body]))
    connection?.send(stanza({ id: 'B2', from: '1234567@broadcast', participant: bob.lid ?? '' }, [body]))
    connection?.send(stanza({ id: 'B3', from: '120363000000000009@newsletter' }, [body]))
    const id = await bob.say(owner, 'hello')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    assert.equal(host.of('message').length, 1)
  })

  test('somebody who hides the number is known by the LID', async (t) => {
    const { whatsapp, owner, host, engine } = await makeLinkedWorld(t)
    const shy = whatsapp.phone({ number: '15550000008', name: 'Shy', hidesNumber: true })
    const id = await shy.say(owner, 'guess who')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    const [event] = host.withId('message', id)
    assert.deepEqual(values(event?.chat), [shy.lid])
    assert.ok(event)
    const answer = await send(engine, host, event.chat, 'you')
    await shy.waitFor((message) => message.id === answer)
  })
})
