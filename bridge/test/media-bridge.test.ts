import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { type MediaKind, MEDIA_KINDS } from '../simulator/media.ts'
import { setPicture } from '../simulator/pictures.ts'
import type { Content, MessageEvent } from '../src/protocol.ts'
import { Refusal } from './support/client.ts'
import { get, MIMES, put, type Reply, sample } from './support/files.ts'
import type { BridgeProcess } from './support/process.ts'
import { until } from './support/until.ts'
import { Home, World } from './support/world.ts'

const MIB = 1024 * 1024

interface House {
  bridge: BridgeProcess
  home: Home
}

/** Brings a file; returns its ticket. */
async function bring({ bridge, home }: House, bytes: Uint8Array): Promise<string> {
  const { ticket } = await home.client.call('upload', { account_id: home.account_id, size: bytes.length })
  const { status } = await put(bridge.port, ticket, bytes)
  assert.equal(status, 200)
  return ticket
}

async function fetchFile({ bridge, home }: House, message_id: string): Promise<Reply> {
  const { ticket } = await home.client.call('download', { account_id: home.account_id, message_id })
  return get(bridge.port, ticket)
}

async function heard({ home }: House, id: string): Promise<MessageEvent> {
  return (await home.client.event('message', ({ message_id }) => message_id === id)).event
}

function contentOf(kind: MediaKind, ticket: string): Content {
  const thumbnail = Buffer.from('thumbnail').toString('base64')
  switch (kind) {
    case 'image':
      return { kind, ticket, caption: 'look', thumbnail, width: 640, height: 480 }
    case 'video':
      return { kind, ticket, caption: 'look', thumbnail, seconds: 3, view_once: true }
    case 'gif':
      return { kind: 'video', ticket, gif: true, thumbnail, seconds: 3 }
    case 'audio':
      return { kind, ticket, seconds: 3 }
    case 'voice':
      return { kind: 'audio', ticket, voice: true, seconds: 3, waveform: Buffer.alloc(64, 50).toString('base64') }
    case 'document':
      return { kind, ticket, file_name: 'paper.pdf', caption: 'look' }
    case 'sticker':
      return { kind, ticket, width: 512, height: 512 }
  }
  throw new Error(`no such kind: ${String(kind)}`)
}

function mediaFolder({ data }: BridgeProcess): string[] {
  const path = join(data, 'media')
  return existsSync(path) ? readdirSync(path) : []
}

const refused = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code

for (const addressing of ['lid', 'pn'] as const) {
  describe(`media through the bridge, addressed by ${addressing}`, () => {
    test('every kind, from a client to a phone and from a phone to a client', async (t) => {
      const world = await World.start(t, addressing)
      const house = await world.linked()
      const { home } = house
      for (const [chat, to] of [
        [world.bob.number, world.owner],
        [world.family.id, world.family],
      ] as const) {
        for (const kind of MEDIA_KINDS) {
          const bytes = sample(kind, 70_000)
          const sent = await home.send(chat, contentOf(kind, await bring(house, bytes)))
          assert.equal(sent.status, 'sent')
          const received = await world.bob.waitFor(({ id }) => id === sent.message_id)
          assert.equal(received.media?.kind, kind)
          assert.equal(received.media.mime.split(';')[0], MIMES[kind])
          assert.equal(received.copies, 1)
          assert.equal(received.media.view_once, kind === 'video')
          assert.deepEqual(await world.bob.mediaOf(received.id), bytes)
          // What this bridge sent can be fetched too.
          assert.deepEqual((await fetchFile(house, sent.message_id)).body, bytes)

          const options = {
            kind,
            bytes,
            caption: 'look',
            fileName: '../../etc/passwd',
            mime: 'text/html; x="<script>"',
          }
          const id = await world.bob.sendMedia(to, options)
          const { media } = await heard(house, id)
          assert.equal(media?.size, bytes.length)
          assert.equal(media.file_name, kind === 'document' ? 'passwd' : null)
          const { status, headers, body } = await fetchFile(house, id)
          assert.equal(status, 200)
          assert.equal(headers['content-type'], MIMES[kind])
          assert.deepEqual(body, bytes)
        }
      }
    })

    test('what is too large for its kind goes as a document, unless that is not wanted', async (t) => {
      const world = await World.start(t, addressing)
      const house = await world.linked()
      const { account } = house.home.snapshot
      const limit = account.capabilities['image']?.limits['bytes'] ?? 0
      const bytes = sample('image', limit + 1)
      const kind = 'image'
      const content = { kind, ticket: await bring(house, bytes), caption: 'the whole garden' } as const
      const sent = await house.home.send(world.bob.number, content)
      assert.deepEqual([sent.status, sent.sent_as], ['sent', 'document'])
      const received = await world.bob.waitFor(({ id }) => id === sent.message_id)
      assert.deepEqual([received.media?.kind, received.media?.caption], ['document', 'the whole garden'])
      assert.match(received.media?.file_name ?? '', /\.jpe?g$/u)
      assert.deepEqual(await world.bob.mediaOf(received.id), bytes)

      const ticket = await bring(house, bytes)
      await assert.rejects(house.home.send(world.bob.number, { kind, ticket }, { degrade: 'never' }), (error) => {
        assert.ok(error instanceof Refusal)
        assert.deepEqual([error.code, error.details['limit']], ['media_too_large', limit])
        return true
      })
      assert.deepEqual(mediaFolder(house.bridge), [])
    })
  })
}

