import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Directory } from '../src/account/directory.ts'
import { showPresence, watchPresence } from '../src/account/presence.ts'
import type { Address } from '../src/engine/engine.ts'
import { BridgeError } from '../src/errors.ts'
import type { CommandArgs } from '../src/protocol.ts'
import { BOB, freeze, group, MemoryBridge, person, received, voted } from './support/memory.ts'
import { EVE, FAMILY, ME } from './support/told.ts'

const POLL = { question: 'Heat?', options: ['On', 'Off'], selectable: 1 }
const here = { chat: group(FAMILY) }

function refused(code: string, message?: RegExp) {
  return (error: unknown): boolean =>
    error instanceof BridgeError && error.code === code && (message?.test(error.message) ?? true)
}

test('a poll tells how it stands, and who chose what', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
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
  const { account, engine } = await MemoryBridge.open(t).link()
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

test('presence goes to everybody or into one chat', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
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
  const { account, engine } = await MemoryBridge.open(t).link()
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
  const { account, engine } = await MemoryBridge.open(t).link()
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
  const { account, engine } = await MemoryBridge.open(t).link()
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
