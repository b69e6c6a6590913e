import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { MessageEvent, PollVoteEvent } from '../src/protocol.ts'
import { BOB, group, journalOf, ORIGIN, MemoryBridge, OWNER, person, received, voted } from './support/memory.ts'
import { sayer } from './support/sending.ts'
import { FAMILY } from './support/told.ts'

const POLL = { question: 'Heat?', options: ['On', 'Off'], selectable: 1 }
const EVE = '900000000000003@lid'

test('a message is in the journal when emit returns, once however often it is told', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(received())
  engine.host.emit(received())
  engine.host.emit(received({ chat: person(BOB.phone), sender: person(BOB.phone), text: 'again' }))
  const chat = {
    id: BOB.lid,
    kind: 'person',
    phone: BOB.digits,
    lid: BOB.lid,
    name: null,
    participants: null,
    is_admin: null,
  }
  assert.deepEqual(journalOf(account), [
    {
      seq: 1,
      event: {
        type: 'message',
        message_id: 'IN1',
        chat,
        sender: { id: BOB.lid, phone: BOB.digits, lid: BOB.lid, name: null },
        from_me: false,
        kind: 'text',
        text: 'hello',
        poll: null,
        media: null,
        location: null,
        contacts: [],
        mentions: [],
        quoted_message_id: null,
        origin: { ...ORIGIN, replayed: false },
        timestamp: 1_700_000_000,
      },
    },
  ])
  assert.deepEqual(engine.host.message('IN1')?.raw, new Uint8Array(Buffer.from('raw')))
})

test('no sender can choose an id that means another message, or a way', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  for (const external_id of ['last', '..', '.']) engine.host.emit(received({ external_id }))
  const ids = journalOf(account).map(({ event }) => (event as MessageEvent).message_id)
  assert.equal(new Set(ids).size, 3)
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/u)
})

test('emit throws when there was no commit, and nothing of the message is left', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  bridge.store.database.run(
    "CREATE TEMP TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END",
  )
  assert.throws(() => engine.host.emit(received()), /disk full/u)
  assert.equal(engine.host.message('IN1'), undefined)
  assert.equal(account.records.identity.find(BOB.lid), undefined)
  bridge.store.database.run('DROP TRIGGER full')
  engine.host.emit(received())
  assert.deepEqual(
    journalOf(account).map(({ seq }) => seq),
    [1],
  )
})

test('an id that a stranger chose says nothing about another chat', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(received())
  engine.host.emit(received({ chat: person(EVE), sender: person(EVE), text: 'mine has the same id' }))
  engine.host.emit(received({ external_id: '../../x', chat: person(EVE), sender: person(EVE) }))
  engine.host.emit(received({ external_id: 'Q1', chat: person(EVE), sender: person(EVE), quoted_external_id: 'OTHER' }))
  engine.host.emit(received({ external_id: 'Q2', quoted_external_id: 'IN1' }))
  const events = journalOf(account).map(({ event }) => event as MessageEvent)
  const [first, second, third, quotesNothing, quotes] = events
  assert.equal(first?.message_id, 'IN1')
  assert.match(second?.message_id ?? '', /^[\da-f]{32}$/u)
  assert.match(third?.message_id ?? '', /^[\da-f]{32}$/u)
  assert.equal(quotesNothing?.quoted_message_id, null)
  assert.equal(quotes?.quoted_message_id, 'IN1')
})

test('a quote cannot claim what was said in another chat', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(received())
  engine.host.emit(received({ external_id: 'Q', chat: person(EVE), sender: person(EVE), quoted_external_id: 'IN1' }))
  const event = journalOf(account)[1]?.event as MessageEvent
  assert.equal(event.quoted_message_id, null)
})

test('bodies are kept as they are, but bounded', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  const text = '\u202Eevil\u0000\n'
  engine.host.emit(received({ text }))
  engine.host.emit(received({ external_id: 'IN2', text: 'x'.repeat(100_000), timestamp: Number.NaN }))
  const [first, second] = journalOf(account).map(({ event }) => event as MessageEvent)
  assert.equal(first?.text, text)
  assert.equal(second?.text?.length, 65_536)
  assert.ok(second.timestamp > 1_700_000_000)
})

test('an own message that comes back under another alias of its chat is known', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit({ type: 'chats', chats: [person(BOB.phone)], removed: [], all_groups: false })
  await sayer(account)('hi')
  const echo = { external_id: 'OUT1', from_me: true, sender: { ...OWNER, kind: 'self' as const } }
  engine.host.emit(received({ ...echo, chat: person(BOB.lid) }))
  assert.deepEqual(
    journalOf(account).map(({ event }) => event.type),
    ['message', 'receipt'],
  )
})

