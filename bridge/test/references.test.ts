import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { EngineError } from '../src/engine/engine.ts'
import type { Content } from '../src/protocol.ts'
import { BOB, group, type MemoryEngine, OWNER, person, received } from './support/memory.ts'
import { code, type Send, type World, world } from './support/sending.ts'
import { EVE, eventsOf, FAMILY } from './support/told.ts'

type Refers = Extract<Content, { message_id: string }>

const ABOUT: Record<Exclude<Refers['kind'], 'forward'>, (message_id: string) => Content> = {
  reaction: (message_id) => ({ kind: 'reaction', message_id, emoji: '👍' }),
  edit: (message_id) => ({ kind: 'edit', message_id, text: 'new' }),
  delete: (message_id) => ({ kind: 'delete', message_id }),
  pin: (message_id) => ({ kind: 'pin', message_id, duration: '1d' }),
  unpin: (message_id) => ({ kind: 'unpin', message_id }),
}

/** A conversation with Bob: he wrote `IN1`, the account `OUT1`, he `IN2`, the account `OUT2`; and Eve wrote `EVE1`. */
async function conversation(t: TestContext): Promise<World> {
  const all = await world(t)
  const { engine, say } = all
  let clock = 1_700_000_000
  engine.deliver = () => Promise.resolve({ accepted_at: (clock += 10) })
  const hear = (external_id: string, more = {}): void =>
    engine.host.emit(received({ external_id, text: external_id, timestamp: (clock += 10), ...more }))
  hear('IN1')
  await say('OUT1')
  hear('IN2')
  await say('OUT2')
  hear('EVE1', { chat: person(EVE), sender: person(EVE) })
  return all
}

function targetOf({ contexts }: MemoryEngine): string | undefined {
  return contexts.at(-1)?.target?.external_id
}

async function reacts({ say }: World, content: Content, changes: Partial<Send> = {}): Promise<string> {
  return (await say(crypto.randomUUID(), { content, ...changes })).sent_as
}

test('"last" is the newest message that can be meant', async (t) => {
  const all = await conversation(t)
  for (const [kind, wanted] of [
    ['reaction', 'IN2'],
    ['edit', 'OUT2'],
    ['pin', 'OUT2'],
    ['unpin', 'OUT2'],
    ['delete', 'OUT2'],
  ] as const) {
    assert.equal(await reacts(all, ABOUT[kind]('last')), kind)
    assert.equal(targetOf(all.engine), wanted, kind)
  }
  await reacts(all, ABOUT.delete('last'))
  assert.equal(targetOf(all.engine), 'OUT1', 'what was deleted is not the last any more')
  await reacts(all, { kind: 'text', text: 'hm' }, { quote: 'last' })
  assert.equal(all.engine.contexts.at(-1)?.quote?.external_id, 'IN2')
})

test('"last" of a forward is the newest of the chat that is named', async (t) => {
  const all = await conversation(t)
  await reacts(all, { kind: 'forward', message_id: 'last' })
  assert.equal(targetOf(all.engine), 'OUT2')
  await reacts(all, { kind: 'forward', message_id: 'last', source_chat: EVE })
  assert.equal(targetOf(all.engine), 'EVE1')
  await assert.rejects(
    reacts(all, { kind: 'forward', message_id: 'last', source_chat: 'nobody' }),
    code('chat_not_found'),
  )
})

test('what says nothing by itself is never "last"', async (t) => {
  const all = await conversation(t)
  const [first, second] = [
    await all.say('a', { content: ABOUT.reaction('IN1') }),
    await all.say('b', { content: ABOUT.pin('IN1') }),
  ]
  await reacts(all, ABOUT.edit('last'))
  assert.equal(targetOf(all.engine), 'OUT2')
  for (const { message_id } of [first, second]) {
    await assert.rejects(reacts(all, ABOUT.delete(message_id)), code('message_not_found'))
  }
})

test('a message that failed is nothing to refer to', async (t) => {
  const all = await conversation(t)
  const { deliver } = all.engine
  all.engine.deliver = () => Promise.reject(new EngineError('rejected', 'no', 'never'))
  await assert.rejects(all.say('fails'), code('rejected'))
  all.engine.deliver = deliver
  await reacts(all, ABOUT.edit('last'))
  assert.equal(targetOf(all.engine), 'OUT2')
  await assert.rejects(reacts(all, ABOUT.edit('OUT3')), code('message_not_found'))
})

test('an engine is given everything of the message that is meant', async (t) => {
  const { engine, say } = await world(t)
  const chat = group(FAMILY)
  engine.host.emit({ type: 'chats', chats: [chat], removed: [], all_groups: true })
  engine.host.emit(received({ chat, raw: Buffer.from('his') }))
  await say('mine', { chat: FAMILY })
  await say('1', { chat: FAMILY, content: ABOUT.reaction('IN1') })
  const bob = person(BOB.phone, BOB.lid)
  const target = engine.contexts.at(-1)?.target
  assert.deepEqual(target && { ...target, raw: Buffer.from(target.raw).toString() }, {
    external_id: 'IN1',
    from_me: false,
    chat,
    sender: target?.sender,
    raw: 'his',
  })
  assert.deepEqual(
    target?.sender.aliases.map(({ value }) => value).toSorted(),
    bob.aliases.map(({ value }) => value).toSorted(),
  )
  await say('2', { chat: FAMILY, content: ABOUT.edit('OUT1') })
  const own = engine.contexts.at(-1)?.target
  assert.deepEqual([own?.from_me, own?.sender.kind, own?.sender.aliases], [true, 'self', OWNER.aliases])
})

