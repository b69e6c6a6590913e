import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import type { Account } from '../src/account/account.ts'
import { EngineError } from '../src/engine/engine.ts'
import { createLogger } from '../src/log.ts'
import { LIMITS, type Media, type MediaPolicy } from '../src/protocol.ts'
import { Server } from '../src/server/http.ts'
import { exchange, get, put, type Reply, sample } from './support/files.ts'
import { makeFolder } from './support/folder.ts'
import { freeze, journalOf, MemoryBridge, type MemoryEngine, received } from './support/memory.ts'
import { MEDIA } from './support/rows.ts'
import { until } from './support/until.ts'

const PHOTO: Media = { ...MEDIA, mime: 'text/html', size: null, file_name: 'photo.jpg' }
const CLIENT = {}

interface World {
  bridge: MemoryBridge
  account: Account
  engine: MemoryEngine
  port: number
  /** Names in the media folder. */
  files: () => string[]
}

async function serve(t: TestContext, bridge: MemoryBridge): Promise<number> {
  const parts = { accounts: bridge.accounts, token: 'token', version: '0', log: createLogger('silent') }
  const server = new Server(parts)
  t.after(() => server.close())
  return server.listen('127.0.0.1', 0)
}

async function makeWorld(t: TestContext): Promise<World> {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  return { bridge, account, engine, port: await serve(t, bridge), files: () => filesOf(bridge.folder) }
}

function filesOf(folder: string): string[] {
  const path = join(folder, 'media')
  return existsSync(path) ? readdirSync(path) : []
}

function reserve({ account }: World, size: number): string {
  return account.media.reserve(CLIENT, size).ticket
}

async function bring(world: World, bytes: Uint8Array): Promise<{ ticket: string; reply: Reply }> {
  const ticket = reserve(world, bytes.length)
  return { ticket, reply: await put(world.port, ticket, bytes) }
}

/** Bob sends media; returns the message's id. */
function arrive({ account, engine }: World, bytes: Buffer, media: Partial<Media> = {}, id = 'IN1'): string {
  engine.fetch = () => Promise.resolve(Readable.from(bytes.length > 0 ? [bytes] : []))
  account.emit(received({ external_id: id, kind: 'image', media: { ...PHOTO, ...media } }))
  const event = journalOf(account).at(-1)?.event
  assert.ok(event?.type === 'message')
  return event.message_id
}

function configure({ account }: World, media: Partial<MediaPolicy>): void {
  account.configure({ media: { ...account.settings.media, ...media } })
}

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

test('a start deletes what no message leads to', async (t) => {
  const world = await makeWorld(t)
  const { ticket } = await bring(world, sample('image', 500))
  await bring(world, sample('video'))
  world.engine.disconnect()
  const content = { kind: 'image', ticket } as const
  const target = { account_id: world.account.id, chat: '15550000002', request_id: 'r1' }
  world.engine.directory.set('15550000002', received().chat)
  world.engine.connect()
  world.engine.handOver = () => Promise.reject(new EngineError('timeout', 'no', 'later'))
  const { message_id, status } = await world.account.send({ ...target, content, wait: 0 })
  assert.equal(status, 'queued')
  writeFileSync(join(world.bridge.folder, 'media', 'left'), 'by a crash')
  assert.equal(world.files().length, 3)
  await world.bridge.close()
  const again = MemoryBridge.open(t, world.bridge.folder)
  assert.equal(filesOf(again.folder).length, 1, 'the one that waits to be sent')
  const [account] = again.accounts.list()
  const engine = account?.engine as MemoryEngine
  engine.connect()
  await until(() => engine.sent.length === 1)
  assert.equal(engine.uploads[0]?.media.mime, 'image/jpeg')
  assert.ok(account?.records.store.messages.get(account.id, message_id))
  await until(() => filesOf(again.folder).length === 0)
})

test('files that cannot be deleted keep nobody from starting', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'media'), 'in the way')
  const bridge = MemoryBridge.open(t, folder)
  const { account } = await bridge.link()
  const { ticket } = account.media.reserve(CLIENT, 1)
  assert.equal((await put(await serve(t, bridge), ticket, Buffer.from('x'))).status, 500)
})

