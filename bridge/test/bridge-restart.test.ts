import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { BridgeProcess } from './support/process.ts'
import { Home, World } from './support/world.ts'

/** Cuts the account off and keeps it off until the returned function is called. */
async function cutOff({ whatsapp, owner }: World, home: Home): Promise<() => void> {
  const fault = whatsapp.faults.set({ kind: 'http_status', code: 503 })
  whatsapp.disconnect(owner, 'drop')
  await home.client.event('account', ({ account }) => account.connection.status === 'disconnected')
  return () => whatsapp.faults.clear(fault)
}

/** Kills the bridge and starts it again on the same data, with a client that listens. */
async function killAndStart(
  world: World,
  bridge: BridgeProcess,
  account_id: string,
): Promise<{ bridge: BridgeProcess; home: Home }> {
  await bridge.end('SIGKILL')
  const again = await world.bridge(bridge.data)
  return { bridge: again, home: await Home.listen(await again.client(), account_id) }
}

/** Does not care for the answer: the bridge may be killed before it comes. */
function ask(home: Home, world: World, text: string): void {
  home.say(world.bob.number, text, { request_id: text, wait: 0 }).catch(() => undefined)
}

test('queued while WhatsApp is away, sent when it is back', async (t) => {
  const world = await World.start(t)
  const { client, home } = await world.linked()
  const comeBack = await cutOff(world, home)
  const { status, timestamp, message_id } = await home.say(world.bob.number, 'later')
  assert.deepEqual([status, timestamp], ['queued', null])
  await client.event('account', ({ account }) => account.queued === 1)
  await assert.rejects(home.say(world.bob.number, 'now', { ttl: 0 }), /not connected/u)
  comeBack()
  const { event } = await client.event('receipt', (r) => r.message_id === message_id && r.status === 'sent')
  assert.equal(event.error, null)
  assert.equal((await world.bob.waitFor((m) => m.text === 'later', 15_000)).id, message_id)
  await client.event('account', ({ account }) => account.queued === 0 && account.connection.status === 'connected')
})

test('too old to be sent when WhatsApp is back', async (t) => {
  const world = await World.start(t)
  const { client, home } = await world.linked()
  const comeBack = await cutOff(world, home)
  const { message_id } = await home.say(world.bob.number, 'stale', { ttl: 0.2 })
  const { event } = await client.event('receipt', (r) => r.message_id === message_id)
  assert.deepEqual([event.status, event.error], ['failed', 'expired'])
  comeBack()
  await home.connection('connected')
  await home.say(world.bob.number, 'fresh')
  await world.bob.waitFor((m) => m.text === 'fresh', 15_000)
  assert.ok(!world.bob.inbox.some((m) => m.text === 'stale'))
})

for (const at of ['before_message', 'before_ack', 'after_ack'] as const) {
  test(`a connection that breaks ${at.replace('_', ' ')}: one message`, async (t) => {
    const world = await World.start(t)
    const { home } = await world.linked()
    world.whatsapp.faults.set({ kind: 'drop', at, times: 1 })
    const { status, message_id } = await home.say(world.bob.number, 'once')
    assert.equal(status, 'sent')
    assert.equal((await world.bob.waitFor((m) => m.text === 'once', 15_000)).id, message_id)
    await home.say(world.bob.number, 'next')
    await world.bob.waitFor((m) => m.text === 'next', 15_000)
    assert.deepEqual(
      world.bob.inbox.map((m) => m.text),
      ['once', 'next'],
    )
  })
}

test('a request is one message, also when the bridge was killed in between', async (t) => {
  const world = await World.start(t)
  const { bridge, home } = await world.linked()
  const request = { request_id: 'the same' }
  const [first, second] = await Promise.all([
    home.say(world.bob.number, 'once', request),
    home.say(world.bob.number, 'once', request),
  ])
  assert.deepEqual(first, second)
  const successor = await killAndStart(world, bridge, home.account_id)
  assert.deepEqual(await successor.home.say(world.bob.number, 'once', request), first)
  await successor.home.connection('connected')
  await successor.home.say(world.bob.number, 'next')
  await world.bob.waitFor((m) => m.text === 'next', 15_000)
  assert.deepEqual(
    world.bob.inbox.map((m) => m.text),
    ['once', 'next'],
  )
})

