import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { describe, test } from 'node:test'

import type { Address, MessageRef } from '../src/engine/engine.ts'
import { setPicture } from '../simulator/pictures.ts'
import { groupOf, makeLinkedWorld, type MemoryHost, phoneOf } from './support/engine.ts'

const soon = () => AbortSignal.timeout(5000)

async function bytesOf(stream: Readable | null): Promise<Buffer> {
  assert.ok(stream)
  return Buffer.concat(await stream.toArray())
}

function refTo(host: MemoryHost, id: string): MessageRef {
  const message = host.of('message').find(({ external_id }) => external_id === id)
  assert.ok(message)
  const { external_id, from_me, chat, sender, raw } = message
  return { external_id, from_me, chat, sender, raw }
}

for (const addressing of ['lid', 'pn'] as const) {
  describe(`what is done besides sending, addressed by ${addressing}`, () => {
    test('messages are marked as read, in chats and in groups', async (t) => {
      const { whatsapp, owner, bob, eve, family, host, engine } = await makeLinkedWorld(t, addressing)
      const ids = [await bob.say(owner, 'one'), await bob.say(owner, 'two')]
      ids.push(await bob.say(family, 'three'))
      const fromEve = await eve.say(family, 'four')
      await whatsapp.until(() => host.of('message').length === 4)
      await engine.markRead(
        [...ids, fromEve].map((id) => refTo(host, id)),
        soon(),
      )
      const readBy = (phone: typeof bob) => phone.receipts.flatMap(({ type, id }) => (type === 'read' ? id : []))
      await whatsapp.until(() => readBy(bob).length === 3 && readBy(eve).length === 1)
      assert.deepEqual(readBy(bob).toSorted(), ids.toSorted())
      assert.deepEqual(readBy(eve), [fromEve])
    })

    test('pictures of people and groups', async (t) => {
      const { bob, eve, family, engine } = await makeLinkedWorld(t, addressing)
      const [face, crest] = [randomBytes(50_000), randomBytes(1000)]
      setPicture(bob, face)
      setPicture(family, crest)
      assert.deepEqual(await bytesOf(await engine.picture(phoneOf(bob), soon())), face)
      assert.deepEqual(await bytesOf(await engine.picture(groupOf(family), soon())), crest)
      assert.equal(await engine.picture(phoneOf(eve), soon()), null)
    })
  })
}

describe('pictures', () => {
  test('that this account may not see', async (t) => {
    const { bob, engine } = await makeLinkedWorld(t)
    for (const refusal of [401, 403, 404]) {
      setPicture(bob, randomBytes(10), { refusal })
      assert.equal(await engine.picture(phoneOf(bob), soon()), null)
    }
    setPicture(bob, randomBytes(10), { refusal: 500 })
    await assert.rejects(engine.picture(phoneOf(bob), soon()), { code: 'media_unavailable', retry: 'later' })
  })

  test('are fetched from WhatsApp only', async (t) => {
    const { whatsapp, bob, engine } = await makeLinkedWorld(t)
    for (const url of ['https://example.org/x', `http://${whatsapp.media.host}/x`, 'file:///etc/passwd', 'nonsense']) {
      setPicture(bob, randomBytes(10), { url })
      await assert.rejects(engine.picture(phoneOf(bob), soon()), { code: 'media_unavailable', retry: 'never' })
    }
    assert.equal(whatsapp.media.downloads, 0)
  })

  test('that are gone, or of which nobody tells', async (t) => {
    const { whatsapp, bob, engine } = await makeLinkedWorld(t, 'lid', { timing: { query: 600 } })
    setPicture(bob, randomBytes(10))
    whatsapp.faults.set({ kind: 'media_download', code: 404, times: 1 })
    assert.equal(await engine.picture(phoneOf(bob), soon()), null)
    whatsapp.faults.set({ kind: 'no_answer', to: 'w:profile:picture', times: 1 })
    await assert.rejects(engine.picture(phoneOf(bob), soon()), { code: 'timeout', retry: 'later' })
  })
})

test('marking as read without an answer about the privacy settings', async (t) => {
  const { whatsapp, owner, bob, host, engine } = await makeLinkedWorld(t, 'lid', { timing: { query: 600 } })
  const id = await bob.say(owner, 'one')
  await whatsapp.until(() => host.of('message').length === 1)
  whatsapp.faults.set({ kind: 'no_answer', to: 'privacy' })
  whatsapp.disconnect(owner, 'drop')
  await whatsapp.until(() => host.state?.status === 'disconnected')
  await whatsapp.until(() => host.state?.status === 'connected')
  await assert.rejects(engine.markRead([refTo(host, id)], soon()), { code: 'timeout', retry: 'later' })
  assert.ok(bob.receipts.every(({ type }) => type !== 'read'))
})

test('several numbers are looked up at once', async (t) => {
  const { bob, eve, engine } = await makeLinkedWorld(t)
  const found = await Promise.all([bob.number, '15559999999', eve.number].map((each) => engine.lookup(each, soon())))
  const lids = found.map((each: Address | null) => each?.aliases.find(({ kind }) => kind === 'lid')?.value ?? null)
  assert.deepEqual(lids, [bob.lid, null, eve.lid])
})
