import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Address, ListedChat } from '../src/engine/engine.ts'
import type { Group } from '../simulator/groups.ts'
import { groupOf, makeLinkedWorld, type MemoryHost, phoneOf, send, values } from './support/engine.ts'

const soon = () => AbortSignal.timeout(5000)

function listed(host: MemoryHost, id: string): ListedChat | undefined {
  const all = host
    .of('chats')
    .flatMap(({ chats, removed }) => [
      ...chats.map((chat) => ({ value: chat.aliases[0]?.value, chat })),
      ...removed.map(({ value }) => ({ value, chat: undefined })),
    ])
  return all.findLast(({ value }) => value === id)?.chat
}

const numbersOf = (group: Group | undefined) => group?.members.map(({ number }) => number)

function stranger(number: string): Address {
  return { kind: 'person', aliases: [{ kind: 'phone', value: `${number}@s.whatsapp.net` }] }
}

for (const addressing of ['lid', 'pn'] as const) {
  describe(`group administration, addressed by ${addressing}`, () => {
    test('information', async (t) => {
      const { owner, bob, eve, family, engine } = await makeLinkedWorld(t, addressing)
      family.describe('Who is in')
      family.set('announce', true)
      family.expire(604_800)
      const info = await engine.groups.info(groupOf(family), soon())
      assert.deepEqual(
        { ...info, members: info.members.map((member) => member.is_admin) },
        {
          kind: 'group',
          aliases: [{ kind: 'group', value: family.id }],
          name: 'Family',
          participants: 3,
          is_admin: true,
          description: 'Who is in',
          announce: true,
          locked: false,
          expiration: 604_800,
          members: [true, false, false],
        },
      )
      for (const [index, member] of [owner, bob, eve].entries()) {
        assert.ok(values(info.members[index]).includes(addressing === 'lid' ? (member.lid ?? '') : member.jid))
      }
      assert.equal(info.members[0]?.kind, 'self')
    })

    test('a group is made, with what became of each member', async (t) => {
      const { whatsapp, owner, bob, eve, host, engine } = await makeLinkedWorld(t, addressing)
      const dan = whatsapp.phone({ number: '15550000004', name: 'Dan', lid: null })
      whatsapp.faults.set({ kind: 'member_error', number: eve.number, code: 403 })
      const wanted = [phoneOf(bob), stranger('15559999999'), phoneOf(eve), phoneOf(dan)]
      const { group, members } = await engine.groups.create('Club', wanted, soon())
      assert.deepEqual(members, [null, 'not_on_whatsapp', 'rejected', null])
      assert.equal(group.name, 'Club')
      assert.equal(group.members.length, 3)
      const made = whatsapp.groups.at(-1)
      assert.deepEqual(numbersOf(made), [owner.number, bob.number, dan.number])
      assert.deepEqual(listed(host, made?.id ?? '')?.participants, 3)
      const id = await send(engine, host, group, 'welcome')
      await bob.waitFor((message) => message.id === id)
      await dan.waitFor((message) => message.id === id)
    })

    test('members are added, removed, promoted and demoted, each with its own outcome', async (t) => {
      const { whatsapp, bob, eve, family, host, engine } = await makeLinkedWorld(t, addressing)
      const dan = whatsapp.phone({ number: '15550000004', name: 'Dan' })
      const fay = whatsapp.phone({ number: '15550000005', name: 'Fay' })
      whatsapp.faults.set({ kind: 'member_error', number: fay.number, code: 403, times: 1 })
      const group = groupOf(family)
      const change = (action: 'add' | 'remove' | 'promote' | 'demote', ...members: Address[]) =>
        engine.groups.change(group, action, members, soon())
      assert.deepEqual(await change('add', phoneOf(dan), phoneOf(bob), stranger('15559999999'), phoneOf(fay)), [
        null,
        null,
        'not_on_whatsapp',
        'rejected',
      ])
      assert.equal(listed(host, family.id)?.participants, 4)
      const byLid: Address = { kind: 'person', aliases: [{ kind: 'lid', value: dan.lid ?? '' }] }
      assert.deepEqual(await change('promote', byLid, phoneOf(eve), phoneOf(fay)), [null, null, 'rejected'])
      assert.deepEqual(family.admins.slice(1), [eve, dan])
      assert.deepEqual(await change('demote', phoneOf(dan)), [null])
      assert.deepEqual(family.admins.slice(1), [eve])
      assert.deepEqual(await change('remove', phoneOf(bob), phoneOf(fay)), [null, null])
      assert.equal(family.has(bob), false)
      assert.equal(listed(host, family.id)?.participants, 3)
    })

    test('what a group says about itself is changed', async (t) => {
      const { family, host, engine } = await makeLinkedWorld(t, addressing)
      const group = groupOf(family)
      const all = { subject: 'Household', description: 'Who is in', announce: true, locked: true, expiration: 86_400 }
      await engine.groups.update(group, all, soon())
      const seen = () => ({
        subject: family.subject,
        description: family.description,
        ...family.settings,
        expiration: family.expiration,
      })
      assert.deepEqual(seen(), all)
      assert.equal(listed(host, family.id)?.name, 'Household')
      const none = { description: '', announce: false, locked: false, expiration: 0 }
      await engine.groups.update(group, none, soon())
      assert.deepEqual(seen(), { subject: 'Household', ...none })
      const info = await engine.groups.info(group, soon())
      assert.deepEqual([info.description, info.announce, info.locked, info.expiration], [null, false, false, 0])
    })

    test('invitations: given, renewed, followed; leaving', async (t) => {
      const { whatsapp, owner, bob, eve, family, host, engine } = await makeLinkedWorld(t, addressing)
      const group = groupOf(family)
      const code = await engine.groups.invite(group, false, soon())
      assert.equal(code, family.code)
      const renewed = await engine.groups.invite(group, true, soon())
      assert.ok(renewed !== code && renewed === family.code)
      const club = whatsapp.group({ subject: 'Club', members: [bob, eve] })
      const joined = await engine.groups.join(club.code, soon())
      assert.deepEqual(values(joined), [club.id])
      assert.ok(club.has(owner))
      assert.equal(listed(host, club.id)?.name, 'Club')
      assert.deepEqual(values(await engine.groups.join(club.code, soon())), [club.id], 'again')
      await engine.groups.leave(joined, soon())
      assert.equal(club.has(owner), false)
      assert.equal(listed(host, club.id), undefined)
    })
  })
}

