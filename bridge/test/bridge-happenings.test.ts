import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { reinstall } from '../simulator/directory.ts'
import { Refusal } from './support/client.ts'
import { World } from './support/world.ts'

function refused(code: string) {
  return (error: unknown): boolean => error instanceof Refusal && error.code === code
}

for (const addressing of ['lid', 'pn'] as const) {
  describe(`a whole bridge, addressing people by ${addressing}`, () => {
    test('tells what becomes of messages, and lists them as they are now', async (t) => {
      const world = await World.start(t, addressing)
      const { owner, bob, family } = world
      const { client, home } = await world.linked()
      const { account_id } = home
      const eve = world.whatsapp.phone({ number: '15550000003', name: 'Eve' })
      family.add(eve)

      const first = await bob.say(owner, 'god')
      const edited = await bob.edit(first, 'good')
      const second = await bob.say(owner, 'oops')
      await bob.delete(second)
      await bob.react(first, '👍')
      await bob.react(first, '')
      const edit = await client.event('edit', (event) => event.message_id === first)
      assert.deepEqual([edit.event.text, edit.event.sender.phone, edit.replayed], ['good', bob.number, false])
      assert.notEqual(edit.event.message_id, edited)
      await client.event('revoke', (event) => event.message_id === second)
      await client.event('reaction', (event) => event.message_id === first && event.emoji === '👍')
      await client.event('reaction', (event) => event.message_id === first && event.emoji === null)
      const { messages } = await client.call('messages', { account_id, chat: bob.number })
      assert.deepEqual(
        messages.map((message) => [message.message_id, message.text, message.edited, message.revoked]),
        [
          [second, null, false, true],
          [first, 'good', true, false],
        ],
      )

      const { message_id: forwarded } = await home.send(family.id, { kind: 'forward', message_id: first })
      assert.equal((await bob.waitFor(({ id }) => id === forwarded)).text, 'good')
      const { message_id: answer } = await home.say(bob.number, 'yes', { quote: first })
      assert.equal((await bob.waitFor(({ id }) => id === answer)).quoted_text, 'good')

      const inGroup = await eve.say(family, 'spam')
      await bob.waitFor((message) => message.id === inGroup)
      await owner.waitFor((message) => message.id === inGroup)
      await owner.delete(inGroup)
      const revoke = await client.event('revoke', (event) => event.message_id === inGroup)
      assert.deepEqual([revoke.event.from_me, revoke.event.chat.id], [true, family.id])
    })

    test('tells of groups, calls, keys and who is there', async (t) => {
      const world = await World.start(t, addressing)
      const { whatsapp, owner, bob, family } = world
      const { client, home } = await world.linked()
      const { account_id } = home
      await home.say(bob.number, 'hi')

      family.promote(bob)
      family.rename('Household', bob)
      const renamed = await client.event('group_change', ({ change }) => change === 'subject')
      assert.deepEqual([renamed.event.value, renamed.event.by?.phone], ['Household', bob.number])
      await client.event(
        'group_change',
        ({ change, members }) => change === 'promote' && members[0]?.phone === bob.number,
      )
      await client.event('chats', ({ chats }) => chats.some(({ name }) => name === 'Household'))

      const call = whatsapp.calls.place(bob, owner, { video: true })
      await client.event('call', ({ call_id, status }) => call_id === call.id && status === 'offered')
      call.end()
      const missed = await client.event('call', ({ call_id, status }) => call_id === call.id && status === 'missed')
      assert.deepEqual([missed.event.caller.phone, missed.event.video], [bob.number, true])

      await client.call('watch_presence', { account_id, chat: bob.number })
      await whatsapp.until(() => whatsapp.presences.heard.some(({ type }) => type === 'subscribe'))
      whatsapp.presences.show(bob, 'composing', owner)
      const presence = await client.event('presence', (event) => event.presence === 'composing')
      assert.deepEqual([presence.event.person.phone, presence.seq], [bob.number, undefined])

      reinstall(whatsapp, bob)
      const id = await bob.say(owner, 'a new phone')
      await client.event('message', ({ message_id }) => message_id === id)
      const changed = await client.event('identity_changed')
      assert.equal(changed.event.chat.phone, bob.number)
    })

    test('tells how a poll stands, also after a restart, and refuses what is none', async (t) => {
      const world = await World.start(t, addressing)
      const { owner, bob, family } = world
      const { bridge, client, home } = await world.linked()
      const { account_id } = home
      const shown = { question: 'Heat?', options: ['On', 'Off'], selectable: 1 }
      const { message_id: poll } = await home.send(family.id, { kind: 'poll', ...shown })
      await bob.waitFor((message) => message.id === poll)
      await owner.waitFor((message) => message.id === poll)
      await bob.vote(poll, ['On'], { voter: 'lid' })
      await client.event('poll_vote', ({ options }) => options[0] === 'On')
      await bob.vote(poll, ['Off'], { voter: 'pn' })
      await client.event('poll_vote', ({ options }) => options[0] === 'Off')
      await owner.vote(poll, ['On'])
      await client.event('poll_vote', ({ from_me, tally }) => from_me && tally[0]?.votes === 1)
      const before = await client.call('poll', { account_id, message_id: poll })
      const votes = new Map(before.votes.map(({ voter, options }) => [voter.phone, options]))
      const expected = new Map([
        [bob.number, ['Off']],
        [owner.number, ['On']],
      ])
      assert.deepEqual(votes, expected)
      assert.deepEqual(before.poll, shown)
      await bridge.end('SIGKILL')

      const again = await world.bridge(bridge.data)
      const next = await again.client()
      assert.deepEqual(await next.call('poll', { account_id, message_id: poll }), before)
      const { messages } = await next.call('messages', { account_id, chat: family.id })
      assert.deepEqual(
        messages.map(({ message_id, kind, from_me, poll: asked }) => [message_id, kind, from_me, asked]),
        [[poll, 'poll', true, shown]],
      )
      await assert.rejects(next.call('poll', { account_id, message_id: 'none' }), refused('message_not_found'))
      const chat = family.id
      await assert.rejects(next.call('messages', { account_id, chat, before: 'none' }), refused('message_not_found'))
      await assert.rejects(next.call('messages', { account_id, chat: 'none' }), refused('chat_not_found'))
    })

    test('a message that cannot be read is told, and again when it can', async (t) => {
      const world = await World.start(t, addressing)
      const { whatsapp, owner, bob } = world
      const { client } = await world.linked()
      whatsapp.faults.set({ kind: 'corrupt', times: 1 })
      const id = await bob.say(owner, 'hard to read')
      const before = await client.event('undecryptable', ({ message_id }) => message_id === id)
      const after = await client.event('message', ({ message_id }) => message_id === id)
      assert.ok((before.seq ?? 0) < (after.seq ?? 0))
      assert.deepEqual([before.event.reason, after.event.text], ['corrupt', 'hard to read'])
      assert.equal(before.event.chat.id, after.event.chat.id)
    })

    test('marks as read, shows presence and checks numbers when asked, and not before', async (t) => {
      const world = await World.start(t, addressing)
      const { whatsapp, owner, bob, family } = world
      const { client, home } = await world.linked()
      const { account_id } = home
      const ids = [await bob.say(owner, 'one'), await bob.say(owner, 'two')]
      for (const id of ids) await client.event('message', ({ message_id }) => message_id === id)
      const read = () => bob.receipts.flatMap(({ id, type }) => (type === 'read' ? id : []))
      assert.deepEqual(read(), [])
      await client.call('mark_read', { account_id, chat: bob.number })
      await whatsapp.until(() => read().length === 2)
      await client.call('mark_read', { account_id, chat: bob.number })
      const third = await bob.say(owner, 'three')
      await client.event('message', ({ message_id }) => message_id === third)
      await client.call('mark_read', { account_id, chat: bob.number, message_id: third })
      await whatsapp.until(() => read().length === 3)
      assert.deepEqual(read().toSorted(), [...ids, third].toSorted(), 'each once')

      await client.call('presence', { account_id, presence: 'composing', chat: bob.number })
      await client.call('presence', { account_id, presence: 'paused', chat: family.id })
      await whatsapp.until(() => whatsapp.presences.heard.some(({ type, to }) => type === 'paused' && to === family.id))
      assert.ok(whatsapp.presences.heard.some(({ type }) => type === 'composing'))

      const { numbers } = await client.call('check', { account_id, phones: ['+1 555 000-0002', '15559999999'] })
      assert.deepEqual(
        numbers.map(({ phone, chat }) => [phone, chat?.phone]),
        [
          ['+1 555 000-0002', bob.number],
          ['15559999999', undefined],
        ],
      )
    })

    test('administers groups', async (t) => {
      const world = await World.start(t, addressing)
      const { whatsapp, bob } = world
      const eve = whatsapp.phone({ number: '15550000003', name: 'Eve' })
      const { client, home } = await world.linked()
      const { account_id } = home
      const members = [bob.number, '15559999999']
      const made = await client.call('group_create', { account_id, subject: 'Club', members })
      const chat = made.chat.id
      const club = whatsapp.groups.find(({ id }) => id === chat)
      assert.ok(club)
      assert.deepEqual(made.members, [
        { member: bob.number, error: null },
        { member: '15559999999', error: 'not_on_whatsapp' },
      ])
      assert.deepEqual([made.chat.name, made.chat.participants, made.chat.is_admin], ['Club', 2, true])
      await client.event('chats', ({ chats }) => chats.some(({ id }) => id === chat))

      const act = async (action: 'add' | 'remove' | 'promote', member: string) =>
        (await client.call('group_members', { account_id, chat, action, members: [member] })).members[0]?.error
      assert.equal(await act('add', eve.number), null)
      assert.equal(await act('promote', bob.number), null)
      await client.call('group_update', {
        account_id,
        chat,
        subject: 'Chess club',
        description: 'Mondays',
        announce: true,
      })
      const group = await client.call('group', { account_id, chat })
      assert.deepEqual(
        [group.chat.name, group.description, group.announce, group.chat.participants],
        ['Chess club', 'Mondays', true, 3],
      )
      const admins = group.members.filter((member) => member.is_admin).map(({ phone }) => phone)
      assert.deepEqual(new Set(admins), new Set(['15550000001', bob.number]))
      assert.equal(group.members.length, 3)
      assert.equal(await act('remove', eve.number), null)
      const { url } = await client.call('group_invite', { account_id, chat })
      assert.equal(url, `https://chat.whatsapp.com/${club.code}`)
      await client.call('group_leave', { account_id, chat })
      await assert.rejects(client.call('group', { account_id, chat }), refused('chat_not_found'))
      const back = await client.call('group_join', { account_id, code: url })
      assert.deepEqual([back.chat.id, back.chat.name], [chat, 'Chess club'])
      const { groups } = await client.call('groups', { account_id })
      assert.ok(groups.some(({ id }) => id === chat))
    })
  })
}
