import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'

import pino from 'pino'

import type { Content } from '../src/protocol.ts'
import { groupOf, link, makeEngine, makeLinkedWorld, makeWorld, phoneOf, send } from './support/engine.ts'

test('a server whose certificate goes back to somebody else is not talked to', async (t) => {
  const world = await makeWorld(t)
  const engine = makeEngine(t, world, { rootKey: randomBytes(32) })
  const pairing = engine.pair({ method: 'qr' }, () => assert.fail('No code is shown'), AbortSignal.timeout(5000))
  await assert.rejects(pairing, { code: 'not_connected' })
})

for (const addressing of ['lid', 'pn'] as const) {
  test(`nothing is sent under keys that their owner has not signed, addressed by ${addressing}`, async (t) => {
    const { whatsapp, bob, family, host, engine } = await makeLinkedWorld(t, addressing)
    const fault = whatsapp.faults.set({ kind: 'forged_key', number: bob.number })
    for (const to of [phoneOf(bob), groupOf(family)]) {
      await assert.rejects(send(engine, host, to, 'secret'), { name: 'EngineError', retry: 'later' })
    }
    assert.equal(bob.inbox.length, 0)
    whatsapp.faults.clear(fault)
    const id = await send(engine, host, phoneOf(bob), 'secret')
    await bob.waitFor((message) => message.id === id)
    assert.equal(bob.inbox.length, 1)
  })
}

test('no log tells a number, an identity, a name, a text or a key', async (t) => {
  const world = await makeWorld(t)
  const { whatsapp, owner, bob, eve, family, host } = world
  const lines: string[] = []
  host.log = pino({ level: 'debug', base: null, timestamp: false }, { write: (line) => void lines.push(line) })
  const engine = makeEngine(t, world)
  const codes = await link(engine, world)
  const poll: Content = { kind: 'poll', question: 'Heat?', options: ['Tropical', 'Arctic'], selectable: 1 }
  const id = await send(engine, host, groupOf(family), poll)
  await eve.waitFor((message) => message.id === id)
  await eve.vote(id, ['Arctic'])
  await send(engine, host, phoneOf(bob), 'marmalade')
  await whatsapp.until(() => host.of('poll_vote').length > 0)
  whatsapp.faults.set({ kind: 'corrupt', times: 1 })
  const repaired = await bob.say(owner, 'rhubarb')
  await whatsapp.until(() => host.withId('message', repaired).length > 0)
  whatsapp.faults.set({ kind: 'ack_error', code: 479, times: 1 })
  await assert.rejects(send(engine, host, phoneOf(bob), 'marmalade'))
  whatsapp.disconnect(owner, 'malformed')
  await whatsapp.until(() => host.states.some(({ status }) => status === 'disconnected'))
  await whatsapp.until(() => host.state?.status === 'connected')
  await engine.unlink()

  const log = lines.join('')
  assert.ok(lines.length > 50)
  const creds = host.store.commits.map((commit) => commit['creds']?.['creds'] ?? '').join()
  const keys = [...creds.matchAll(/"data":"(?<key>[^"]{40,})"/gu)].map((match) => match.groups?.['key'] ?? '')
  assert.ok(keys.length > 10)
  const secrets = [owner, bob, eve].flatMap(({ number, lid }) => [number, lid?.split('@')[0] ?? ''])
  const texts = [
    'Bob',
    'marmalade',
    'rhubarb',
    'Heat',
    'Tropical',
    'Arctic',
    'Family',
    family.id.split('@')[0] ?? '',
    id,
    repaired,
  ]
  const shown = codes.flatMap((step) => (step.status === 'qr' ? step.qr.split(',').slice(0, -1) : []))
  for (const secret of [...secrets, ...texts, ...keys, ...shown]) {
    assert.ok(!log.includes(secret), `The log tells ${secret}: ${lines.find((line) => line.includes(secret)) ?? ''}`)
  }
})
