import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { GroupChanges } from '../src/engine/baileys/group-changes.ts'
import type { BinaryNode } from '../src/engine/baileys/library.ts'
import type { GroupChanged } from '../src/engine/engine.ts'
import {
  groupOf,
  identitiesOf,
  makeEngine,
  makeLinkedWorld,
  type MemoryHost,
  phoneOf,
  values,
  type World,
} from './support/engine.ts'

type Who = Pick<World['bob'], 'jid' | 'lid'>

function last(host: MemoryHost): GroupChanged | undefined {
  return host.of('group_change').at(-1)
}

/** By at least one of their identities, and nobody else's. */
function isPerson(address: GroupChanged['by'] | undefined, who: Who): boolean {
  const names = values(address)
  return names.length > 0 && names.every((value) => identitiesOf(who as World['bob']).includes(value))
}

for (const addressing of ['lid', 'pn'] as const) {
  describe(`changes in groups, addressed by ${addressing}`, () => {
    test('of what they say about themselves, by whom', async (t) => {
      const { whatsapp, bob, family, host } = await makeLinkedWorld(t, addressing)
      family.promote(bob)
      const steps: [() => void, GroupChanged['change'], string | null][] = [
        [() => family.rename('Household', bob), 'subject', 'Household'],
        [() => family.describe('Who is in', bob), 'description', 'Who is in'],
        [() => family.describe('', bob), 'description', null],
        [() => family.set('announce', true, bob), 'announce', 'on'],
        [() => family.set('announce', false, bob), 'announce', 'off'],
        [() => family.set('locked', true, bob), 'locked', 'on'],
        [() => family.set('locked', false, bob), 'locked', 'off'],
        [() => family.expire(86_400, bob), 'expiration', '86400'],
        [() => family.expire(0, bob), 'expiration', '0'],
      ]
      for (const [act, change, value] of steps) {
        const before = host.of('group_change').length
        act()
        await whatsapp.until(() => host.of('group_change').length > before)
        const event = last(host)
        assert.ok(event)
        assert.deepEqual([event.change, event.value, event.members], [change, value, []])
        assert.ok(isPerson(event.by, bob))
        assert.equal(event.by?.name, 'Bob')
        assert.deepEqual(values(event.chat), [family.id])
        assert.deepEqual([event.origin.source, event.origin.offline], ['person', false])
      }
      assert.equal(new Set(host.of('group_change').map(({ once }) => once)).size, steps.length + 1)
    })

    test('of who is in them', async (t) => {
      const { whatsapp, bob, eve, family, host } = await makeLinkedWorld(t, addressing)
      const dan = whatsapp.phone({ number: '15550000004', name: 'Dan' })
      const steps: [() => void, GroupChanged['change'], Who, Who][] = [
        [() => family.promote(bob), 'promote', bob, family.admins[0] ?? bob],
        [() => family.add(dan, bob), 'add', dan, bob],
        [() => family.demote(bob), 'demote', bob, family.admins[0] ?? bob],
        [() => family.leave(dan), 'leave', dan, dan],
        [() => family.join(dan), 'join', dan, dan],
        [() => family.remove(eve), 'remove', eve, family.admins[0] ?? bob],
      ]
      for (const [act, change, member, by] of steps) {
        const before = host.of('group_change').length
        act()
        await whatsapp.until(() => host.of('group_change').length > before)
        const event = last(host)
        assert.equal(event?.change, change)
        assert.equal(event.members.length, 1)
        assert.ok(isPerson(event.members[0], member))
        assert.ok(isPerson(event.by, by))
      }
    })

    test('of this account: added, removed, made and changed on the own phone or by this bridge', async (t) => {
      const { whatsapp, owner, bob, family, host, engine } = await makeLinkedWorld(t, addressing)
      const seen = () => host.of('group_change').map(({ change, by, origin }) => [change, by?.kind, origin.source])
      const club = whatsapp.group({ subject: 'Club', members: [bob, owner] })
      await whatsapp.until(() => seen().length === 1)
      club.remove(owner)
      await whatsapp.until(() => seen().length === 2)
      whatsapp.group({ subject: 'Mine', members: [owner, bob] })
      await whatsapp.until(() => seen().length === 3)
      family.rename('By phone', owner)
      await whatsapp.until(() => seen().length === 4)
      await engine.groups.update(groupOf(family), { subject: 'By bridge' }, AbortSignal.timeout(5000))
      await whatsapp.until(() => seen().length === 5)
      const { group } = await engine.groups.create('Made', [phoneOf(bob)], AbortSignal.timeout(5000))
      await whatsapp.until(() => seen().length === 6)
      await engine.groups.leave(group, AbortSignal.timeout(5000))
      await whatsapp.until(() => seen().length === 7)
      assert.deepEqual(seen(), [
        ['add', 'person', 'person'],
        ['remove', 'person', 'person'],
        ['join', 'self', 'phone'],
        ['subject', 'self', 'phone'],
        ['subject', 'self', 'bridge'],
        ['join', 'self', 'bridge'],
        ['leave', 'self', 'bridge'],
      ])
      assert.deepEqual(host.of('group_change')[0]?.members[0]?.kind, 'self')
    })

    test('while away', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, bob, family, host, engine } = world
      await engine.stop()
      family.rename('Household')
      family.leave(bob)
      makeEngine(t, world).start()
      await whatsapp.until(() => host.of('group_change').length === 2)
      assert.deepEqual(
        host.of('group_change').map(({ change, origin }) => [change, origin.offline]),
        [
          ['subject', true],
          ['leave', true],
        ],
      )
    })
  })
}

