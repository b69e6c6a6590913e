import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { proto } from '../src/engine/baileys/library.ts'
import type { Address } from '../src/engine/engine.ts'
import type { Content } from '../src/protocol.ts'
import { groupOf, identitiesOf, makeEngine, makeLinkedWorld, phoneOf, send, values } from './support/engine.ts'

const SOON = () => AbortSignal.timeout(8000)
const POLL: Content = { kind: 'poll', question: 'Heat?', options: ['On', 'Off'], selectable: 1 }

for (const addressing of ['lid', 'pn'] as const) {
  describe(`sending, addressed by ${addressing}`, () => {
    test('a message resolves when the server has it, with its time', async (t) => {
      const { bob, host, engine } = await makeLinkedWorld(t, addressing)
      const to = phoneOf(bob)
      const prepared = await engine.prepare(to, { kind: 'text', text: 'hi' }, { mentions: [] })
      host.messages.set(prepared.external_id, { raw: prepared.payload, from_me: true })
      const { accepted_at } = await engine.send({ ...prepared, to }, SOON())
      assert.ok(Math.abs(accepted_at - Date.now() / 1000) < 5)
      const got = await bob.waitFor(({ id }) => id === prepared.external_id)
      assert.equal(got.message.extendedTextMessage?.text, 'hi')
      assert.equal(host.of('message').length, 0)
    })

    test('the own phone gets a copy', async (t) => {
      const { owner, bob, host, engine } = await makeLinkedWorld(t, addressing)
      const id = await send(engine, host, phoneOf(bob), 'hi')
      const copy = await owner.waitFor((message) => message.id === id)
      assert.equal(copy.chat, bob.number)
    })

    test('to oneself', async (t) => {
      const { owner, host, engine } = await makeLinkedWorld(t, addressing)
      const id = await send(engine, host, phoneOf(owner), 'note')
      const got = await owner.waitFor((message) => message.id === id)
      assert.equal(got.text, 'note')
      assert.equal(got.copies, 1)
    })

    test('the same message twice is one message', async (t) => {
      const { whatsapp, bob, host, engine } = await makeLinkedWorld(t, addressing)
      const to = phoneOf(bob)
      const prepared = await engine.prepare(to, { kind: 'text', text: 'once' }, { mentions: [] })
      host.messages.set(prepared.external_id, { raw: prepared.payload, from_me: true })
      await engine.send({ ...prepared, to }, SOON())
      await engine.send({ ...prepared, to }, SOON())
      await whatsapp.until(() => bob.inbox.find(({ id }) => id === prepared.external_id)?.copies === 2)
      assert.equal(bob.inbox.length, 1)
    })

    test('a poll for one choice and a poll for any', async (t) => {
      const { bob, family, host, engine } = await makeLinkedWorld(t, addressing)
      const one = await send(engine, host, groupOf(family), POLL)
      const got = await bob.waitFor(({ id }) => id === one)
      assert.deepEqual([got.question, got.options, got.selectable], ['Heat?', ['On', 'Off'], 1])
      assert.ok(got.message.pollCreationMessageV3)
      assert.equal(got.message.messageContextInfo?.messageSecret?.length, 32)
      const any = await send(engine, host, phoneOf(bob), { ...POLL, selectable: 0 })
      const other = await bob.waitFor(({ id }) => id === any)
      assert.ok(other.message.pollCreationMessage)
    })

    test('who could not read it gets it again, even from another engine', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, eve, family, host, engine } = world
      const single = await send(engine, host, phoneOf(bob), 'again?')
      const group = await send(engine, host, groupOf(family), 'all again?')
      await bob.waitFor(({ id }) => id === single)
      await eve.waitFor(({ id }) => id === group)
      const copies = (phone: typeof bob, id: string) => phone.inbox.find((message) => message.id === id)?.copies
      bob.askAgain(single)
      await whatsapp.until(() => copies(bob, single) === 2)
      await engine.stop()
      makeEngine(t, world).start()
      await whatsapp.until(() => owner.devices[0]?.ready)
      bob.askAgain(single)
      eve.askAgain(group)
      await whatsapp.until(() => copies(bob, single) === 3 && copies(eve, group) === 2)
    })

    test('delivered and read, one by one and in a group', async (t) => {
      const { whatsapp, bob, eve, family, host, engine } = await makeLinkedWorld(t, addressing)
      const single = await send(engine, host, phoneOf(bob), 'hi')
      const group = await send(engine, host, groupOf(family), 'hi all')
      await bob.waitFor(({ id }) => id === group)
      await eve.waitFor(({ id }) => id === group)
      bob.read(single)
      bob.read(group)
      eve.read(group)
      const readers = (id: string, status: string) =>
        host.of('receipt').filter((event) => event.external_id === id && event.status === status)
      await whatsapp.until(() => readers(single, 'read').length === 1 && readers(group, 'read').length === 2)
      await whatsapp.until(() => readers(single, 'delivered').length === 1 && readers(group, 'delivered').length === 2)
      const names = new Set(readers(group, 'read').flatMap(({ by }) => values(by)))
      assert.deepEqual(names, new Set([bob, eve].map((one) => (addressing === 'lid' ? one.lid : one.jid))))
    })

    test('a person without a LID', async (t) => {
      const { whatsapp, owner, host, engine } = await makeLinkedWorld(t, addressing)
      const old = whatsapp.phone({ number: '15550000009', name: 'Old', lid: null })
      const id = await send(engine, host, phoneOf(old), 'hello there')
      const got = await old.waitFor((message) => message.id === id)
      assert.equal(got.text, 'hello there')
      const answer = await old.say(owner, 'hello back')
      await whatsapp.until(() => host.withId('message', answer).length > 0)
      const next = await send(engine, host, phoneOf(old), 'and on')
      await old.waitFor((message) => message.id === next)
    })

    test('a number is looked up with its LID', async (t) => {
      const { owner, bob, host, engine } = await makeLinkedWorld(t, addressing)
      assert.deepEqual(values(await engine.lookup(bob.number, SOON())), identitiesOf(bob))
      assert.ok(host.learned.some((pair) => pair.some(({ value }) => value === bob.lid)))
      assert.equal((await engine.lookup(owner.number, SOON()))?.kind, 'self')
      assert.equal(await engine.lookup('15559999999', SOON()), null)
    })
  })
}