describe('group administration that is refused', () => {
  test('to those who are no admins', async (t) => {
    const { whatsapp, owner, bob, eve, engine } = await makeLinkedWorld(t)
    const club = groupOf(whatsapp.group({ subject: 'Club', members: [bob, owner] }))
    const refused = { code: 'rejected', retry: 'never', message: /admin/u }
    await assert.rejects(engine.groups.change(club, 'add', [phoneOf(eve)], soon()), refused)
    await assert.rejects(engine.groups.update(club, { announce: true }, soon()), refused)
    await assert.rejects(engine.groups.invite(club, false, soon()), refused)
    await engine.groups.update(club, { subject: 'Anybody may' }, soon())
  })

  test('in groups that there are not, or not for this account', async (t) => {
    const { whatsapp, bob, engine } = await makeLinkedWorld(t)
    const others = groupOf(whatsapp.group({ subject: 'Others', members: [bob] }))
    const none: Address = { kind: 'group', aliases: [{ kind: 'group', value: '120363999999999999@g.us' }] }
    for (const group of [others, none, phoneOf(bob)]) {
      const refused = { code: 'chat_not_found' }
      await assert.rejects(engine.groups.info(group, soon()), refused)
      await assert.rejects(engine.groups.change(group, 'add', [phoneOf(bob)], soon()), refused)
      await assert.rejects(engine.groups.update(group, { subject: 'Mine' }, soon()), refused)
      await assert.rejects(engine.groups.leave(group, soon()), refused)
      await assert.rejects(engine.groups.invite(group, false, soon()), refused)
    }
    await assert.rejects(engine.groups.join('not-a-code', soon()), { code: 'chat_not_found' })
  })

  test('without an answer or a connection', async (t) => {
    const { whatsapp, owner, bob, family, host, engine } = await makeLinkedWorld(t, 'lid', { timing: { query: 300 } })
    const group = groupOf(family)
    whatsapp.faults.set({ kind: 'no_answer', to: 'w:g2/subject', times: 1 })
    await assert.rejects(engine.groups.update(group, { subject: 'x' }, soon()), { code: 'timeout', retry: 'later' })
    whatsapp.faults.set({ kind: 'no_answer', to: 'w:g2/create', times: 1 })
    const impatient = AbortSignal.timeout(50)
    await assert.rejects(engine.groups.create('x', [phoneOf(bob)], impatient), { code: 'timeout' })
    whatsapp.disconnect(owner, 'replaced')
    await whatsapp.until(() => host.state?.reason === 'replaced')
    await assert.rejects(engine.groups.info(group, soon()), { code: 'not_connected' })
  })
})
