import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Account } from '../src/account/account.ts'
import { Directory } from '../src/account/directory.ts'
import { History } from '../src/account/history.ts'
import { showPresence, watchPresence } from '../src/account/presence.ts'
import type { Address, MessageRef } from '../src/engine/engine.ts'
import { BridgeError } from '../src/errors.ts'
import type { CommandArgs } from '../src/protocol.ts'
import {
  BOB,
  freeze,
  group,
  MemoryBridge,
  type MemoryEngine,
  OWNER,
  person,
  received,
  voted,
} from './support/memory.ts'
import { edited, EVE, FAMILY, ME, reacted, revoked, unreadable } from './support/told.ts'

const POLL = { question: 'Heat?', options: ['On', 'Off'], selectable: 1 }
const here = { chat: group(FAMILY) }

function refused(code: string, message?: RegExp) {
  return (error: unknown): boolean =>
    error instanceof BridgeError && error.code === code && (message?.test(error.message) ?? true)
}

interface Home {
  account: Account
  engine: MemoryEngine
  history: History
  list: (more?: Partial<CommandArgs<'messages'>>) => ReturnType<History['list']>
}

async function home(t: TestContext): Promise<Home> {
  const { account, engine } = await MemoryBridge.open(t).link()
  const history = new History(account.records, account)
  const list: Home['list'] = (more = {}) => history.list({ account_id: account.id, chat: BOB.lid, ...more })
  return { account, engine, history, list }
}

test('messages are listed newest first, with what was done to them since', async (t) => {
  const { account, engine, list } = await home(t)
  engine.host.emit(received({ text: 'first' }))
  engine.host.emit(
    received({ external_id: 'IN2', text: 'second', quoted_external_id: 'IN1', timestamp: 1_700_000_001 }),
  )
  engine.host.emit(received({ external_id: 'IN3', text: 'third', timestamp: 1_700_000_002 }))
  engine.host.emit(received({ external_id: 'MINE', from_me: true, sender: ME, timestamp: 1_700_000_003 }))
  engine.host.emit(edited({ target_external_id: 'IN2', text: 'edited' }))
  engine.host.emit(revoked({ target_external_id: 'IN3' }))
  engine.host.emit(reacted())
  engine.host.emit(unreadable({ external_id: 'IN4' }))
  engine.host.emit(received({ external_id: 'ELSEWHERE', chat: person(EVE), sender: person(EVE) }))
  const listed = list()
  assert.deepEqual(
    listed.map(({ message_id, text, edited: isEdited, revoked: isRevoked }) => [message_id, text, isEdited, isRevoked]),
    [
      ['MINE', 'hello', false, false],
      ['IN3', null, false, true],
      ['IN2', 'edited', true, false],
      ['IN1', 'first', false, false],
    ],
  )
  assert.deepEqual(listed[2], {
    message_id: 'IN2',
    sender: { id: BOB.lid, phone: BOB.digits, lid: BOB.lid, name: null },
    from_me: false,
    kind: 'text',
    text: 'edited',
    poll: null,
    media: null,
    location: null,
    contacts: [],
    quoted_message_id: 'IN1',
    edited: true,
    revoked: false,
    timestamp: 1_700_000_001,
  })
  assert.equal(listed[0]?.sender.id, OWNER.aliases[0]?.value)
  assert.deepEqual(list({ chat: BOB.digits }), listed, 'by any alias')
  assert.deepEqual(account.records.journal.head(), 9)
})

test('messages come in pages, also within one second', async (t) => {
  const { engine, list } = await home(t)
  for (let number = 1; number <= 5; number += 1) engine.host.emit(received({ external_id: `IN${number}` }))
  const pages: string[][] = []
  for (let before: string | undefined; ; before = pages.at(-1)?.at(-1)) {
    const ids = list({ limit: 2, ...(before !== undefined && { before }) }).map(({ message_id }) => message_id)
    if (ids.length === 0) break
    pages.push(ids)
  }
  assert.deepEqual(pages, [['IN5', 'IN4'], ['IN3', 'IN2'], ['IN1']])
})

test('a page fits into a frame, whatever is in it', async (t) => {
  const { engine, list } = await home(t)
  for (let number = 1; number <= 20; number += 1) {
    engine.host.emit(received({ external_id: `IN${number}`, text: '\u0000'.repeat(65_536) }))
  }
  const first = list()
  assert.ok(first.length > 0 && first.length < 20)
  assert.ok(Buffer.byteLength(JSON.stringify(first)) < 1024 * 1024)
  assert.equal(list({ before: first.at(-1)?.message_id ?? '' })[0]?.message_id, `IN${20 - first.length}`)
})

