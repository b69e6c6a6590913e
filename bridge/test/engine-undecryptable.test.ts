import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { proto } from '../src/engine/baileys/library.ts'
import { Companion } from '../simulator/companion.ts'
import { identitiesOf, makeEngine, makeLinkedWorld, type MemoryHost, values, type World } from './support/engine.ts'

const asked = ({ owner }: World): string[] => owner.devices[0]?.placeholdersAsked ?? []
const unreadRows = (host: MemoryHost): number => host.store.rows.get('unread')?.size ?? 0
/** The events about one message, in their order. */
const told = (host: MemoryHost, id: string): string[] =>
  host.events.flatMap((event) => ('external_id' in event && event.external_id === id ? [event.type] : []))
const repaired = ({ whatsapp, host }: World, id: string): Promise<void> =>
  whatsapp.until(() => host.withId('message', id).length > 0)
const noResend = ({ whatsapp }: World, times = 1): string =>
  whatsapp.faults.set({ kind: 'no_answer', to: 'retry', times })

for (const addressing of ['lid', 'pn'] as const) {
  describe(`a message that cannot be read, addressed by ${addressing}`, () => {
    for (const where of ['alone', 'in a group'] as const) {
      test(`is sent again by its writer, ${where}`, async (t) => {
        const world = await makeLinkedWorld(t, addressing)
        const { whatsapp, owner, bob, family, host } = world
        whatsapp.faults.set({ kind: 'corrupt', times: 1 })
        const id = await bob.say(where === 'alone' ? owner : family, 'hard to read')
        await repaired(world, id)
        assert.deepEqual(told(host, id), ['undecryptable', 'message'])
        const [before] = host.of('undecryptable')
        const [after] = host.of('message')
        assert.equal(before?.reason, 'corrupt')
        assert.deepEqual(values(before.sender), identitiesOf(bob))
        assert.deepEqual(before.chat, after?.chat)
        assert.deepEqual(before.origin, after?.origin)
        assert.equal(after?.text, 'hard to read')
        assert.equal(bob.receipts.filter((receipt) => receipt.id === id && receipt.type === 'retry').length, 1)
        assert.equal(unreadRows(host), 0)
      })

      test(`is handed out by the own phone when nobody sends it again, ${where}`, async (t) => {
        const world = await makeLinkedWorld(t, addressing)
        const { whatsapp, owner, bob, family, host } = world
        const desktop = await Companion.link(whatsapp, bob)
        noResend(world)
        whatsapp.faults.set({ kind: 'corrupt', times: 1 })
        const id = await desktop.say(where === 'alone' ? owner : family, 'hard to read')
        await repaired(world, id)
        assert.deepEqual(told(host, id), ['undecryptable', 'message'])
        assert.deepEqual(asked(world), [id])
        const [event] = host.of('message')
        assert.equal(event?.text, 'hard to read')
        assert.deepEqual(values(event.sender), identitiesOf(bob))
        assert.equal(event.origin.e2e, true)
        assert.equal(event.origin.device, desktop.device.id)
        assert.equal(event.origin.offline, false)
        assert.equal(unreadRows(host), 0)
      })
    }

    test('WhatsApp does not hand it to this device', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, host } = world
      whatsapp.faults.set({ kind: 'unavailable', times: 1 })
      const id = await bob.say(owner, 'see your phone')
      await repaired(world, id)
      assert.deepEqual(told(host, id), ['undecryptable', 'message'])
      assert.equal(host.of('undecryptable')[0]?.reason, 'unavailable')
      assert.equal(host.of('message')[0]?.text, 'see your phone')
      assert.deepEqual(asked(world), [id])
    })

    test('its key is missing here', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, family, host } = world
      for (const to of [owner, family]) await repaired(world, await bob.say(to, 'the first brings the keys'))
      for (const [to, keys] of [
        [owner, 'session'],
        [family, 'sender-key'],
      ] as const) {
        host.store.rows.get(keys)?.clear()
        const id = await bob.say(to, 'a later one')
        await repaired(world, id)
        assert.deepEqual(told(host, id), ['undecryptable', 'message'])
        assert.equal(host.of('undecryptable').at(-1)?.reason, 'no_session')
      }
      await whatsapp.until(() => owner.devices[0]?.unacknowledged === 0)
    })

    test('one of the own phone', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, host } = world
      noResend(world)
      whatsapp.faults.set({ kind: 'corrupt', times: 1 })
      const id = await owner.say(bob, 'typed')
      await repaired(world, id)
      const [before] = host.of('undecryptable')
      const [after] = host.of('message')
      assert.equal(before?.from_me, true)
      assert.equal(before.origin.source, 'phone')
      assert.equal(after?.from_me, true)
      assert.deepEqual(after.chat, before.chat)
      assert.equal(after.text, 'typed')
    })

    for (const answered of ['before', 'after'] as const) {
      test(`is asked for again after a restart, when the process ended ${answered} it was told`, async (t) => {
        const world = await makeLinkedWorld(t, addressing)
        const { whatsapp, owner, bob, host, engine } = world
        noResend(world)
        whatsapp.faults.set({ kind: 'corrupt', times: 1 })
        if (answered === 'before') host.failing = true
        else whatsapp.faults.set({ kind: 'no_answer', to: 'placeholder', times: 1 })
        const id = await bob.say(owner, 'hard to read')
        await whatsapp.until(() => (answered === 'before' ? unreadRows(host) > 0 : asked(world).length > 0))
        await engine.stop()
        host.failing = false
        makeEngine(t, world).start()
        await repaired(world, id)
        assert.deepEqual(told(host, id), ['undecryptable', 'message'])
        assert.equal(host.of('message')[0]?.text, 'hard to read')
        assert.equal(unreadRows(host), 0)
      })
    }
  })
}

