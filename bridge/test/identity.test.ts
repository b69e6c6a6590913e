import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Identity } from '../src/account/identity.ts'
import { phoneDigits } from '../src/account/phone.ts'
import type { Chat } from '../src/protocol.ts'
import type { Store } from '../src/store/store.ts'
import { BOB, group, MemoryBridge, OWNER, person } from './support/memory.ts'
import { until } from './support/until.ts'
import { messageRow, outgoingRow } from './support/rows.ts'

interface Book {
  store: Store
  id: string
  identity: Identity
  told: { chats: Chat[]; removed: string[] }[]
}

async function book(t: TestContext): Promise<Book> {
  const bridge = MemoryBridge.open(t)
  const { account } = await bridge.link()
  const told: Book['told'] = []
  account.subscribe((event) => {
    if (event.type === 'chats') told.push(event)
  })
  return { store: bridge.store, id: account.id, identity: account.records.identity, told }
}

test('a chat keeps the id it was first seen under, and every alias leads to it', async (t) => {
  const { identity } = await book(t)
  identity.note(person(BOB.lid))
  assert.deepEqual(identity.chat(person(BOB.lid)), {
    id: BOB.lid,
    kind: 'person',
    phone: null,
    lid: BOB.lid,
    name: null,
    participants: null,
    is_admin: null,
  })
  identity.note({ ...person(BOB.phone, BOB.lid), name: 'Bob' })
  for (const reference of [BOB.lid, BOB.phone, BOB.digits, `+${BOB.digits}`, `00${BOB.digits}`, '+1 (555) 000-0002']) {
    const row = identity.find(reference)
    assert.equal(row?.chat_id, BOB.lid, reference)
    assert.equal(row.phone, BOB.digits)
  }
  assert.deepEqual(identity.person(person(BOB.phone)), { id: BOB.lid, phone: BOB.digits, lid: BOB.lid, name: 'Bob' })
})

test('what nobody told leads nowhere', async (t) => {
  const { identity } = await book(t)
  identity.note(person(BOB.lid))
  for (const reference of [BOB.phone, BOB.digits, '900000000000002', '', ' ', '%', BOB.lid.toUpperCase()]) {
    assert.equal(identity.find(reference), undefined, reference)
  }
  assert.deepEqual(identity.aliases({ kind: 'phone', value: BOB.phone }), [{ kind: 'phone', value: BOB.phone }])
})

test('two chats that turn out to be one person: the older wins, with everything that was kept', async (t) => {
  const { identity, store, id, told } = await book(t)
  identity.note(person(BOB.phone), { listed: true, active_at: 5 })
  identity.note({ ...person(BOB.lid), name: 'Bob' }, { listed: true, active_at: 9 })
  const poll = { question: 'q', options: ['a', 'b'], selectable: 1 }
  store.messages.insert(id, messageRow({ message_id: 'm', chat_id: BOB.lid, poll }), 1)
  store.outbox.insert(id, outgoingRow({ request_id: 'r', message_id: 'm', chat_id: BOB.lid }))
  store.votes.save(id, { poll_id: 'm', voter_id: BOB.phone, options: ['a'], timestamp: 1 })
  store.votes.save(id, { poll_id: 'm', voter_id: BOB.lid, options: ['b'], timestamp: 2 })
  await until(() => told.length > 0)
  told.length = 0

  identity.learn([
    { kind: 'lid', value: BOB.lid },
    { kind: 'phone', value: BOB.phone },
  ])
  const merged = identity.chatById(BOB.lid)
  assert.deepEqual(merged, { ...identity.chatById(BOB.phone) })
  assert.equal(merged.id, BOB.phone)
  assert.equal(merged.lid, BOB.lid)
  assert.equal(merged.name, 'Bob')
  assert.equal(identity.row(BOB.lid).active_at, 9)
  assert.equal(store.messages.get(id, 'm')?.chat_id, BOB.phone)
  assert.equal(store.outbox.byRequest(id, 'r')?.chat_id, BOB.phone)
  assert.deepEqual(store.votes.choices(id, 'm'), [['b']], 'one person has one vote, the later one')
  await until(() => told.length > 0)
  assert.deepEqual(told, [{ type: 'chats', chats: [merged], removed: [BOB.lid] }])
})

test('a group is never one with a person', async (t) => {
  const { identity } = await book(t)
  const family = '120363000000000001@g.us'
  identity.note(group(family), { listed: true })
  identity.note({
    kind: 'person',
    aliases: [
      { kind: 'lid', value: BOB.lid },
      { kind: 'group', value: family },
    ],
  })
  assert.equal(identity.chatById(BOB.lid).id, BOB.lid)
  assert.equal(identity.chatById(family).id, family)
  assert.throws(() => identity.note({ kind: 'person', aliases: [{ kind: 'group', value: family }] }), /usable alias/u)
})

