import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { Calls } from '../src/engine/baileys/calls.ts'
import type { BinaryNode } from '../src/engine/baileys/library.ts'
import { identitiesOf, makeEngine, makeLinkedWorld, type MemoryHost, values } from './support/engine.ts'

const ME = { id: '15550000001:1@s.whatsapp.net', lid: '900000000000001:1@lid', name: 'Owner' }
const BOB = '900000000000002:0@lid'

const statuses = (host: MemoryHost) => host.of('call').map(({ status }) => status)

for (const addressing of ['lid', 'pn'] as const) {
  describe(`calls, addressed by ${addressing}`, () => {
    test('that nobody takes: offered, missed', async (t) => {
      const { whatsapp, owner, bob, host } = await makeLinkedWorld(t, addressing)
      const call = whatsapp.calls.place(bob, owner, { video: true })
      await whatsapp.until(() => statuses(host).length === 1)
      call.end()
      await whatsapp.until(() => statuses(host).length === 2)
      assert.deepEqual(statuses(host), ['offered', 'missed'])
      for (const event of host.of('call')) {
        assert.equal(event.call_id, call.id)
        assert.equal(event.video, true)
        assert.deepEqual(event.chat, event.caller)
        assert.equal(event.caller.name, 'Bob')
        assert.ok(values(event.caller).every((value) => identitiesOf(bob).includes(value)))
        assert.ok(values(event.caller).length > 0)
        assert.equal(event.origin.offline, false)
      }
      assert.deepEqual(whatsapp.calls.heard, [], 'nothing was said to the caller')
    })

    test('that somebody takes or turns down on the phone', async (t) => {
      const { whatsapp, owner, bob, host } = await makeLinkedWorld(t, addressing)
      const taken = whatsapp.calls.place(bob, owner)
      taken.accept(owner)
      taken.end()
      const refused = whatsapp.calls.place(bob, owner)
      refused.reject(owner)
      refused.end()
      const elsewhere = whatsapp.calls.place(bob, owner)
      elsewhere.end('accepted_elsewhere')
      const last = whatsapp.calls.place(bob, owner)
      last.end('timeout')
      await whatsapp.until(() => statuses(host).at(-1) === 'missed')
      const of = (id: string) => host.of('call').flatMap((event) => (event.call_id === id ? event.status : []))
      assert.deepEqual(of(taken.id), ['offered', 'accepted'])
      assert.deepEqual(of(refused.id), ['offered', 'rejected'])
      assert.deepEqual(of(elsewhere.id), ['offered', 'accepted'])
      assert.deepEqual(of(last.id), ['offered', 'missed'])
      assert.equal(host.of('call')[0]?.video, false)
    })

    test('in a group: others taking it says nothing about this account', async (t) => {
      const { whatsapp, bob, eve, family, host } = await makeLinkedWorld(t, addressing)
      const call = whatsapp.calls.place(bob, family)
      call.accept(eve)
      call.end()
      await whatsapp.until(() => statuses(host).length === 2)
      assert.deepEqual(statuses(host), ['offered', 'missed'])
      const [offered] = host.of('call')
      assert.deepEqual(values(offered?.chat), [family.id])
      assert.ok(values(offered?.caller).every((value) => identitiesOf(bob).includes(value)))
    })

    test('while away: missed, not ringing; what was taken was not missed', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, host, engine } = world
      await engine.stop()
      const missed = whatsapp.calls.place(bob, owner)
      const ended = whatsapp.calls.place(bob, owner)
      ended.end()
      const taken = whatsapp.calls.place(bob, owner)
      taken.accept(owner)
      taken.end()
      makeEngine(t, world).start()
      await whatsapp.until(() => statuses(host).length === 3)
      const byId = new Map(host.of('call').map((event) => [event.call_id, event]))
      assert.equal(byId.get(missed.id)?.status, 'missed')
      assert.equal(byId.get(ended.id)?.status, 'missed')
      assert.equal(byId.get(taken.id)?.status, 'accepted')
      assert.ok([...byId.values()].every(({ origin }) => origin.offline))
    })
  })
}

test('what cannot be kept of a call is told again', async (t) => {
  const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
  host.failing = true
  const lost = whatsapp.calls.place(bob, owner)
  await whatsapp.until(() => host.state?.status !== 'connected')
  host.failing = false
  await whatsapp.until(() => statuses(host).length === 1)
  assert.deepEqual(statuses(host), ['missed'], 'it does not ring any more')
  const call = whatsapp.calls.place(bob, owner)
  await whatsapp.until(() => statuses(host).at(-1) === 'offered')
  host.failing = true
  call.end()
  await whatsapp.until(() => host.state?.status !== 'connected')
  host.failing = false
  await whatsapp.until(() => statuses(host).length === 3)
  assert.deepEqual(
    host.of('call').map(({ call_id, status }) => [call_id, status]),
    [
      [lost.id, 'missed'],
      [call.id, 'offered'],
      [call.id, 'missed'],
    ],
  )
})

/** The statuses that follow from these. */
function told(...stanzas: BinaryNode[]) {
  const calls = new Calls(() => ME)
  return stanzas.flatMap((one) => calls.in(one)).map(({ status }) => status)
}

describe('calls by their stanzas', () => {
  const now = Math.floor(Date.now() / 1000)
  const stanza = (tag: string, attrs: Record<string, string> = {}, outer: Record<string, string> = {}): BinaryNode => ({
    tag: 'call',
    attrs: { from: BOB, t: String(now), ...outer },
    content: [{ tag, attrs: { 'call-id': 'C1', 'call-creator': BOB, ...attrs } }],
  })
  test('each status once', () => {
    assert.deepEqual(told(stanza('offer'), stanza('offer')), ['offered'])
    assert.deepEqual(told(stanza('offer'), stanza('terminate'), stanza('terminate')), ['offered', 'missed'])
    assert.deepEqual(told(stanza('offer'), stanza('accept'), stanza('terminate')), ['offered', 'accepted'])
    assert.deepEqual(told(stanza('offer'), stanza('preaccept'), stanza('transport')), ['offered'])
  })

  test('an old offer does not ring', () => {
    assert.deepEqual(told(stanza('offer', {}, { t: String(now - 600) })), ['missed'])
  })

  test('the end of a call nobody told of is missed only if WhatsApp says so', () => {
    assert.deepEqual(told(stanza('terminate')), [])
    assert.deepEqual(told(stanza('terminate', { reason: 'timeout' })), ['missed'])
  })

  test("the account's own calls and nonsense are none", () => {
    assert.deepEqual(told(stanza('offer', { 'call-creator': ME.lid })), [])
    assert.deepEqual(told(stanza('offer', { 'call-id': '' })), [])
    assert.deepEqual(told(stanza('offer', { 'call-id': 'x'.repeat(10_000) })), [])
    assert.deepEqual(told(stanza('offer', { 'call-creator': '../etc' })), [])
    assert.deepEqual(told({ tag: 'call', attrs: {} }), [])
  })
})
