import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { match } from '../src/account/answers.ts'
import type { MessageReceived, VoteReceived } from '../src/engine/engine.ts'
import type { Choice, Content } from '../src/protocol.ts'
import { makeFolder } from './support/folder.ts'
import { BOB, group, MemoryBridge, ORIGIN, OWNER, person, received, voted } from './support/memory.ts'
import { restarted, type World, world } from './support/sending.ts'
import { EVE, eventsOf, FAMILY } from './support/told.ts'

const ASKED = 1_700_000_000
const CHOICES: Choice[] = [
  { id: 'on', title: 'On' },
  { id: 'off', title: 'Off' },
  { id: 'later', title: 'Ask me later' },
]
const POLL: Content = { kind: 'buttons', text: 'Heat?', buttons: CHOICES }
const TEXT: Content = { ...POLL, footer: 'Quick!' }

interface Asked extends World {
  hear: (text: string, changes?: Partial<MessageReceived>) => void
  vote: (options: string[], changes?: Partial<VoteReceived>) => void
}

let number = 0
const nextId = (): string => `IN${(number += 1)}`

function asked(all: World): Asked {
  const { host } = all.engine
  return {
    ...all,
    hear: (text, changes = {}) => {
      const quoted = (changes.quoted_external_id ?? null) !== null
      const origin = { ...ORIGIN, quoted }
      host.emit(received({ external_id: nextId(), text, timestamp: ASKED + 60, origin, ...changes }))
    },
    vote: (options, changes = {}) =>
      host.emit(
        voted({ external_id: nextId(), poll_external_id: 'OUT1', options, timestamp: ASKED + number, ...changes }),
      ),
  }
}

/** Bob is asked; the question is `OUT1`. */
async function ask(t: TestContext, content: Content, chat = BOB.digits): Promise<Asked> {
  const all = await world(t, MemoryBridge.open(t, makeFolder(t)))
  all.engine.host.learn(person(BOB.phone, BOB.lid).aliases)
  all.engine.host.emit({ type: 'chats', chats: [group(FAMILY)], removed: [], all_groups: false })
  all.engine.deliver = () => Promise.resolve({ accepted_at: ASKED })
  await all.say('question', { content, chat })
  return asked(all)
}

function told({ account }: World): [string, string, string][] {
  return eventsOf(account, 'answer').map(({ question_id, option_id, form }) => [question_id, option_id, form])
}

test('a number is read in every form that people type', () => {
  for (const text of ['2', ' 2 ', '2.', '2)', '２', '２．', '２）', '2️⃣', '2\u20E3', '\u200E2\n']) {
    assert.deepEqual(match(text, CHOICES, false), { choice: CHOICES[1], form: 'number' }, text)
  }
  const many = Array.from({ length: 12 }, (_, n) => ({ id: `${n}`, title: `Choice ${n}` }))
  for (const text of ['10', '🔟', '1️⃣0️⃣', '１０']) assert.equal(match(text, many, false)?.choice.id, '9', text)
})

test('a title is read in any case', () => {
  for (const text of ['Ask me later', 'ASK ME LATER', ' ask me later ', 'Ａｓｋ me later']) {
    assert.deepEqual(match(text, CHOICES, false), { choice: CHOICES[2], form: 'title' }, text)
  }
})

test('anything else is no answer', () => {
  const texts = [
    '',
    ' ',
    '0',
    '4',
    '02',
    '-1',
    '1.5',
    '1 2',
    '2!',
    'number 2',
    'On please',
    'later',
    '2. Off',
    '1e0',
    '٢',
  ]
  for (const text of texts) assert.equal(match(text, CHOICES, false), undefined, text)
})

test('what could be two choices is neither', () => {
  const same = [
    { id: 'a', title: 'Yes' },
    { id: 'b', title: 'YES' },
  ]
  assert.equal(match('yes', same, false), undefined)
  assert.equal(match('1', same, false)?.choice.id, 'a')
})

test('where a title is a number, it depends on what people see', () => {
  const degrees = ['21', '1', '19'].map((title) => ({ id: `t${title}`, title }))
  assert.equal(match('21', degrees, false)?.choice.id, 't21')
  assert.equal(match('1', degrees, false)?.choice.id, 't21', 'it is the first in a list with numbers')
  assert.equal(match('1', degrees, true)?.choice.id, 't1', 'there are no numbers in a poll')
  assert.equal(match('3', degrees, true)?.choice.id, 't19')
})

