import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { EngineError } from '../src/engine/engine.ts'
import { makeFolder } from './support/folder.ts'
import { BOB, freeze, MemoryBridge, person, received } from './support/memory.ts'
import { code, later, restarted, type World, world } from './support/sending.ts'
import { EVE, eventsOf } from './support/told.ts'
import { until } from './support/until.ts'

/** Time stands still, and pauses have no jitter. */
function freezePauses(t: TestContext): ReturnType<typeof freeze> {
  t.mock.method(Math, 'random', () => 0.5)
  return freeze(t)
}

/** Lets everything happen that can happen now. */
async function calm(): Promise<void> {
  for (let n = 0; n < 20; n += 1) await new Promise(setImmediate)
}

/** Does not wait for what becomes of them. */
async function sendMany(world_: World, count: number, changes: Parameters<World['say']>[1] = {}): Promise<void> {
  for (let n = 0; n < count; n += 1) ask(world_, `${changes.chat ?? 'bob'} ${n}`, changes)
  await calm()
}

function ask({ say }: World, request_id: string, changes: Parameters<World['say']>[1] = {}): void {
  say(request_id, changes).catch(() => undefined)
}

test('ten messages go at once, the others like a person would', async (t) => {
  const timers = freezePauses(t)
  const all = await world(t)
  await sendMany(all, 14)
  await calm()
  assert.equal(all.engine.sent.length, 10)
  assert.equal(all.account.state().queued, 4)
  for (let n = 1; n <= 4; n += 1) {
    timers.tick(2900)
    await calm()
    assert.equal(all.engine.sent.length, 9 + n)
    timers.tick(102)
    await calm()
    assert.equal(all.engine.sent.length, 10 + n)
  }
  assert.deepEqual(
    all.engine.texts(),
    Array.from({ length: 14 }, (_, n) => `bob ${n}`),
  )
})

test('a chat that waits does not hold up others', async (t) => {
  freezePauses(t)
  const all = await world(t)
  all.account.configure({ pacing: { burst: 2, chat_per_minute: 20, account_per_minute: 0 } })
  await sendMany(all, 5)
  await all.say('to Eve', { chat: EVE })
  assert.deepEqual(all.engine.texts(), ['bob 0', 'bob 1', 'to Eve'])
})

test('an account that waits holds up all but what is urgent', async (t) => {
  const timers = freezePauses(t)
  const all = await world(t)
  await sendMany(all, 12)
  ask(all, 'to Eve', { chat: EVE })
  await calm()
  assert.equal(all.engine.sent.length, 10)
  for (let n = 0; n < 15; n += 1) await all.say(`urgent ${n}`, { priority: 'high' })
  assert.equal(all.engine.sent.length, 25)
  timers.tick(20_000)
  await calm()
  assert.equal(all.account.state().queued, 3, 'urgent messages count')
  for (let seconds = 0; seconds < 60; seconds += 1) {
    timers.tick(1000)
    await calm()
  }
  assert.equal(all.account.state().queued, 0)
})

test('urgent messages go first, in their order', async (t) => {
  const all = await world(t)
  all.engine.disconnect()
  await sendMany(all, 2)
  await all.say('urgent 1', { priority: 'high' })
  await sendMany(all, 1, { chat: EVE })
  await all.say('urgent 2', { priority: 'high', chat: EVE })
  await all.say('urgent 3', { priority: 'high' })
  all.engine.connect()
  await until(() => all.account.state().queued === 0)
  assert.deepEqual(all.engine.texts(), ['urgent 1', 'urgent 2', 'urgent 3', 'bob 0', 'bob 1', `${EVE} 0`])
})

test('an urgent message does not wait for another one that is tried again', async (t) => {
  freezePauses(t)
  const all = await world(t)
  all.engine.deliver = later
  ask(all, 'stuck')
  await calm()
  all.engine.deliver = () => Promise.resolve({ accepted_at: 1 })
  assert.equal((await all.say('urgent', { priority: 'high' })).status, 'sent')
})

test('without pacing everything goes at once, and it stays so after a restart', async (t) => {
  const all = await world(t, MemoryBridge.open(t, makeFolder(t)))
  await sendMany(all, 12)
  await calm()
  assert.equal(all.engine.sent.length, 10)
  const pacing = { burst: 10, chat_per_minute: 0, account_per_minute: 0 }
  all.account.configure({ pacing })
  await until(() => all.engine.sent.length === 12)
  const again = await restarted(t, all)
  assert.deepEqual(again.account.settings.pacing, pacing)
  assert.deepEqual(again.account.settings.media, all.account.settings.media)
  again.engine.connect()
  for (let n = 0; n < 30; n += 1) assert.equal((await again.say(`again ${n}`)).status, 'sent')
})

test('nothing waits for time when nothing waits to be sent', async (t) => {
  freezePauses(t)
  const all = await world(t)
  const started = t.mock.method(globalThis, 'setTimeout')
  const pauses = (): unknown[] =>
    started.mock.calls.map(({ arguments: [, ms] }) => ms).filter((ms) => ms !== 250 && ms !== 20_000)
  await all.say('one')
  await all.say('urgent', { priority: 'high' })
  await calm()
  assert.deepEqual(pauses(), [])
  all.engine.disconnect()
  await all.say('waits', { ttl: 60 })
  assert.equal(pauses().length, 1)
})

