/** Values that nobody expects, and how to put them into something well-formed. */
import type { Random } from '../support/random.ts'

const LONG = 'a'.repeat(70_000)
const TEXTS = [
  '',
  ' ',
  '\0',
  'null',
  '__proto__',
  'constructor',
  '../../../../etc/passwd',
  'C:\\Windows\\win.ini',
  '<img src=x onerror=alert(1)>',
  '{{ 7 * 7 }}',
  '${7*7}',
  "'; DROP TABLE messages; --",
  '%s%n%x',
  '\u202Etxt.exe',
  '\uD800',
  '\u{1F469}\u200D\u{1F469}\u200D\u{1F467}'.repeat(50),
  '\u0301'.repeat(500),
  '@s.whatsapp.net',
  ':::@lid',
  '0@g.us',
  'status@broadcast',
  '15550000002:99999@s.whatsapp.net',
  '9'.repeat(400),
  '1e309',
  LONG,
]
const NUMBERS = [0, -1, -0, 0.5, 1e21, -1e21, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, Number.MAX_VALUE, Number.MIN_VALUE]

export function hostileText(random: Random): string {
  return random.chance(0.8) ? random.pick(TEXTS) : random.bytes(random.below(300)).toString('latin1')
}

export function hostileNumber(random: Random): number {
  return random.pick(NUMBERS)
}

/** Any JSON value. */
export function hostileValue(random: Random): unknown {
  const makers = [
    () => hostileText(random),
    () => hostileNumber(random),
    () => null,
    () => random.chance(0.5),
    () => [],
    () => ({}),
    () => nested(random.below(2000)),
    () => Array.from({ length: random.below(3000) }, () => hostileText(random).slice(0, 20)),
    () => JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as unknown,
  ]
  return random.pick(makers)()
}

function nested(depth: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value }
  return value
}

type Container = Record<string, unknown>

/** Changes one place, somewhere in it: puts something else there, takes it away, or adds to it. */
export function mutate(root: Container, random: Random, other: (random: Random, old: unknown) => unknown): void {
  let place = root
  for (;;) {
    const keys = Object.keys(place)
    if (keys.length === 0) return
    const key = random.pick(keys)
    const value = place[key]
    const isContainer = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
    if (isContainer && random.chance(0.7)) {
      place = value as Container
      continue
    }
    if (random.chance(0.15)) delete place[key]
    else if (random.chance(0.1)) place[hostileText(random).slice(0, 40)] = other(random, value)
    else place[key] = other(random, value)
    return
  }
}