describe('sending that fails', () => {
  test('no confirmation', async (t) => {
    const { whatsapp, bob, host, engine } = await makeLinkedWorld(t)
    whatsapp.faults.set({ kind: 'no_answer', to: 'message', times: 1 })
    await assert.rejects(send(engine, host, phoneOf(bob), 'hi'), { code: 'timeout', retry: 'later' })
    await send(engine, host, phoneOf(bob), 'hi again')
  })

  for (const [code, expected] of [
    [463, { code: 'restricted', retry: 'never' }],
    [479, { code: 'rejected', retry: 'never' }],
    [400, { code: 'rejected', retry: 'never' }],
    [429, { code: 'rate_limited', retry: 'later' }],
    [500, { code: 'rejected', retry: 'later' }],
  ] as const) {
    test(`refused with ${code}`, async (t) => {
      const { whatsapp, bob, host, engine } = await makeLinkedWorld(t)
      whatsapp.faults.set({ kind: 'ack_error', code, times: 1 })
      await assert.rejects(send(engine, host, phoneOf(bob), 'hi'), expected)
      assert.equal(bob.inbox.length, 0)
    })
  }

  for (const at of ['before_message', 'before_ack'] as const) {
    test(`the connection is cut ${at}: the same message goes out later, once`, async (t) => {
      const { whatsapp, bob, host, engine } = await makeLinkedWorld(t)
      const to = phoneOf(bob)
      const prepared = await engine.prepare(to, { kind: 'text', text: 'cut' }, { mentions: [] })
      host.messages.set(prepared.external_id, { raw: prepared.payload, from_me: true })
      whatsapp.faults.set({ kind: 'drop', at, times: 1 })
      await assert.rejects(engine.send({ ...prepared, to }, SOON()), { code: 'not_connected', retry: 'later' })
      await whatsapp.until(() => host.state?.status === 'connected')
      await engine.send({ ...prepared, to }, SOON())
      await bob.waitFor(({ id }) => id === prepared.external_id)
      assert.equal(bob.inbox.length, 1)
    })
  }

  for (const to of ['usync', 'encrypt/key'] as const) {
    test(`no answer to ${to}: nothing is taken for sent`, async (t) => {
      const { whatsapp, bob, host, engine } = await makeLinkedWorld(t, 'lid', { timing: { query: 200 } })
      const sent: string[] = []
      whatsapp.activity.subscribe(() => sent.push(...bob.inbox.map(({ id }) => id)))
      const fault = whatsapp.faults.set({ kind: 'no_answer', to })
      await assert.rejects(send(engine, host, phoneOf(bob), 'hi'), { code: 'timeout', retry: 'later' })
      whatsapp.faults.clear(fault)
      const id = await send(engine, host, phoneOf(bob), 'hi at last')
      await bob.waitFor((message) => message.id === id)
      assert.deepEqual([...new Set(sent)], [id])
    })
  }

  test('no answer to usync in a group', async (t) => {
    const { whatsapp, bob, family, host, engine } = await makeLinkedWorld(t, 'lid', { timing: { query: 200 } })
    const fault = whatsapp.faults.set({ kind: 'no_answer', to: 'usync' })
    await assert.rejects(send(engine, host, groupOf(family), 'hi'), { code: 'timeout', retry: 'later' })
    whatsapp.faults.clear(fault)
    const id = await send(engine, host, groupOf(family), 'hi at last')
    await bob.waitFor((message) => message.id === id)
    assert.equal(bob.inbox.length, 1)
  })

  test('somebody who is not on WhatsApp', async (t) => {
    const { host, engine } = await makeLinkedWorld(t)
    const nobody: Address = { kind: 'person', aliases: [{ kind: 'phone', value: '15559999999@s.whatsapp.net' }] }
    await assert.rejects(send(engine, host, nobody, 'hi'), { code: 'not_on_whatsapp', retry: 'never' })
  })

  test('a group this account is not in', async (t) => {
    const { whatsapp, bob, eve, host, engine } = await makeLinkedWorld(t)
    const theirs = whatsapp.group({ subject: 'Theirs', members: [bob, eve] })
    await assert.rejects(send(engine, host, groupOf(theirs), 'hi'), { code: 'chat_not_found', retry: 'never' })
  })

  test('a lookup that is not answered', async (t) => {
    const { whatsapp, engine } = await makeLinkedWorld(t, 'lid', { timing: { query: 200 } })
    whatsapp.faults.set({ kind: 'no_answer', to: 'usync' })
    await assert.rejects(engine.lookup('15550000002', SOON()), { code: 'timeout', retry: 'later' })
  })

  test('given up by whoever asked', async (t) => {
    const { whatsapp, bob, host, engine } = await makeLinkedWorld(t)
    whatsapp.faults.set({ kind: 'no_answer', to: 'message' })
    const to = phoneOf(bob)
    const prepared = await engine.prepare(to, { kind: 'text', text: 'hi' }, { mentions: [] })
    host.messages.set(prepared.external_id, { raw: prepared.payload, from_me: true })
    await assert.rejects(engine.send({ ...prepared, to }, AbortSignal.timeout(100)), { retry: 'later' })
    await assert.rejects(engine.send({ ...prepared, to }, AbortSignal.abort()), { retry: 'later' })
  })
})

test('prepared without a connection, it is what the phone will read', async (t) => {
  const { engine, bob } = await makeLinkedWorld(t)
  await engine.stop()
  const one = await engine.prepare(phoneOf(bob), { kind: 'text', text: 'https://example.com' }, { mentions: [] })
  const two = await engine.prepare(phoneOf(bob), { kind: 'text', text: 'https://example.com' }, { mentions: [] })
  assert.notEqual(one.external_id, two.external_id)
  const { extendedTextMessage } = proto.Message.decode(one.payload)
  assert.equal(extendedTextMessage?.text, 'https://example.com')
  assert.ok(!extendedTextMessage.matchedText)
})