test('receipts are for messages of this bridge only, each once, in the chat they went to', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit({ type: 'chats', chats: [person(BOB.phone)], removed: [], all_groups: false })
  engine.host.emit(received({ external_id: 'TYPED', from_me: true }))
  await sayer(account)('hi')
  const before = account.records.journal.head()
  const receipt = { type: 'receipt', by: null, timestamp: 1_700_000_005 } as const
  engine.host.emit({ ...receipt, external_id: 'TYPED', status: 'read' })
  engine.host.emit({ ...receipt, external_id: 'UNKNOWN', status: 'read' })
  for (const by of [null, null, person(BOB.lid, BOB.phone), person(BOB.phone), person(EVE)]) {
    engine.host.emit({ ...receipt, external_id: 'OUT1', status: 'delivered', by })
  }
  const events = account.records.journal.after(before, 100).map(({ event }) => event)
  const told = events.map(
    (event) => event.type === 'receipt' && [event.message_id, event.chat.id, event.status, event.by?.id],
  )
  assert.deepEqual(told, [
    ['OUT1', BOB.phone, 'delivered', undefined],
    ['OUT1', BOB.phone, 'delivered', BOB.phone],
    ['OUT1', BOB.phone, 'delivered', EVE],
  ])
})

test('votes count per person, in the order of the options, and the last choice holds', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  const here = { chat: group(FAMILY) }
  engine.host.emit(received({ ...here, external_id: 'POLL1', kind: 'poll', text: null, poll: POLL }))
  const votes = [
    voted({ ...here, external_id: 'V1', options: ['On'] }),
    voted({ ...here, external_id: 'V1', options: ['On'] }),
    voted({ ...here, external_id: 'V2', voter: person(EVE), options: ['Off'] }),
    voted({ ...here, external_id: 'V3', voter: person(BOB.phone), options: ['Off'], timestamp: 1_700_000_200 }),
    voted({ ...here, external_id: 'V0', options: ['On'], timestamp: 1_700_000_050 }),
    voted({ ...here, external_id: 'V4', voter: person(EVE), options: [], timestamp: 1_700_000_300 }),
  ]
  for (const vote of votes) engine.host.emit(vote)
  const told = journalOf(account)
    .map(({ event }) => event)
    .filter((event): event is PollVoteEvent => event.type === 'poll_vote')
  assert.deepEqual(
    told.map(({ voter, options, tally }) => [voter.id, options, tally.map((count) => count.votes)]),
    [
      [BOB.lid, ['On'], [1, 0]],
      [EVE, ['Off'], [1, 1]],
      [BOB.lid, ['Off'], [0, 2]],
      [EVE, [], [0, 1]],
    ],
  )
  assert.deepEqual(told[0]?.question, 'Heat?')
  assert.deepEqual(told[0].poll_id, 'POLL1')
  assert.deepEqual(
    told[0].tally.map(({ option }) => option),
    ['On', 'Off'],
  )
})

test('a vote that cannot be read, or on an unknown poll, is told with the reason', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit(voted({ options: ['?'] }))
  engine.host.emit(received({ external_id: 'POLL1', kind: 'poll', poll: POLL }))
  engine.host.emit(voted({ external_id: 'V2', error: 'decrypt_failed' }))
  const [unknown, , unread] = journalOf(account).map(({ event }) => event)
  assert.ok(unknown?.type === 'poll_vote' && unread?.type === 'poll_vote')
  assert.deepEqual([unknown.error, unknown.options, unknown.question, unknown.tally], ['poll_unknown', [], null, []])
  assert.deepEqual([unread.error, unread.options, unread.question], ['decrypt_failed', [], 'Heat?'])
  assert.deepEqual(unread.tally, [
    { option: 'On', votes: 0 },
    { option: 'Off', votes: 0 },
  ])
})

test('a vote under an alias nobody has told yet still finds the poll that was sent', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit({ type: 'chats', chats: [person(BOB.phone)], removed: [], all_groups: false })
  const content = { kind: 'poll', ...POLL } as const
  const { message_id } = await account.send({ account_id: account.id, chat: BOB.phone, content, request_id: 'r' })
  engine.host.emit(voted({ poll_external_id: 'OUT1', chat: person(BOB.lid), voter: person(BOB.lid), options: ['On'] }))
  const event = journalOf(account).at(-1)?.event
  assert.ok(event?.type === 'poll_vote')
  assert.equal(event.poll_id, message_id)
  assert.equal(event.chat.id, BOB.phone)
  assert.deepEqual(event.options, ['On'])
})
