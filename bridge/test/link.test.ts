import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { test, type TestContext } from 'node:test'

import { accountId } from '../src/account/self.ts'
import type { Link } from '../src/account/link.ts'
import { EngineError, type PairProgress, type Self } from '../src/engine/engine.ts'
import { BridgeError } from '../src/errors.ts'
import type { CommandArgs, LinkEvent } from '../src/protocol.ts'
import { makeFolder } from './support/folder.ts'
import { BOB, journalOf, MemoryBridge, type MemoryEngine, OWNER, received, voted } from './support/memory.ts'
import { until } from './support/until.ts'

const OTHER: Self = { aliases: [{ kind: 'phone', value: '15550000009@s.whatsapp.net' }] }

interface Pairing {
  link: Link
  events: LinkEvent[]
  engine: MemoryEngine
  step: (step: PairProgress) => void
  succeed: (self: Self) => void
  fail: (error: Error) => void
  signal: AbortSignal
}

/** Starts a link whose engine does what the test says. */
function start(bridge: MemoryBridge, request: CommandArgs<'link'> = { method: 'qr' }): Promise<Pairing> {
  const events: LinkEvent[] = []
  const { promise, resolve } = Promise.withResolvers<Pairing>()
  bridge.pairing = (step, signal) => {
    const outcome = Promise.withResolvers<Self>()
    signal.addEventListener('abort', () => outcome.reject(signal.reason as Error))
    const engine = bridge.engines.at(-1)
    assert.ok(engine)
    resolve({ link, events, engine, step, succeed: outcome.resolve, fail: outcome.reject, signal })
    return outcome.promise
  }
  const link = bridge.accounts.link(request, (event) => events.push(event))
  return promise
}

function owners(bridge: MemoryBridge): string[] {
  return bridge.store.database.all<{ owner: string }>('SELECT DISTINCT owner FROM auth').map(({ owner }) => owner)
}

async function linked(t: TestContext, self: Self = OWNER, folder = makeFolder(t)): Promise<MemoryBridge> {
  const bridge = MemoryBridge.open(t, folder)
  const pairing = await start(bridge)
  pairing.engine.host.store.set({ creds: { creds: 'first' } })
  pairing.step({ status: 'paired', self })
  pairing.succeed(self)
  await pairing.link.done
  pairing.engine.connect()
  return bridge
}

function invalid(error: unknown): boolean {
  return error instanceof BridgeError && error.code === 'invalid_request'
}

test('the id of an account follows from its number and from nothing else', () => {
  const id = accountId(OWNER)
  assert.match(id, /^wa[\da-f]{16}$/u)
  assert.equal(accountId({ aliases: [{ kind: 'phone', value: '15550000001:7@s.whatsapp.net' }] }), id)
  assert.notEqual(accountId(OTHER), id)
})

test('a link tells each step, and ends as an account that keeps the session', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { link, events, engine, step, succeed } = await start(bridge)
  step({ status: 'qr', qr: 'one', number: 1, total: 6 })
  step({ status: 'qr', qr: 'two', number: 2, total: 6 })
  engine.host.store.set({ creds: { creds: 'secret' } })
  assert.deepEqual(bridge.accounts.list(), [])
  step({ status: 'paired', self: OWNER })
  assert.deepEqual(owners(bridge), [accountId(OWNER)], 'kept before the login')
  engine.host.store.set({ creds: { me: 'later' } })
  engine.connect()
  succeed(OWNER)
  await link.done
  assert.deepEqual(
    events.map(({ status, qr, number, total }) => [status, qr, number, total]),
    [
      ['connecting', null, 0, 0],
      ['qr', 'one', 1, 6],
      ['qr', 'two', 2, 6],
      ['linking', null, 0, 0],
      ['linked', null, 0, 0],
    ],
  )
  const { account } = events.at(-1) ?? {}
  assert.equal(account?.account_id, accountId(OWNER))
  assert.equal(account.phone, '15550000001')
  assert.equal(account.lid, '900000000000001@lid')
  assert.equal(account.connection.status, 'connected')
  assert.deepEqual(owners(bridge), [accountId(OWNER)])
  assert.equal(engine.stopped, 0)
})

