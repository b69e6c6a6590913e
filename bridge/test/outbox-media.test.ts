import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { EngineError, type MediaFile } from '../src/engine/engine.ts'
import { BridgeError } from '../src/errors.ts'
import type { Content } from '../src/protocol.ts'
import { makeFolder } from './support/folder.ts'
import { MemoryBridge } from './support/memory.ts'
import { code, restarted, type World, world } from './support/sending.ts'
import { EVE, eventsOf } from './support/told.ts'
import { until } from './support/until.ts'

const FILE: MediaFile = { path: '/nowhere/1', size: 500, mime: 'image/jpeg' }
const IMAGE: Content = { kind: 'image', ticket: 'ticket' }

interface Files {
  claimed: string[]
  released: string[]
  file: MediaFile
}

/** What becomes of the uploads of an account. */
function watch(t: TestContext, { account }: World, file = FILE): Files {
  const files: Files = { claimed: [], released: [], file }
  t.mock.method(account.media, 'claim', (ticket: string) => {
    if (files.claimed.includes(ticket)) throw new BridgeError('media_unavailable', 'There is no such upload')
    files.claimed.push(ticket)
    return files.file
  })
  t.mock.method(account.media, 'release', ({ path }: MediaFile) => void files.released.push(path))
  return files
}

test('a file is handed over before its message is sent, and not kept', async (t) => {
  const all = await world(t)
  const files = watch(t, all)
  const { bridge, account, engine, say } = all
  const order: string[] = []
  engine.handOver = ({ external_id, payload }, media) => {
    order.push('upload')
    assert.deepEqual(media, FILE)
    const row = bridge.store.outbox.byMessage(account.id, external_id)
    assert.deepEqual([row?.state, row?.media], ['queued', FILE])
    assert.deepEqual(files.released, [])
    return Promise.resolve(Buffer.concat([payload, Buffer.from('+url')]))
  }
  engine.deliver = ({ external_id, payload }) => {
    order.push('send')
    assert.match(Buffer.from(payload).toString(), /\+url$/u)
    assert.deepEqual(engine.host.message(external_id)?.raw.at(-1), payload.at(-1))
    assert.equal(bridge.store.outbox.byMessage(account.id, external_id)?.media, null)
    return Promise.resolve({ accepted_at: 1 })
  }
  assert.deepEqual((await say('picture', { content: IMAGE })).sent_as, 'image')
  assert.deepEqual([order, files.claimed, files.released], [['upload', 'send'], ['ticket'], [FILE.path]])
  assert.deepEqual(engine.contexts[0]?.media, FILE)
})

test('the same request claims its file once', async (t) => {
  const all = await world(t)
  const files = watch(t, all)
  const [first, second] = await Promise.all([all.say('once', { content: IMAGE }), all.say('once', { content: IMAGE })])
  assert.deepEqual(first, second)
  assert.deepEqual(await all.say('once', { content: IMAGE }), first)
  assert.deepEqual(files.claimed, ['ticket'])
  await assert.rejects(all.say('again', { content: IMAGE }), code('media_unavailable'))
  assert.equal(all.engine.uploads.length, 1)
})

test('a file whose message cannot be sent is given up', async (t) => {
  const all = await world(t)
  const files = watch(t, all, { ...FILE, size: 9000 })
  await assert.rejects(all.say('1', { content: IMAGE }), code('media_too_large', { limit: 5000, size: 9000 }))
  assert.deepEqual(files.released, [FILE.path])
  files.file = FILE
  all.engine.prepare = () => Promise.reject(new EngineError('invalid_request', 'no', 'never'))
  await assert.rejects(all.say('2', { content: { ...IMAGE, ticket: 'b' } }), code('invalid_request'))
  assert.deepEqual(files.released, [FILE.path, FILE.path])
  assert.equal(all.account.state().queued, 0)
})

test('a picture that is too large goes as a document', async (t) => {
  const all = await world(t)
  watch(t, all, { ...FILE, size: 2000 })
  assert.equal((await all.say('large', { content: { ...IMAGE, caption: 'Look' } })).sent_as, 'document')
  const [event] = eventsOf(all.account, 'message')
  assert.deepEqual([event?.kind, event?.text, event?.media?.file_name], ['document', 'Look', 'image.jpg'])
  const refusal = all.say('never', { content: { ...IMAGE, ticket: 'b' }, degrade: 'never' })
  await assert.rejects(refusal, code('media_too_large', { limit: 1000 }))
})

