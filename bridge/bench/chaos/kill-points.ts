/**
 * Loaded before a bridge (`node --import`) that is to kill itself with SIGKILL: at the `KILL_AT`th passing of the moment `KILL_POINT`. The
 * bridge has no hooks for this, so the methods that make these moments are wrapped.
 */
import { WebSocket } from 'ws'

import '../../src/log.ts'
import { Account } from '../../src/account/account.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { AuthTable } from '../../src/store/auth.ts'
import { Database } from '../../src/store/database.ts'
import { JournalTable } from '../../src/store/journal.ts'
import { OutboxTable } from '../../src/store/outbox.ts'
import { type Point, POINTS } from './points.ts'

const point = POINTS.find((name) => name === process.env['KILL_POINT'])
if (!point) throw new Error('KILL_POINT names no point')
let left = Number(process.env['KILL_AT'])
if (!(left >= 1)) throw new Error('KILL_AT must be a number from 1')

function pass(here: Point): void {
  if (here !== point) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}

type Commit = 'row' | 'accepted' | 'sent' | 'plaintext' | 'journal' | 'ack'
/** What the open transaction is about. */
const commits = new Set<Commit>()
let depth = 0

/** Puts `make(the method itself)` in the place of a method. */
function wrap<T extends object, K extends keyof T>(owner: T, name: K, make: (method: T[K]) => T[K]): void {
  const method = owner[name]
  if (typeof method !== 'function') throw new Error(`${String(name)} is not a method any more`)
  owner[name] = make(method)
}

function about<T extends object, K extends keyof T>(owner: T, name: K, commit: Commit): void {
  wrap(owner, name, (method) => {
    const wrapped = function (this: T, ...args: unknown[]): unknown {
      if (depth > 0) commits.add(commit)
      return Reflect.apply(method as () => unknown, this, args)
    }
    return wrapped as T[K]
  })
}

about(OutboxTable.prototype, 'insert', 'row')
about(OutboxTable.prototype, 'accepted', 'accepted')
about(OutboxTable.prototype, 'sent', 'sent')
about(JournalTable.prototype, 'append', 'journal')
about(JournalTable.prototype, 'ack', 'ack')

/** Whether the next commit keeps what was decrypted. */
let plaintext = false

wrap(AuthTable.prototype, 'set', (set) => {
  return function (this: AuthTable, owner, changes) {
    const kept = Object.values(changes['inbox'] ?? {}).some((value) => value !== null)
    plaintext = kept
    if (kept && depth > 0) commits.add('plaintext')
    Reflect.apply(set, this, [owner, changes])
    plaintext = false
  }
})

wrap(Database.prototype, 'transaction', (transaction) => {
  const wrapped = function (this: Database, work: () => unknown): unknown {
    if (depth > 0) return Reflect.apply(transaction, this, [work])
    depth += 1
    if (plaintext) commits.add('plaintext')
    let over: Commit[] = []
    try {
      const result = Reflect.apply(transaction, this, [
        () => {
          const done = work()
          over = [...commits]
          for (const commit of over) pass(`${commit}_uncommitted`)
          return done
        },
      ])
      // Who listens for the commit has been told in there, but does nothing before a later tick.
      for (const commit of over) pass(`${commit}_committed`)
      return result
    } finally {
      depth -= 1
      commits.clear()
    }
  }
  return wrapped as typeof transaction
})

const engines = new WeakSet<Engine>()
const original = Object.defineProperties({}, Object.getOwnPropertyDescriptors(Account.prototype))
Object.defineProperty(Account.prototype, 'engine', {
  get(this: Account): Engine {
    const engine = Reflect.get(original, 'engine', this) as Engine
    if (!engines.has(engine)) watch(engine)
    engines.add(engine)
    return engine
  },
})

function watch(engine: Engine): void {
  wrap(engine, 'prepare', (prepare) => {
    return async (...args) => {
      const prepared = await Reflect.apply(prepare, engine, args)
      pass('prepared')
      return prepared
    }
  })
  wrap(engine, 'send', (send) => {
    return async (...args) => {
      pass('before_send')
      const sent = await Reflect.apply(send, engine, args)
      pass('confirmed')
      return sent
    }
  })
}

wrap(WebSocket.prototype, 'send', (send) => {
  const wrapped = function (this: WebSocket, data: Buffer | string, ...rest: unknown[]): void {
    const [before, after] = typeof data === 'string' ? frame(data) : stanza()
    if (before) pass(before)
    const told = rest.at(-1)
    const written = (error?: Error): void => {
      for (const each of after) pass(each)
      if (typeof told === 'function') Reflect.apply(told, undefined, [error])
    }
    const options = typeof rest[0] === 'object' ? [rest[0]] : []
    Reflect.apply(send, this, [data, ...options, written])
  }
  return wrapped as typeof send
})

/** What the bridge writes to its client is text. */
function frame(text: string): [Point | undefined, Point[]] {
  const { seq, result } = JSON.parse(text) as { seq?: number; result?: object }
  if (seq !== undefined) return ['before_event', ['event_written']]
  return [result && 'sent_as' in result ? 'before_answer' : undefined, []]
}

/** What it writes to WhatsApp is not: only who writes tells whether it is a message. */
function stanza(): [undefined, Point[]] {
  if (point !== 'message_written') return [undefined, ['anything_written']]
  Error.stackTraceLimit = 30
  const callers = new Error('who').stack ?? ''
  const isMessage = callers.includes('messages-send') && !/at (?:async )?(?:query|sendReceipt)/u.test(callers)
  return [undefined, isMessage ? ['message_written'] : []]
}