test('killed between accepting a message and sending it: sent after the restart', async (t) => {
  const world = await World.start(t)
  const { bridge, home } = await world.linked()
  const comeBack = await cutOff(world, home)
  const { message_id } = await home.say(world.bob.number, 'survivor')
  comeBack()
  const { home: again } = await killAndStart(world, bridge, home.account_id)
  await again.client.event('receipt', (r) => r.message_id === message_id && r.status === 'sent')
  assert.equal((await world.bob.waitFor((m) => m.text === 'survivor', 15_000)).id, message_id)
})

test('killed between the message and its confirmation: one message', async (t) => {
  const world = await World.start(t)
  const { bridge, home } = await world.linked()
  const fault = world.whatsapp.faults.set({ kind: 'no_answer', to: 'message' })
  const { status, message_id } = await home.say(world.bob.number, 'unconfirmed', { wait: 0 })
  assert.equal(status, 'queued')
  await world.bob.waitFor((m) => m.text === 'unconfirmed', 15_000)
  await bridge.end('SIGKILL')
  world.whatsapp.faults.clear(fault)
  const again = await world.bridge(bridge.data)
  const successor = await Home.listen(await again.client(), home.account_id)
  await successor.client.event('receipt', (r) => r.message_id === message_id && r.status === 'sent')
  await successor.say(world.bob.number, 'next')
  await world.bob.waitFor((m) => m.text === 'next', 15_000)
  assert.deepEqual(
    world.bob.inbox.map((m) => m.text),
    ['unconfirmed', 'next'],
  )
  assert.equal(world.bob.inbox[0]?.id, message_id)
})

test('killed between a message of the phone and the ack of the client: told again, once acked never more', async (t) => {
  const world = await World.start(t)
  const { bridge, client, home } = await world.linked()
  await world.bob.say(world.owner, 'handled')
  const handled = await client.event('message', (m) => m.text === 'handled')
  await home.ack(handled.seq ?? 0)
  await world.bob.say(world.owner, 'not handled')
  const told = await client.event('message', (m) => m.text === 'not handled')

  const second = await killAndStart(world, bridge, home.account_id)
  const again = await second.home.client.event('message')
  assert.deepEqual(again.event, { ...told.event, origin: { ...told.event.origin, replayed: true } })
  assert.deepEqual([again.seq, again.replayed], [told.seq, true])
  assert.ok((again.age ?? 0) > 0)
  await second.home.ack(again.seq ?? 0)

  const third = await killAndStart(world, second.bridge, home.account_id)
  assert.equal(third.home.snapshot.seq, told.seq)
  await third.home.connection('connected')
  await world.bob.say(world.owner, 'new')
  const fresh = await third.home.client.event('message')
  assert.deepEqual([fresh.event.text, fresh.replayed, fresh.seq], ['new', false, (told.seq ?? 0) + 1])
})

test('what was written while the bridge was away comes in order, marked as late', async (t) => {
  const world = await World.start(t)
  const { bridge, home } = await world.linked()
  await bridge.end('SIGTERM')
  const texts = ['one', 'two', 'three']
  for (const text of texts) await world.bob.say(world.owner, text)
  const again = await world.bridge(bridge.data)
  const { client } = await Home.listen(await again.client(), home.account_id)
  await client.event('message', (m) => m.text === 'three')
  assert.deepEqual(
    client.of('message').map(({ event }) => [event.text, event.origin.offline]),
    texts.map((text) => [text, true]),
  )
})

test('every consumer has its own cursor, and a new one starts at the head', async (t) => {
  const world = await World.start(t)
  const { bridge, client, home } = await world.linked()
  await Home.listen(await bridge.client(), home.account_id, 'other')
  await world.bob.say(world.owner, 'one')
  const { seq = 0 } = await client.event('message')
  await home.ack(seq)
  const late = await Home.listen(await bridge.client(), home.account_id, 'new')
  await world.bob.say(world.owner, 'two')
  await late.client.event('message', (m) => m.text === 'two')
  assert.deepEqual(
    late.client.of('message').map(({ event }) => event.text),
    ['two'],
  )
  const other = await Home.listen(await bridge.client(), home.account_id, 'other')
  await other.client.event('message', (m) => m.text === 'two')
  assert.deepEqual(
    other.client.of('message').map(({ event }) => event.text),
    ['one', 'two'],
  )
  assert.deepEqual(
    other.client.of('message').map(({ replayed }) => replayed),
    [true, true],
  )
})

