import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { get } from 'node:https'
import { existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { describe, test } from 'node:test'

import { ControlServer } from '../control.ts'
import { MEDIA_KINDS } from '../media.ts'
import { makeWorld } from './world.ts'

async function status(url: string, ca: string): Promise<number | undefined> {
  const [response] = (await once(get(url, { ca }), 'response')) as [{ statusCode?: number; resume(): void }]
  response.resume()
  return response.statusCode
}

describe('media', () => {
  test('every kind comes as it was sent, and says what it is', async (t) => {
    const { bob, eve, family } = await makeWorld(t)
    for (const kind of MEDIA_KINDS) {
      const bytes = randomBytes(5000)
      const id = await bob.sendMedia(eve, { kind, bytes, caption: 'look' })
      const received = eve.inbox.find((one) => one.id === id)
      assert.equal(received?.media?.kind, kind)
      assert.equal(received.media.size, 5000)
      assert.equal(received.media.sha256, createHash('sha256').update(bytes).digest('hex'))
      assert.deepEqual(await eve.mediaOf(id), bytes)
    }
    const id = await bob.sendMedia(family, { kind: 'image', bytes: randomBytes(1), viewOnce: true })
    assert.equal(eve.inbox.find((one) => one.id === id)?.media?.view_once, true)
  })

  test('files are served over TLS until they are gone', async (t) => {
    const { whatsapp } = await makeWorld(t)
    const { url } = whatsapp.media.store(Buffer.from('bytes'))
    const { ca } = whatsapp.media
    assert.equal(await status(url, ca), 200)
    assert.equal(readFileSync(whatsapp.media.caFile, 'utf8'), ca)
    await assert.rejects(status(url, ''), /self-signed certificate/u)
    whatsapp.faults.set({ kind: 'media_download', code: 503, times: 1 })
    assert.equal(await status(url, ca), 503)
    whatsapp.faults.set({ kind: 'media_gone', times: 1 })
    assert.equal(await status(url, ca), 410)
    assert.equal(await status(url, ca), 410)
    await whatsapp.close()
    assert.equal(existsSync(whatsapp.media.caFile), false)
  })

  test('verbs send and show files', async (t) => {
    const { whatsapp, bob, eve } = await makeWorld(t)
    const control = await ControlServer.start(whatsapp, { onError: () => undefined })
    t.after(() => control.close())
    const call = async (verb: string, args: object) => {
      const response = await fetch(`${control.url}/${verb}`, { method: 'POST', body: JSON.stringify(args) })
      return (await response.json()) as Record<string, string>
    }
    const base64 = randomBytes(300_000).toString('base64')
    const document = { kind: 'document', base64, file_name: 'a.bin', caption: 'c' }
    const { id } = await call('phone.send_media', { number: bob.number, to: eve.number, ...document })
    assert.equal(eve.inbox.at(-1)?.media?.file_name, 'a.bin')
    assert.deepEqual(await call('phone.media', { number: eve.number, id }), { base64 })
  })
})
