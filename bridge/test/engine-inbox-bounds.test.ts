import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Handled } from '../src/engine/baileys/handled.ts'
import { Unread } from '../src/engine/baileys/unread.ts'
import { makeLinkedWorld, MemoryStore } from './support/engine.ts'

const DAY_MS = 86_400_000

test('a thousand unreadable messages are kept, the newest, for two weeks', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
  const store = new MemoryStore()
  const unread = new Unread(store)
  unread.load()
  for (let index = 0; index < 1100; index++) unread.note(`M${index} bob`, { id: `M${index}` }, 'corrupt')
  assert.equal(store.all('unread').size, 1000)
  assert.equal(unread.get('M99 bob'), undefined)
  assert.equal(unread.withId('M100')?.[1].reason, 'corrupt')

  t.mock.timers.tick(13 * DAY_MS)
  unread.note('later bob', { id: 'later' }, 'no_session')
  const restarted = new Unread(store)
  restarted.load()
  assert.equal([...restarted].length, 1000)
  t.mock.timers.tick(2 * DAY_MS)
  restarted.load()
  assert.deepEqual(
    [...restarted].map(([name]) => name),
    ['later bob'],
  )
  assert.equal(store.all('unread').size, 1)
})

test('the names of two thousand handled messages are kept, the newest', () => {
  const store = new MemoryStore()
  const handled = new Handled(store)
  handled.load()
  for (let index = 0; index < 2100; index++) {
    store.set(handled.adding(`M${index} bob`))
    handled.add(`M${index} bob`)
  }
  assert.equal(store.all('handled').size, 2000)
  const restarted = new Handled(store)
  restarted.load()
  for (const one of [handled, restarted]) {
    assert.deepEqual([one.has('M99 bob'), one.has('M100 bob'), one.has('M2099 bob')], [false, true, true])
  }
})

test('a plain message writes no more than its own rows, and leaves none', async (t) => {
  const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
  const first = await bob.say(owner, 'the first brings the keys')
  await whatsapp.until(() => host.withId('message', first).length > 0)
  host.store.commits.length = 0
  const id = await bob.say(owner, 'hello')
  await whatsapp.until(() => host.withId('message', id).length > 0)
  const types = host.store.commits.map((commit) => Object.keys(commit).toSorted())
  assert.deepEqual(types, [['inbox', 'session'], ['inbox']])
  for (const type of ['inbox', 'unread']) assert.equal(host.store.all(type).size, 0)
})
