import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'

import { proto } from '../src/engine/baileys/library.ts'
import { makeEngine, makeLinkedWorld, MemoryHost, type World } from './support/engine.ts'

/** A host as it would come up from what was on disk in the moment of the commit that keeps a received message. */
function crashAtDecryption({ host, whatsapp }: World): Promise<MemoryHost> {
  const { store } = host
  const set = store.set.bind(store)
  return new Promise((resolve) => {
    store.set = (changes) => {
      set(changes)
      if (!Object.values(changes['inbox'] ?? {}).some((value) => value !== null)) return
      store.set = set
      const later = new MemoryHost(() => whatsapp.activity.changed())
      for (const [type, rows] of structuredClone(store.rows)) later.store.rows.set(type, rows)
      resolve(later)
    }
  })
}

for (const addressing of ['lid', 'pn'] as const) {
  describe(`what was decrypted is told, addressed by ${addressing}`, () => {
    for (const where of ['alone', 'in a group'] as const) {
      test(`after a crash, ${where}`, async (t) => {
        const world = await makeLinkedWorld(t, addressing)
        const { whatsapp, owner, bob, family, engine } = world
        const to = where === 'alone' ? owner : family
        const before = await bob.say(to, 'the first brings the keys')
        await whatsapp.until(() => world.host.withId('message', before).length > 0)
        const crashed = crashAtDecryption(world)
        const id = await bob.say(to, 'just before the end')
        const host = await crashed
        await engine.stop()
        const later = makeEngine(t, { ...world, host })
        later.start()
        const [event] = host.withId('message', id)
        assert.equal(event?.text, 'just before the end')
        assert.equal(event.sender.name, 'Bob')
        assert.equal(host.store.rows.get('inbox')?.size, 0)
        await whatsapp.until(() => host.state?.status === 'connected')
        const next = await bob.say(to, 'and on it goes')
        await whatsapp.until(() => host.withId('message', next).length > 0)
        assert.equal(host.withId('message', id).length, 1)
        assert.deepEqual(host.of('undecryptable'), [])
        assert.ok(bob.receipts.every(({ type }) => type !== 'retry'))
      })
    }

    test('a first message in a group, whose key comes in its own part', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, bob, family, engine } = world
      const crashed = crashAtDecryption(world)
      const id = await bob.say(family, 'first')
      const host = await crashed
      await engine.stop()
      makeEngine(t, { ...world, host }).start()
      // Only the key was decrypted: when both come again, it is there.
      await whatsapp.until(() => host.withId('message', id).length > 0)
      assert.equal(host.withId('message', id)[0]?.text, 'first')
      assert.ok(bob.receipts.every(({ type }) => type !== 'retry'))
      assert.deepEqual(host.of('undecryptable'), [])
      assert.equal(host.store.rows.get('inbox')?.size, 0)
      assert.equal(host.of('message').filter(({ kind }) => kind === 'other').length, 0)
    })
  })
}

test('what the own phone says around a message belongs to it', async (t) => {
  const { whatsapp, owner, host } = await makeLinkedWorld(t)
  const [device] = owner.devices
  assert.ok(device)
  const messageSecret = randomBytes(32)
  const options = [{ optionName: 'A' }, { optionName: 'B' }]
  const message = { pollCreationMessageV3: { name: 'Q', options, selectableOptionsCount: 1 } }
  const deviceSentMessage = { destinationJid: owner.jid, message }
  await owner.sendToOwn(device, { deviceSentMessage, messageContextInfo: { messageSecret } })
  await whatsapp.until(() => host.of('message').length > 0)
  const [event] = host.of('message')
  assert.equal(event?.kind, 'poll')
  assert.deepEqual(Buffer.from(proto.Message.decode(event.raw).messageContextInfo?.messageSecret ?? []), messageSecret)
})

