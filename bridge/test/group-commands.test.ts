import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Account } from '../src/account/account.ts'
import { Groups } from '../src/account/groups.ts'
import { type Address, EngineError, type GroupAdmin, type GroupInfo } from '../src/engine/engine.ts'
import { BridgeError } from '../src/errors.ts'
import { BOB, group, MemoryBridge, type MemoryEngine, OWNER, person } from './support/memory.ts'
import { EVE, FAMILY } from './support/told.ts'

const WORK = '120363000000000002@g.us'
const bob = person(BOB.lid, BOB.phone)

function refused(code: string, message?: RegExp) {
  return (error: unknown): boolean =>
    error instanceof BridgeError && error.code === code && (message?.test(error.message) ?? true)
}

function info(changes: Partial<GroupInfo> = {}): GroupInfo {
  return {
    ...group(FAMILY),
    name: 'Family',
    participants: 2,
    is_admin: true,
    description: 'Dinner\nat eight',
    announce: false,
    locked: true,
    expiration: 86_400,
    members: [
      { ...bob, is_admin: false },
      { kind: 'self', aliases: OWNER.aliases, is_admin: true },
    ],
    ...changes,
  }
}

interface Home {
  account: Account
  engine: MemoryEngine
  groups: Groups
  /** What is asked for, in whichever group. */
  ask: { account_id: string; chat: string }
  /** What the engine was asked. */
  asked: unknown[][]
}

/** An account in the group "Family", whose engine answers like this. */
async function home(t: TestContext, answers: Partial<GroupAdmin> = {}): Promise<Home> {
  const { account, engine } = await MemoryBridge.open(t).link()
  const asked: unknown[][] = []
  const noted = Object.entries(answers).map(([name, answer]) => [
    name,
    (...args: unknown[]) => {
      asked.push([name, ...args.slice(0, -1)])
      return (answer as (...given: unknown[]) => unknown)(...args)
    },
  ])
  Object.assign(engine.groups, Object.fromEntries(noted))
  const { name, participants = 0, is_admin = false } = info()
  const chats = [{ ...group(FAMILY), name: name ?? '', participants, is_admin }]
  engine.host.emit({ type: 'chats', chats, removed: [], all_groups: true })
  engine.directory.set(BOB.digits, bob)
  const ask = { account_id: account.id, chat: FAMILY }
  return { account, engine, groups: new Groups(account.records, account, account.directory), ask, asked }
}

function refuse(): Promise<never> {
  return Promise.reject(new EngineError('rejected', 'Only an admin can do that: ask one', 'never'))
}

function listed(account: Account, id: string) {
  return account.records.identity.groups().find((chat) => chat.id === id)
}

test('a group tells what it is about and who is in it', async (t) => {
  const strange = { kind: 'person', aliases: [], is_admin: false } as const
  const members = [...info().members, { ...strange, aliases: [] }]
  const { account, groups, ask } = await home(t, { info: () => Promise.resolve(info({ name: 'Renamed', members })) })
  const { chat, members: told, ...about } = await groups.info(ask)
  assert.deepEqual(about, { description: 'Dinner\nat eight', announce: false, locked: true, expiration: 86_400 })
  assert.equal(chat.name, 'Renamed')
  assert.deepEqual(
    told.map(({ id, phone, is_admin }) => [id, phone, is_admin]),
    [
      [BOB.lid, BOB.digits, false],
      [OWNER.aliases[0]?.value, '15550000001', true],
    ],
  )
  assert.equal(listed(account, FAMILY)?.name, 'Renamed')
})

test('a group is made of whom WhatsApp knows; the others are named with the reason', async (t) => {
  const create: GroupAdmin['create'] = (subject, members) =>
    Promise.resolve({
      group: info({ ...group(WORK), name: subject, participants: 2 }),
      members: members.map((_, index) => (index === 0 ? null : 'rejected')),
    })
  const { account, engine, groups, ask, asked } = await home(t, { create })
  engine.host.learn(person(EVE).aliases)
  engine.host.learn(bob.aliases)
  const members = [BOB.digits, '+49 170 1234567', 'nobody', EVE, BOB.lid, FAMILY]
  const made = await groups.create({ account_id: ask.account_id, subject: 'Work', members })
  assert.deepEqual(
    made.members.map(({ error }) => error),
    [null, 'not_on_whatsapp', 'chat_not_found', 'rejected', null, 'invalid_request'],
  )
  assert.deepEqual(
    made.members.map(({ member }) => member),
    members,
  )
  assert.deepEqual(asked, [['create', 'Work', [bob, person(EVE)]]], 'everybody once')
  assert.deepEqual([made.chat.id, made.chat.name], [WORK, 'Work'])
  assert.equal(listed(account, WORK)?.name, 'Work')
})

test('nobody to make a group of is an error that says so', async (t) => {
  const { groups, ask, engine, asked } = await home(t, { create: () => Promise.reject(new Error('never')) })
  const request = { account_id: ask.account_id, subject: 'Work', members: ['+49 170 1234567'] }
  await assert.rejects(groups.create(request), refused('not_on_whatsapp', /country code/u))
  engine.disconnect()
  await assert.rejects(groups.create(request), refused('not_connected'))
  assert.deepEqual(asked, [])
})