test('it is seen being written for as long as a person would write', async (t) => {
  const timers = freezePauses(t)
  const all = await world(t)
  const { engine, say } = all
  const text = 'x'.repeat(40)
  const sent = say('typed', { content: { kind: 'text', text }, typing: true })
  const behind = say('behind it')
  await say('to Eve', { chat: EVE })
  await calm()
  assert.deepEqual(engine.presences, [{ presence: 'composing', to: person(BOB.phone) }])
  assert.deepEqual(engine.texts(), ['to Eve'])
  timers.tick(1700)
  await calm()
  assert.equal(engine.sent.length, 1)
  timers.tick(200)
  await Promise.all([sent, behind])
  assert.deepEqual(engine.texts(), ['to Eve', text, 'behind it'])
  assert.deepEqual(
    engine.presences.map(({ presence }) => presence),
    ['composing', 'paused'],
  )
})

test('nobody waits longer than three seconds to see it written', async (t) => {
  const timers = freezePauses(t)
  const { engine, say } = await world(t)
  const sent = say('long', { content: { kind: 'text', text: 'x'.repeat(10_000) }, typing: true })
  await calm()
  timers.tick(3001)
  assert.equal((await sent).status, 'sent')
  assert.equal(engine.presences.length, 2)
})

test('what is urgent, and what is no text, is not seen being written', async (t) => {
  const { engine, say } = await world(t)
  await say('urgent', { typing: true, priority: 'high' })
  await say('where', { content: { kind: 'location', latitude: 1, longitude: 1 }, typing: true })
  await say('not asked')
  assert.deepEqual(engine.presences, [])
})

test('a message goes out also when nobody can see it being written', async (t) => {
  const timers = freezePauses(t)
  const { engine, say } = await world(t)
  engine.show = () => Promise.reject(new EngineError('not_connected', 'no', 'later'))
  const sent = say('typed', { typing: true })
  await calm()
  timers.tick(3000)
  assert.equal((await sent).status, 'sent')
  engine.show = () => new Promise(() => undefined)
  const again = say('again', { typing: true })
  await calm()
  timers.tick(3000)
  assert.equal((await again).status, 'sent')
})

const UNTIL = Math.floor(Date.now() / 1000) + 3600
const STRANGER = '15550000009@s.whatsapp.net'

function restrict({ engine }: World, until_: number | null = UNTIL): void {
  engine.deliver = () => {
    engine.host.restricted(until_)
    return Promise.reject(new EngineError('restricted', 'no new chats', 'never', { until: until_ }))
  }
}

test('a restriction is told with its end, and nothing is tried again', async (t) => {
  const all = await world(t)
  restrict(all)
  await assert.rejects(all.say('no'), code('restricted', { until: UNTIL }))
  await assert.rejects(all.say('no'), code('restricted', { until: UNTIL }))
  assert.equal(all.engine.sent.length, 1)
  assert.equal(all.account.state().restriction?.until, UNTIL)
})

test('as long as it lasts strangers are not written to, and everybody else is', async (t) => {
  const all = await world(t)
  const { account, engine, say } = all
  engine.directory.set('15550000009', person(STRANGER))
  engine.host.emit(received({ chat: person(EVE), sender: person(EVE) }))
  restrict(all)
  await assert.rejects(say('first'), code('restricted'))
  engine.deliver = () => Promise.resolve({ accepted_at: 1 })
  await assert.rejects(say('Bob never wrote'), code('restricted', { until: UNTIL }))
  await assert.rejects(say('nor he', { chat: '15550000009' }), code('restricted', { until: UNTIL }))
  assert.equal(engine.sent.length, 1)
  assert.equal(account.state().queued, 0)
  assert.equal((await say('Eve wrote', { chat: EVE })).status, 'sent')
  assert.equal((await say('group', { chat: await familyOf(all) })).status, 'sent')
  engine.host.restricted(undefined)
  assert.equal((await say('over')).status, 'sent')
  engine.host.restricted(UNTIL)
  assert.equal((await say('known by now')).status, 'sent')
})

test('what waited when the restriction came fails without asking', async (t) => {
  const all = await world(t)
  all.engine.disconnect()
  await all.say('waits')
  all.engine.host.restricted(UNTIL)
  all.engine.connect()
  await until(() => all.account.state().queued === 0)
  assert.equal(all.engine.sent.length, 0)
  assert.deepEqual(
    eventsOf(all.account, 'receipt').map(({ error }) => error),
    ['restricted'],
  )
})

test('a restriction without a known end, or that is over, stops nothing', async (t) => {
  const timers = freeze(t)
  const all = await world(t)
  all.engine.host.restricted(null)
  assert.equal((await all.say('try')).status, 'sent')
  all.engine.host.restricted(Date.now() / 1000 + 10)
  await assert.rejects(all.say('now', { chat: EVE }), code('restricted'))
  timers.tick(11_000)
  assert.equal((await all.say('then', { chat: EVE })).status, 'sent')
})

async function familyOf({ engine }: World): Promise<string> {
  const value = '120363000000000001@g.us'
  engine.host.emit({
    type: 'chats',
    removed: [],
    all_groups: true,
    chats: [{ kind: 'group', aliases: [{ kind: 'group', value }] }],
  })
  return Promise.resolve(value)
}
