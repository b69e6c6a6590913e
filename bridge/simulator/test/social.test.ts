import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { BaileysEventMap } from 'baileys'

import type { SimulatedWhatsApp } from '../server.ts'
import { VERBS } from '../verbs/index.ts'
import { makeLinkedWorld, makeWorld } from './world.ts'

/** Does it as the control API would. */
async function run(whatsapp: SimulatedWhatsApp, name: string, args: object): Promise<Record<string, unknown>> {
  const verb = VERBS[name]
  assert.ok(verb, name)
  return (await verb(whatsapp, args, new AbortController().signal)) as Record<string, unknown>
}

for (const addressing of ['lid', 'pn'] as const) {
  test(`calls as Baileys sees them, addressed by ${addressing}`, async (t) => {
    const { client, whatsapp, owner, bob, family } = await makeLinkedWorld(t, addressing)
    const seen: BaileysEventMap['call'] = []
    client.socket.ev.on('call', (calls) => seen.push(...calls))
    const { call } = await run(whatsapp, 'phone.call', { number: bob.number, to: owner.number, video: true })
    await run(whatsapp, 'call.accept', { call, number: owner.number })
    await run(whatsapp, 'call.end', { call })
    const other = await run(whatsapp, 'phone.call', { number: bob.number, to: family.id })
    await run(whatsapp, 'call.reject', { call: other['call'], number: owner.number })
    await run(whatsapp, 'call.end', { call: other['call'], reason: 'timeout' })
    await client.until(() => seen.length === 6)
    assert.deepEqual(
      seen.map(({ status, isVideo, isGroup }) => [status, isVideo, isGroup]),
      [
        ['offer', true, false],
        ['accept', true, false],
        ['terminate', true, false],
        ['offer', false, true],
        ['reject', false, true],
        ['timeout', false, true],
      ],
    )
    const stranger = whatsapp.phone({ number: '15550000009', name: 'Stranger' })
    await assert.rejects(run(whatsapp, 'call.accept', { call, number: stranger.number }), /is not called/u)
    await assert.rejects(run(whatsapp, 'call.end', { call: 'none' }), /no call/u)
  })

  test(`presence as Baileys sees it, addressed by ${addressing}`, async (t) => {
    const { client, whatsapp, owner, bob, eve, family } = await makeLinkedWorld(t, addressing)
    const seen: BaileysEventMap['presence.update'][] = []
    client.socket.ev.on('presence.update', (update) => seen.push(update))
    await run(whatsapp, 'phone.presence', { number: eve.number, presence: 'available' })
    await client.socket.presenceSubscribe(bob.lid ?? '')
    await client.socket.presenceSubscribe(family.id)
    const asked = () => whatsapp.presences.heard.filter(({ type }) => type === 'subscribe')
    await whatsapp.until(() => asked().length === 2)
    await run(whatsapp, 'phone.presence', { number: bob.number, presence: 'available' })
    await run(whatsapp, 'phone.presence', { number: bob.number, presence: 'recording', to: owner.number })
    await run(whatsapp, 'phone.presence', { number: bob.number, presence: 'composing', to: eve.number })
    await run(whatsapp, 'phone.presence', { number: eve.number, presence: 'composing', to: family.id })
    await client.until(() => seen.length === 3)
    const states = seen.flatMap(({ presences }) => Object.values(presences).map(({ lastKnownPresence: is }) => is))
    assert.deepEqual(states, ['available', 'recording', 'composing'], 'eve is not watched')
    const { heard } = await run(whatsapp, 'presence.heard', {})
    assert.deepEqual(heard, whatsapp.presences.heard)
    assert.deepEqual(
      asked().map(({ from, to }) => [from, to]),
      [
        [owner.number, bob.lid],
        [owner.number, family.id],
      ],
    )
    const nowhere = run(whatsapp, 'phone.presence', { number: bob.number, presence: 'paused' })
    await assert.rejects(nowhere, /in a chat/u)
  })
}

describe('groups', () => {
  test('change by every verb, and refuse those who may not', async (t) => {
    const { whatsapp, owner, bob, eve, family } = await makeWorld(t)
    const { id } = family
    const act = (name: string, args: object) => run(whatsapp, `group.${name}`, { id, ...args })
    await assert.rejects(act('promote', { number: eve.number, by: bob.number }), /not an admin/u)
    assert.deepEqual((await act('promote', { number: bob.number }))['admins'], [owner.number, bob.number])
    assert.deepEqual((await act('remove', { number: eve.number, by: bob.number }))['members'], [
      owner.number,
      bob.number,
    ])
    await assert.rejects(act('describe', { text: 'x', by: eve.number }), /not a member/u)
    const { code } = await act('invite', {})
    const renewed = await act('invite', { renew: true, by: bob.number })
    assert.notEqual(renewed['code'], code)
    await assert.rejects(act('join', { number: eve.number, code }), /invitation/u)
    assert.deepEqual(
      ((await act('join', { number: eve.number, code: renewed['code'] }))['members'] as string[]).length,
      3,
    )
    assert.deepEqual((await act('demote', { number: bob.number }))['admins'], [owner.number])
    await act('set', { setting: 'locked', on: true })
    await assert.rejects(act('rename', { subject: 'Mine', by: eve.number }), /not an admin/u)
    await act('describe', { text: 'Who is in' })
    const { admins: _, members: __, ...now } = await act('expire', { seconds: 60 })
    assert.deepEqual(now, {
      id,
      subject: 'Family',
      description: 'Who is in',
      addressing: 'lid',
      announce: false,
      locked: true,
      expiration: 60,
    })
  })
})

test('a line that hangs stays open and says nothing, until the client comes back', async (t) => {
  const { client, whatsapp, owner, bob } = await makeLinkedWorld(t)
  assert.deepEqual(whatsapp.disconnect(owner, 'hang'), owner.devices)
  await bob.say(owner, 'kept')
  assert.ok(client.open)
  const asked = client.socket.query({ tag: 'iq', attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' } }, 100)
  await assert.rejects(asked)
  client.end()
  client.reconnect()
  await whatsapp.until(() => owner.devices[0]?.ready && owner.devices[0].unacknowledged === 0)
})
