import { verified } from './strict-curve.ts'

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Client } from './client.ts'
import { makeLinkedWorld, makeWorld } from './world.ts'

test('every signature is genuine: certificate, account, keys', async (t) => {
  const { client, whatsapp, owner, bob } = await makeLinkedWorld(t)
  assert.ok(verified >= 5)
  await client.message(await bob.say(owner, 'hello'))
  await client.say(bob.jid, 'hello')
  await bob.waitFor(({ text }) => text === 'hello')
  const { whatsapp: other } = await makeWorld(t)
  const stranger = new Client(other, { waWebSocketUrl: whatsapp.url })
  t.after(() => stranger.end())
  await stranger.until(() => stranger.closed === 400)
})