test('a download is fetched once, kept, and served as a harmless attachment', async (t) => {
  const world = await makeWorld(t)
  const bytes = sample('image', 200_000)
  const id = arrive(world, bytes)
  assert.deepEqual(world.files(), [], 'nobody has asked for it')
  const both = await Promise.all([1, 2].map(() => world.account.media.download(CLIENT, id)))
  both.push(await world.account.media.download(CLIENT, id))
  assert.equal(world.engine.downloads.length, 1)
  assert.deepEqual(world.engine.downloads[0]?.external_id, 'IN1')
  for (const { ticket, mime, size, file_name } of both) {
    assert.deepEqual({ mime, size, file_name }, { mime: 'image/jpeg', size: 200_000, file_name: 'photo.jpg' })
    const { status, headers, body } = await get(world.port, ticket)
    assert.equal(status, 200)
    assert.deepEqual(body, bytes)
    assert.equal(headers['content-type'], 'image/jpeg')
    assert.equal(headers['content-length'], '200000')
    assert.equal(headers['content-disposition'], 'attachment')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal((await get(world.port, ticket)).status, 404, 'once')
  }
  assert.equal(world.files().length, 1)
})

test('what a browser might run is not called what it is', async (t) => {
  const world = await makeWorld(t)
  for (const [index, text] of ['<html>', '<?xml version="1.0"?><svg/>', '%!PS', 'MZ\x90\0'].entries()) {
    const id = arrive(world, Buffer.from(text), {}, `IN${index}`)
    const { ticket } = await world.account.media.download(CLIENT, id)
    assert.equal((await get(world.port, ticket)).headers['content-type'], 'application/octet-stream', text)
  }
})

test('what cannot be downloaded says why, and leaves nothing', async (t) => {
  const world = await makeWorld(t)
  configure(world, { max_bytes: 1000 })
  await assert.rejects(world.account.media.download(CLIENT, 'none'), { code: 'message_not_found' })
  world.account.emit(received({ external_id: 'TEXT' }))
  await assert.rejects(world.account.media.download(CLIENT, 'TEXT'), { code: 'media_unavailable' })
  const declared = arrive(world, sample('image', 5000), { size: 5000 }, 'IN1')
  await assert.rejects(world.account.media.download(CLIENT, declared), { code: 'media_too_large' })
  assert.equal(world.engine.downloads.length, 0, 'its size is known')
  const hidden = arrive(world, sample('image', 5000), { size: 10 }, 'IN2')
  await assert.rejects(world.account.media.download(CLIENT, hidden), { code: 'media_too_large' })
  const gone = arrive(world, sample('image', 10), {}, 'IN3')
  world.engine.fetch = () => Promise.reject(new EngineError('media_unavailable', 'gone', 'never'))
  await assert.rejects(world.account.media.download(CLIENT, gone), { code: 'media_unavailable' })
  world.engine.fetch = () => Promise.resolve(Readable.from(tampered()))
  await assert.rejects(world.account.media.download(CLIENT, gone), { code: 'media_unavailable' })
  assert.deepEqual(world.files(), [])
  world.engine.fetch = () => Promise.resolve(Readable.from([Buffer.from('x')]))
  assert.ok(await world.account.media.download(CLIENT, gone), 'another attempt can help')
})

async function* tampered(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(500)
  await Promise.resolve()
  throw new EngineError('media_unavailable', 'tampered', 'never')
}

test('what was deleted for everybody is gone', async (t) => {
  const world = await makeWorld(t)
  const id = arrive(world, sample('image'))
  await world.account.media.download(CLIENT, id)
  const { chat, sender, origin, timestamp } = received()
  const about = { external_id: 'DEL', target_external_id: 'IN1', chat, sender, from_me: false, origin, timestamp }
  world.account.emit({ type: 'revoke', ...about, as_admin: false })
  await assert.rejects(world.account.media.download(CLIENT, id), { code: 'message_not_found' })
  world.bridge.accounts.sweep(Date.now() / 1000)
  assert.deepEqual(world.files(), [])
})