test('a pairing code is for one number', async (t) => {
  const bridge = MemoryBridge.open(t)
  assert.throws(() => bridge.accounts.link({ method: 'code' }, () => undefined), invalid)
  assert.throws(() => bridge.accounts.link({ method: 'code', phone: 'Bob' }, () => undefined), invalid)
  const { link, events, engine, step, fail } = await start(bridge, { method: 'code', phone: '+1 (555) 000-0001' })
  assert.deepEqual(engine.pairRequest, { method: 'code', phone: '15550000001' })
  step({ status: 'code', code: 'ABCD1234' })
  assert.equal(events.at(-1)?.code, 'ABCD1234')
  fail(new EngineError('link_expired', 'too late', 'never'))
  await link.done
  assert.deepEqual([events.at(-1)?.status, events.at(-1)?.error], ['failed', 'link_expired'])
})

test('a link that fails or is cancelled leaves nothing', async (t) => {
  const bridge = MemoryBridge.open(t)
  for (const end of ['fail', 'break', 'cancel'] as const) {
    const pairing = await start(bridge)
    pairing.engine.host.store.set({ creds: { creds: 'half' } })
    const before = pairing.events.length
    if (end === 'fail') pairing.fail(new EngineError('link_expired', 'too late', 'never'))
    if (end === 'break') pairing.fail(new TypeError('oops'))
    if (end === 'cancel') pairing.link.cancel()
    await pairing.link.done
    const told = pairing.events.slice(before).map(({ status, error }) => [status, error])
    const expected = { fail: [['failed', 'link_expired']], break: [['failed', 'internal']], cancel: [] }[end]
    assert.deepEqual(told, expected)
    assert.equal(pairing.engine.stopped, 1)
    assert.deepEqual(owners(bridge), [])
    assert.deepEqual(bridge.accounts.list(), [])
  }
})

test('once the phone has agreed, a link cannot be cancelled any more', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { link, signal, step, succeed } = await start(bridge)
  step({ status: 'paired', self: OWNER })
  link.cancel()
  assert.equal(signal.aborted, false)
  succeed(OWNER)
  await link.done
  assert.equal(bridge.accounts.list().length, 1)
})

test('a crash between pairing and login keeps the session; what never was paired is deleted at the next start', async (t) => {
  const folder = makeFolder(t)
  const bridge = MemoryBridge.open(t, folder)
  const paired = await start(bridge)
  paired.engine.host.store.set({ creds: { creds: 'agreed' } })
  paired.step({ status: 'paired', self: OWNER })
  const shown = await start(bridge)
  shown.engine.host.store.set({ creds: { creds: 'only shown' } })
  assert.equal(owners(bridge).length, 2)
  const crashed = makeFolder(t)
  cpSync(folder, crashed, { recursive: true })

  const again = MemoryBridge.open(t, crashed)
  assert.deepEqual(owners(again), [accountId(OWNER)])
  assert.deepEqual(
    again.accounts.list().map((account) => [account.id, (account.engine as MemoryEngine).started]),
    [[accountId(OWNER), 1]],
  )
})

test('an account that is linked already keeps its session; the new device is taken back', async (t) => {
  const bridge = await linked(t)
  const [account] = bridge.accounts.list()
  assert.ok(account)
  const first = account.engine
  const { link, events, engine, step, succeed } = await start(bridge)
  engine.host.store.set({ creds: { creds: 'second' } })
  step({ status: 'paired', self: OWNER })
  assert.equal(engine.unlinked, 0, 'only a device that is logged in can take itself back')
  engine.host.emit(received())
  succeed(OWNER)
  await link.done
  assert.deepEqual([events.at(-1)?.status, events.at(-1)?.error], ['failed', 'link_conflict'])
  assert.equal(engine.unlinked, 1)
  assert.equal(account.engine, first)
  assert.ok(account.isConnected())
  assert.deepEqual([...bridge.store.auth.all(account.id, 'creds').values()], ['first'])
  assert.deepEqual(owners(bridge), [account.id])
  assert.deepEqual(journalOf(account), [])
})

test('another account than the one asked for is taken back', async (t) => {
  const bridge = await linked(t)
  const { link, events, engine, step, succeed } = await start(bridge, { method: 'qr', account_id: accountId(OWNER) })
  step({ status: 'paired', self: OTHER })
  succeed(OTHER)
  await link.done
  assert.equal(events.at(-1)?.error, 'link_conflict')
  assert.equal(engine.unlinked, 1)
  assert.deepEqual(
    bridge.accounts.list().map(({ id }) => id),
    [accountId(OWNER)],
  )
})

