import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Refusal } from './support/client.ts'
import { Home, link, World } from './support/world.ts'

function refused(code: string) {
  return (error: unknown): boolean => error instanceof Refusal && error.code === code
}

for (const addressing of ['lid', 'pn'] as const) {
  test(`messages both ways, addressing people by ${addressing}`, async (t) => {
    const world = await World.start(t, addressing)
    const { owner, bob, family } = world
    const { client, home } = await world.linked()

    await t.test('a text to a phone number arrives', async () => {
      const sent = await home.say('+1 (555) 000-0002', 'hello')
      assert.equal(sent.status, 'sent')
      const got = await bob.waitFor((m) => m.text === 'hello', 15_000)
      assert.equal(got.id, sent.message_id)
      const receipt = await client.event('receipt', (r) => r.message_id === sent.message_id && r.status === 'delivered')
      assert.equal(receipt.event.chat.id, sent.chat_id)
      bob.read(got.id)
      await client.event('receipt', (r) => r.message_id === sent.message_id && r.status === 'read')
    })

    await t.test('his answer comes in, in the same chat', async () => {
      const { chat_id } = await home.say(bob.number, 'again')
      const id = await bob.say(owner, 'hi 👋')
      const { event, replayed, age } = await client.event('message', (m) => m.message_id === id)
      assert.deepEqual([event.text, event.kind, event.from_me, event.origin.offline], ['hi 👋', 'text', false, false])
      assert.equal(event.chat.id, chat_id)
      assert.deepEqual([event.sender.phone, event.sender.lid, event.sender.name], [bob.number, bob.lid, 'Bob'])
      assert.equal(event.chat.kind, 'person')
      assert.equal(replayed, false)
      assert.ok(age !== undefined && age < 60)
    })

    await t.test('the group is known by name, and talks both ways', async () => {
      const { groups } = await client.call('groups', { account_id: home.account_id })
      const expected = {
        id: family.id,
        kind: 'group',
        name: 'Family',
        participants: 2,
        is_admin: true,
        phone: null,
        lid: null,
      }
      assert.deepEqual(groups, [expected])
      await home.say(family.id, 'dinner')
      await bob.waitFor((m) => m.text === 'dinner' && m.chat === family.id, 15_000)
      const id = await bob.say(family, 'coming')
      const { event } = await client.event('message', (m) => m.message_id === id)
      assert.deepEqual(event.chat, expected)
      assert.deepEqual([event.sender.phone, event.sender.lid], [bob.number, bob.lid])
    })

    await t.test('polls, one to one and in the group, with votes that can be changed', async () => {
      for (const chat of [bob.number, family.id]) {
        const content = { kind: 'poll', question: 'Heat?', options: ['On', 'Off', 'Later'], selectable: 1 } as const
        const { message_id } = await home.send(chat, { ...content, options: [...content.options] })
        const got = await bob.waitFor((m) => m.id === message_id, 15_000)
        assert.deepEqual([got.kind, got.question, got.options], ['poll', 'Heat?', content.options])
        for (const choice of [['Off'], ['On'], []]) {
          const from = client.events.length
          await bob.vote(got.id, choice)
          const { event } = await client.event('poll_vote', (v) => v.poll_id === message_id, { from })
          assert.deepEqual([event.error, event.question, event.options], [null, 'Heat?', choice])
          assert.deepEqual([event.voter.phone, event.chat.kind], [bob.number, chat === family.id ? 'group' : 'person'])
          const tally = content.options.map((option) => ({ option, votes: choice.includes(option) ? 1 : 0 }))
          assert.deepEqual(event.tally, tally)
        }
      }
    })

    await t.test('his poll comes in, and so do votes on it', async () => {
      const id = await bob.poll(family, { question: 'Pizza?', options: ['Yes', 'No'], selectable: 1 })
      const { event } = await client.event('message', (m) => m.message_id === id)
      assert.deepEqual(
        [event.kind, event.poll],
        ['poll', { question: 'Pizza?', options: ['Yes', 'No'], selectable: 1 }],
      )
      await bob.vote(id, ['Yes'])
      const vote = await client.event('poll_vote', (v) => v.poll_id === id)
      assert.deepEqual(vote.event.options, ['Yes'])
    })

    await t.test('what the account writes is told once, on the own phone as here', async () => {
      const { message_id, timestamp } = await home.say(bob.number, 'from the bridge')
      const id = await owner.say(bob, 'from my phone')
      const { event: phone } = await client.event('message', (m) => m.message_id === id)
      assert.deepEqual([phone.from_me, phone.text, phone.chat.phone], [true, 'from my phone', bob.number])
      assert.deepEqual([phone.sender.phone, phone.origin.source], [owner.number, 'phone'])
      await client.event('account', ({ account }) => account.name === 'Owner')
      const [bridge, ...others] = client.of('message').filter(({ event }) => event.message_id === message_id)
      assert.deepEqual(others, [])
      assert.deepEqual(
        [bridge?.event.from_me, bridge?.event.text, bridge?.event.chat],
        [true, 'from the bridge', phone.chat],
      )
      assert.deepEqual([bridge?.event.sender.id, bridge?.event.origin.source], [phone.sender.id, 'bridge'])
      assert.equal(bridge?.event.timestamp, timestamp)
    })

    await t.test('what cannot be sent is refused', async () => {
      await assert.rejects(home.say('+1 555 999 9999', 'x'), refused('not_on_whatsapp'))
      await assert.rejects(home.say('120363999999999999@g.us', 'x'), refused('chat_not_found'))
      await assert.rejects(home.say('Bob', 'x'), refused('chat_not_found'))
      await assert.rejects(home.say(bob.number, '   '), refused('invalid_request'))
    })

    await t.test('a chat is found by every alias', async () => {
      const chats = await Promise.all(
        [bob.number, `+${bob.number}`, `${bob.number}@s.whatsapp.net`, `${bob.lid}`].map(async (chat) =>
          client.call('resolve', { account_id: home.account_id, chat }),
        ),
      )
      assert.equal(new Set(chats.map(({ chat }) => chat.id)).size, 1)
      const found = await client.call('chats', { account_id: home.account_id, query: 'bob' })
      assert.deepEqual(
        found.chats.map(({ name }) => name),
        ['Bob'],
      )
    })
  })
}

