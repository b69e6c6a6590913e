import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'

import { TIMING } from '../src/engine/baileys/timing.ts'
import { Backoff } from '../src/engine/baileys/backoff.ts'
import type { DisconnectReason } from '../simulator/disconnects.ts'
import { link, makeEngine, makeLinkedWorld, makeWorld, phoneOf, send, type World } from './support/engine.ts'

/** The last state that says more than that it tries. */
function lastWord({ host }: Pick<World, 'host'>) {
  return host.states.findLast(({ status }) => status !== 'connecting')
}

const connections = ({ host }: Pick<World, 'host'>) =>
  host.states.filter(({ status }) => status === 'connecting').length

describe('staying connected', () => {
  test('a new engine goes on with the stored session', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, host, engine } = world
    await engine.stop()
    const later = makeEngine(t, world)
    later.start()
    later.start()
    await whatsapp.until(() => host.state?.status === 'connected' && owner.devices[0]?.ready)
    assert.equal(owner.devices.length, 1)
    await send(later, host, phoneOf(bob), 'still me')
    await bob.waitFor(({ text }) => text === 'still me')
  })

  for (const reason of [
    'service_unavailable',
    'malformed',
    'unknown',
    'end',
    'drop',
    'restart',
    'failure_503',
  ] as const) {
    test(`connects again after "${reason}"`, async (t) => {
      const world = await makeLinkedWorld(t)
      const { whatsapp, owner, host } = world
      whatsapp.disconnect(owner, reason)
      await whatsapp.until(() => connections(world) === 2 && host.state?.status === 'connected')
      const waited = host.states.find(({ status }) => status === 'disconnected')
      const server = ['service_unavailable', 'failure_503'].includes(reason)
      if (reason === 'restart') assert.equal(waited, undefined)
      else assert.equal(waited?.reason, server ? 'server' : 'network')
      assert.ok(reason === 'restart' || (waited?.retry_at ?? 0) > Date.now() / 1000 - 60)
    })
  }

  const final: [DisconnectReason, string][] = [
    ['replaced', 'replaced'],
    ['failure_402', 'banned'],
    ['failure_403', 'banned'],
    ['failure_405', 'client_outdated'],
    ['failure_406', 'banned'],
    ['failure_409', 'client_outdated'],
  ]
  for (const [how, reason] of final) {
    test(`gives up after "${how}" and keeps the session`, async (t) => {
      const world = await makeLinkedWorld(t)
      const { whatsapp, owner, host, engine } = world
      whatsapp.disconnect(owner, how)
      await whatsapp.until(() => lastWord(world)?.status === 'disconnected')
      assert.deepEqual(host.state, { status: 'disconnected', reason, retry_at: null })
      await engine.stop()
      assert.equal(connections(world), 1)
      assert.ok(host.store.rows.get('creds')?.size)
    })
  }

  test('logged out on the phone: the session is forgotten, and a new one can be linked', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, host, engine } = world
    owner.unlink()
    await whatsapp.until(() => host.state?.status === 'unlinked')
    assert.equal(host.state?.reason, 'logged_out')
    assert.equal(host.store.rows.size, 0)
    await link(engine, world)
    assert.equal(host.state.status, 'connected')
  })

  test('logged out while away', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, host, engine } = world
    await engine.stop()
    owner.unlink()
    makeEngine(t, world).start()
    await whatsapp.until(() => host.state?.status === 'unlinked')
    assert.equal(host.store.rows.size, 0)
  })

  test('HTTP errors instead of a WebSocket do not hang, and are tried again', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, host } = world
    whatsapp.faults.set({ kind: 'http_status', code: 503, times: 1 })
    whatsapp.faults.set({ kind: 'http_status', code: 403, times: 1 })
    whatsapp.disconnect(owner, 'drop')
    await whatsapp.until(() => connections(world) === 4 && host.state?.status === 'connected')
    const reasons = host.states.filter(({ status }) => status === 'disconnected').map(({ reason }) => reason)
    assert.equal(reasons[0], 'network')
    assert.deepEqual(new Set(reasons.slice(1)), new Set(['network', 'server']))
  })

  test('a server that takes the connection and says nothing is given up', async (t) => {
    const world = await makeWorld(t)
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    t.after(() => silent.close())
    const address = silent.address()
    assert.ok(address && typeof address === 'object')
    const url = `ws://127.0.0.1:${address.port}/ws/chat`
    const engine = makeEngine(t, world, { url, timing: { connect: 100 } })
    const pairing = engine.pair({ method: 'qr' }, () => assert.fail('No code'), AbortSignal.timeout(5000))
    await assert.rejects(pairing, { code: 'not_connected' })
  })

  test('a login that is never answered is given up', async (t) => {
    const world = await makeLinkedWorld(t, 'lid', { timing: { connect: 1500, query: 4000 } })
    const { whatsapp, owner, host } = world
    whatsapp.faults.set({ kind: 'no_answer', to: 'encrypt/count', times: 1 })
    whatsapp.disconnect(owner, 'drop')
    await whatsapp.until(() => connections(world) > 2 && host.state?.status === 'connected', 10_000)
  })

  test('a line that is dead without a word is noticed and replaced', async (t) => {
    const world = await makeLinkedWorld(t, 'lid', { timing: { probe: 50, query: 300 } })
    const { whatsapp, owner, bob, host, engine } = world
    whatsapp.disconnect(owner, 'hang')
    await whatsapp.until(() => host.state?.status === 'disconnected')
    assert.equal(host.state?.reason, 'network')
    await whatsapp.until(() => host.state?.status === 'connected' && owner.devices[0]?.ready)
    await send(engine, host, phoneOf(bob), 'back')
    await bob.waitFor(({ text }) => text === 'back')
    assert.ok(TIMING.probe + TIMING.query <= 60_000, 'within a minute')
  })

  test('a server that still tells but does not answer is left too', async (t) => {
    const world = await makeLinkedWorld(t, 'lid', { timing: { probe: 50, query: 1000 } })
    const { whatsapp, family, host } = world
    whatsapp.faults.set({ kind: 'no_answer', to: 'w:p' })
    // Something comes in all the time: each change is followed by the next.
    const heard = () => host.of('group_change').length
    let made = 0
    const change = () => {
      if (heard() < made || host.state?.status !== 'connected') return
      made++
      family.rename(`Family ${made}`)
    }
    t.after(whatsapp.activity.subscribe(change))
    change()
    await whatsapp.until(() => host.state?.status === 'disconnected')
    assert.ok(heard() > 3, `${heard()}`)
    whatsapp.faults.clear()
    await whatsapp.until(() => host.state?.status === 'connected')
  })

  test('a server that answers with an error is there', async (t) => {
    const world = await makeLinkedWorld(t, 'lid', { timing: { probe: 20 } })
    const { whatsapp, owner, host } = world
    whatsapp.faults.set({ kind: 'iq_error', to: 'w:p', code: 500, times: 5 })
    const pings = () => owner.devices[0]?.pings ?? 0
    // Only what comes after the errors is counted.
    await whatsapp.until(() => pings() > 2)
    assert.equal(host.state?.status, 'connected')
    assert.equal(connections(world), 1)
  })

  test('nothing and nobody shortens the wait before the next attempt', async (t) => {
    const world = await makeLinkedWorld(t, 'lid', { timing: { retryFirst: 60_000, retryLast: 60_000 } })
    const { whatsapp, owner, bob, host, engine } = world
    whatsapp.disconnect(owner, 'drop')
    await whatsapp.until(() => host.state?.status === 'disconnected')
    const { retry_at } = host.state ?? {}
    const wait = (retry_at ?? 0) - Date.now() / 1000
    assert.ok(wait > 28 && wait <= 60, `${wait}`)
    engine.start()
    await assert.rejects(send(engine, host, phoneOf(bob), 'hi'), { code: 'not_connected' })
    await assert.rejects(engine.lookup(bob.number, AbortSignal.timeout(1000)), { code: 'not_connected' })
    await assert.rejects(engine.groups.info(phoneOf(bob), AbortSignal.timeout(1000)))
    assert.equal(connections(world), 1)
    assert.equal(owner.devices[0]?.connected, false)
    const began = performance.now()
    await engine.stop()
    assert.ok(performance.now() - began < 1000)
  })

  test('poses as the version of WhatsApp Web that it is told to', async (t) => {
    const world = await makeWorld(t)
    await link(makeEngine(t, world, { version: [2, 3100, 1_234_567] }), world)
    const { userAgent } = world.owner.devices[0]?.connection?.payload ?? {}
    const { primary, secondary, tertiary } = userAgent?.appVersion ?? {}
    assert.deepEqual([primary, secondary, tertiary], [2, 3100, 1_234_567])
  })

  test('stopping is quick at any moment, and the last word', async (t) => {
    const world = await makeLinkedWorld(t)
    const { whatsapp, owner, bob, host, engine } = world
    await engine.stop()
    const later = makeEngine(t, world)
    for (const moment of ['connecting', 'connected', 'hanging'] as const) {
      later.start()
      await whatsapp.until(() => host.state?.status === (moment === 'hanging' ? 'connected' : moment))
      if (moment === 'hanging') whatsapp.disconnect(owner, 'hang')
      const began = performance.now()
      await later.stop()
      assert.ok(performance.now() - began < 1000)
      await whatsapp.until(() => !owner.devices[0]?.connected)
    }
    const told = host.events.length
    await bob.say(owner, 'too late')
    assert.equal(host.events.length, told)
  })

  test('while it is away nothing is sent', async (t) => {
    const { whatsapp, owner, bob, host, engine } = await makeLinkedWorld(t)
    whatsapp.disconnect(owner, 'replaced')
    await whatsapp.until(() => host.state?.reason === 'replaced')
    await assert.rejects(send(engine, host, phoneOf(bob), 'hi'), { code: 'not_connected', retry: 'later' })
    await assert.rejects(engine.lookup(bob.number, AbortSignal.timeout(1000)), { code: 'not_connected' })
  })

  test('unlinking logs the device out and forgets the session', async (t) => {
    const { whatsapp, owner, host, engine } = await makeLinkedWorld(t)
    await engine.unlink()
    await whatsapp.until(() => owner.devices.length === 0)
    assert.equal(host.store.rows.size, 0)
    assert.deepEqual(host.state, { status: 'unlinked', reason: null, retry_at: null })
  })

  test('unlinking without a connection forgets the session', async (t) => {
    const { whatsapp, owner, host, engine } = await makeLinkedWorld(t)
    whatsapp.disconnect(owner, 'replaced')
    await whatsapp.until(() => host.state?.reason === 'replaced')
    await engine.unlink()
    assert.equal(host.store.rows.size, 0)
    assert.equal(host.state?.status, 'unlinked')
  })
})

test('waiting times double up to a limit, with some chance in them', () => {
  const backoff = new Backoff(1000, 300_000)
  for (const full of [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]) {
    const wait = backoff.next()
    assert.ok(wait >= full / 2 && wait <= full, `${wait} for ${full}`)
  }
  backoff.reset()
  assert.ok(backoff.next() <= 1000)
})
