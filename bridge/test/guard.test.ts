import assert from 'node:assert/strict'
import { test } from 'node:test'

import { BridgeError } from '../src/errors.ts'
import { bearer, Guard } from '../src/server/guard.ts'

const TOKEN = 'the token'

/** A guard whose clock the test moves, and what becomes of a try. */
function guarded(): { guard: Guard; clock: { ms: number }; tried: (token: string, address?: string) => string } {
  const clock = { ms: 1000 }
  const guard = new Guard(TOKEN, () => clock.ms)
  const tried = (token: string, address = '10.0.0.1'): string => {
    try {
      guard.admit(token, address)
      return 'in'
    } catch (error) {
      if (error instanceof BridgeError) return error.code
      throw error
    }
  }
  return { guard, clock, tried }
}

test('the token opens, and nothing else does', () => {
  const { tried } = guarded()
  assert.equal(tried(TOKEN), 'in')
  for (const token of ['', 'the', 'the token ', 'THE TOKEN']) assert.equal(tried(token), 'unauthorized')
  assert.equal(tried(TOKEN), 'in')
})

test('ten wrong tokens lock an address out for a minute, also for the right one, and no other address', () => {
  const { guard, clock, tried } = guarded()
  for (let n = 0; n < 10; n += 1) assert.equal(tried('wrong'), 'unauthorized')
  assert.equal(tried('wrong'), 'rate_limited')
  assert.equal(tried(TOKEN), 'rate_limited')
  assert.throws(
    () => guard.admit(TOKEN, '10.0.0.1'),
    (error: unknown) => error instanceof BridgeError && error.details['retry_after'] === 60,
  )
  assert.equal(tried(TOKEN, '10.0.0.2'), 'in')
  clock.ms += 59_999
  assert.equal(tried(TOKEN), 'rate_limited')
  clock.ms += 1
  assert.equal(tried(TOKEN), 'in')
})

test('now and then a wrong token does no harm', () => {
  const { clock, tried } = guarded()
  for (let n = 0; n < 100; n += 1) {
    assert.equal(tried('wrong'), 'unauthorized')
    clock.ms += 7000
  }
  assert.equal(tried(TOKEN), 'in')
})

test('a crowd that tries together gets one try each; who knows the token still comes in', () => {
  const { tried } = guarded()
  for (let n = 0; n < 101; n += 1) assert.equal(tried('wrong', `10.0.1.${n}`), 'unauthorized')
  assert.equal(tried('wrong', '10.0.2.1'), 'unauthorized')
  assert.equal(tried('wrong', '10.0.2.1'), 'rate_limited')
  assert.equal(tried(TOKEN, '10.0.3.1'), 'in')
})

test('who is remembered is bounded', () => {
  const { guard, tried } = guarded()
  for (let n = 0; n < 5000; n += 1) tried('wrong', `10.${n >> 8}.${n & 255}.1`)
  assert.ok(guard.size <= 1024)
})

test('an address counts however it is written, and a network of IPv6 as one', () => {
  const { tried } = guarded()
  for (let n = 0; n < 10; n += 1) tried('wrong', n % 2 === 0 ? '::ffff:10.0.0.9' : '10.0.0.9')
  assert.equal(tried(TOKEN, '10.0.0.9'), 'rate_limited')
  for (let n = 0; n < 10; n += 1) tried('wrong', `2001:db8:1:2::${n + 1}`)
  assert.equal(tried(TOKEN, '2001:db8:1:2:aaaa:bbbb:cccc:dddd'), 'rate_limited')
  assert.equal(tried(TOKEN, '2001:db8:1:3::1'), 'in')
  for (let n = 0; n < 10; n += 1) tried('wrong', '::1')
  assert.equal(tried(TOKEN, '::1'), 'rate_limited')
})

test('the token of a header', () => {
  assert.equal(bearer('Bearer abc-_.~+/=='), 'abc-_.~+/==')
  assert.equal(bearer('bearer abc'), 'abc')
  for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Bearer a b', 'Basic abc', 'Bearer abc,'])
    assert.equal(bearer(header), '')
})