test('members are added and removed one by one, and counted', async (t) => {
  const { account, groups, ask, asked } = await home(t, {
    change: (_, action) => Promise.resolve([action === 'promote' ? 'rejected' : null]),
  })
  const act = async (action: 'add' | 'remove' | 'promote', members: string[]) =>
    (await groups.members({ ...ask, action, members })).members.map(({ error }) => error)
  assert.deepEqual(await act('add', [BOB.digits, 'nobody']), [null, 'chat_not_found'])
  assert.equal(listed(account, FAMILY)?.participants, 3)
  assert.deepEqual(await act('promote', [BOB.lid]), ['rejected'])
  assert.equal(listed(account, FAMILY)?.participants, 3)
  assert.deepEqual(await act('remove', [BOB.lid]), [null])
  assert.equal(listed(account, FAMILY)?.participants, 2)
  assert.deepEqual(await act('remove', ['nobody']), ['chat_not_found'])
  assert.deepEqual(
    asked.map((each) => each.slice(1)),
    [
      [group(FAMILY), 'add', [bob]],
      [group(FAMILY), 'promote', [bob]],
      [group(FAMILY), 'remove', [bob]],
    ],
  )
})

test('an account that is no admin any more is listed as none', async (t) => {
  const { account, groups, ask } = await home(t, { change: () => Promise.resolve([null]) })
  await groups.members({ ...ask, action: 'demote', members: ['15550000001'] })
  assert.equal(listed(account, FAMILY)?.is_admin, false)
})

test('only what is given is changed', async (t) => {
  const { account, groups, ask, asked } = await home(t, { update: () => Promise.resolve() })
  await groups.update({ ...ask, announce: true, expiration: 0 })
  await groups.update({ ...ask, subject: 'Home', description: '' })
  assert.deepEqual(asked, [
    ['update', group(FAMILY), { announce: true, expiration: 0 }],
    ['update', group(FAMILY), { subject: 'Home', description: '' }],
  ])
  const chat = listed(account, FAMILY)
  assert.deepEqual([chat?.name, chat?.participants, chat?.is_admin], ['Home', 2, true])
  await assert.rejects(groups.update(ask), refused('invalid_request', /Nothing is to be changed/u))
})

test('invitations are given as code and link, and taken as either', async (t) => {
  const { groups, ask, asked, account } = await home(t, {
    invite: () => Promise.resolve('AbC123xyz'),
    join: () => Promise.resolve(group(WORK)),
    info: () => Promise.resolve(info({ ...group(WORK), name: 'Work' })),
  })
  const url = 'https://chat.whatsapp.com/AbC123xyz'
  assert.deepEqual(await groups.invite(ask), { code: 'AbC123xyz', url })
  const forms = [
    'AbC123xyz',
    url,
    `${url}/`,
    `${url}?mode=wwt`,
    ` ${url}\n`,
    url.replace('https://', ''),
    url.replace('.com/', '.com/invite/'),
  ]
  for (const code of forms) {
    const { chat } = await groups.join({ account_id: ask.account_id, code })
    assert.deepEqual([chat.id, chat.name], [WORK, 'Work'], code)
  }
  assert.ok(asked.filter(([name]) => name === 'join').every(([, code]) => code === 'AbC123xyz'))
  assert.equal(listed(account, WORK)?.name, 'Work')
  for (const code of ['', 'https://evil.example/AbC123xyz', 'a b', 'https://chat.whatsapp.com/', `${url}/../x`]) {
    await assert.rejects(
      groups.join({ account_id: ask.account_id, code }),
      refused('invalid_request', /paste the link/u),
    )
  }
})

test('a group that was joined is there, even if WhatsApp tells no more of it', async (t) => {
  const { groups, ask, account } = await home(t, { join: () => Promise.resolve(group(WORK)) })
  const { chat } = await groups.join({ account_id: ask.account_id, code: 'AbC123xyz' })
  assert.deepEqual([chat.id, chat.name], [WORK, null])
  assert.ok(listed(account, WORK))
})

test('a group that was left is not in the list any more', async (t) => {
  const { groups, ask, account } = await home(t, { leave: () => Promise.resolve() })
  await groups.leave(ask)
  assert.equal(listed(account, FAMILY), undefined)
  await assert.rejects(groups.leave(ask), refused('chat_not_found'))
})

test('what WhatsApp refuses changes nothing', async (t) => {
  const { groups, ask, account } = await home(t, {
    leave: refuse,
    update: refuse,
    change: refuse,
    invite: refuse,
  })
  const ways = [
    groups.leave(ask),
    groups.update({ ...ask, subject: 'Mine' }),
    groups.members({ ...ask, action: 'add', members: [BOB.digits] }),
    groups.invite(ask),
  ]
  for (const way of ways) await assert.rejects(way, refused('rejected', /ask one/u))
  const chat = listed(account, FAMILY)
  assert.deepEqual([chat?.name, chat?.participants], ['Family', 2])
})

test('a person is no group', async (t) => {
  const { groups, ask, engine } = await home(t)
  const address: Address = bob
  engine.host.learn(address.aliases)
  await assert.rejects(groups.info({ ...ask, chat: BOB.lid }), refused('invalid_request', /not a group/u))
})