test('a message of another chat is not meant', async (t) => {
  const all = await conversation(t)
  for (const about of Object.values(ABOUT)) {
    await assert.rejects(reacts(all, about('OUT1'), { chat: EVE }), code('invalid_request'))
  }
  await assert.rejects(reacts(all, { kind: 'text', text: 'x' }, { quote: 'EVE1' }), code('invalid_request'))
  assert.equal(await reacts(all, { kind: 'forward', message_id: 'EVE1' }), 'forward')
})

test('what is not there is not found', async (t) => {
  const all = await conversation(t)
  for (const about of [...Object.values(ABOUT), (message_id: string): Content => ({ kind: 'forward', message_id })]) {
    await assert.rejects(reacts(all, about('NO')), code('message_not_found'))
  }
  await assert.rejects(reacts(all, { kind: 'text', text: 'x' }, { quote: 'NO' }), code('message_not_found'))
  const nothing = { chat: OWNER.aliases[0]?.value ?? '', quote: 'last' }
  await assert.rejects(reacts(all, { kind: 'text', text: 'x' }, nothing), code('message_not_found'))
})

test('what others wrote is not edited, and deleted only as the admin of a group', async (t) => {
  const all = await conversation(t)
  await assert.rejects(reacts(all, ABOUT.edit('IN1')), code('invalid_request'))
  await assert.rejects(reacts(all, ABOUT.delete('IN1')), code('invalid_request'))
  for (const is_admin of [false, true]) {
    const chat = { ...group(FAMILY), is_admin }
    all.engine.host.emit({ type: 'chats', chats: [chat], removed: [], all_groups: true })
    all.engine.host.emit(received({ external_id: 'FAMILY1', chat: group(FAMILY) }))
    const deletion = reacts(all, ABOUT.delete('FAMILY1'), { chat: FAMILY })
    if (is_admin) assert.equal(await deletion, 'delete')
    else await assert.rejects(deletion, code('invalid_request'))
  }
})

test('only what has a text can be edited', async (t) => {
  const all = await world(t)
  const location = await all.say('where', { content: { kind: 'location', latitude: 1, longitude: 2 } })
  await assert.rejects(reacts(all, ABOUT.edit(location.message_id)), code('invalid_request'))
  const poll = await all.say('poll', { content: { kind: 'poll', question: 'q', options: ['a', 'b'], selectable: 1 } })
  await assert.rejects(reacts(all, ABOUT.edit(poll.message_id)), code('invalid_request'))
})

test('what was edited and deleted is kept so, once it is confirmed', async (t) => {
  const all = await conversation(t)
  const stored = (id: string) => {
    const message = all.bridge.store.messages.get(all.account.id, id)
    return [message?.said?.text, message?.edited, message?.revoked]
  }
  const { deliver } = all.engine
  all.engine.deliver = () => Promise.reject(new EngineError('rejected', 'no', 'never'))
  await assert.rejects(reacts(all, ABOUT.edit('OUT1')), code('rejected'))
  await assert.rejects(reacts(all, ABOUT.delete('OUT1')), code('rejected'))
  assert.deepEqual(stored('OUT1'), ['OUT1', false, false])
  all.engine.deliver = deliver
  await reacts(all, ABOUT.edit('OUT1'))
  assert.deepEqual(stored('OUT1'), ['new', true, false])
  await reacts(all, ABOUT.delete('OUT1'))
  assert.deepEqual(stored('OUT1'), [undefined, true, true])
  for (const about of Object.values(ABOUT)) await assert.rejects(reacts(all, about('OUT1')), code('message_not_found'))
})

test('nothing that is about a message answers one', async (t) => {
  const all = await conversation(t)
  for (const about of Object.values(ABOUT)) {
    await assert.rejects(reacts(all, about('OUT1'), { quote: 'IN1' }), code('invalid_request'))
  }
})

test('people are mentioned by any reference, and unknown numbers are looked up', async (t) => {
  const { account, engine, say } = await world(t)
  engine.directory.set('15550000009', person('15550000009@s.whatsapp.net'))
  const mentions = [BOB.digits, EVE, '+1 555 000 0009', `${BOB.digits}@s.whatsapp.net`]
  await say('m', { content: { kind: 'text', text: '@15550000002', mentions } })
  const named = engine.contexts[0]?.mentions.map(({ aliases }) => aliases[0]?.value)
  assert.deepEqual(named, [BOB.phone, EVE, '15550000009@s.whatsapp.net'])
  const [event] = eventsOf(account, 'message')
  assert.deepEqual(
    event?.mentions.map(({ phone, lid }) => phone ?? lid),
    [BOB.digits, EVE, '15550000009'],
  )
  const wrong = [
    ['chat_not_found', '900000000000099@lid'],
    ['not_on_whatsapp', '+1 555 999 0000'],
    ['chat_not_found', 'Bob'],
  ] as const
  for (const [expected, reference] of wrong) {
    const content: Content = { kind: 'text', text: 'x', mentions: [reference] }
    await assert.rejects(say(reference, { content }), code(expected))
  }
  engine.host.emit({ type: 'chats', chats: [group(FAMILY)], removed: [], all_groups: true })
  const content: Content = { kind: 'text', text: 'x', mentions: [FAMILY] }
  await assert.rejects(say('group', { content }), code('invalid_request'))
})
