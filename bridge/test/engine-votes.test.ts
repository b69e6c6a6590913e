import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { proto } from '../src/engine/baileys/library.ts'
import type { Content } from '../src/protocol.ts'
import { groupOf, identitiesOf, makeEngine, makeLinkedWorld, phoneOf, send, values } from './support/engine.ts'

const POLL: Content = { kind: 'poll', question: 'Heat?', options: ['On', 'Off', 'Äh?'], selectable: 0 }
const FORMS = ['lid', 'pn'] as const

for (const addressing of FORMS) {
  describe(`votes, addressed by ${addressing}`, () => {
    test('by every pair of identities, alone and in a group', async (t) => {
      const { whatsapp, bob, eve, family, host, engine } = await makeLinkedWorld(t, addressing)
      for (const [to, voter] of [
        [phoneOf(bob), bob],
        [groupOf(family), eve],
      ] as const) {
        const poll = await send(engine, host, to, POLL)
        await voter.waitFor(({ id }) => id === poll)
        for (const creator of FORMS) {
          for (const form of FORMS) {
            const id = await voter.vote(poll, ['On', 'Äh?'], { creator, voter: form })
            await whatsapp.until(() => host.withId('poll_vote', id).length > 0)
            const [event] = host.withId('poll_vote', id)
            assert.deepEqual(event?.options, ['On', 'Äh?'], `creator ${creator}, voter ${form}`)
            assert.equal(event.error, null)
            assert.equal(event.poll_external_id, poll)
            assert.deepEqual(values(event.voter), identitiesOf(voter))
          }
        }
      }
    })

    test('changed and withdrawn', async (t) => {
      const { whatsapp, bob, host, engine } = await makeLinkedWorld(t, addressing)
      const poll = await send(engine, host, phoneOf(bob), POLL)
      await bob.waitFor(({ id }) => id === poll)
      for (const choice of [['On'], ['Off'], []]) await bob.vote(poll, choice)
      await whatsapp.until(() => host.of('poll_vote').length === 3)
      assert.deepEqual(
        host.of('poll_vote').map(({ options, error }) => ({ options, error })),
        [['On'], ['Off'], []].map((options) => ({ options, error: null })),
      )
    })

    test('after a restart of everything', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, eve, family, host, engine } = world
      const poll = await send(engine, host, groupOf(family), POLL)
      await eve.waitFor(({ id }) => id === poll)
      await engine.stop()
      const away = await eve.vote(poll, ['Off'])
      makeEngine(t, world).start()
      await whatsapp.until(() => host.withId('poll_vote', away).length > 0)
      const [event] = host.withId('poll_vote', away)
      assert.deepEqual(event?.options, ['Off'])
      assert.equal(event.origin.offline, true)
    })

    test('in polls of others and of the own phone', async (t) => {
      const { whatsapp, owner, bob, eve, family, host } = await makeLinkedWorld(t, addressing)
      const question = { question: 'Pizza?', options: ['Yes', 'No'] }
      const theirs = await bob.poll(family, question)
      const ours = await owner.poll(family, question)
      const alone = await bob.poll(owner, question)
      const toBob = await owner.poll(bob, question)
      await whatsapp.until(() => host.of('message').filter(({ kind }) => kind === 'poll').length === 4)
      const [event] = host.withId('message', theirs)
      assert.deepEqual(event?.poll, { question: 'Pizza?', options: ['Yes', 'No'], selectable: 1 })
      const votes = [
        await eve.vote(theirs, ['Yes']),
        await bob.vote(theirs, ['No']),
        await owner.vote(theirs, ['Yes']),
        await eve.vote(ours, ['Yes']),
        await owner.vote(ours, ['No']),
        await bob.vote(alone, ['Yes']),
        await owner.vote(alone, ['No']),
        await bob.vote(toBob, ['Yes']),
        await owner.vote(toBob, ['No']),
      ]
      await whatsapp.until(() => host.of('poll_vote').length === votes.length)
      const told = votes.map((id) => host.withId('poll_vote', id)[0])
      assert.deepEqual(
        told.map((vote) => `${vote?.voter.kind ?? ''} ${vote?.options.join() ?? ''} ${vote?.error ?? ''}`.trim()),
        [
          'person Yes',
          'person No',
          'self Yes',
          'person Yes',
          'self No',
          'person Yes',
          'self No',
          'person Yes',
          'self No',
        ],
      )
    })
  })
}

describe('votes that cannot be read', () => {
  test('in a poll that nobody kept', async (t) => {
    const { whatsapp, bob, host, engine } = await makeLinkedWorld(t)
    const poll = await send(engine, host, phoneOf(bob), POLL)
    await bob.waitFor(({ id }) => id === poll)
    host.messages.delete(poll)
    await bob.vote(poll, ['On'])
    await whatsapp.until(() => host.of('poll_vote').length > 0)
    assert.deepEqual(host.of('poll_vote')[0]?.error, 'poll_unknown')
    assert.deepEqual(host.of('poll_vote')[0]?.options, [])
  })

  for (const [error, secret] of [
    ['secret_missing', undefined],
    ['decrypt_failed', new Uint8Array(32)],
  ] as const) {
    test(error, async (t) => {
      const { whatsapp, bob, host, engine } = await makeLinkedWorld(t)
      const poll = await send(engine, host, phoneOf(bob), POLL)
      await bob.waitFor(({ id }) => id === poll)
      const message = proto.Message.decode(host.messages.get(poll)?.raw ?? new Uint8Array())
      message.messageContextInfo = secret ? { messageSecret: secret } : null
      host.messages.set(poll, { raw: proto.Message.encode(message).finish(), from_me: true })
      await bob.vote(poll, ['On'])
      await whatsapp.until(() => host.of('poll_vote').length > 0)
      assert.equal(host.of('poll_vote')[0]?.error, error)
    })
  }
})