test('a phone that could not read a message gets it again, also after a restart', async (t) => {
  const world = await World.start(t)
  const { bridge, home } = await world.linked()
  const { message_id } = await home.say(world.bob.number, 'pardon?')
  await world.bob.waitFor((m) => m.id === message_id, 15_000)
  const successor = await killAndStart(world, bridge, home.account_id)
  await successor.home.connection('connected')
  world.bob.askAgain(message_id)
  await world.whatsapp.until(() => world.bob.inbox.find((m) => m.id === message_id)?.copies === 2, 15_000)
})

for (const mode of ['lid', 'pn'] as const) {
  test(`a vote after a restart finds its poll, by ${mode}`, async (t) => {
    const world = await World.start(t, mode)
    const { bridge, client, home } = await world.linked()
    const poll = { kind: 'poll' as const, question: 'Heat?', options: ['On', 'Off'], selectable: 1 }
    const eve = world.whatsapp.phone({ number: '15550000003', name: 'Eve' })
    world.family.add(eve)
    const sent = [await home.send(world.bob.number, poll), await home.send(world.family.id, poll)]
    await eve.waitFor((m) => m.id === sent[1]?.message_id, 15_000)
    await eve.vote(sent[1]?.message_id ?? '', ['Off'])
    await client.event('poll_vote')
    await bridge.end('SIGKILL')
    for (const { message_id } of sent) {
      await world.bob.waitFor((m) => m.id === message_id, 15_000)
      await world.bob.vote(message_id, ['On'])
    }
    const again = await world.bridge(bridge.data)
    const successor = await Home.listen(await again.client(), home.account_id)
    const tallies = [
      [1, 0],
      [1, 1],
    ]
    for (const [index, { message_id }] of sent.entries()) {
      const { event } = await successor.client.event(
        'poll_vote',
        (v) => v.poll_id === message_id && v.options[0] === 'On',
      )
      assert.deepEqual([event.error, event.question, event.options], [null, 'Heat?', ['On']])
      assert.deepEqual(
        event.tally.map(({ votes }) => votes),
        tallies[index],
      )
      assert.equal(event.voter.phone, world.bob.number)
    }
  })
}

test('killed again and again: everything arrives, in order, and nothing twice', async (t) => {
  const world = await World.start(t)
  let { bridge, home } = await world.linked()
  const said: string[] = []
  const requested: string[] = []
  const heard = new Map<number, string | null>()
  const confirmed = new Map<number, string | null>()
  const listen = (): void => {
    for (const { seq, event } of home.client.of('message')) {
      const told = event.from_me ? confirmed : heard
      told.set(seq ?? 0, event.text)
    }
  }
  for (let round = 0; round < 5; round += 1) {
    for (let n = 0; n < 15; n += 1) {
      said.push(`in ${round}.${n}`)
      requested.push(`out ${round}.${n}`)
      ask(home, world, requested.at(-1) ?? '')
      await world.bob.say(world.owner, said.at(-1) ?? '')
    }
    listen()
    if (round % 2 === 0) await home.ack(Math.max(0, ...heard.keys(), ...confirmed.keys()))
    ;({ bridge, home } = await killAndStart(world, bridge, home.account_id))
    // What the client had asked for when the bridge died it asks for again.
    for (const text of requested) ask(home, world, text)
  }
  listen()
  const missing = said.filter((text) => ![...heard.values()].includes(text))
  for (const text of missing) await home.client.event('message', (m) => m.text === text)
  listen()
  const told = [...heard].toSorted(([a], [b]) => a - b).map(([, text]) => text)
  assert.deepEqual(told, said)
  await world.whatsapp.until(() => requested.every((text) => world.bob.inbox.some((m) => m.text === text)), 15_000)
  assert.equal(world.bob.inbox.length, requested.length)
  assert.equal(new Set(confirmed.values()).size, confirmed.size)
})
