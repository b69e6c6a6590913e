import assert from 'node:assert/strict'
import { test } from 'node:test'

import { EngineError } from '../src/engine/engine.ts'
import type { Content } from '../src/protocol.ts'
import { makeFolder } from './support/folder.ts'
import { BOB, journalOf, MemoryBridge, ORIGIN, person, received } from './support/memory.ts'
import { MEDIA } from './support/rows.ts'
import { code, restarted, world } from './support/sending.ts'
import { eventsOf } from './support/told.ts'
import { until } from './support/until.ts'

const NOTHING = { text: null, poll: null, media: null, location: null, contacts: [] }
const FILE = { path: '/nowhere', size: 100, mime: 'image/jpeg' }
const SENT = { ...MEDIA, size: FILE.size }

test('what was sent is told to everybody once WhatsApp has confirmed it, together with that', async (t) => {
  const { account, engine, say } = await world(t)
  engine.deliver = () => {
    assert.deepEqual(journalOf(account), [])
    return Promise.resolve({ accepted_at: 1_700_000_000 })
  }
  engine.host.learn(person(BOB.phone, BOB.lid).aliases)
  await say('hello')
  const [event, receipt, ...more] = journalOf(account).map((entry) => entry.event)
  assert.deepEqual(more, [])
  assert.deepEqual([receipt?.type, receipt?.type === 'receipt' && receipt.status], ['receipt', 'sent'])
  const owner = { id: '15550000001@s.whatsapp.net', phone: '15550000001', lid: '900000000000001@lid', name: null }
  const chat = { id: BOB.phone, kind: 'person', phone: BOB.digits, lid: BOB.lid, name: null }
  assert.deepEqual(event, {
    type: 'message',
    message_id: 'OUT1',
    chat: { ...chat, participants: null, is_admin: null },
    sender: owner,
    from_me: true,
    kind: 'text',
    ...NOTHING,
    text: 'hello',
    mentions: [],
    quoted_message_id: null,
    origin: {
      ...ORIGIN,
      source: 'bridge',
      device: null,
      replayed: false,
    },
    timestamp: 1_700_000_000,
  })
})

test('what did not reach WhatsApp is not told as said', async (t) => {
  const { account, engine, say } = await world(t)
  engine.deliver = () => Promise.reject(new EngineError('rejected', 'no', 'never', { whatsapp_code: 1 }))
  await assert.rejects(say('no'), code('rejected', { whatsapp_code: 1, message_id: 'OUT1' }))
  assert.deepEqual(eventsOf(account, 'message'), [])
  engine.disconnect()
  await say('later')
  assert.deepEqual(eventsOf(account, 'message'), [])
})

test('every kind is told with what it says', async (t) => {
  const { account, say } = await world(t)
  t.mock.method(account.media, 'claim', (ticket: string) => ({ ...FILE, mime: ticket }))
  const contents: [Content, object][] = [
    [
      { kind: 'image', ticket: 'image/jpeg', caption: 'Look', width: 30, height: 20, view_once: true },
      { text: 'Look', media: { ...SENT, width: 30, height: 20, view_once: true } },
    ],
    [
      { kind: 'video', ticket: 'video/mp4', gif: true, seconds: 3 },
      { media: { ...SENT, mime: 'video/mp4', gif: true, seconds: 3 } },
    ],
    [
      { kind: 'audio', ticket: 'audio/ogg', voice: true, seconds: 2.5 },
      { media: { ...SENT, mime: 'audio/ogg', voice: true, seconds: 2.5 } },
    ],
    [
      { kind: 'document', ticket: 'application/pdf', file_name: 'Plan.pdf', caption: 'The plan' },
      { text: 'The plan', media: { ...SENT, mime: 'application/pdf', file_name: 'Plan.pdf' } },
    ],
    [
      { kind: 'sticker', ticket: 'image/webp', animated: true },
      { media: { ...SENT, mime: 'image/webp', animated: true } },
    ],
    [
      { kind: 'location', latitude: 1.5, longitude: -2.5, name: 'Home' },
      { location: { latitude: 1.5, longitude: -2.5, name: 'Home', address: null, live: false } },
    ],
    [
      { kind: 'contact', contacts: [{ name: 'Bob', phones: ['+1 555'], organization: 'Work' }] },
      { contacts: [{ name: 'Bob', phones: ['+1 555'] }] },
    ],
    [
      { kind: 'poll', question: 'q', options: ['a', 'b'], selectable: 0 },
      { poll: { question: 'q', options: ['a', 'b'], selectable: 0 } },
    ],
  ]
  for (const [index, [content, said]] of contents.entries()) {
    const { message_id, sent_as } = await say(`${index}`, { content })
    assert.equal(sent_as, content.kind)
    const event = eventsOf(account, 'message').at(-1)
    const { kind, text, poll, media, location, contacts, ...rest } = event ?? assert.fail('it was not told')
    assert.deepEqual({ kind, text, poll, media, location, contacts }, { kind: content.kind, ...NOTHING, ...said })
    assert.deepEqual([rest.message_id, rest.origin.view_once], [message_id, content.kind === 'image'])
  }
})

