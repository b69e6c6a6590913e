/** A disk that fills up under a bridge that runs: the operating system refuses to let its files grow. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import type { JournalEvent } from '../src/protocol.ts'
import { Store } from '../src/store/store.ts'
import { damage } from './support/damage.ts'
import { makeFolder } from './support/folder.ts'
import { Refusal } from './support/client.ts'
import { ask } from './support/http.ts'
import { BridgeProcess } from './support/process.ts'
import { CONSUMER, Home, World } from './support/world.ts'

const canLimit = spawnSync('prlimit', ['--version']).status === 0

function limit({ pid }: BridgeProcess, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
}

test(
  'a full disk: nothing that comes in is lost, nothing is confirmed that is not kept, and it goes on by itself',
  { skip: canLimit ? false : 'prlimit of util-linux is not there to limit a running process' },
  async (t) => {
    const world = await World.start(t)
    const { bridge, home } = await world.linked()
    const { owner, bob } = world
    await bob.say(owner, 'before')
    await home.client.event('message', (event) => event.text === 'before')
    limit(bridge, 4096)
    const id = await bob.say(owner, 'while it was full')
    assert.equal(await home.client.closed, 1012)

    const client = await bridge.client()
    const again = await Home.listen(client, home.account_id)
    assert.deepEqual(
      [again.snapshot.account.connection.status, again.snapshot.account.connection.reason],
      ['disconnected', 'storage'],
    )
    const send = async (): Promise<unknown> => again.say(bob.number, 'out', { request_id: 'out', wait: 0 })
    await assert.rejects(send(), (error: unknown) => error instanceof Refusal && error.code === 'storage_full')
    const health = await ask(bridge.port, '/health')
    assert.deepEqual([health.status, (JSON.parse(health.body) as { status: string }).status], [503, 'storage_full'])
    await bob.say(owner, 'and one more')

    limit(bridge, 'unlimited')
    // A command that has to write makes it be tried, once a second at most.
    while (
      await send().then(
        () => false,
        (error: unknown) => error instanceof Refusal && error.code === 'storage_full',
      )
    );
    assert.equal(await client.closed, 1012)
    const last = await Home.listen(await bridge.client(), home.account_id)
    await last.say(bob.number, 'out', { request_id: 'out' })
    await last.client.event('message', (event) => event.text === 'and one more')
    await bob.waitFor((m) => m.text === 'out', 15_000)
    const heard = last.client.of('message').filter(({ event }) => event.message_id === id)
    assert.deepEqual(
      heard.map(({ event }) => event.text),
      ['while it was full'],
    )
    assert.equal((await ask(bridge.port, '/health')).status, 200)
    assert.equal(bob.inbox.filter((m) => m.text === 'out').length, 1)
    assert.equal((await bridge.end('SIGTERM')).code, 0)
  },
)

test(
  'a disk that is full when the bridge starts: it stays, says so, and begins when there is room',
  { skip: canLimit ? false : 'prlimit of util-linux is not there to limit a process' },
  async (t) => {
    const world = await World.start(t)
    const { bridge: earlier, home } = await world.linked()
    assert.equal((await earlier.end('SIGTERM')).code, 0)
    const bridge = await world.bridge(earlier.data, ['prlimit', '--fsize=1024:unlimited'])
    assert.equal(bridge.bridgeId, earlier.bridgeId)
    const client = await bridge.client()
    await assert.rejects(client.call('accounts', {}), (error: unknown) => {
      return error instanceof Refusal && error.code === 'storage_full'
    })
    assert.equal((await client.call('health', {})).storage, 'full')
    await world.bob.say(world.owner, 'while it could not start')
    limit(bridge, 'unlimited')
    const listens = async (): Promise<boolean> => {
      const again = await bridge.client()
      return again.call('listen', { account_id: home.account_id, consumer: CONSUMER }).then(
        () => again.event('message', (event) => event.text === 'while it could not start').then(() => true),
        async () => again.close().then(() => false),
      )
    }
    while (!(await listens()));
    assert.equal((await ask(bridge.port, '/health')).status, 200)
  },
)

test('a database that is found to be damaged: the process stays, and every command says what to do', async (t) => {
  const folder = makeFolder(t)
  const store = new Store(folder)
  store.accounts.save('wa1', { aliases: [], name: 'Owner' })
  store.accounts.unlink('wa1')
  store.journal.cursor('wa1', 'consumer', Date.now() / 1000)
  store.database.transaction(() => {
    for (let n = 1; n <= 2000; n += 1) {
      const event = { type: 'ballast', text: 'x'.repeat(3000) } as unknown as JournalEvent
      store.journal.append('wa1', String(n), event, Date.now() / 1000)
    }
  })
  store.close()
  const path = join(folder, 'bridge.db')
  const bridge = await BridgeProcess.start(t, { data: folder })
  const client = await bridge.client()
  damage(path)
  const damaged = readFileSync(path)
  await client.call('listen', { account_id: 'wa1', consumer: 'consumer' }).catch(() => undefined)
  assert.equal(await client.closed, 1012)
  const { storage } = await (await bridge.client()).call('health', {})
  assert.equal(storage, 'corrupt')
  const later = await bridge.client()
  await assert.rejects(later.call('accounts', {}), (error: unknown) => {
    assert.ok(error instanceof Refusal)
    assert.equal(error.code, 'storage_corrupt')
    return /backup/u.test(error.message)
  })
  assert.equal((await ask(bridge.port, '/health')).status, 503)
  assert.ok(readFileSync(path).equals(damaged), 'the file was touched')
  assert.equal((await bridge.end('SIGTERM')).code, 0)

  const again = await BridgeProcess.start(t, { data: folder })
  assert.equal(again.bridgeId, bridge.bridgeId)
})
