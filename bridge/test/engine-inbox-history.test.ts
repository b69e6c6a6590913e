import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { describe, test } from 'node:test'

import { proto } from '../src/engine/baileys/library.ts'
import { sendHistory } from '../simulator/history.ts'
import { identitiesOf, link, makeEngine, makeWorld, values } from './support/engine.ts'

for (const addressing of ['lid', 'pn'] as const) {
  describe(`history is no news, addressed by ${addressing}`, () => {
    test('what was written before the link, however often the phone tells it', async (t) => {
      const world = await makeWorld(t, addressing)
      const { whatsapp, owner, bob, eve, family, host } = world
      const first = await bob.say(owner, 'long ago')
      await eve.say(family, 'in the group')
      await owner.say(bob, 'by myself')
      await bob.poll(owner, { question: 'Heat?', options: ['On', 'Off'], selectable: 1 })
      await bob.react(first, '👍')
      await bob.edit(first, 'not so long ago')
      await link(makeEngine(t, world), world)
      const [device] = owner.devices
      assert.ok(device)
      await sendHistory(whatsapp, owner, device)
      const id = await bob.say(owner, 'news')
      await whatsapp.until(() => host.withId('message', id).length > 0)
      const told = host.events.filter((event) => 'external_id' in event)
      assert.deepEqual(
        told.map((event) => 'external_id' in event && event.external_id),
        [id],
      )
      const chats = new Set(host.of('chats').flatMap((event) => event.chats.flatMap(values)))
      assert.ok(
        identitiesOf(bob).some((value) => chats.has(value)),
        'its chats are listed',
      )
    })

    test('of any sort, also when it was asked for, and not from anybody else', async (t) => {
      const world = await makeWorld(t, addressing)
      const { whatsapp, owner, bob, host } = world
      await link(makeEngine(t, world), world)
      const [device] = owner.devices
      assert.ok(device)
      const { HistorySyncType } = proto.HistorySync
      const key = { remoteJid: bob.jid, fromMe: false, id: 'OLD' }
      for (const syncType of [HistorySyncType.RECENT, HistorySyncType.FULL, HistorySyncType.ON_DEMAND]) {
        const message = { key, message: { conversation: 'old' }, messageTimestamp: Math.floor(Date.now() / 1000) }
        const conversations = [{ id: bob.jid, messages: [{ message }] }]
        const history = proto.HistorySync.encode({ syncType, conversations, progress: 100 }).finish()
        const historySyncNotification = {
          syncType,
          initialHistBootstrapInlinePayload: deflateSync(history),
          progress: 100,
        }
        const type = proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION
        const content = { protocolMessage: { type, historySyncNotification } }
        await owner.sendToOwn(device, content)
        await bob.write(owner, content, { type: 'text' })
      }
      const id = await bob.say(owner, 'news')
      await whatsapp.until(() => host.withId('message', id).length > 0)
      assert.equal(host.of('message').length, 1)
    })
  })
}
