import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { StateEvent } from '../src/protocol.ts'
import { BOB, group, journalOf, MemoryBridge, ORIGIN, person } from './support/memory.ts'
import { called, eventsOf, EVE, FAMILY, groupChanged } from './support/told.ts'

test('a group change says what, by whom and about whom, once', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  const chats = [{ ...group(FAMILY), name: 'Family', participants: 3, is_admin: true }]
  engine.host.emit({ type: 'chats', chats, removed: [], all_groups: true })
  engine.host.emit(groupChanged())
  engine.host.emit(groupChanged())
  engine.host.emit(groupChanged({ once: 'N2', change: 'add', value: null, members: [person(EVE), person(BOB.lid)] }))
  const [subject, added, ...more] = eventsOf(account, 'group_change')
  assert.deepEqual(subject, {
    type: 'group_change',
    chat: { id: FAMILY, kind: 'group', phone: null, lid: null, name: 'Family', participants: 3, is_admin: true },
    change: 'subject',
    by: { id: BOB.lid, phone: BOB.digits, lid: BOB.lid, name: null },
    members: [],
    value: 'Kitchen',
    origin: { ...ORIGIN, replayed: false },
    timestamp: 1_700_000_100,
  })
  assert.deepEqual([added?.change, added?.members.map(({ id }) => id)], ['add', [EVE, BOB.lid]])
  assert.deepEqual(more, [])
})

test('what groups are called and said to be about is bounded', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(groupChanged({ value: `a\n${'b'.repeat(1000)}` }))
  engine.host.emit(groupChanged({ once: 'N2', change: 'description', value: `line\n${'x'.repeat(10_000)}` }))
  engine.host.emit(groupChanged({ once: 'N3', by: { kind: 'person', aliases: [] }, members: [group('bad alias')] }))
  const [subject, description, partly] = eventsOf(account, 'group_change')
  assert.equal(subject?.value, `a ${'b'.repeat(126)}`)
  assert.equal(description?.value?.length, 2048)
  assert.match(description.value, /^line\nx/u)
  assert.deepEqual([partly?.by, partly?.members], [null, []])
})

test('each stage of a call is told once', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(called())
  engine.host.emit(called())
  engine.host.emit(called({ status: 'missed' }))
  engine.host.emit(called({ call_id: 'CALL2', video: true }))
  engine.host.emit(called({ chat: person(EVE), caller: person(EVE) }))
  assert.deepEqual(
    eventsOf(account, 'call').map(({ call_id, caller, status, video }) => [call_id, caller.id, status, video]),
    [
      ['CALL1', BOB.lid, 'offered', false],
      ['CALL1', BOB.lid, 'missed', false],
      ['CALL2', BOB.lid, 'offered', true],
      ['CALL1', EVE, 'offered', false],
    ],
  )
})

test('changed keys and devices are told once', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  const changed = { type: 'identity_changed', person: person(BOB.phone), timestamp: 1_700_000_000 } as const
  const devices = { type: 'own_devices_changed', added: [7, -1, 0.5], removed: [3], timestamp: 1_700_000_000 } as const
  for (const event of [changed, changed, devices, devices]) engine.host.emit({ ...event } as typeof changed)
  engine.host.emit({ ...changed, timestamp: 1_700_000_001 })
  assert.deepEqual(
    journalOf(account).map(({ event }) => [event.type, event.timestamp]),
    [
      ['identity_changed', 1_700_000_000],
      ['own_devices_changed', 1_700_000_000],
      ['identity_changed', 1_700_000_001],
    ],
  )
  assert.equal(eventsOf(account, 'identity_changed')[0]?.chat.id, BOB.phone)
  assert.deepEqual(eventsOf(account, 'own_devices_changed')[0]?.added, [7])
})

test('presence is told to who listens, and not kept', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  const told: StateEvent[] = []
  const stop = account.subscribe((event) => told.push(event))
  const bob = person(BOB.lid)
  const presence = { type: 'presence', chat: bob, person: bob, presence: 'composing' } as const
  engine.host.emit({ ...presence, last_seen: null })
  engine.host.emit({ ...presence, presence: 'unavailable', last_seen: 1_700_000_000 })
  engine.host.emit({ ...presence, last_seen: Number.NaN })
  stop()
  engine.host.emit({ ...presence, last_seen: null })
  const seen = told.filter((event) => event.type === 'presence')
  assert.deepEqual(
    seen.map((event) => [event.chat.id, event.person.id, event.presence, event.last_seen]),
    [
      [BOB.lid, BOB.lid, 'composing', null],
      [BOB.lid, BOB.lid, 'unavailable', 1_700_000_000],
      [BOB.lid, BOB.lid, 'composing', null],
    ],
  )
  assert.deepEqual(journalOf(account), [])
})