test('an upload that fails for good fails the message, and the file goes', async (t) => {
  const all = await world(t)
  const files = watch(t, all)
  all.engine.handOver = () => Promise.reject(new EngineError('media_unavailable', 'gone', 'never'))
  await assert.rejects(all.say('no', { content: IMAGE }), code('media_unavailable'))
  assert.equal(all.engine.sent.length, 0)
  assert.deepEqual(files.released, [FILE.path])
})

test('a file that was handed over is not handed over again', async (t) => {
  const all = await world(t)
  watch(t, all)
  all.engine.deliver = () => Promise.reject(new EngineError('timeout', 'no answer', 'later'))
  await all.say('again', { content: IMAGE, wait: 0 })
  await until(() => all.engine.sent.length === 1)
  all.engine.deliver = () => Promise.resolve({ accepted_at: 1 })
  all.engine.disconnect()
  all.engine.connect()
  await until(() => eventsOf(all.account, 'message').length === 1)
  assert.equal(all.engine.uploads.length, 1)
  const [first, second] = all.engine.sent
  assert.deepEqual(first, second)
})

function forever(_: unknown, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(new EngineError('timeout', 'stopped', 'later'))),
  )
}

for (const [when, uploads] of [
  ['before its file was handed over', 1],
  ['after its file was handed over', 0],
] as const) {
  test(`a bridge that stops ${when} sends the message afterwards`, async (t) => {
    const all = await world(t, MemoryBridge.open(t, makeFolder(t)))
    watch(t, all)
    if (uploads === 1) all.engine.handOver = (message, _media, signal) => forever(message, signal)
    else all.engine.deliver = forever
    const { message_id } = await all.say('survivor', { content: IMAGE, wait: 0 })
    await until(() => all.engine.uploads.length === 1 && all.engine.sent.length === 1 - uploads)
    const again = await restarted(t, all)
    const files = watch(t, again)
    again.engine.connect()
    await until(() => eventsOf(again.account, 'message').length === 1)
    assert.equal(again.engine.uploads.length, uploads)
    assert.equal(again.engine.sent[0]?.external_id, message_id)
    assert.deepEqual(files.released, uploads === 1 ? [FILE.path] : [])
    assert.deepEqual(again.engine.uploads[0]?.media ?? FILE, FILE)
  })
}

test('a slow upload holds up its own chat only', async (t) => {
  const all = await world(t)
  watch(t, all)
  const { engine, say } = all
  const { promise, resolve } = Promise.withResolvers<Uint8Array>()
  engine.handOver = () => promise
  const picture = say('picture', { content: IMAGE })
  const caption = say('after it')
  await say('to Eve', { chat: EVE })
  await say('urgent', { priority: 'high' })
  assert.equal(engine.sent.length, 2)
  resolve(Buffer.from(JSON.stringify({ text: 'picture' })))
  await Promise.all([picture, caption])
  assert.deepEqual(engine.texts(), ['to Eve', 'urgent', 'picture', 'after it'])
})

test('few files are handed over at once', async (t) => {
  const all = await world(t)
  watch(t, all)
  all.account.configure({ pacing: { burst: 100, chat_per_minute: 0, account_per_minute: 0 } })
  const ends: (() => void)[] = []
  all.engine.handOver = ({ payload }) => new Promise((resolve) => ends.push(() => resolve(payload)))
  const people = Array.from({ length: 5 }, (_, n) => `90000000000010${n}@lid`)
  for (const value of people) {
    const chat = { kind: 'person', aliases: [{ kind: 'lid', value }] } as const
    all.engine.host.emit({
      type: 'chats',
      chats: [{ ...chat, aliases: [...chat.aliases] }],
      removed: [],
      all_groups: false,
    })
  }
  const sends = people.map(async (chat) => all.say(chat, { chat, content: { ...IMAGE, ticket: chat } }))
  await until(() => ends.length === 3)
  await new Promise(setImmediate)
  assert.equal(ends.length, 3)
  for (let n = 0; n < people.length; n += 1) {
    await until(() => ends.length > n)
    ends[n]?.()
  }
  await Promise.all(sends)
})

test('a file that is not handed over in time fails with its message', async (t) => {
  const all = await world(t)
  const files = watch(t, all)
  all.engine.handOver = (_message, _media, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
  await assert.rejects(all.say('slow', { content: IMAGE, ttl: 0.05 }), code('expired'))
  assert.deepEqual([files.released, all.engine.sent.length, all.account.state().queued], [[FILE.path], 0, 0])
})