test('what WhatsApp refuses for good is an error and a receipt, and the next message goes out', async (t) => {
  const world = await World.start(t)
  const { client, home } = await world.linked()
  world.whatsapp.faults.set({ kind: 'ack_error', code: 463, times: 1 })
  await assert.rejects(home.say(world.bob.number, 'no'), refused('restricted'))
  const { event } = await client.event('receipt', (r) => r.status === 'failed')
  assert.equal(event.error, 'restricted')
  assert.equal((await home.say(world.bob.number, 'yes')).status, 'sent')
  await world.bob.waitFor((m) => m.text === 'yes', 15_000)
  assert.ok(!world.bob.inbox.some((m) => m.text === 'no'))
})

test('two accounts in one bridge keep to themselves', async (t) => {
  const world = await World.start(t)
  const { client, home } = await world.linked()
  const other = await Home.listen(client, await link(client, world.bob))
  await home.say(world.bob.number, 'to the other account')
  const { account_id } = await client.event('message', (m) => m.text === 'to the other account' && !m.from_me)
  assert.equal(account_id, other.account_id)
  const answer = await other.say(world.owner.number, 'answer')
  const heard = await client.event('message', (m) => m.text === 'answer' && !m.from_me)
  assert.equal(heard.account_id, home.account_id)
  assert.equal(heard.event.message_id, answer.message_id)
  const { accounts } = await client.call('accounts', {})
  assert.deepEqual(
    accounts.map(({ phone }) => phone),
    [world.owner.number, world.bob.number],
  )
})

test('somebody who hides the number is a chat like any other', async (t) => {
  const world = await World.start(t)
  const { client, home } = await world.linked()
  const eve = world.whatsapp.phone({ number: '15550000003', name: 'Eve', hidesNumber: true })
  const id = await eve.say(world.owner, 'guess who')
  const { event } = await client.event('message', (m) => m.message_id === id)
  assert.deepEqual([event.chat.phone, event.chat.lid, event.sender.name], [null, eve.lid, 'Eve'])
  await home.say(event.chat.id, 'Eve!')
  await eve.waitFor((m) => m.text === 'Eve!', 15_000)
})

test('groups change while the bridge looks on', async (t) => {
  const world = await World.start(t)
  const { family, owner, bob } = world
  const { client, home } = await world.linked()
  family.rename('Friends')
  await client.event('chats', ({ chats }) => chats.some(({ id, name }) => id === family.id && name === 'Friends'))
  const eve = world.whatsapp.phone({ number: '15550000003', name: 'Eve' })
  family.add(eve)
  await client.event('chats', ({ chats }) =>
    chats.some(({ id, participants }) => id === family.id && participants === 3),
  )
  await home.say(family.id, 'welcome')
  await eve.waitFor((m) => m.text === 'welcome', 15_000)
  const work = world.whatsapp.group({ subject: 'Work', members: [bob] })
  work.add(owner)
  await client.event('chats', ({ chats }) => chats.some(({ name }) => name === 'Work'))
  family.remove(owner)
  await client.event('chats', ({ removed }) => removed.includes(family.id))
  await assert.rejects(home.say(family.id, 'still there?'), refused('chat_not_found'))
  const { groups } = await client.call('groups', { account_id: home.account_id })
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['Work'],
  )
})