test('what was sent is listed, but what failed is not', async (t) => {
  const { account, engine, list } = await home(t)
  engine.host.emit({ type: 'chats', chats: [person(BOB.lid, BOB.phone)], removed: [], all_groups: false })
  const send = async (text: string): Promise<unknown> =>
    account.send({ account_id: account.id, chat: BOB.lid, content: { kind: 'text', text }, request_id: text })
  await send('out')
  engine.disconnect()
  await assert.rejects(
    account.send({
      account_id: account.id,
      chat: BOB.lid,
      content: { kind: 'text', text: 'never' },
      request_id: 'r',
      ttl: 0,
    }),
  )
  assert.deepEqual(
    list().map(({ text, from_me }) => [text, from_me]),
    [['out', true]],
  )
})

test('chats and messages that are not there are refused', async (t) => {
  const { engine, list } = await home(t)
  assert.throws(() => list(), refused('chat_not_found'))
  engine.host.emit(received())
  engine.host.emit(received({ external_id: 'OTHER', chat: person(EVE), sender: person(EVE) }))
  assert.throws(() => list({ before: 'NONE' }), refused('message_not_found'))
  assert.throws(() => list({ before: 'OTHER' }), refused('message_not_found'))
})

test('a poll tells how it stands, and who chose what', async (t) => {
  const { account, engine } = await home(t)
  const { polls } = account.records
  engine.host.emit(received({ ...here, external_id: 'POLL1', kind: 'poll', text: null, poll: POLL }))
  engine.host.emit(received({ external_id: 'TEXT' }))
  const vote = (id: string, voter: Address, options: string[], timestamp = 1_700_000_100): void =>
    engine.host.emit(voted({ ...here, external_id: id, voter, options, timestamp }))
  vote('V1', person(BOB.lid, BOB.phone), ['On'])
  vote('V2', person(EVE), ['Off'])
  vote('V3', person(BOB.phone), ['Off'], 1_700_000_200)
  vote('V4', person(EVE), [], 1_700_000_300)
  engine.host.emit(voted({ ...here, external_id: 'V5', voter: ME, from_me: true, options: ['On'] }))
  assert.deepEqual(polls.standing('POLL1'), {
    poll: POLL,
    tally: [
      { option: 'On', votes: 1 },
      { option: 'Off', votes: 1 },
    ],
    votes: [
      { voter: account.records.identity.person(ME), options: ['On'] },
      { voter: { id: BOB.lid, phone: BOB.digits, lid: BOB.lid, name: null }, options: ['Off'] },
    ],
  })
  for (const id of ['TEXT', 'NONE']) assert.throws(() => polls.standing(id), refused('message_not_found'))
})

test('a vote that is told again does not undo a later one of the same second', async (t) => {
  const { account, engine } = await home(t)
  engine.host.emit(received({ external_id: 'POLL1', kind: 'poll', text: null, poll: POLL }))
  for (const [id, option] of [
    ['V1', 'On'],
    ['V2', 'Off'],
    ['V1', 'On'],
  ] as const) {
    engine.host.emit(voted({ external_id: id, options: [option] }))
  }
  assert.deepEqual(
    account.records.polls.standing('POLL1').votes.map(({ options }) => options),
    [['Off']],
  )
})

/** What the engine was asked to mark as read, call by call. */
function reads(engine: MemoryEngine): MessageRef[][] {
  const calls: MessageRef[][] = []
  const markRead = (messages: MessageRef[]): Promise<void> => Promise.resolve(void calls.push(messages))
  Object.assign(engine, { markRead })
  return calls
}

test('what others wrote is marked as read once, up to the message asked for', async (t) => {
  const { account, engine, history } = await home(t)
  const calls = reads(engine)
  const read = async (message_id?: string): Promise<void> =>
    history.markRead({ account_id: account.id, chat: BOB.digits, ...(message_id !== undefined && { message_id }) })
  for (const external_id of ['IN1', 'IN2', 'IN3']) engine.host.emit(received({ external_id }))
  engine.host.emit(received({ external_id: 'MINE', from_me: true, sender: ME }))
  engine.host.emit(unreadable({ external_id: 'IN4' }))
  assert.equal(calls.length, 0, 'nothing is ever sent that nobody asked for')
  await read('IN2')
  await read('IN1')
  await read('MINE')
  await read()
  engine.host.emit(received({ external_id: 'IN5' }))
  await read()
  const ids = calls.map((messages) => messages.map(({ external_id }) => external_id))
  assert.deepEqual(ids, [['IN2', 'IN1'], ['IN3'], ['IN5']])
  assert.deepEqual(calls[0]?.[0], {
    external_id: 'IN2',
    from_me: false,
    chat: person(BOB.lid, BOB.phone),
    sender: person(BOB.lid, BOB.phone),
    raw: new Uint8Array(Buffer.from('raw')),
  })
})