describe('a message is kept by the host or by the inbox', () => {
  test('the plaintext is in the commit that uses up its key, and gone when it is told', async (t) => {
    const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
    host.store.commits.length = 0
    const id = await bob.say(owner, 'hello')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    const commit = host.store.commits.find((changes) => changes['session'])
    assert.ok(commit?.['inbox'])
    assert.equal(host.store.rows.get('inbox')?.size, 0)
  })

  test('the engine is stopped between decryption and receipt', async (t) => {
    const world = await makeLinkedWorld(t)
    const { owner, bob, host, engine } = world
    const crashed = crashAtDecryption(world)
    const stopped = crashed.then(() => engine.stop())
    const id = await bob.say(owner, 'a last word')
    await stopped
    assert.equal(host.withId('message', id)[0]?.text, 'a last word')
  })

  test('the connection ends between decryption and receipt', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, host } = world
    const crashed = crashAtDecryption(world)
    void crashed.then(() => whatsapp.disconnect(owner, 'drop'))
    const id = await bob.say(owner, 'mind the gap')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    await whatsapp.until(() => host.state?.status === 'connected' && owner.devices[0]?.ready)
    assert.ok(host.withId('message', id).every(({ text }) => text === 'mind the gap'))
    assert.deepEqual(host.of('undecryptable'), [])
  })

  test('a host that cannot keep it gets it again when it can', async (t) => {
    const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
    host.failing = true
    const first = await bob.say(owner, 'one')
    await whatsapp.until(() => host.states.some(({ status }) => status === 'disconnected'))
    const second = await bob.say(owner, 'two')
    await whatsapp.until(() => owner.devices[0]?.unacknowledged === 0)
    assert.deepEqual(host.of('message'), [])
    host.failing = false
    await whatsapp.until(() => [first, second].every((id) => host.withId('message', id).length > 0))
    const told = [...new Set(host.of('message').map(({ external_id }) => external_id))]
    assert.deepEqual(told, [first, second])
  })

  test('one message that the host cannot keep holds up no other', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, host } = world
    const emit = host.emit.bind(host)
    host.emit = (event) => {
      if (event.type === 'message' && event.text === 'poison') throw new Error('Not this one')
      emit(event)
    }
    await bob.say(owner, 'poison')
    await whatsapp.until(() => host.states.some(({ status }) => status === 'disconnected'))
    await whatsapp.until(() => host.state?.status === 'connected' && owner.devices[0]?.ready)
    const id = await bob.say(owner, 'fine')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    assert.equal(host.state?.status, 'connected')
    assert.equal(host.store.rows.get('inbox')?.size, 1)
  })

  test('a store that cannot keep the key has not read the message', async (t) => {
    const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
    // What a new device is told comes first, and would end the connection if it could not be kept.
    const before = await bob.say(owner, 'the device has settled')
    await whatsapp.until(() => host.withId('message', before).length > 0)
    host.store.failing = true
    const id = await bob.say(owner, 'not yet')
    await whatsapp.until(() => host.states.some(({ status }) => status === 'disconnected'))
    assert.ok(!bob.receipts.some((receipt) => receipt.id === id), 'nothing of it is confirmed')
    host.store.failing = false
    await whatsapp.until(() => host.withId('message', id).length > 0, 10_000)
    assert.equal(host.withId('message', id)[0]?.text, 'not yet')
  })

  test('a kept message that cannot be read is deleted, the others are told', async (t) => {
    const world = await makeLinkedWorld(t)
    const { owner, bob, engine } = world
    const crashed = crashAtDecryption(world)
    const id = await bob.say(owner, 'readable')
    const host = await crashed
    await engine.stop()
    host.store.set({ inbox: { 0: '{', 1: '{"attrs":{},"plaintext":{"type":"Buffer","data":""}}' } })
    makeEngine(t, { ...world, host }).start()
    assert.equal(host.withId('message', id).length, 1)
    assert.equal(host.store.rows.get('inbox')?.size, 0)
  })
})
