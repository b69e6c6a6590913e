import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { EngineError } from '../src/engine/engine.ts'
import { get, sample } from './support/files.ts'
import { freeze, journalOf, MemoryBridge, type MemoryEngine, received } from './support/memory.ts'
import { until } from './support/until.ts'

import { arrive, bring, CLIENT, configure, filesOf, makeWorld, PHOTO } from './support/media.ts'

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