test('somebody without a LID in a group of LIDs', async (t) => {
  const { whatsapp, bob, family, host, engine } = await makeLinkedWorld(t)
  const dan = whatsapp.phone({ number: '15550000004', name: 'Dan', lid: null })
  const [outcome] = await engine.groups.change(groupOf(family), 'add', [phoneOf(dan)], AbortSignal.timeout(5000))
  assert.equal(outcome, null)
  await whatsapp.until(() => last(host)?.change === 'add')
  assert.deepEqual(values(last(host)?.members[0]), [dan.jid])
  family.promote(dan)
  family.remove(bob, dan)
  await whatsapp.until(() => last(host)?.change === 'remove')
  assert.deepEqual(values(last(host)?.by), [dan.jid])
})

test('a group that is deleted is no chat any more', async (t) => {
  const { whatsapp, owner, family, host } = await makeLinkedWorld(t)
  const attrs = { from: family.id, type: 'w:gp2', id: 'N1', t: '7' }
  owner.devices[0]?.deliver({ tag: 'notification', attrs, content: [{ tag: 'delete', attrs: {} }] })
  await whatsapp.until(() => host.of('chats').some(({ removed }) => removed.some(({ value }) => value === family.id)))
  assert.deepEqual(host.of('group_change'), [])
})

test('that cannot be kept are told again, and are the same', async (t) => {
  const { whatsapp, family, host } = await makeLinkedWorld(t)
  host.failing = true
  family.rename('Household')
  await whatsapp.until(() => host.state?.status !== 'connected')
  host.failing = false
  await whatsapp.until(() => last(host)?.value === 'Household')
})

function empty(tag: string, attrs: Record<string, string> = {}): BinaryNode {
  return { tag, attrs }
}

/** What a notification with this content tells. */
function told(content: BinaryNode[], more: Record<string, string> = {}): GroupChanged[] {
  const attrs = { from: '120363000000000001@g.us', id: 'N1', t: '7', participant: '900000000000002@lid', ...more }
  return new GroupChanges(() => ({ id: '15550000001:1@s.whatsapp.net' })).in({ tag: 'notification', attrs, content })
}

describe('notifications about groups', () => {
  test('several changes in one are several events', () => {
    const changes = told([empty('locked'), empty('announcement')])
    assert.deepEqual(
      changes.map(({ change, once }) => [change, once]),
      [
        ['locked', '120363000000000001@g.us N1 0'],
        ['announce', '120363000000000001@g.us N1 1'],
      ],
    )
  })

  test('about communities, requests to join and what is to come: none', () => {
    for (const tag of ['link', 'unlink', 'membership_approval_mode', 'created_membership_requests', 'invite', 'new']) {
      assert.deepEqual(told([empty(tag)]), [])
    }
  })

  test('hostile ones cost nothing', () => {
    assert.deepEqual(told([empty('subject', { subject: 'x'.repeat(100_000) })])[0]?.value?.length, 256)
    assert.deepEqual(told([empty('ephemeral', { expiration: 'soon' })])[0]?.value, '0')
    assert.deepEqual(told([empty('add')]), [])
    assert.deepEqual(told([empty('locked')], { from: 'status@broadcast' }), [])
    assert.deepEqual(told([empty('locked')], { id: '' }), [])
    assert.equal(told([empty('locked')], { participant: '../etc' })[0]?.by, null)
  })
})
