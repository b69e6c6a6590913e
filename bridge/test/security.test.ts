import assert from 'node:assert/strict'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { METHODS } from 'node:http'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'

import { COMMANDS } from '../src/protocol.ts'
import { Client, Refusal } from './support/client.ts'
import { ask } from './support/http.ts'
import { BridgeProcess } from './support/process.ts'
import { serve, TOKEN } from './support/serve.ts'
import { received } from './support/memory.ts'

const SERVER = join(import.meta.dirname, '../src/server')
const PATHS =
  `/ /ws /health /metrics /media /media/ /media/x /media/${'x'.repeat(43)} /backup /token /bridge.db /../token /%2e%2e/token
  //health /health/ /HEALTH /ws/x *`.split(/\s+/u)
const NOBODY_IS_TOLD = /Owner|secret|wa[\da-f]{16}|[\da-f]{8}-[\da-f]{4}|x{40}/u

function refused(code: string) {
  return (error: unknown): boolean => error instanceof Refusal && error.code === code
}

test('no path and no method tells anything without the token, but that the bridge lives', async (t) => {
  const { engine, port } = await serve(t)
  engine.host.emit(received({ text: 'secret' }))
  for (const path of PATHS) {
    for (const method of METHODS.filter((name) => name !== 'CONNECT')) {
      const { status, body } = await ask(port, path, { method })
      const line = `${method} ${path}: ${status} ${body}`
      if (method === 'GET' && path === '/health') {
        assert.deepEqual(JSON.parse(body), { status: 'ok', version: '0' })
        continue
      }
      assert.ok([400, 401, 404, 405, 410].includes(status ?? 0), line)
      assert.doesNotMatch(body, NOBODY_IS_TOLD, line)
    }
  }
})

test('only the one route is for anyone', () => {
  const open = globSync('**/*.ts', { cwd: SERVER }).filter((path) =>
    /access: 'anyone',/u.test(readFileSync(join(SERVER, path), 'utf8')),
  )
  assert.deepEqual(open, ['health.ts'])
})

test('no command does anything before the token', async (t) => {
  const { account, port } = await serve(t, { refusal: 1 })
  for (const command of Object.keys(COMMANDS).filter((name) => name !== 'authenticate')) {
    const client = await Client.connect(t, `ws://127.0.0.1:${port}/ws`)
    await assert.rejects(client.request(command, { account_id: account.id }), refused('unauthorized'), command)
    assert.equal(await client.closed, 4401)
  }
})

test('what a browser sends is refused on every route, with the right token too', async (t) => {
  const { port } = await serve(t)
  const authorization = `Bearer ${TOKEN}`
  for (const path of ['/health', '/metrics', '/media/x', '/nothing']) {
    for (const headers of [
      { origin: 'http://127.0.0.1' },
      { origin: 'null' },
      { host: 'evil.example' },
      { host: 'evil.example:80' },
    ]) {
      const { status } = await ask(port, path, { headers: { authorization, ...headers } })
      assert.equal(status, 403, `${path} ${JSON.stringify(headers)}`)
    }
  }
  for (const host of ['localhost:1', `127.0.0.1:${port}`, '[::1]'])
    assert.equal((await ask(port, '/health', { headers: { host } })).status, 200)
})

test(
  'who tries wrong tokens is locked out on every route, and nobody else is',
  { skip: process.platform === 'linux' ? false : 'only Linux has a second address on loopback by itself' },
  async (t) => {
    const { port } = await serve(t, { refusal: 1 })
    const url = `ws://127.0.0.1:${port}/ws`
    const localAddress = '127.0.0.2'
    for (let n = 0; n < 10; n += 1) {
      const client = await Client.connect(t, url, { localAddress })
      await assert.rejects(client.authenticate('wrong'), refused('unauthorized'))
    }
    const client = await Client.connect(t, url, { localAddress })
    await assert.rejects(client.authenticate(TOKEN), refused('rate_limited'))
    assert.equal(await client.closed, 1013)
    const headers = { authorization: `Bearer ${TOKEN}` }
    const metrics = await ask(port, '/metrics', { headers, localAddress })
    assert.equal(metrics.status, 429)
    assert.ok(Number(metrics.headers['retry-after']) > 0)
    assert.equal((await ask(port, '/health', { localAddress })).status, 200)
    assert.equal((await ask(port, '/metrics', { headers })).status, 200)
    await (await Client.connect(t, url)).authenticate(TOKEN)
  },
)

test('whoever sends slowly, or nothing, is hung up on, and holds nobody up', async (t) => {
  const { port, connect } = await serve(t, { headers: 300 })
  const openings = ['', 'GET /health HTTP/1.1\r\n', `GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Slow: `]
  const slow = openings.map((opening) => {
    const socket = dial(port, '127.0.0.1')
    socket.on('error', () => undefined).resume()
    socket.write(opening)
    const drip = setInterval(() => socket.write(opening === '' ? '' : 'x'), 50)
    socket.on('close', () => clearInterval(drip))
    return once(socket, 'close')
  })
  await (await connect()).call('accounts', {})
  await Promise.all(slow)
})

test('a crowd of connections that say nothing does not keep a client out', async (t) => {
  const { port, connect } = await serve(t)
  const known = await connect()
  const url = `ws://127.0.0.1:${port}/ws`
  const crowd: Client[] = []
  for (let n = 0; n < 70; n += 1) crowd.push(await Client.connect(t, url))
  assert.equal(await crowd[0]?.closed, 1006)
  await (await connect()).call('accounts', {})
  await known.call('accounts', {})
  assert.equal(crowd.at(-1)?.socket.readyState, 1)
})

test('headers that are too large are refused', async (t) => {
  const { port } = await serve(t)
  assert.equal((await ask(port, '/health', { headers: { 'x-large': 'x'.repeat(10_000) } })).status, 431)
})

test('listening beyond this machine is warned of, and only that', async (t) => {
  const beyond = await BridgeProcess.start(t, { args: ['--host', '0.0.0.0'] })
  assert.match((await beyond.end('SIGTERM')).stderr, /"level":"warn".*listens beyond this machine/u)
  const local = await BridgeProcess.start(t)
  assert.doesNotMatch((await local.end('SIGTERM')).stderr, /"warn"/u)
})
