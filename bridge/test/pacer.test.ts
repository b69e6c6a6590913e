import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { Pacer } from '../src/account/pacer.ts'

const PACING = { burst: 10, chat_per_minute: 20, account_per_minute: 30 }
const START = 1_700_000_000

/** Sends as soon as the pacer lets it, to these chats in turn, and returns when each went, in seconds from the start. */
function sendAll(pacer: Pacer, chats: readonly string[], count: number): number[] {
  const times: number[] = []
  let now = START
  for (let n = 0; n < count; n += 1) {
    const chat = chats[n % chats.length] ?? ''
    now = Math.max(now, pacer.accountReady(now), pacer.waiting(now).get(chat) ?? now)
    pacer.spend(chat, now)
    times.push(now - START)
  }
  return times
}

function withoutJitter(t: TestContext): void {
  t.mock.method(Math, 'random', () => 0.5)
}

test('ten at once to a chat, then twenty a minute', (t) => {
  withoutJitter(t)
  const times = sendAll(new Pacer({ ...PACING, account_per_minute: 0 }), ['bob'], 14)
  assert.deepEqual(times.slice(0, 10), Array<number>(10).fill(0))
  assert.deepEqual(
    times.slice(10).map((time) => Math.round(time * 1000)),
    [3000, 6000, 9000, 12_000],
  )
})

test('ten at once to all chats together, then thirty a minute', (t) => {
  withoutJitter(t)
  const chats = Array.from({ length: 20 }, (_, n) => `chat ${n}`)
  const times = sendAll(new Pacer(PACING), chats, 14)
  assert.deepEqual(times.slice(0, 10), Array<number>(10).fill(0))
  assert.deepEqual(
    times.slice(10).map((time) => Math.round(time * 1000)),
    [2000, 4000, 6000, 8000],
  )
})

test('no two pauses are the same, and on average they are as long as they should be', () => {
  const times = sendAll(new Pacer(PACING), ['bob'], 410)
  const pauses = times.slice(10).map((time, index) => time - (times[index + 9] ?? 0))
  assert.ok(new Set(pauses.map((pause) => pause.toFixed(3))).size > 300)
  assert.ok(pauses.every((pause) => pause >= 1.5 && pause <= 4.5))
  assert.ok(Math.abs((times.at(-1) ?? 0) - 400 * 3) < 3)
})

for (const [random, name] of [
  [0, 'as soon'],
  [0.999_999, 'as late'],
] as const) {
  test(`a minute never has more than its due, ${name} as can be`, (t) => {
    t.mock.method(Math, 'random', () => random)
    const times = sendAll(new Pacer(PACING), ['a', 'b', 'c'], 300)
    for (const from of times) {
      const within = times.filter((time) => time >= from && time < from + 60).length
      assert.ok(within <= 10 + 30 + 1, `${within} in a minute`)
    }
    assert.ok((times.at(-1) ?? 0) <= 300 * 2 + 1)
  })
}

test('a pause fills the burst again, and no more than that', (t) => {
  withoutJitter(t)
  const pacer = new Pacer(PACING)
  for (let n = 0; n < 10; n += 1) pacer.spend('bob', START)
  assert.ok(pacer.waiting(START).has('bob'))
  const later = START + 3600
  for (let n = 0; n < 10; n += 1) {
    assert.equal(pacer.waiting(later).size, 0)
    assert.ok(pacer.accountReady(later) <= later)
    pacer.spend('bob', later)
  }
  assert.ok(pacer.waiting(later).has('bob'))
})

test('urgent messages count, but nobody pays for more than one burst of them', (t) => {
  withoutJitter(t)
  const pacer = new Pacer(PACING)
  for (let n = 0; n < 1000; n += 1) pacer.spend('bob', START)
  assert.equal(Math.round((pacer.waiting(START).get('bob') ?? 0) - START), 33)
})

test('one chat that waits is not another', () => {
  const pacer = new Pacer({ ...PACING, account_per_minute: 0 })
  for (let n = 0; n < 10; n += 1) pacer.spend('bob', START)
  pacer.spend('eve', START)
  assert.deepEqual([...pacer.waiting(START).keys()], ['bob'])
  assert.equal(pacer.accountReady(START), START)
})

test('0 is without limit', () => {
  const pacer = new Pacer({ burst: 1, chat_per_minute: 0, account_per_minute: 0 })
  assert.deepEqual(sendAll(pacer, ['bob'], 1000), Array<number>(1000).fill(0))
})

test('a burst of one still goes on', () => {
  const times = sendAll(new Pacer({ burst: 1, chat_per_minute: 60, account_per_minute: 0 }), ['bob'], 101)
  assert.ok(Math.abs((times.at(-1) ?? 0) - 100) < 1)
})

test('other limits begin anew, at once', () => {
  const pacer = new Pacer(PACING)
  for (let n = 0; n < 50; n += 1) pacer.spend('bob', START)
  pacer.configure({ burst: 2, chat_per_minute: 1, account_per_minute: 1 })
  assert.equal(pacer.waiting(START).size, 0)
  pacer.spend('bob', START)
  pacer.spend('bob', START)
  assert.ok((pacer.waiting(START).get('bob') ?? 0) > START + 40)
})

test('a clock that is set back does not stop it', () => {
  const pacer = new Pacer(PACING)
  for (let n = 0; n < 10; n += 1) pacer.spend('bob', START)
  assert.ok((pacer.waiting(START - 3600).get('bob') ?? Infinity) < START - 3600 + 5)
})
