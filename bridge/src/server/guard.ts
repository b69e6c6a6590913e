import { createHash, timingSafeEqual } from 'node:crypto'
import { isIPv6 } from 'node:net'

import { BridgeError } from '../errors.ts'

/** How many wrong tokens an address may bring within a window before it is locked out for as long. */
const ALLOWED = 10
/** With more wrong tokens than this from all addresses together, one is enough. */
const CROWD = 100
const WINDOW_MS = 60_000
const MAX_ADDRESSES = 1024

interface Failures {
  count: number
  /** When they are forgotten. By the monotonic clock, in milliseconds. */
  until: number
}

/** The keeper of the token: compares in constant time, and lets nobody try for long. An address that is locked out locks out no other. */
export class Guard {
  readonly #expected: Buffer
  readonly #now: () => number
  readonly #failures = new Map<string, Failures>()
  #all: Failures = { count: 0, until: 0 }

  constructor(token: string, now: () => number = () => performance.now()) {
    this.#expected = digest(token)
    this.#now = now
  }

  /** @throws BridgeError `unauthorized`; `rate_limited` while the address is locked out, whatever the token. */
  admit(token: string, address: string | undefined): void {
    const place = placeOf(address)
    this.checkLock(place)
    if (timingSafeEqual(digest(token), this.#expected)) return
    this.fail(place)
    throw new BridgeError('unauthorized', 'The token is wrong')
  }

  /** @throws BridgeError `rate_limited` with `retry_after` in seconds. */
  checkLock(address: string | undefined): void {
    const failures = this.#at(placeOf(address))
    if (!failures || failures.count < this.#allowed()) return
    const retry_after = Math.max(1, Math.ceil((failures.until - this.#now()) / 1000))
    throw new BridgeError('rate_limited', 'Too many wrong tokens came from this address: wait before trying again', {
      retry_after,
    })
  }

  /** Somebody at this address tried a secret that is none. */
  fail(address: string | undefined): void {
    const place = placeOf(address)
    const until = this.#now() + WINDOW_MS
    const failures = this.#at(place) ?? { count: 0, until }
    failures.count += 1
    this.#all = this.#all.until > this.#now() ? this.#all : { count: 0, until }
    this.#all.count += 1
    if (failures.count >= this.#allowed()) failures.until = until
    // The oldest goes when there are too many.
    this.#failures.delete(place)
    this.#failures.set(place, failures)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_ADDRESSES && oldest !== undefined) this.#failures.delete(oldest)
  }

  /** How many wrong tokens are remembered of this address. */
  failures(address: string | undefined): number {
    return this.#at(placeOf(address))?.count ?? 0
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#failures.size
  }

  #at(place: string): Failures | undefined {
    const failures = this.#failures.get(place)
    if (failures && failures.until > this.#now()) return failures
    this.#failures.delete(place)
    return undefined
  }

  #allowed(): number {
    return this.#all.until > this.#now() && this.#all.count > CROWD ? 1 : ALLOWED
  }
}

/** The token of `Authorization: Bearer <token>`; empty when there is none. */
export function bearer(header: string | undefined): string {
  return /^Bearer ([\w.~+/-]+=*)$/iu.exec(header ?? '')?.[1] ?? ''
}

/** Who has one IPv6 address has 2⁶⁴ of them. */
function placeOf(address: string | undefined): string {
  const plain = address?.replace(/^::ffff:(?=\d+\.)/iu, '') ?? ''
  if (!isIPv6(plain)) return plain
  const [start = '', end = ''] = plain.replace(/%.*$/u, '').split('::')
  const before = start.split(':').filter(Boolean)
  const after = end.split(':').filter(Boolean)
  const middle = plain.includes('::') ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0') : []
  return `${[...before, ...middle, ...after].slice(0, 4).join(':')}::/64`
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
