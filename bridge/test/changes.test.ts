import assert from 'node:assert/strict'
import { test } from 'node:test'

import { BOB, group, journalOf, MemoryBridge, ORIGIN, person, received } from './support/memory.ts'
import { MEDIA } from './support/rows.ts'
import { edited, eventsOf, EVE, FAMILY, ME, reacted, revoked, unreadable } from './support/told.ts'

const here = { chat: group(FAMILY) }
const eve = { sender: person(EVE) }

test('an edit by who wrote it is told once and changes what is kept', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  engine.host.emit(received({ text: 'god' }))
  engine.host.emit(edited({ text: 'good' }))
  engine.host.emit(edited({ external_id: 'EDIT2', text: 'better' }))
  engine.host.emit(edited({ text: 'good' }))
  const { chat, sender, text, message_id, origin } = eventsOf(account, 'edit')[0] ?? assert.fail('no edit')
  assert.deepEqual([message_id, chat.id, sender.id, text], ['IN1', BOB.lid, BOB.lid, 'good'])
  assert.deepEqual(origin, { ...ORIGIN, replayed: false })
  assert.equal(eventsOf(account, 'edit').length, 2)
  const kept = bridge.store.messages.get(account.id, 'IN1')
  assert.deepEqual([kept?.edited, kept?.said?.text, kept?.said?.kind], [true, 'better', 'text'])
})

test('an edit of a caption leaves the media as it was', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  const media = { ...MEDIA, width: 2, height: 1 }
  engine.host.emit(received({ kind: 'image', text: null, media }))
  engine.host.emit(edited({ text: null }))
  engine.host.emit(edited({ external_id: 'EDIT2', text: 'a "quoted" caption' }))
  const kept = bridge.store.messages.get(account.id, 'IN1')
  assert.deepEqual(kept?.said, {
    kind: 'image',
    text: 'a "quoted" caption',
    poll: null,
    media,
    location: null,
    contacts: [],
  })
})

test('nobody edits what somebody else wrote', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  engine.host.emit(received(here))
  engine.host.emit(received({ ...here, external_id: 'MINE', from_me: true, sender: ME }))
  engine.host.emit(edited({ ...here, ...eve }))
  engine.host.emit(edited({ ...here, from_me: true, sender: ME }))
  engine.host.emit(edited({ ...here, target_external_id: 'MINE' }))
  assert.deepEqual(eventsOf(account, 'edit'), [])
  assert.equal(bridge.store.messages.get(account.id, 'IN1')?.said?.text, 'hello')
  engine.host.emit(edited({ ...here, target_external_id: 'MINE', from_me: true, sender: ME }))
  assert.equal(eventsOf(account, 'edit')[0]?.from_me, true)
  assert.equal(bridge.store.messages.get(account.id, 'MINE')?.said?.text, 'better')
})

test('who wrote it is the same person under another alias', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(received({ ...here, sender: person(BOB.lid) }))
  engine.host.emit(edited({ ...here, sender: person(BOB.phone) }))
  assert.deepEqual(eventsOf(account, 'edit'), [], 'nobody has told that these are one person')
  engine.host.learn(person(BOB.lid, BOB.phone).aliases)
  engine.host.emit(edited({ ...here, sender: person(BOB.phone) }))
  assert.equal(eventsOf(account, 'edit')[0]?.sender.id, BOB.lid)
})

test('what is done to a message that is not kept is told with its id', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(edited({ target_external_id: 'GONE' }))
  engine.host.emit(reacted({ target_external_id: 'GONE' }))
  engine.host.emit(revoked({ target_external_id: 'GONE' }))
  assert.deepEqual(
    journalOf(account).map(({ event }) => event.type !== 'receipt' && 'message_id' in event && event.message_id),
    ['GONE', 'GONE', 'GONE'],
  )
})

test('an id in another chat is another message', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  engine.host.emit(received())
  engine.host.emit(edited({ chat: person(EVE), ...eve }))
  engine.host.emit(revoked({ chat: person(EVE), ...eve }))
  engine.host.emit(reacted({ chat: person(EVE), ...eve }))
  for (const { event } of journalOf(account).slice(1)) {
    assert.match('message_id' in event ? event.message_id : '', /^[\da-f]{32}$/u)
  }
  const kept = bridge.store.messages.get(account.id, 'IN1')
  assert.deepEqual([kept?.edited, kept?.revoked, kept?.said?.text], [false, false, 'hello'])
})

test('a deletion takes the body, and is told once', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  engine.host.emit(received())
  engine.host.emit(revoked())
  engine.host.emit(revoked())
  engine.host.emit(revoked({ external_id: 'DEL2' }))
  engine.host.emit(edited())
  assert.deepEqual(
    journalOf(account).map(({ event }) => event.type),
    ['message', 'revoke'],
  )
  const kept = bridge.store.messages.get(account.id, 'IN1')
  assert.deepEqual([kept?.revoked, kept?.said, kept?.raw.length], [true, null, 0])
  assert.equal(engine.host.message('IN1'), undefined)
})

test('a deleted poll keeps what its votes are read with', async (t) => {
  const { engine } = await MemoryBridge.open(t).link()
  const poll = { question: 'Heat?', options: ['On', 'Off'], selectable: 1 }
  engine.host.emit(received({ kind: 'poll', text: null, poll }))
  engine.host.emit(revoked())
  assert.equal(engine.host.message('IN1')?.raw.length, 3)
})