test('the own number is the chat with oneself', async (t) => {
  const { identity } = await book(t)
  identity.note(person('900000000000001@lid'))
  assert.equal(identity.chatById('15550000001').kind, 'self')
  assert.equal(identity.chatById('900000000000001@lid').id, OWNER.aliases[0]?.value)
})

test('aliases of strangers that could do harm are not taken', async (t) => {
  const { identity } = await book(t)
  for (const value of ['', 'a b', 'a\nb', 'a\u0000b', 'x'.repeat(257)]) {
    assert.throws(() => identity.note({ kind: 'person', aliases: [{ kind: 'lid', value }] }), /usable alias/u)
  }
})

test('names from strangers are one bounded line', async (t) => {
  const { identity } = await book(t)
  const cases = [
    ['  Bob\n\tthe\u0000 builder ', 'Bob the builder'],
    ['\u202Eecila\u202C', 'ecila'],
    ['\u2066\u200F\uFEFF', null],
    ['👨‍👩‍👧', '👨‍👩‍👧'],
    ['x'.repeat(1000), 'x'.repeat(128)],
    [`${'x'.repeat(127)}😀`, 'x'.repeat(127)],
    ['\uD800', '\uFFFD'],
  ] as const
  for (const [index, [name, expected]] of cases.entries()) {
    const lid = `70000000000000${index}@lid`
    identity.note({ ...person(lid), name })
    assert.equal(identity.chatById(lid).name, expected)
  }
})

test('lists bring names and groups, and say who is gone', async (t) => {
  const { identity, told } = await book(t)
  const [family, work] = ['120363000000000001@g.us', '120363000000000002@g.us']
  const list = (ids: string[], all_groups: boolean) =>
    identity.list({
      type: 'chats',
      chats: ids.map((id) => ({ ...group(id), name: `Group ${id.slice(-6, -5)}`, participants: 3, is_admin: true })),
      removed: [],
      all_groups,
    })
  list([family, work], true)
  assert.deepEqual(
    identity.groups().map(({ id, name, participants, is_admin }) => ({ id, name, participants, is_admin })),
    [family, work].map((id) => ({ id, name: `Group ${id.slice(-6, -5)}`, participants: 3, is_admin: true })),
  )
  await until(() => told.length > 0)
  told.length = 0
  list([family, work], true)
  list([family], false)
  assert.equal(identity.groups().length, 2)
  list([family], true)
  assert.deepEqual(
    identity.groups().map(({ id }) => id),
    [family],
  )
  await until(() => told.length > 0)
  assert.deepEqual(told, [{ type: 'chats', chats: [], removed: [work] }])
  identity.list({ type: 'chats', chats: [], removed: [{ kind: 'group', value: family }], all_groups: false })
  assert.deepEqual(identity.groups(), [])
})

test('the name in the address book goes before what they call themselves', async (t) => {
  const { identity } = await book(t)
  identity.note({ ...person(BOB.lid), name: 'bobby' })
  identity.list({ type: 'chats', chats: [{ ...person(BOB.lid), name: 'Bob' }], removed: [], all_groups: false })
  identity.note({ ...person(BOB.lid), name: 'bobster' })
  assert.equal(identity.chatById(BOB.lid).name, 'Bob')
})

test('search finds by name, number and id; recent chats come first; senders in groups are no chats', async (t) => {
  const { identity } = await book(t)
  identity.note({ ...person(BOB.lid, BOB.phone), name: 'Bob Ärmel' }, { listed: true, active_at: 1 })
  identity.note({ ...person('800000000000003@lid'), name: 'Eve' }, { listed: true, active_at: 2 })
  identity.note({ ...person('800000000000004@lid'), name: 'Stranger' })
  const names = (query: string, limit = 10) => identity.search(query, limit).map(({ name }) => name)
  assert.deepEqual(names(''), ['Eve', 'Bob Ärmel', null])
  assert.deepEqual(names('', 1), ['Eve'])
  assert.deepEqual(names('äRM'), ['Bob Ärmel'])
  assert.deepEqual(names('+1 555 000-0002'), ['Bob Ärmel'])
  assert.deepEqual(names('800000000000003@lid'), ['Eve'])
  assert.deepEqual(names('stranger'), [])
})

test('phone numbers in every usual writing', () => {
  const numbers = {
    '+49 (170) 123-45.67': '491701234567',
    '0049 170/1234567': '491701234567',
    '491701234567': '491701234567',
    '491701234567@s.whatsapp.net': '491701234567',
    '491701234567:12@s.whatsapp.net': '491701234567',
    '491701234567@c.us': '491701234567',
    '0170 1234567': undefined,
    Bob: undefined,
    '+': undefined,
    '': undefined,
    '120363000000000001@g.us': undefined,
    '900000000000002@lid': undefined,
    '1234567890123456': undefined,
  }
  for (const [text, digits] of Object.entries(numbers)) assert.equal(phoneDigits(text), digits, text)
})
