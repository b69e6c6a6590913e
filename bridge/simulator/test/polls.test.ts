import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { decryptPollVote, jidNormalizedUser, type proto, sha256, type WAMessage } from 'baileys'

import type { Addressing } from '../people.ts'
import type { Phone } from '../phone.ts'
import { encryptVote, type Poll } from '../polls.ts'
import { makeLinkedWorld } from './world.ts'

const MODES = ['lid', 'pn'] as const satisfies Addressing[]
const OPTIONS = ['On', 'Off', 'Eco']

/** The names chosen by a vote that came in, tried by one pair of addresses. */
function chosen(poll: WAMessage, vote: WAMessage, creator: string | null | undefined, voter: string | null): string[] {
  const update = vote.message?.pollUpdateMessage
  const secret = poll.message?.messageContextInfo?.messageSecret
  assert.ok(update?.vote && secret && creator && voter)
  assert.equal(update.pollCreationMessageKey?.id, poll.key.id)
  const { selectedOptions } = decryptPollVote(update.vote, {
    pollCreatorJid: jidNormalizedUser(creator),
    pollMsgId: poll.key.id ?? '',
    pollEncKey: secret,
    voterJid: voter,
  })
  return OPTIONS.filter((option) => selectedOptions.some((hash) => sha256(Buffer.from(option)).equals(hash)))
}

const jidAs = (phone: Phone, mode: Addressing) => (mode === 'lid' ? phone.lid : phone.jid)

for (const addressing of MODES) {
  describe(`polls with ${addressing} addressing`, () => {
    test('a phone asks, a phone votes', async (t) => {
      const { client, owner, bob, eve, family } = await makeLinkedWorld(t, addressing)
      for (const to of [owner, family]) {
        const { message } = await client.message(await bob.poll(to, { question: 'Heat?', options: OPTIONS }))
        const { name, options, selectableOptionsCount } = message.message?.pollCreationMessageV3 ?? {}
        assert.deepEqual([name, selectableOptionsCount], ['Heat?', 1])
        assert.deepEqual(
          options?.map(({ optionName }) => optionName),
          OPTIONS,
        )
        const voter = to === owner ? bob : eve
        const vote = await client.message(await voter.vote(message.key.id ?? '', ['Eco']))
        assert.deepEqual(chosen(message, vote.message, jidAs(bob, addressing), jidAs(voter, addressing)), ['Eco'])
      }
    })

    test('the client asks, phones vote by whichever address', async (t) => {
      const { client, owner, bob, family } = await makeLinkedWorld(t, addressing)
      const poll = await client.socket.sendMessage(family.id, {
        poll: { name: 'Heat?', values: OPTIONS, selectableCount: 1 },
      })
      assert.ok(poll)
      const id = poll.key.id ?? ''
      const received = await bob.waitFor((one) => one.id === id)
      assert.deepEqual([received.kind, received.question, received.options], ['poll', 'Heat?', OPTIONS])
      for (const creator of MODES) {
        for (const voter of MODES) {
          const { message } = await client.message(await bob.vote(id, ['Off'], { creator, voter }))
          assert.deepEqual(chosen(poll, message, jidAs(owner, creator), jidAs(bob, voter)), ['Off'])
        }
      }
      assert.deepEqual(received.chosen, ['Off'])
      const withdrawn = await client.message(await bob.vote(id, []))
      assert.deepEqual(chosen(poll, withdrawn.message, jidAs(owner, addressing), jidAs(bob, addressing)), [])
      assert.deepEqual(received.chosen, [])
    })

    test('the client votes', async (t) => {
      const { client, owner, bob, family } = await makeLinkedWorld(t, addressing)
      const { message } = await client.message(
        await bob.poll(family, { question: 'Heat?', options: OPTIONS, selectable: 0 }),
      )
      const secret = message.message?.messageContextInfo?.messageSecret
      assert.ok(secret && message.message?.pollCreationMessage)
      const poll: Poll = {
        id: message.key.id ?? '',
        creator: bob,
        secret,
        question: 'Heat?',
        options: OPTIONS,
        selectable: 0,
      }
      const vote = encryptVote(poll, ['On', 'Eco'], owner, { creator: 'lid', voter: 'pn' })
      const content: proto.IMessage = {
        pollUpdateMessage: { pollCreationMessageKey: message.key, vote, senderTimestampMs: Date.now() },
      }
      await client.socket.relayMessage(family.id, content, {})
      const received = await bob.waitFor(({ kind }) => kind === 'vote')
      assert.deepEqual([received.from, received.poll, received.options], [owner.number, poll.id, ['On', 'Eco']])
    })
  })
}

test('refuses a vote that makes no sense', async (t) => {
  const { client, bob, eve, family } = await makeLinkedWorld(t)
  const { message } = await client.message(await bob.poll(family, { question: 'Heat?', options: OPTIONS }))
  const id = message.key.id ?? ''
  await assert.rejects(eve.vote(id, ['Maybe']), /no option "Maybe"/)
  await assert.rejects(eve.vote(id, ['On', 'Off']), /at most 1/)
  await assert.rejects(eve.vote('nothing', ['On']), /does not know a poll/)
  await assert.rejects(bob.poll(family, { question: 'Q', options: ['one'] }), /two options or more/)
  await assert.rejects(
    bob.poll(family, { question: 'Q', options: ['one', 'two'], selectable: 3 }),
    /at most the number/,
  )
})