describe('asking the own phone', () => {
  for (const type of ['view_once', 'view_once_unavailable_fanout']) {
    test(`is in vain for what may be seen once only: ${type}`, async (t) => {
      const world = await makeLinkedWorld(t)
      const { whatsapp, owner, bob, host } = world
      whatsapp.faults.set({ kind: 'unavailable', type, times: 1 })
      const id = await bob.say(owner, 'burn after reading')
      whatsapp.faults.set({ kind: 'unavailable', times: 1 })
      const other = await bob.say(owner, 'see your phone')
      await repaired(world, other)
      assert.deepEqual(told(host, id), ['undecryptable'])
      const event = host.of('undecryptable').find(({ external_id }) => external_id === id)
      assert.equal(event?.reason, 'unavailable')
      assert.equal(event.origin.view_once, true)
      assert.deepEqual(asked(world), [other])
    })
  }

  test('happens once a connection, for many at once, and not for ever', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, host, engine } = world
    const many = 40
    whatsapp.faults.set({ kind: 'unavailable', times: many })
    whatsapp.faults.set({ kind: 'no_answer', to: 'placeholder' })
    const ids: string[] = []
    for (let index = 0; index < many; index++) ids.push(await bob.say(owner, `number ${index}`))
    await whatsapp.until(() => asked(world).length === many)
    assert.deepEqual(asked(world).toSorted(), ids.toSorted())
    await repairedNothing(world)
    let last = engine
    for (let connection = 2; connection <= 6; connection++) {
      await last.stop()
      last = makeEngine(t, world)
      last.start()
      const enough = Math.min(connection, 5) * many
      await whatsapp.until(() => host.state?.status === 'connected' && asked(world).length === enough)
      await repairedNothing(world)
    }
    assert.equal(asked(world).length, 5 * many)
    assert.equal(host.of('undecryptable').length, many)
  })

  test('is for what Baileys gave up before it decrypted it, too', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, host } = world
    host.learn = () => {
      throw new Error('The disk is full')
    }
    const stranger = whatsapp.phone({ number: '15550000009', name: 'Stranger' })
    const id = await stranger.say(owner, 'lost?')
    await whatsapp.until(() => owner.devices[0]?.unacknowledged === 0)
    assert.equal(host.withId('message', id).length, 0)
    await repaired(world, id)
    assert.deepEqual(told(host, id), ['undecryptable', 'message'])
    await repaired(world, await bob.say(owner, 'and on it goes'))
  })
})

/** Whatever would be told or asked for has been by the time a later message is. */
async function repairedNothing(world: World): Promise<void> {
  const before = asked(world).length
  const id = await world.bob.say(world.owner, 'next')
  await repaired(world, id)
  assert.equal(asked(world).length, before)
}

/** As the own phone hands out a message. */
const answer = (id: string, text: string, remoteJid: string): proto.IMessage => {
  const info = { key: { remoteJid, fromMe: false, id }, message: { conversation: text } }
  const webMessageInfoBytes = proto.WebMessageInfo.encode(info).finish()
  const results = [{ placeholderMessageResendResponse: { webMessageInfoBytes } }]
  const { Type } = proto.Message.ProtocolMessage
  return {
    protocolMessage: {
      type: Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: { peerDataOperationResult: results },
    },
  }
}