test('a vote is an answer, with who voted and where', async (t) => {
  const all = await ask(t, POLL)
  all.vote(['Off'])
  const [event, ...more] = eventsOf(all.account, 'answer')
  assert.deepEqual(more, [])
  assert.deepEqual(
    [event?.question_id, event?.option_id, event?.option_title, event?.form],
    ['OUT1', 'off', 'Off', 'vote'],
  )
  const [vote] = eventsOf(all.account, 'poll_vote')
  assert.deepEqual([event?.sender, event?.chat, event?.message_id], [vote?.voter, vote?.chat, vote?.message_id])
  assert.deepEqual([event?.from_me, event?.origin, event?.timestamp], [false, vote?.origin, vote?.timestamp])
})

test('only what is newly chosen is an answer', async (t) => {
  const all = await ask(t, POLL)
  all.vote(['On'])
  all.vote([])
  assert.equal(told(all).length, 1, 'withdrawing is none')
  all.vote(['On'])
  all.vote(['On', 'Off'])
  all.vote(['Off'])
  assert.deepEqual(
    told(all).map(([, option]) => option),
    ['on', 'on', 'off'],
  )
})

test('a vote that is told twice, late, or wrongly is no second answer', async (t) => {
  const all = await ask(t, POLL)
  all.vote(['On'], { external_id: 'V1', timestamp: ASKED + 500 })
  all.vote(['On'], { external_id: 'V1', timestamp: ASKED + 500 })
  all.vote(['Off'], { timestamp: ASKED + 400 })
  all.vote([], { error: 'decrypt_failed', timestamp: ASKED + 600 })
  all.vote(['Nothing that was asked'], { timestamp: ASKED + 700 })
  all.vote(['Off'], { from_me: true, voter: { kind: 'self', ...OWNER }, timestamp: ASKED + 800 })
  assert.deepEqual(told(all), [['OUT1', 'on', 'vote']])
})

test('a number and a title are answers to the newest question of a day', async (t) => {
  const all = await ask(t, TEXT)
  all.hear('2')
  all.hear('ask me later')
  all.hear('what?')
  all.hear('1', { timestamp: ASKED + 86_400 })
  all.hear('1', { timestamp: ASKED + 86_401 })
  assert.deepEqual(told(all), [
    ['OUT1', 'off', 'number'],
    ['OUT1', 'later', 'title'],
    ['OUT1', 'on', 'number'],
  ])
  const [answer] = eventsOf(all.account, 'answer')
  const message = eventsOf(all.account, 'message').find(({ text }) => text === '2')
  assert.deepEqual(
    [answer?.message_id, answer?.sender, answer?.chat, answer?.timestamp, answer?.origin],
    [message?.message_id, message?.sender, message?.chat, message?.timestamp, message?.origin],
  )
})

test('a poll can be answered in words too', async (t) => {
  const all = await ask(t, POLL)
  all.hear('off')
  assert.deepEqual(told(all), [['OUT1', 'off', 'title']])
})

test('a quote answers what it quotes, however old that is', async (t) => {
  const all = await ask(t, TEXT)
  await all.say('newer', { content: { ...TEXT, buttons: [{ id: 'other', title: 'Other' }] } })
  all.hear('1')
  all.hear('1', { quoted_external_id: 'OUT1', timestamp: ASKED + 80 * 86_400 })
  assert.deepEqual(told(all), [
    ['OUT2', 'other', 'number'],
    ['OUT1', 'on', 'number'],
  ])
})

test('a quote of something else is no answer', async (t) => {
  const all = await ask(t, TEXT)
  await all.say('no question')
  all.hear('1', { quoted_external_id: 'OUT2' })
  all.hear('1', { quoted_external_id: 'not kept here' })
  assert.deepEqual(told(all), [])
})

test('what was said in another chat answers nothing', async (t) => {
  const all = await ask(t, TEXT)
  const eve = { chat: person(EVE), sender: person(EVE) }
  all.hear('1', eve)
  all.hear('1', { ...eve, quoted_external_id: 'OUT1' })
  all.hear('1', { chat: group(FAMILY) })
  assert.deepEqual(told(all), [])
})

