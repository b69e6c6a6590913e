import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { makeFolder } from './support/folder.ts'
import { BridgeProcess, run } from './support/process.ts'
import { World } from './support/world.ts'

const MISHAP = join(import.meta.dirname, 'support/mishap.ts')
/** The promise is two seconds. */
const STOP_MS = 2000

test('a bridge with clients, an account and messages that wait ends within two seconds, and keeps them', async (t) => {
  const world = await World.start(t)
  const { bridge, home } = await world.linked()
  const clients = await Promise.all([bridge.client(), bridge.client(), bridge.connect()])
  // WhatsApp takes messages and does not answer, nor does the one client read.
  world.whatsapp.faults.set({ kind: 'no_answer', to: 'message' })
  const answers = ['one', 'two'].map(async (text) => home.say(world.bob.number, text, { request_id: text, wait: 0 }))
  const [first] = await Promise.all(answers)
  clients[0].socket.pause()
  const start = performance.now()
  const { code, signal } = await bridge.end('SIGTERM')
  const ms = performance.now() - start
  assert.deepEqual([code, signal], [0, null])
  assert.ok(ms < STOP_MS, `it took ${ms} ms`)

  world.whatsapp.faults.clear()
  const again = await world.bridge(bridge.data)
  const client = await again.client()
  await client.call('listen', { account_id: home.account_id, consumer: 'test' })
  await client.event('receipt', (event) => event.message_id === first?.message_id && event.status === 'sent')
  await world.bob.waitFor((m) => m.text === 'two', 15_000)
})

test('told to stop twice, it stops once', async (t) => {
  const world = await World.start(t)
  const { bridge } = await world.linked()
  bridge.signal('SIGTERM')
  bridge.signal('SIGINT')
  const { code, signal } = await bridge.end('SIGTERM')
  assert.deepEqual([code, signal], [0, null])
})

for (const [what, signal] of [
  ['an exception', 'SIGUSR2'],
  ['a rejection', 'SIGHUP'],
] as const) {
  test(`${what} that nobody catches ends the process, and the log says why`, async (t) => {
    const bridge = await BridgeProcess.start(t, { env: { NODE_OPTIONS: `--import ${MISHAP}` } })
    const { code, stderr } = await bridge.end(signal)
    assert.equal(code, 1)
    const last = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as {
      level: string
      err: { message: string; stack: string }
    }
    assert.equal(last.level, 'fatal')
    assert.match(last.err.message, /^unforeseen, about ~[a-p]{6}$/u)
    assert.match(last.err.stack, /mishap\.ts/u)
  })
}

test('a folder that cannot be used ends it with a sentence, not with a stack', async (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'bridge.db'))
  const { code, stderr } = await run(['--data', folder, '--port', '0'])
  assert.equal(code, 1)
  assert.match(stderr, /^[^\n]+\n$/u)
  const onFile = await run(['--data', '/dev/null/x', '--port', '0'])
  assert.equal(onFile.code, 1)
  assert.match(onFile.stderr, /^[^\n]+\n$/u)
})

test('what Node compiles is kept in the data folder, for the next start', async (t) => {
  const env = { NODE_COMPILE_CACHE: undefined }
  const bridge = await BridgeProcess.start(t, { env })
  assert.equal((await bridge.end('SIGTERM')).code, 0)
  const cache = join(bridge.data, 'cache')
  assert.ok(existsSync(cache))
  assert.ok(readdirSync(cache, { recursive: true }).length > 100)
})