test('media is kept so long, and so much of it', async (t) => {
  const timers = freeze(t)
  const world = await makeWorld(t)
  configure(world, { keep_days: 2, keep_bytes: 25_000 })
  const ids = []
  for (let index = 0; index < 3; index++) {
    const id = arrive(world, sample('image', 10_000), {}, `IN${index}`)
    ids.push(id)
    const { ticket } = await world.account.media.download(CLIENT, id)
    assert.equal((await get(world.port, ticket)).status, 200)
    timers.tick(1000)
  }
  assert.equal(world.files().length, 2, 'the oldest had to go')
  const kept = world.bridge.store.media.all(world.account.id).map(({ message_id }) => message_id)
  assert.deepEqual(kept, ids.slice(1))
  timers.tick(2 * 86_400_000)
  world.bridge.accounts.sweep(Date.now() / 1000)
  await until(() => world.files().length === 0)
  configure(world, { keep_days: 0 })
  const { ticket } = await world.account.media.download(CLIENT, ids[0] ?? '')
  assert.equal(world.files().length, 1)
  assert.equal((await get(world.port, ticket)).status, 200)
  await until(() => world.files().length === 0)
  await world.account.media.download(CLIENT, ids[0] ?? '')
  timers.tick(60_001)
  assert.deepEqual(world.files(), [], 'nobody came for it')
})

test('media that is wished at once is fetched when its message is journaled, and holds nothing up', async (t) => {
  const world = await makeWorld(t)
  configure(world, { download: 'at_once' })
  const started = Promise.withResolvers<void>()
  const late = Promise.withResolvers<Readable>()
  world.engine.fetch = () => {
    started.resolve()
    return late.promise
  }
  world.bridge.store.database.transaction(() => {
    world.account.emit(received({ external_id: 'A', kind: 'image', media: PHOTO }))
    assert.equal(world.engine.downloads.length, 0, 'not before it is on disk')
  })
  await started.promise
  world.account.emit(received({ external_id: 'B' }))
  assert.equal(journalOf(world.account).length, 2)
  late.resolve(Readable.from([sample('image')]))
  await until(() => world.files().length === 1)
  await world.account.media.download(CLIENT, 'A')
  assert.equal(world.engine.downloads.length, 1)
  const many = Array.from({ length: 20 }, (_, index) => `M${index}`)
  const stuck = Promise.withResolvers<Readable>()
  world.engine.fetch = () => stuck.promise
  for (const external_id of many) world.account.emit(received({ external_id, kind: 'image', media: PHOTO }))
  await until(() => world.engine.downloads.length === 3)
  assert.equal(journalOf(world.account).length, 22)
  stuck.reject(new EngineError('timeout', 'no', 'later'))
  await until(() => world.engine.downloads.length === 21)
})

test('media that came while there was no connection is fetched with the next one', async (t) => {
  const world = await makeWorld(t)
  configure(world, { download: 'at_once' })
  world.engine.disconnect()
  world.engine.fetch = () => Promise.reject(new EngineError('not_connected', 'no', 'later'))
  world.account.emit(received({ kind: 'image', media: PHOTO }))
  await until(() => world.engine.downloads.length === 1)
  await setImmediate()
  world.engine.fetch = () => Promise.resolve(Readable.from([sample('image')]))
  world.engine.connect()
  await until(() => world.files().length === 1)
  assert.equal(world.engine.downloads.length, 2)
})

test('a file that somebody deleted is fetched again', async (t) => {
  const world = await makeWorld(t)
  const id = arrive(world, sample('image'))
  await world.account.media.download(CLIENT, id)
  world.bridge.accounts.media.folder.tidy(new Set())
  assert.deepEqual(world.files(), [])
  const { ticket } = await world.account.media.download(CLIENT, id)
  assert.equal((await get(world.port, ticket)).status, 200)
})

test('a picture is handed out and not kept', async (t) => {
  const world = await makeWorld(t)
  const chat = arrive(world, sample('image'))
  assert.ok(chat)
  const bob = world.account.records.identity.find(received().chat.aliases[0]?.value ?? '')?.chat_id ?? ''
  world.engine.portray = () => Promise.resolve(null)
  assert.deepEqual(await world.account.media.picture(CLIENT, bob), { ticket: null, mime: null, size: null })
  world.engine.portray = () => Promise.resolve(Readable.from([sample('image', 5000)]))
  const { ticket, mime, size } = await world.account.media.picture(CLIENT, bob)
  assert.deepEqual([mime, size], ['image/jpeg', 5000])
  assert.equal((await get(world.port, ticket ?? '')).body.length, 5000)
  await until(() => world.files().length === 0)
  world.engine.portray = () => Promise.resolve(Readable.from([Buffer.alloc(3 * 1024 * 1024)]))
  await assert.rejects(world.account.media.picture(CLIENT, bob), { code: 'media_too_large' })
  assert.deepEqual(world.files(), [])
})
