import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { proto } from 'baileys'

import { type MediaKind, MEDIA_KINDS } from '../simulator/media.ts'
import { post, trusted } from '../src/engine/baileys/media-http.ts'
import type { Address, Engine, MediaFile, MessageRef, OutboundMessage } from '../src/engine/engine.ts'
import { groupOf, makeLinkedWorld, makeWorld, type MemoryHost, phoneOf } from './support/engine.ts'
import { makeFolder } from './support/folder.ts'
import { until } from './support/until.ts'

const signal = (ms = 10_000): AbortSignal => AbortSignal.timeout(ms)

/** A message without its file, as `prepare` leaves it. */
const PREPARED: Record<MediaKind, proto.IMessage> = {
  image: { imageMessage: { mimetype: 'image/jpeg', caption: 'look' } },
  video: { viewOnceMessageV2: { message: { videoMessage: { mimetype: 'video/mp4' } } } },
  gif: { videoMessage: { mimetype: 'video/mp4', gifPlayback: true } },
  audio: { audioMessage: { mimetype: 'audio/mpeg' } },
  voice: { audioMessage: { mimetype: 'audio/ogg; codecs=opus', ptt: true } },
  sticker: { stickerMessage: { mimetype: 'image/webp' } },
  document: { documentWithCaptionMessage: { message: { documentMessage: { fileName: 'a.txt', caption: 'look' } } } },
}

let count = 0
function outbound(to: Address, message: proto.IMessage): OutboundMessage {
  count += 1
  return { external_id: `3EB0${count}`, payload: proto.Message.encode(message).finish(), to }
}

function makeFile(t: TestContext, bytes: Uint8Array): MediaFile {
  const path = join(makeFolder(t), 'file')
  writeFileSync(path, bytes)
  return { path, size: bytes.length, mime: 'application/octet-stream' }
}

/** Uploads and sends, as the outbox does. */
async function sendFile(engine: Engine, message: OutboundMessage, file: MediaFile): Promise<void> {
  const payload = await engine.upload(message, file, signal())
  await engine.send({ ...message, payload }, signal())
}

async function refOf(host: MemoryHost, id: string): Promise<MessageRef> {
  const [event] = host.withId('message', id)
  assert.ok(event, 'the message has come')
  const { external_id, from_me, chat, sender, raw } = event
  return Promise.resolve({ external_id, from_me, chat, sender, raw })
}

/** Reads to the end, or says why there is none. */
async function read(stream: Promise<Readable>): Promise<Buffer> {
  return buffer(await stream)
}

for (const addressing of ['lid', 'pn'] as const) {
  describe(`media, addressed by ${addressing}`, () => {
    test('every kind goes out as it is', async (t) => {
      const { engine, bob, eve, family } = await makeLinkedWorld(t, addressing)
      for (const kind of MEDIA_KINDS) {
        const bytes = randomBytes(100_000)
        const message = outbound(phoneOf(bob), PREPARED[kind])
        await sendFile(engine, message, makeFile(t, bytes))
        const received = await bob.waitFor(({ id }) => id === message.external_id)
        assert.equal(received.media?.kind, kind)
        assert.deepEqual(await bob.mediaOf(message.external_id), bytes)
      }
      const bytes = randomBytes(1)
      const message = outbound(groupOf(family), PREPARED.image)
      await sendFile(engine, message, makeFile(t, bytes))
      await eve.waitFor(({ id }) => id === message.external_id)
      assert.deepEqual(await eve.mediaOf(message.external_id), bytes)
    })

    test('every kind comes in as it was sent', async (t) => {
      const { engine, host, whatsapp, owner, bob, family } = await makeLinkedWorld(t, addressing)
      for (const kind of MEDIA_KINDS) {
        const bytes = randomBytes(100_000)
        const id = await bob.sendMedia(owner, { kind, bytes, caption: 'look', viewOnce: kind === 'image' })
        await whatsapp.until(() => host.withId('message', id).length)
        assert.deepEqual(await read(engine.download(await refOf(host, id), signal())), bytes)
      }
      const id = await bob.sendMedia(family, { kind: 'video', bytes: Buffer.from('v') })
      await whatsapp.until(() => host.withId('message', id).length)
      assert.equal(String(await read(engine.download(await refOf(host, id), signal()))), 'v')
    })

    test('what WhatsApp has not kept is asked of the phone', async (t) => {
      const { engine, host, whatsapp, owner, bob, family } = await makeLinkedWorld(t, addressing)
      for (const chat of [owner, family]) {
        const bytes = randomBytes(5000)
        const id = await bob.sendMedia(chat, { kind: 'image', bytes })
        await whatsapp.until(() => host.withId('message', id).length)
        const ref = await refOf(host, id)
        whatsapp.faults.set({ kind: 'media_gone', times: 1 })
        assert.deepEqual(await read(engine.download(ref, signal())), bytes)
        whatsapp.faults.set({ kind: 'media_gone', times: 1 })
        whatsapp.faults.set({ kind: 'media_lost', times: 1, number: owner.number })
        await assert.rejects(engine.download(ref, signal()), { code: 'media_unavailable', retry: 'never' })
      }
    })
  })
}