test('a forward is told as what it passes on, an answer with what it answers', async (t) => {
  const { account, engine, say } = await world(t)
  engine.host.emit(received({ text: 'gossip' }))
  await say('forward', { content: { kind: 'forward', message_id: 'IN1' } })
  const forwarded = eventsOf(account, 'message').at(-1)
  assert.deepEqual(
    [forwarded?.kind, forwarded?.text, forwarded?.from_me, forwarded?.origin.forwarded],
    ['text', 'gossip', true, true],
  )
  await say('answer', { quote: 'IN1' })
  const answer = eventsOf(account, 'message').at(-1)
  assert.deepEqual([answer?.quoted_message_id, answer?.origin.quoted], ['IN1', true])
})

test('reactions, edits, deletions and pins are no messages', async (t) => {
  const { account, say } = await world(t)
  await say('OUT1')
  const contents: Content[] = [
    { kind: 'reaction', message_id: 'OUT1', emoji: '' },
    { kind: 'edit', message_id: 'OUT1', text: 'new' },
    { kind: 'pin', message_id: 'OUT1', duration: '7d' },
    { kind: 'unpin', message_id: 'OUT1' },
    { kind: 'delete', message_id: 'OUT1' },
  ]
  for (const content of contents) assert.equal((await say(content.kind, { content })).sent_as, content.kind)
  assert.equal(eventsOf(account, 'message').length, 1)
  assert.equal(eventsOf(account, 'receipt').length, 6)
})

test('what is confirmed after a restart is told with all that was asked', async (t) => {
  const all = await world(t, MemoryBridge.open(t, makeFolder(t)))
  all.engine.disconnect()
  const content: Content = { kind: 'text', text: '@15550000002', mentions: [BOB.digits] }
  await all.say('later', { content })
  const { account, engine } = await restarted(t, all)
  engine.connect()
  await until(() => eventsOf(account, 'message').length === 1)
  const [event] = eventsOf(account, 'message')
  assert.deepEqual([event?.text, event?.mentions.map(({ phone }) => phone)], [content.text, [BOB.digits]])
})

test('the options of a request reach the engine, and its kind the answer', async (t) => {
  const { engine, say } = await world(t)
  await say('expires', { expiration: 86_400 })
  assert.equal(engine.contexts[0]?.expiration, 86_400)
  await say('as the chat has it')
  assert.equal(engine.contexts[1] && 'expiration' in engine.contexts[1], false)
  const buttons: Content = {
    kind: 'buttons',
    text: 'Heat?',
    buttons: [
      { id: 'on', title: 'On' },
      { id: 'off', title: 'Off' },
    ],
  }
  assert.equal((await say('poll', { content: buttons })).sent_as, 'poll')
  assert.equal((await say('poll')).sent_as, 'poll', 'also when it is asked for again')
  assert.equal((await say('text', { content: { ...buttons, footer: 'x' } })).sent_as, 'text')
  await assert.rejects(say('never', { content: buttons, degrade: 'never' }), code('unsupported'))
  const twice = { ...buttons, buttons: buttons.buttons.map((button) => ({ ...button, id: 'same' })) }
  await assert.rejects(say('twice', { content: twice }), code('invalid_request'))
  const rows = Array.from({ length: 20 }, (_, n) => ({ id: `${n}`, title: `${n}` }))
  const list: Content = {
    kind: 'list',
    text: 'Which?',
    sections: [{ rows }, { rows: rows.map(({ id }) => ({ id: `b${id}`, title: id })) }],
  }
  await assert.rejects(say('many', { content: list }), code('invalid_request', { limit: 32 }))
})

test('what WhatsApp has confirmed is answered first, and told after a restart when the bridge dies in between', async (t) => {
  const before = await world(t)
  before.bridge.store.database.run(
    "CREATE TEMP TRIGGER dying BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'the bridge dies'); END",
  )
  const answer = await before.say('confirmed')
  assert.equal(answer.status, 'sent')
  assert.equal(eventsOf(before.account, 'receipt').length, 0)

  const { account, engine, say } = await restarted(t, before)
  assert.deepEqual(await say('confirmed'), answer)
  engine.connect()
  await until(() => eventsOf(account, 'receipt').length === 1)
  assert.deepEqual(
    eventsOf(account, 'receipt').map(({ message_id, status, timestamp }) => [message_id, status, timestamp]),
    [[answer.message_id, 'sent', answer.timestamp]],
  )
  assert.equal(engine.sent.length, 0)
  assert.equal(account.state().queued, 0)
})