test('in a chat with one person each deletes the own messages only', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(received({ external_id: 'MINE', from_me: true, sender: ME }))
  engine.host.emit(received())
  engine.host.emit(revoked({ target_external_id: 'MINE' }))
  engine.host.emit(revoked({ target_external_id: 'MINE', as_admin: true }))
  engine.host.emit(revoked({ from_me: true, sender: ME, as_admin: true }))
  assert.deepEqual(eventsOf(account, 'revoke'), [])
})

test('in a group its admins delete what others wrote, and nobody else does', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(received(here))
  engine.host.emit(revoked({ ...here, ...eve }))
  assert.deepEqual(eventsOf(account, 'revoke'), [])
  engine.host.emit(revoked({ ...here, ...eve, as_admin: true }))
  const [event] = eventsOf(account, 'revoke')
  assert.deepEqual([event?.message_id, event?.sender.id, event?.chat.id], ['IN1', EVE, FAMILY])
})

test('reactions are told as they come, each once, and taken back with null', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(received())
  const told = [
    reacted(),
    reacted(),
    reacted({ external_id: 'R2', emoji: '' }),
    reacted({ external_id: 'R3', from_me: true, sender: ME, emoji: '❤️' }),
    reacted({ external_id: 'R4', emoji: null }),
    reacted({ external_id: 'R5', emoji: `\u202E${'x'.repeat(100)}` }),
  ]
  for (const reaction of told) engine.host.emit(reaction)
  assert.deepEqual(
    eventsOf(account, 'reaction').map(({ emoji, from_me, message_id }) => [emoji, from_me, message_id]),
    [
      ['👍', false, 'IN1'],
      [null, false, 'IN1'],
      ['❤️', true, 'IN1'],
      [null, false, 'IN1'],
      ['x'.repeat(64), false, 'IN1'],
    ],
  )
})

test('a message that cannot be read is told with the reason, and later under the same id', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  engine.host.emit(unreadable())
  engine.host.emit(unreadable())
  assert.equal(engine.host.message('IN1'), undefined)
  // Somebody else who saw the id in a group cannot take it meanwhile.
  engine.host.emit(received({ chat: person(EVE), ...eve, text: 'thief' }))
  engine.host.emit(received({ text: 'at last' }))
  engine.host.emit(received({ text: 'at last' }))
  engine.host.emit(unreadable({ reason: 'corrupt' }))
  const [first, thief, last, ...more] = journalOf(account).map(({ event }) => event)
  assert.ok(first?.type === 'undecryptable' && thief?.type === 'message' && last?.type === 'message')
  assert.deepEqual([first.message_id, first.reason, first.chat.id], ['IN1', 'no_session', BOB.lid])
  assert.notEqual(thief.message_id, 'IN1')
  assert.deepEqual([last.message_id, last.text], ['IN1', 'at last'])
  assert.deepEqual(more, [])
  assert.equal(bridge.store.messages.get(account.id, 'IN1')?.said?.text, 'at last')
})

test('what was deleted before it could be read stays deleted', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(unreadable())
  engine.host.emit(revoked())
  engine.host.emit(received({ text: 'too late' }))
  assert.deepEqual(
    journalOf(account).map(({ event }) => event.type),
    ['undecryptable', 'revoke'],
  )
})

test('what was edited before it could be read has the new text', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  engine.host.emit(unreadable())
  engine.host.emit(edited({ text: 'better' }))
  const before = bridge.store.messages.get(account.id, 'IN1')
  assert.deepEqual([before?.edited, before?.said?.text, before?.said?.kind], [true, 'better', 'other'])
  engine.host.emit(received({ text: 'god' }))
  const [event] = eventsOf(account, 'message')
  assert.deepEqual([event?.message_id, event?.text, event?.origin.edited], ['IN1', 'better', true])
  const after = bridge.store.messages.get(account.id, 'IN1')
  assert.deepEqual([after?.edited, after?.said?.text, after?.said?.kind], [true, 'better', 'text'])
})

test('nobody else repairs a message that could not be read', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(unreadable(here))
  engine.host.emit(received({ ...here, ...eve, text: 'in his name' }))
  engine.host.emit(received({ ...here, text: 'at last' }))
  assert.deepEqual(
    eventsOf(account, 'message').map(({ text, sender }) => [text, sender.id]),
    [['at last', BOB.lid]],
  )
})

test('a repair under an alias that nobody has told of is taken for one', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(unreadable({ ...here, sender: person(BOB.lid) }))
  engine.host.emit(received({ ...here, sender: person(BOB.phone) }))
  assert.equal(eventsOf(account, 'message')[0]?.message_id, 'IN1')
})

test('an own message that could not be read here is repaired under the alias it comes with', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  const mine = { from_me: true, sender: ME }
  engine.host.emit(unreadable({ ...mine, chat: person(BOB.phone) }))
  engine.host.emit(received({ ...mine, chat: person(BOB.lid) }))
  assert.deepEqual(
    journalOf(account).map(({ event }) => [event.type, 'message_id' in event && event.message_id]),
    [
      ['undecryptable', 'IN1'],
      ['message', 'IN1'],
    ],
  )
})