test('phones are told the types that they know, and of documents what they are', async (t) => {
  const world = await World.start(t)
  const house = await world.linked()
  const file = { kind: 'document', file_name: 'a.m4a' } as const
  const rows = [
    ['M4A ', { kind: 'audio' }, 'audio/mp4'],
    ['isom', { kind: 'audio' }, 'audio/mp4'],
    ['3gp4', { kind: 'audio' }, 'audio/3gpp'],
    ['M4V ', { kind: 'video' }, 'video/mp4'],
    ['qt  ', { kind: 'video' }, 'video/quicktime'],
    ['M4A ', file, 'audio/x-m4a'],
  ] as const
  for (const [brand, content, mime] of rows) {
    const ticket = await bring(house, Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0${brand}isom`))
    const { message_id } = await house.home.send(world.bob.number, { ...content, ticket })
    const { media } = await world.bob.waitFor(({ id }) => id === message_id)
    assert.deepEqual([media?.kind, media?.mime], [content.kind, mime], brand)
  }
})

test('100 MiB go through', { timeout: 180_000 }, async (t) => {
  const world = await World.start(t)
  const house = await world.linked()
  const { account_id } = house.home
  const settings = { media: { download: 'lazy', max_bytes: 256 * MIB, keep_days: 1, keep_bytes: 512 * MIB } } as const
  await house.home.client.call('configure', { account_id, settings })
  const bytes = sample('document', 100 * MIB)
  const sum = createHash('sha256').update(bytes).digest('hex')
  const sent = await house.home.send(world.bob.number, contentOf('document', await bring(house, bytes)), { wait: 60 })
  assert.equal(sent.status, 'sent')
  const received = await world.bob.waitFor(({ id }) => id === sent.message_id, 20_000)
  assert.equal(received.media?.sha256, sum)
  assert.ok((await world.bob.mediaOf(sent.message_id)).equals(bytes))
  const id = await world.bob.sendMedia(world.owner, { kind: 'document', bytes })
  await heard(house, id)
  assert.ok((await fetchFile(house, id)).body.equals(bytes))
})

test('a bridge that dies with an upload says so, and one that dies with a message sends it once', async (t) => {
  const world = await World.start(t)
  const before = await world.linked()
  const lost = await bring(before, sample('image'))
  await before.bridge.end('SIGKILL')
  const between = await restart(world, before)
  assert.deepEqual(mediaFolder(between.bridge), [])
  await assert.rejects(between.home.send(world.bob.number, contentOf('image', lost)), refused('media_unavailable'))

  // It is on its way to WhatsApp's media server when the bridge dies.
  const slow = world.whatsapp.faults.set({ kind: 'media_slow', ms: 600_000 })
  const bytes = sample('image')
  const request_id = 'once'
  const ticket = await bring(between, bytes)
  const queued = await between.home.send(world.bob.number, contentOf('image', ticket), { request_id, wait: 0 })
  assert.equal(queued.status, 'queued')
  await between.bridge.end('SIGKILL')
  world.whatsapp.faults.clear(slow)
  const after = await restart(world, between)
  const again = await after.home.send(world.bob.number, contentOf('image', ticket), { request_id })
  assert.deepEqual([again.status, again.message_id], ['sent', queued.message_id])
  const received = await world.bob.waitFor(({ id }) => id === queued.message_id)
  assert.equal(received.copies, 1)
  assert.deepEqual(await world.bob.mediaOf(received.id), bytes)
  assert.equal(world.bob.inbox.length, 1)
  assert.deepEqual(mediaFolder(after.bridge), [], 'nothing of it stays')
})

test('what went wrong with media reaches the client', async (t) => {
  const world = await World.start(t)
  const house = await world.linked()
  const { home } = house
  const { faults } = world.whatsapp
  const image = async (): Promise<Content> => contentOf('image', await bring(house, sample('image')))
  faults.set({ kind: 'media_upload', code: 413, times: 1 })
  await assert.rejects(home.send(world.bob.number, await image()), refused('media_too_large'))
  faults.set({ kind: 'media_upload', code: 503, times: 1 })
  assert.equal((await home.send(world.bob.number, await image())).status, 'sent', 'tried again')
  const id = await world.bob.sendMedia(world.owner, { kind: 'image', bytes: sample('image') })
  await heard(house, id)
  faults.set({ kind: 'media_corrupt', times: 1 })
  await assert.rejects(fetchFile(house, id), refused('media_unavailable'))
  faults.set({ kind: 'media_gone', times: 1 })
  assert.equal((await fetchFile(house, id)).status, 200, 'the phone has stored it again')
  const hostile = { url: 'https://evil.example/x', directPath: '/x', fileLength: 999 * MIB }
  const trap = await world.bob.sendMedia(world.owner, { kind: 'image', bytes: sample('image'), claims: hostile })
  await heard(house, trap)
  await assert.rejects(fetchFile(house, trap), refused('media_too_large'))
  assert.equal((await house.home.client.call('health', {})).accounts.length, 1)
})

test('media is fetched at once where that is wished', async (t) => {
  const world = await World.start(t)
  const house = await world.linked()
  const { client, account_id } = house.home
  const media = { download: 'at_once', max_bytes: MIB, keep_days: 1, keep_bytes: 10 * MIB } as const
  await client.call('configure', { account_id, settings: { media } })
  const bytes = sample('voice')
  const id = await world.bob.sendMedia(world.owner, { kind: 'voice', bytes })
  await heard(house, id)
  await world.whatsapp.until(() => world.whatsapp.media.downloads === 1)
  assert.deepEqual((await fetchFile(house, id)).body, bytes)
  assert.equal(world.whatsapp.media.downloads, 1)
})

test('pictures of people and groups', async (t) => {
  const world = await World.start(t)
  const { bridge, home } = await world.linked()
  const { account_id, client } = home
  const none = await client.call('picture', { account_id, chat: world.bob.number })
  assert.deepEqual(none, { ticket: null, mime: null, size: null })
  for (const chat of [world.bob, world.family]) {
    const bytes = sample('image')
    setPicture(chat, bytes)
    const named = 'number' in chat ? chat.number : chat.id
    const { ticket, mime, size } = await client.call('picture', { account_id, chat: named })
    assert.deepEqual([mime, size], ['image/jpeg', bytes.length])
    assert.deepEqual((await get(bridge.port, ticket ?? '')).body, bytes)
  }
  setPicture(world.bob, sample('image', 3 * MIB))
  const large = client.call('picture', { account_id, chat: world.bob.number })
  await assert.rejects(large, refused('media_too_large'))
  await until(() => mediaFolder(bridge).length === 0)
})

/** The same account in a new process. */
async function restart(world: World, { bridge, home }: House): Promise<House> {
  const next = await world.bridge(bridge.data)
  const again = await Home.listen(await next.client(), home.account_id)
  await again.connection('connected')
  return { bridge: next, home: again }
}