describe('what the own phone hands out', () => {
  test('counts only when it comes from there and was asked for', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, host } = world
    const [device] = owner.devices
    assert.ok(device)
    noResend(world)
    whatsapp.faults.set({ kind: 'no_answer', to: 'placeholder', times: 1 })
    whatsapp.faults.set({ kind: 'corrupt', times: 1 })
    const id = await bob.say(owner, 'hard to read')
    await whatsapp.until(() => asked(world).includes(id))
    await bob.write(owner, answer(id, 'forged', bob.lid ?? ''), { type: 'text' })
    await owner.sendToOwn(device, answer('NEVERASKED', 'made up', bob.lid ?? ''))
    await repaired(world, await bob.say(owner, 'next'))
    assert.equal(host.of('message').length, 1)
    await owner.sendToOwn(device, answer(id, 'the real one', bob.lid ?? ''))
    await repaired(world, id)
    assert.equal(host.withId('message', id)[0]?.text, 'the real one')
  })

  test('is told after a crash, even if the phone does not say it twice', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, host, engine } = world
    noResend(world)
    whatsapp.faults.set({ kind: 'corrupt', times: 1 })
    const id = await bob.say(owner, 'hard to read')
    await whatsapp.until(() => host.of('undecryptable').length > 0)
    host.failing = true
    await whatsapp.until(() => (host.store.rows.get('inbox')?.size ?? 0) > 0)
    await engine.stop()
    host.failing = false
    whatsapp.faults.set({ kind: 'no_answer', to: 'placeholder' })
    makeEngine(t, world).start()
    await repaired(world, id)
    assert.equal(host.withId('message', id)[0]?.text, 'hard to read')
  })
})

describe('what comes twice', () => {
  for (const addressing of ['lid', 'pn'] as const) {
    for (const restarted of [false, true]) {
      const when = restarted ? 'after a restart' : 'on the next connection'
      test(`is one event, confirmed ${when}, and not asked for, addressed by ${addressing}`, async (t) => {
        const world = await makeLinkedWorld(t, addressing)
        const { whatsapp, owner, bob, family, host, engine } = world
        const [device] = owner.devices
        assert.ok(device)
        const first = await bob.say(owner, 'first')
        await repaired(world, first)
        // Its receipts do not reach WhatsApp.
        const acknowledged = device.acknowledged.bind(device)
        const lost = new Set<string | undefined>()
        device.acknowledged = ({ attrs }) => void lost.add(attrs['id'])
        const poll = await bob.poll(family, { question: 'Heat?', options: ['On', 'Off'], selectable: 1 })
        const ids = [await bob.say(owner, 'text'), await bob.say(family, 'text'), poll, await bob.react(first, '👍')]
        ids.push(await bob.vote(poll, ['On']), await owner.say(bob, 'typed'))
        await whatsapp.until(() => ids.every((id) => told(host, id).length > 0 && lost.has(id)))
        assert.ok(device.unacknowledged >= ids.length)
        const retries = () => bob.receipts.filter(({ type }) => type === 'retry').length
        const before = retries()
        device.acknowledged = acknowledged
        if (restarted) {
          await engine.stop()
          makeEngine(t, world).start()
        } else {
          whatsapp.disconnect(owner, 'drop')
        }
        await whatsapp.until(() => device.ready && device.unacknowledged === 0)
        await repaired(world, await bob.say(owner, 'next'))
        for (const id of ids) assert.equal(told(host, id).length, 1)
        assert.deepEqual(host.of('undecryptable'), [])
        assert.equal(unreadRows(host), 0)
        assert.equal(retries(), before)
        assert.deepEqual(asked(world), [])
      })
    }
  }

  test('a copy on the same connection', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, family, host } = world
    const first = await bob.say(owner, 'first')
    await repaired(world, first)
    for (const write of [
      () => bob.say(owner, 'twice'),
      () => bob.say(family, 'twice'),
      () => bob.react(first, '👍'),
      () => owner.say(bob, 'twice'),
    ]) {
      whatsapp.faults.set({ kind: 'duplicate', times: 1 })
      const id = await write()
      await repaired(world, await bob.say(owner, 'next'))
      assert.equal(told(host, id).length, 1)
    }
    assert.deepEqual(host.of('undecryptable'), [])
    assert.equal(unreadRows(host), 0)
    assert.ok(bob.receipts.every(({ type }) => type !== 'retry'))
    assert.deepEqual(asked(world), [])
  })
})