describe('files on their way', () => {
  test('a phone that does not answer is not waited for', async (t) => {
    const { engine, host, whatsapp, owner, bob } = await makeLinkedWorld(t, 'lid', { timing: { restore: 50 } })
    const id = await bob.sendMedia(owner, { kind: 'image', bytes: randomBytes(9) })
    await whatsapp.until(() => host.withId('message', id).length)
    const ref = await refOf(host, id)
    whatsapp.faults.set({ kind: 'media_gone', times: 1 })
    whatsapp.faults.set({ kind: 'media_lost', silent: true, times: 1 })
    await assert.rejects(engine.download(ref, signal()), { code: 'media_unavailable', retry: 'later' })
    assert.equal((await read(engine.download(ref, signal()))).length, 9, 'by another attempt')
  })

  test('sizes around blocks and chunks', async (t) => {
    const { engine, bob } = await makeLinkedWorld(t)
    for (const size of [0, 15, 16, 17, 65_535, 65_536, 65_537, 1_000_003]) {
      const bytes = randomBytes(size)
      const message = outbound(phoneOf(bob), PREPARED.document)
      await sendFile(engine, message, makeFile(t, bytes))
      await bob.waitFor(({ id }) => id === message.external_id)
      assert.deepEqual(await bob.mediaOf(message.external_id), bytes)
    }
  })

  test('what was changed on the way is not the file', async (t) => {
    const { engine, host, whatsapp, owner, bob } = await makeLinkedWorld(t)
    const lies = [
      {},
      { fileSha256: randomBytes(32) },
      { fileEncSha256: randomBytes(32) },
      { mediaKey: randomBytes(32) },
      { mediaKey: new Uint8Array() },
      { mediaKey: randomBytes(5) },
      { directPath: '', url: 'https://127.0.0.1/x' },
    ]
    for (const claims of lies) {
      const id = await bob.sendMedia(owner, { kind: 'image', bytes: randomBytes(40_000), claims })
      await whatsapp.until(() => host.withId('message', id).length)
      if (Object.keys(claims).length === 0) whatsapp.faults.set({ kind: 'media_corrupt', times: 1 })
      const reading = read(engine.download(await refOf(host, id), signal()))
      await assert.rejects(reading, { name: 'EngineError' }, JSON.stringify(Object.keys(claims)))
    }
  })

  test('only hosts of WhatsApp are asked', async (t) => {
    const { engine, host, whatsapp, owner, bob } = await makeLinkedWorld(t)
    const urls = ['https://evil.example/x', 'http://127.0.0.1/x', 'file:///etc/passwd', 'nonsense', '']
    for (const url of urls) {
      const bytes = randomBytes(100)
      const id = await bob.sendMedia(owner, { kind: 'image', bytes, claims: { url } })
      await whatsapp.until(() => host.withId('message', id).length)
      assert.deepEqual(await read(engine.download(await refOf(host, id), signal())), bytes, url)
    }
    for (const directPath of ['@evil.example/x', '.evil.example/x', ':1/x', 'x', '/missing']) {
      const id = await bob.sendMedia(owner, { kind: 'image', bytes: randomBytes(9), claims: { directPath, url: '' } })
      await whatsapp.until(() => host.withId('message', id).length)
      whatsapp.faults.set({ kind: 'media_lost', times: 1 })
      await assert.rejects(engine.download(await refOf(host, id), signal()), { code: 'media_unavailable' }, directPath)
      whatsapp.faults.clear()
    }
  })

  test('what counts as a host of WhatsApp', () => {
    for (const good of ['https://mmg.whatsapp.net/a', 'https://media-fra3-1.cdn.whatsapp.net/v?x=1']) {
      assert.ok(trusted(good, undefined), good)
    }
    const bad = [
      'http://mmg.whatsapp.net/a',
      'https://whatsapp.net/',
      'https://mmg.whatsapp.net.evil.example/a',
      'https://evilwhatsapp.net/a',
      'https://mmg.whatsapp.net:8443/a',
      'https://user@mmg.whatsapp.net/a',
      'https://127.0.0.1/a',
      'https://[::1]/a',
      'https://mmg.whatsapp.net\u0000.evil.example/',
      '',
    ]
    for (const address of bad) assert.equal(trusted(address, undefined), undefined, address)
    assert.ok(trusted('https://127.0.0.1:9/a', '127.0.0.1'))
    assert.equal(trusted('https://mmg.whatsapp.net/a', '127.0.0.1'), undefined)
  })

  test('refusals say whether another attempt helps', async (t) => {
    const { engine, whatsapp, bob } = await makeLinkedWorld(t)
    const file = makeFile(t, randomBytes(300_000))
    const message = outbound(phoneOf(bob), PREPARED.image)
    const cases: [code: number, times: number, error: { code: string; retry: string } | undefined][] = [
      [413, 1, { code: 'media_too_large', retry: 'never' }],
      [400, 1, { code: 'media_unavailable', retry: 'never' }],
      [429, 1, { code: 'rate_limited', retry: 'later' }],
      [503, 1, { code: 'media_unavailable', retry: 'later' }],
      [401, 1, undefined],
      [401, 2, { code: 'media_unavailable', retry: 'later' }],
    ]
    for (const [code, times, error] of cases) {
      whatsapp.faults.set({ kind: 'media_upload', code, times })
      const uploading = engine.upload(message, file, signal())
      if (error) await assert.rejects(uploading, error, String(code))
      else assert.ok((await uploading).length > 0)
    }
    const gone = { ...file, path: `${file.path}x` }
    await assert.rejects(engine.upload(message, gone, signal()), { code: 'media_unavailable', retry: 'never' })
  })

  test('a server that does not read gets no more than it has room for', async (t) => {
    const { whatsapp } = await makeWorld(t)
    whatsapp.faults.set({ kind: 'media_slow', ms: 60_000 })
    const chunk = Buffer.alloc(65_536)
    let taken = 0
    const chunks = async function* (): AsyncGenerator<Buffer> {
      for (; taken < 4096; taken++) yield await Promise.resolve(chunk)
    }
    const stop = new AbortController()
    const url = new URL(`https://${whatsapp.media.host}/mms/image/x`)
    const posting = post(url, 4096 * chunk.length, chunks(), stop.signal)
    await until(() => taken > 0)
    for (let turn = 0; turn < 20_000; turn++) await setImmediate()
    // What the sockets of the system hold, and one chunk in each stream.
    assert.ok(taken < 400, `${taken} chunks were taken`)
    stop.abort()
    await assert.rejects(posting, { code: 'timeout' })
  })

  test('whoever asked can stop it', async (t) => {
    const { engine, host, whatsapp, owner, bob } = await makeLinkedWorld(t)
    whatsapp.faults.set({ kind: 'media_slow', ms: 60_000 })
    const stop = new AbortController()
    const message = outbound(phoneOf(bob), PREPARED.image)
    const uploading = engine.upload(message, makeFile(t, randomBytes(9_000_000)), stop.signal)
    const id = await bob.sendMedia(owner, { kind: 'image', bytes: randomBytes(9) })
    await whatsapp.until(() => host.withId('message', id).length)
    const downloading = engine.download(await refOf(host, id), stop.signal)
    stop.abort()
    await Promise.all([uploading, downloading].map((work) => assert.rejects(work, { code: 'timeout' })))
  })
})