test('in a group everybody answers, and is told apart', async (t) => {
  const all = await ask(t, TEXT, FAMILY)
  all.hear('1', { chat: group(FAMILY) })
  all.hear('2', { chat: group(FAMILY), sender: person(EVE) })
  assert.deepEqual(
    eventsOf(all.account, 'answer').map(({ option_id, sender, chat }) => [option_id, sender.lid, chat.id]),
    [
      ['on', BOB.lid, FAMILY],
      ['off', EVE, FAMILY],
    ],
  )
})

test('the account does not answer itself', async (t) => {
  const all = await ask(t, TEXT)
  all.hear('1', { from_me: true, sender: { kind: 'self', ...OWNER } })
  await all.say('1')
  assert.deepEqual(told(all), [])
})

test('only texts say what was chosen', async (t) => {
  const all = await ask(t, TEXT)
  all.hear('1', { kind: 'image' })
  assert.deepEqual(told(all), [])
})

test('what nobody has seen is not answered, and neither is what was written before', async (t) => {
  const all = await ask(t, TEXT)
  all.engine.disconnect()
  await all.say('unseen', { content: { ...TEXT, buttons: [{ id: 'unseen', title: 'Unseen' }] } })
  all.hear('1')
  assert.deepEqual(told(all), [['OUT1', 'on', 'number']])
  all.engine.deliver = () => Promise.resolve({ accepted_at: ASKED + 3600 })
  all.engine.connect()
  while (all.account.state().queued > 0) await new Promise(setImmediate)
  all.hear('2')
  assert.deepEqual(told(all).at(-1), ['OUT1', 'off', 'number'], 'it was written before the newer question')
  all.hear('1', { timestamp: ASKED + 3600 })
  assert.deepEqual(told(all).at(-1), ['OUT2', 'unseen', 'number'])
})

test('what may have arrived can be answered before WhatsApp has confirmed it, also after a restart', async (t) => {
  const first = await ask(t, TEXT)
  first.engine.deliver = () => new Promise(() => undefined)
  await first.say('unconfirmed', { content: { ...TEXT, buttons: [{ id: 'new', title: 'New' }] }, wait: 0 })
  while (first.engine.sent.length < 2) await new Promise(setImmediate)
  const later = { timestamp: Math.floor(Date.now() / 1000) }
  first.hear('1', later)
  assert.deepEqual(told(first), [['OUT2', 'new', 'number']])
  const all = asked(await restarted(t, first))
  all.hear('1', later)
  assert.deepEqual(told(all).at(-1), ['OUT2', 'new', 'number'])
  assert.equal(told(all).length, 2)
})

test('a question that failed or was deleted is not answered', async (t) => {
  const all = await ask(t, TEXT)
  const { bridge, account } = all
  await all.say('delete', { content: { kind: 'delete', message_id: 'OUT1' } })
  all.hear('1')
  all.hear('1', { quoted_external_id: 'OUT1' })
  assert.deepEqual(told(all), [])
  assert.equal(bridge.store.messages.get(account.id, 'OUT1')?.revoked, true)
})

test('answers come after restarts as before', async (t) => {
  const poll = await ask(t, POLL)
  poll.vote(['On'])
  const again = asked(await restarted(t, poll))
  again.vote(['On', 'Off'])
  again.hear('later', { quoted_external_id: 'OUT1' })
  again.hear('ask me later', { quoted_external_id: 'OUT1' })
  assert.deepEqual(told(again), [
    ['OUT1', 'on', 'vote'],
    ['OUT1', 'off', 'vote'],
    ['OUT1', 'later', 'title'],
  ])
})

test('a message and what it answers are one commit, and told once', async (t) => {
  const all = await ask(t, TEXT)
  const { journal } = all.bridge.store
  const append = journal.append.bind(journal)
  t.mock.method(journal, 'append', (...args: Parameters<typeof append>) => {
    if (args[2].type === 'answer') throw new Error('the disk is full')
    return append(...args)
  })
  assert.throws(() => all.hear('1', { external_id: 'ONCE' }), /the disk is full/u)
  assert.deepEqual(
    eventsOf(all.account, 'message').filter(({ from_me }) => !from_me),
    [],
  )
  t.mock.restoreAll()
  all.hear('1', { external_id: 'ONCE' })
  all.hear('1', { external_id: 'ONCE' })
  assert.deepEqual(told(all), [['OUT1', 'on', 'number']])
})
