import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Account } from '../src/account/account.ts'
import { History } from '../src/account/history.ts'
import type { MessageRef } from '../src/engine/engine.ts'
import { BridgeError } from '../src/errors.ts'
import type { CommandArgs } from '../src/protocol.ts'
import { BOB, MemoryBridge, type MemoryEngine, OWNER, person, received } from './support/memory.ts'
import { edited, EVE, ME, reacted, revoked, unreadable } from './support/told.ts'

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
