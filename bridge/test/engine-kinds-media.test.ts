import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import type { Address, Sendable, SendContext } from '../src/engine/engine.ts'
import { groupOf, makeLinkedWorld, phoneOf } from './support/engine.ts'
import { makeFolder } from './support/folder.ts'

const FILES: [string, string, Sendable][] = [
  ['image', 'image/jpeg', { kind: 'image', ticket: 't', caption: 'Door' }],
  ['image to be viewed once', 'image/jpeg', { kind: 'image', ticket: 't', view_once: true }],
  ['video', 'video/mp4', { kind: 'video', ticket: 't' }],
  ['GIF', 'video/mp4', { kind: 'video', ticket: 't', gif: true }],
  ['audio', 'audio/mpeg', { kind: 'audio', ticket: 't' }],
  ['voice note to be heard once', 'audio/ogg', { kind: 'audio', ticket: 't', voice: true, view_once: true }],
  ['document', 'application/pdf', { kind: 'document', ticket: 't', file_name: 'a.pdf', caption: 'Read' }],
  ['sticker', 'image/webp', { kind: 'sticker', ticket: 't' }],
]

const soon = () => AbortSignal.timeout(8000)

for (const addressing of ['lid', 'pn'] as const) {
  for (const chat of ['person', 'group'] as const) {
    describe(`files to a ${chat}, addressed by ${addressing}`, () => {
      test('prepared, handed over, sent and read; and forwarded without their bytes', async (t) => {
        const { owner, bob, eve, family, engine, host } = await makeLinkedWorld(t, addressing)
        const to = chat === 'group' ? groupOf(family) : phoneOf(bob)
        const folder = makeFolder(t)
        const send = async (where: Address, content: Sendable, context: SendContext) => {
          const prepared = { ...(await engine.prepare(where, content, context)), to: where }
          const { media } = context
          const payload = media ? await engine.upload(prepared, media, soon()) : prepared.payload
          host.messages.set(prepared.external_id, { raw: payload, from_me: true })
          await engine.send({ ...prepared, payload }, soon())
          return { id: prepared.external_id, raw: payload }
        }
        for (const [name, mime, content] of FILES) {
          await t.test(name, async () => {
            const bytes = randomBytes(5000)
            const path = join(folder, name)
            writeFileSync(path, bytes)
            const { id, raw } = await send(to, content, { mentions: [], media: { path, size: bytes.length, mime } })
            await bob.waitFor((message) => message.id === id)
            assert.deepEqual(await bob.mediaOf(id), bytes)
            if ('view_once' in content) return
            const sender: Address = { ...phoneOf(owner), kind: 'self' }
            const target = { external_id: id, from_me: true, chat: to, sender, raw }
            const forward: Sendable = { kind: 'forward', message_id: id }
            const forwarded = await send(phoneOf(eve), forward, { mentions: [], target })
            const got = await eve.waitFor((message) => message.id === forwarded.id)
            assert.equal(got.forwarded, 1)
            assert.deepEqual(await eve.mediaOf(forwarded.id), bytes)
          })
        }
      })
    })
  }
}
