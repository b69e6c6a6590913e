import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'

import { LIMITS } from '../src/protocol.ts'
import { exchange, get, put, sample } from './support/files.ts'
import { makeFolder } from './support/folder.ts'
import { freeze, MemoryBridge } from './support/memory.ts'
import { until } from './support/until.ts'

import { bring, CLIENT, makeWorld, reserve, serve } from './support/media.ts'

test('an upload is a file of the bridge, until the message that names it is sent', async (t) => {
  const world = await makeWorld(t)
  const bytes = sample('image', 300_000)
  const { ticket, reply } = await bring(world, bytes)
  assert.equal(reply.status, 200)
  assert.deepEqual(JSON.parse(reply.body.toString()), { mime: 'image/jpeg', size: 300_000 })
  const [name] = world.files()
  assert.ok(name)
  assert.match(name, /^[\da-f]{32}$/u)
  const path = join(world.bridge.folder, 'media', name)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(join(world.bridge.folder, 'media')).mode & 0o777, 0o700)
  assert.deepEqual(readFileSync(path), bytes)
  const file = world.account.media.claim(ticket)
  assert.deepEqual(file, { path, size: 300_000, mime: 'image/jpeg' })
  assert.throws(() => world.account.media.claim(ticket), { code: 'media_unavailable' })
  world.account.media.release(file)
  assert.deepEqual(world.files(), [])
})

test('a ticket is good once, for its account, for a minute', async (t) => {
  const timers = freeze(t)
  const world = await makeWorld(t)
  const { ticket } = await bring(world, sample('image'))
  assert.equal((await put(world.port, ticket, sample('image'))).status, 404)
  assert.throws(() => world.bridge.accounts.media.uploads.claim('other', ticket), { code: 'media_unavailable' })
  const late = reserve(world, 10)
  timers.tick(60_001)
  assert.equal((await put(world.port, late, Buffer.alloc(10))).status, 404)
  assert.equal(world.files().length, 1)
  timers.tick(600_000)
  assert.deepEqual(world.files(), [])
  assert.throws(() => world.account.media.claim(ticket), { code: 'media_unavailable' })
})

test('a file of another size than announced is refused and leaves nothing', async (t) => {
  const world = await makeWorld(t)
  const chunked = { headers: { 'transfer-encoding': 'chunked' } }
  const cases: [announced: number, sent: number, options: object, status: number][] = [
    [1000, 1001, {}, 413],
    [1000, 999, {}, 400],
    [1000, 1001, chunked, 413],
    [1000, 900_000, chunked, 413],
    [1000, 999, chunked, 400],
    [1000, 0, chunked, 400],
  ]
  for (const [announced, sent, options, status] of cases) {
    const ticket = reserve(world, announced)
    const what = `${sent} for ${announced}`
    assert.equal((await put(world.port, ticket, Buffer.alloc(sent), options)).status, status, what)
    assert.throws(() => world.account.media.claim(ticket), { code: 'media_unavailable' }, what)
    assert.deepEqual(world.files(), [], what)
  }
})

test('who breaks off leaves nothing', async (t) => {
  const world = await makeWorld(t)
  const ticket = reserve(world, LIMITS.media_bytes_max)
  const path = `/media/${ticket}`
  const call = request({ host: '127.0.0.1', port: world.port, path, method: 'PUT', agent: false })
  call.on('error', () => undefined)
  call.write(Buffer.alloc(100_000))
  await until(() => world.files().length === 1)
  call.destroy()
  await until(() => world.files().length === 0)
  // Its room is free again, all of it.
  for (let count = 0; count < 4; count++) reserve(world, LIMITS.media_bytes_max)
})

test('there is so much room and no more', async (t) => {
  const world = await makeWorld(t)
  const tickets = Array.from({ length: 64 }, () => reserve(world, 1))
  assert.throws(() => reserve(world, 1), { code: 'rate_limited' })
  assert.ok(world.account.media.reserve({}, 1), 'another client has its own')
  assert.equal((await put(world.port, tickets[0] ?? '', Buffer.alloc(1))).status, 200)
  assert.ok(reserve(world, 1))
  for (let count = 0; count < 3; count++) world.account.media.reserve({}, LIMITS.media_bytes_max)
  assert.throws(() => world.account.media.reserve({}, LIMITS.media_bytes_max), { code: 'rate_limited' })
})

test('what a file is, its bytes say', async (t) => {
  const world = await makeWorld(t)
  const files: [Buffer, string][] = [
    [sample('image'), 'image/jpeg'],
    [sample('video'), 'video/mp4'],
    [sample('voice'), 'audio/ogg'],
    [sample('sticker'), 'image/webp'],
    [sample('document'), 'application/pdf'],
    [
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
      'application/octet-stream',
    ],
    [Buffer.from('<!doctype html><script>alert(1)</script>'), 'application/octet-stream'],
    [Buffer.from('x'), 'application/octet-stream'],
  ]
  for (const [bytes, mime] of files) {
    const { reply } = await bring(world, bytes)
    assert.equal((JSON.parse(reply.body.toString()) as { mime: string }).mime, mime)
  }
})

test('nothing but a ticket opens the door', async (t) => {
  const world = await makeWorld(t)
  const secret = join(world.bridge.folder, 'media', 'x'.repeat(43))
  mkdirSync(join(world.bridge.folder, 'media'), { recursive: true })
  writeFileSync(secret, 'secret')
  const paths = [
    '/media',
    '/media/',
    '/media/../bridge.db',
    '/media/..%2fbridge.db',
    '/media/%2e%2e/bridge.db',
    '/media//etc/passwd',
    `/media/${'x'.repeat(43)}`,
    `/media/${'x'.repeat(42)}`,
    `/media/${'x'.repeat(43)}/`,
    `/media/${reserve(world, 1)}?x`,
    `//media/${reserve(world, 1)}`,
  ]
  for (const path of paths) {
    for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'HEAD']) {
      assert.equal((await exchange(world.port, path, { method }, Buffer.from('x'))).status, 404, `${method} ${path}`)
    }
  }
  const ticket = reserve(world, 1)
  assert.equal((await get(world.port, ticket)).status, 404, 'an upload is not a download')
  const strange = [{ origin: 'http://127.0.0.1' }, { host: 'evil.example' }]
  for (const headers of strange)
    assert.equal((await put(world.port, ticket, Buffer.from('x'), { headers })).status, 403)
  assert.equal((await put(world.port, ticket, Buffer.from('x'))).status, 200, 'who was refused has used nothing up')
})

test('files that cannot be deleted keep nobody from starting', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'media'), 'in the way')
  const bridge = MemoryBridge.open(t, folder)
  const { account } = await bridge.link()
  const { ticket } = account.media.reserve(CLIENT, 1)
  assert.equal((await put(await serve(t, bridge), ticket, Buffer.from('x'))).status, 500)
})
