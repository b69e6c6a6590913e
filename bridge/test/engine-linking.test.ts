import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { Session } from '../src/engine/baileys/auth.ts'
import { proto } from '../src/engine/baileys/library.ts'
import type { PairProgress } from '../src/engine/engine.ts'
import {
  identitiesOf,
  link,
  makeEngine,
  makeLinkedWorld,
  makeWorld,
  MemoryStore,
  phoneOf,
  send,
  values,
  type World,
} from './support/engine.ts'

const SOON = () => AbortSignal.timeout(5000)
const ignore = () => undefined

function serverSide({ whatsapp }: World) {
  const [registration] = whatsapp.registrations
  assert.ok(registration)
  return registration.connection
}

describe('linking', () => {
  test('by QR code: numbered codes, paired, logged in', async (t) => {
    const world = await makeWorld(t)
    const { owner, host } = world
    const engine = makeEngine(t, world)
    const steps = await link(engine, world)
    const [first, paired] = steps
    assert.equal(first?.status, 'qr')
    assert.deepEqual([first.number, first.total], [1, 6])
    assert.equal(paired?.status, 'paired')
    assert.deepEqual(values(paired.self), identitiesOf(owner))
    assert.equal(host.state?.status, 'connected')
    assert.equal(owner.devices.length, 1)
  })

  test('the phone lists the device as Home Assistant', async (t) => {
    const world = await makeWorld(t)
    const shown = Promise.withResolvers<string>()
    const abort = new AbortController()
    const pairing = makeEngine(t, world).pair({ method: 'qr' }, () => shown.resolve('qr'), abort.signal)
    await shown.promise
    const { devicePairingData } = serverSide(world).payload
    assert.equal(proto.DeviceProps.decode(devicePairingData?.deviceProps ?? new Uint8Array()).os, 'Home Assistant')
    abort.abort()
    await assert.rejects(pairing)
  })

  test('by eight characters', async (t) => {
    const world = await makeWorld(t)
    const { owner, host } = world
    const steps: PairProgress[] = []
    const progress = (step: PairProgress) => {
      steps.push(step)
      if (step.status === 'code') void owner.enterCode(step.code)
    }
    const self = await makeEngine(t, world).pair({ method: 'code', phone: owner.number }, progress, SOON())
    assert.deepEqual(
      steps.map(({ status }) => status),
      ['code', 'paired'],
    )
    assert.deepEqual(values(self), identitiesOf(owner))
    assert.equal(host.state?.status, 'connected')
  })

  test('codes take turns, then the link expires', async (t) => {
    const world = await makeWorld(t)
    const numbers: number[] = []
    const codes = new Set<string>()
    const progress = (step: PairProgress) => {
      if (step.status !== 'qr') return
      numbers.push(step.number)
      codes.add(step.qr)
    }
    const pairing = makeEngine(t, world, { timing: { code: 30 } }).pair({ method: 'qr' }, progress, SOON())
    await assert.rejects(pairing, { code: 'link_expired' })
    assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6])
    assert.equal(codes.size, 6)
    assert.equal(world.host.store.rows.size, 0)
  })

  test('cancelled while a code is shown, it leaves nothing behind and can be tried again', async (t) => {
    const world = await makeWorld(t)
    const engine = makeEngine(t, world)
    const cancel = new AbortController()
    const pairing = engine.pair({ method: 'qr' }, () => cancel.abort(new Error('Cancelled')), cancel.signal)
    await assert.rejects(pairing, { message: 'Cancelled' })
    await world.whatsapp.until(() => world.whatsapp.registrations.length === 0)
    assert.equal(world.host.store.rows.size, 0)
    await link(engine, world)
  })

  test('cancelled before it connects', async (t) => {
    const world = await makeWorld(t)
    const cancel = new AbortController()
    const pairing = makeEngine(t, world).pair({ method: 'qr' }, ignore, cancel.signal)
    cancel.abort(new Error('Cancelled'))
    await assert.rejects(pairing, { message: 'Cancelled' })
    assert.equal(world.host.store.rows.size, 0)
  })

  test('cancelled when the phone has agreed already, the device is logged out again', async (t) => {
    const world = await makeWorld(t)
    const { whatsapp, owner, host } = world
    const cancel = new AbortController()
    const progress = (step: PairProgress) => {
      if (step.status === 'qr') void owner.scan(step.qr)
      if (step.status === 'paired') cancel.abort(new Error('Cancelled'))
    }
    await assert.rejects(makeEngine(t, world).pair({ method: 'qr' }, progress, cancel.signal), { message: 'Cancelled' })
    await whatsapp.until(() => owner.devices.length === 0)
    assert.equal(host.store.rows.size, 0)
    assert.equal(host.state?.status, 'unlinked')
  })

  test('a host that cannot take the account has the device logged out again', async (t) => {
    const world = await makeWorld(t)
    const { whatsapp, owner, host } = world
    const progress = (step: PairProgress) => {
      if (step.status === 'qr') void owner.scan(step.qr)
      if (step.status === 'paired') throw new Error('The disk is full')
    }
    await assert.rejects(makeEngine(t, world).pair({ method: 'qr' }, progress, SOON()), { message: 'The disk is full' })
    await whatsapp.until(() => owner.devices.length === 0)
    assert.equal(host.store.rows.size, 0)
  })

  test('stopped when the phone has agreed already, the session stays', async (t) => {
    const world = await makeWorld(t)
    const { whatsapp, owner, host } = world
    const engine = makeEngine(t, world)
    const progress = (step: PairProgress) => {
      if (step.status === 'qr') void owner.scan(step.qr)
      if (step.status === 'paired') void engine.stop()
    }
    await assert.rejects(engine.pair({ method: 'qr' }, progress, SOON()), { code: 'not_connected' })
    makeEngine(t, world).start()
    await whatsapp.until(() => host.state?.status === 'connected')
    assert.equal(owner.devices.length, 1)
  })

  test('a code for no number', async (t) => {
    const engine = makeEngine(t, await makeWorld(t))
    for (const phone of ['', '+15550000001', '15550000001@lid']) {
      await assert.rejects(engine.pair({ method: 'code', phone }, ignore, SOON()), { code: 'invalid_request' })
    }
  })

  for (const method of ['qr', 'code'] as const) {
    test(`a phone that wants a passkey, by ${method}`, async (t) => {
      const world = await makeWorld(t)
      const { whatsapp, owner, host } = world
      whatsapp.faults.set({ kind: 'passkey', number: owner.number, times: 1 })
      const answers: Promise<unknown>[] = []
      const progress = (step: PairProgress) => {
        if (step.status === 'qr') answers.push(assert.rejects(owner.scan(step.qr), /passkey/u))
        if (step.status === 'code') answers.push(assert.rejects(owner.enterCode(step.code), /passkey/u))
      }
      const engine = makeEngine(t, world)
      const pairing = engine.pair({ method, phone: owner.number }, progress, SOON())
      await assert.rejects(pairing, { code: 'passkey_required', retry: 'never', message: /passkey/u })
      await Promise.all(answers)
      assert.equal(answers.length, 1)
      assert.equal(host.store.rows.size, 0)
      await link(engine, world)
    })
  }

  test('a code that WhatsApp refuses is not shown', async (t) => {
    const world = await makeWorld(t)
    const steps: PairProgress[] = []
    const pairing = makeEngine(t, world).pair(
      { method: 'code', phone: '15550000001' },
      (step) => steps.push(step),
      SOON(),
    )
    const refused = assert.rejects(pairing, { code: 'rejected', retry: 'never' })
    await world.whatsapp.until(() => world.whatsapp.registrations.length > 0)
    const connection = serverSide(world)
    const answer = connection.send.bind(connection)
    const error = { tag: 'error', attrs: { code: '400', text: 'bad-request' } }
    connection.send = (node) => answer({ ...node, attrs: { ...node.attrs, type: 'error' }, content: [error] })
    await refused
    assert.deepEqual(steps, [])
  })

  test('nobody there', async (t) => {
    const world = await makeWorld(t)
    const engine = makeEngine(t, world, { url: 'ws://127.0.0.1:9/ws/chat' })
    await assert.rejects(engine.pair({ method: 'qr' }, ignore, SOON()), { code: 'not_connected', retry: 'later' })
  })

  test('while it is linked, another link is refused', async (t) => {
    const { engine } = await makeLinkedWorld(t)
    await assert.rejects(engine.pair({ method: 'qr' }, ignore, SOON()), { code: 'link_conflict' })
  })

  test('without a session nothing starts or is sent', async (t) => {
    const world = await makeWorld(t)
    const engine = makeEngine(t, world)
    assert.throws(() => engine.start(), { code: 'not_linked' })
    await assert.rejects(send(engine, world.host, phoneOf(world.bob), 'hi'), { code: 'not_linked' })
  })

  test('the remains of a pairing that was never finished are deleted', async (t) => {
    const world = await makeWorld(t)
    const torn = { me: { id: world.owner.jid, name: '~' }, registered: true }
    world.host.store.set({ creds: { creds: JSON.stringify(torn) }, 'pre-key': { 1: '{}' } })
    const engine = makeEngine(t, world)
    assert.throws(() => engine.start(), { code: 'not_linked' })
    assert.equal(world.host.store.rows.size, 0)
    await link(engine, world)
  })

  test('a session that is over writes nothing any more', () => {
    const store = new MemoryStore()
    const keys = { 'lid-mapping': { '15550000001': '900000000000001' } }
    const session = Session.create(store)
    void session.keys.set(keys)
    session.save()
    assert.equal(store.rows.size, 0)
    session.adopt()
    void session.keys.set(keys)
    assert.deepEqual([...store.rows.keys()], ['creds', 'lid-mapping'])
    session.forget()
    void session.keys.set(keys)
    session.save()
    assert.equal(store.rows.size, 0)
  })

  test('a failed attempt leaves an earlier session alone', async (t) => {
    const { whatsapp, owner, host, engine } = await makeLinkedWorld(t)
    whatsapp.disconnect(owner, 'replaced')
    await whatsapp.until(() => host.state?.reason === 'replaced')
    const kept = host.store.rows.get('creds')?.get('creds')
    const cancel = new AbortController()
    await assert.rejects(engine.pair({ method: 'qr' }, () => cancel.abort(), cancel.signal))
    assert.ok(kept !== undefined && host.store.rows.get('creds')?.get('creds') === kept)
    engine.start()
    await whatsapp.until(() => host.state?.status === 'connected')
  })
})