test('a long backlog is marked as read by its newest hundred', async (t) => {
  const { account, engine, history } = await home(t)
  const calls = reads(engine)
  for (let number = 1; number <= 120; number += 1) engine.host.emit(received({ external_id: `IN${number}` }))
  await history.markRead({ account_id: account.id, chat: BOB.lid })
  await history.markRead({ account_id: account.id, chat: BOB.lid })
  assert.deepEqual([calls.length, calls[0]?.length, calls[0]?.[0]?.external_id], [1, 100, 'IN120'])
})

test('what could not be marked as read is marked the next time', async (t) => {
  const { account, engine, history } = await home(t)
  engine.host.emit(received())
  const args = { account_id: account.id, chat: BOB.lid }
  engine.disconnect()
  await assert.rejects(history.markRead(args), refused('not_connected', /try again later/u))
  engine.connect()
  const calls = reads(engine)
  await assert.rejects(history.markRead({ ...args, message_id: 'NONE' }), refused('message_not_found'))
  await history.markRead(args)
  assert.equal(calls.length, 1)
})

test('presence goes to everybody or into one chat', async (t) => {
  const { account, engine } = await home(t)
  const shown: unknown[] = []
  Object.assign(engine, {
    presence: (...args: unknown[]) => Promise.resolve(shown.push(args.slice(0, 2))),
    watchPresence: (...args: unknown[]) => Promise.resolve(shown.push(args.slice(0, 1))),
  })
  engine.host.emit(received())
  const show = async (presence: CommandArgs<'presence'>['presence'], chat?: string): Promise<void> =>
    showPresence(account.records, account, { account_id: account.id, presence, ...(chat !== undefined && { chat }) })
  await show('available')
  await show('composing', BOB.digits)
  await watchPresence(account.records, account, BOB.lid)
  const bob = person(BOB.lid, BOB.phone)
  assert.deepEqual(shown, [['available', null], ['composing', bob], [bob]])
  await assert.rejects(show('composing'), refused('invalid_request', /say in which/u))
  await assert.rejects(show('unavailable', BOB.lid), refused('invalid_request', /leave "chat" out/u))
  await assert.rejects(show('paused', 'nobody'), refused('chat_not_found'))
})

test('numbers are checked on WhatsApp each time, each once, and a few at a time', async (t) => {
  const { account, engine } = await home(t)
  engine.directory.set(BOB.digits, person(BOB.lid, BOB.phone))
  engine.host.emit(received())
  const directory = new Directory(account.records, account)
  const { numbers } = await directory.check(['+1 555 000-0002', BOB.digits, '+49 170 1234567'])
  assert.deepEqual(
    numbers.map(({ phone, chat }) => [phone, chat?.id]),
    [
      ['+1 555 000-0002', BOB.lid],
      [BOB.digits, BOB.lid],
      ['+49 170 1234567', undefined],
    ],
  )
  assert.deepEqual(engine.lookups, [BOB.digits, '491701234567'])
  engine.directory.delete(BOB.digits)
  const [gone] = (await directory.check([BOB.digits])).numbers
  assert.equal(gone?.chat, null, 'a known chat that is not on WhatsApp any more')

  let running = 0
  let most = 0
  const lookup = async (): Promise<null> => {
    most = Math.max(most, (running += 1))
    await new Promise(setImmediate)
    running -= 1
    return null
  }
  Object.assign(engine, { lookup })
  await directory.check(Array.from({ length: 50 }, (_, index) => `4917012345${index + 10}`))
  assert.equal(most, 5)
})

test('what cannot be checked is refused', async (t) => {
  const { account, engine } = await home(t)
  const directory = new Directory(account.records, account)
  await assert.rejects(directory.check(['+1 555 000-0002', '0170 1234567']), (error: unknown) => {
    assert.ok(error instanceof BridgeError)
    assert.deepEqual([error.code, error.details], ['invalid_request', { field: '/phones/1' }])
    return true
  })
  engine.disconnect()
  await assert.rejects(directory.check([BOB.digits]), refused('not_connected'))
  await account.unlink()
  await assert.rejects(directory.check([BOB.digits]), refused('not_linked'))
})

test('WhatsApp has twenty seconds to answer', async (t) => {
  const { account, engine } = await home(t)
  engine.host.emit(received())
  const timers = freeze(t)
  const timeout = t.mock.method(AbortSignal, 'timeout', (ms: number) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), ms)
    return controller.signal
  })
  Object.assign(engine, {
    presence: async (_: unknown, __: unknown, signal: AbortSignal): Promise<void> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
  })
  const shown = showPresence(account.records, account, { account_id: account.id, presence: 'available' })
  assert.deepEqual(timeout.mock.calls[0]?.arguments, [20_000])
  timers.tick(20_000)
  await assert.rejects(shown, refused('timeout', /try again later/u))
})