test('an account that is asked for is linked anew, and its old device is logged out', async (t) => {
  const bridge = await linked(t)
  const [account] = bridge.accounts.list()
  assert.ok(account)
  const old = account.engine as MemoryEngine
  const { link, engine, step, succeed } = await start(bridge, { method: 'qr', account_id: account.id })
  engine.host.store.set({ creds: { creds: 'second' } })
  step({ status: 'paired', self: OWNER })
  old.host.store.set({ creds: { creds: 'a late write of the old session' } })
  old.host.connection({ status: 'unlinked', reason: 'logged_out', retry_at: null })
  succeed(OWNER)
  await link.done
  assert.equal(old.unlinked, 1)
  assert.equal(account.engine, engine)
  assert.ok(account.isLinked())
  assert.deepEqual([...bridge.store.auth.all(account.id, 'creds').values()], ['second'])
  await until(() => owners(bridge).length === 1)
})

test('a second account is linked beside the first', async (t) => {
  const bridge = await linked(t)
  const { link, step, succeed } = await start(bridge)
  step({ status: 'paired', self: OTHER })
  succeed(OTHER)
  await link.done
  assert.deepEqual(
    bridge.accounts.list().map(({ id }) => id),
    [accountId(OWNER), accountId(OTHER)],
  )
})

test('logged out on the phone: the session is forgotten, everything else stays for the next link', async (t) => {
  const bridge = await linked(t)
  const [account] = bridge.accounts.list()
  assert.ok(account)
  const first = account.engine as MemoryEngine
  const { journal } = account.records
  journal.cursor('consumer')
  const poll = { question: 'Heat?', options: ['On', 'Off'], selectable: 1 }
  first.host.emit(received({ external_id: 'POLL1', kind: 'poll', poll }))
  first.host.connection({ status: 'unlinked', reason: 'logged_out', retry_at: null })
  assert.deepEqual([account.state().connection.status, account.state().connection.reason], ['unlinked', 'logged_out'])
  await until(() => owners(bridge).length === 0 && first.stopped === 1)
  first.host.emit(received({ external_id: 'late' }))

  const { link, engine, step, succeed } = await start(bridge)
  step({ status: 'paired', self: OWNER })
  engine.connect()
  succeed(OWNER)
  await link.done
  assert.deepEqual(bridge.accounts.list(), [account])
  engine.host.emit(voted({ options: ['On'] }))
  const events = journal.after(journal.cursor('consumer'), 10).map(({ event }) => event)
  assert.deepEqual(
    events.map(({ type }) => type),
    ['message', 'poll_vote'],
  )
  const [, vote] = events
  assert.ok(vote?.type === 'poll_vote')
  assert.deepEqual([vote.question, vote.options, vote.voter.id], ['Heat?', ['On'], BOB.lid])
})

test('an account without a session is not started, and says so', async (t) => {
  const folder = makeFolder(t)
  const bridge = await linked(t, OWNER, folder)
  bridge.accounts.list()[0]?.connection({ status: 'unlinked', reason: 'banned', retry_at: null })
  await bridge.close()
  const again = MemoryBridge.open(t, folder)
  const [account] = again.accounts.list()
  assert.ok(account)
  assert.equal(account.state().connection.status, 'unlinked')
  assert.equal((account.engine as MemoryEngine).started, 0)
})

test('unlink logs out on WhatsApp, and works without WhatsApp too', async (t) => {
  const bridge = await linked(t)
  const [account] = bridge.accounts.list()
  assert.ok(account)
  const engine = account.engine as MemoryEngine
  engine.unlink = () => Promise.reject(new EngineError('not_connected', 'offline', 'later'))
  await account.unlink()
  assert.equal(account.isLinked(), false)
  await until(() => owners(bridge).length === 0)
  await account.unlink()
})

test('a login that fails after the phone has agreed does not lose the account', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { link, events, engine, step, fail } = await start(bridge)
  step({ status: 'paired', self: OWNER })
  fail(new EngineError('not_connected', 'WhatsApp is away', 'later'))
  await link.done
  assert.equal(events.at(-1)?.error, 'not_connected')
  const [account] = bridge.accounts.list()
  const successor = account?.engine as MemoryEngine
  assert.notEqual(successor, engine)
  assert.equal(engine.stopped, 1)
  assert.equal(successor.started, 1)
})

test('only so many links at a time', async (t) => {
  const bridge = MemoryBridge.open(t)
  bridge.pairing = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  const links = Array.from({ length: 8 }, () => bridge.accounts.link({ method: 'qr' }, () => undefined))
  assert.throws(() => bridge.accounts.link({ method: 'qr' }, () => undefined), /Too many links/u)
  links[0]?.cancel()
  await links[0]?.done
  bridge.accounts.link({ method: 'qr' }, () => undefined)
})
