import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { proto } from 'baileys'

import type { Addressing } from '../people.ts'
import type { Phone } from '../phone.ts'
import { Client } from './client.ts'
import { makeLinkedWorld } from './world.ts'

const { DELIVERY_ACK, READ, SERVER_ACK } = proto.WebMessageInfo.Status

for (const addressing of ['lid', 'pn'] as const satisfies Addressing[]) {
  const jidOf = (phone: Phone) => (addressing === 'lid' ? phone.lid : phone.jid)
  const otherJidOf = (phone: Phone) => (addressing === 'lid' ? phone.jid : phone.lid)

  describe(`messages with ${addressing} addressing`, () => {
    test('a text comes in', async (t) => {
      const { client, owner, bob, whatsapp } = await makeLinkedWorld(t, addressing)
      const { type, message } = await client.message(await bob.say(owner, 'hello'))
      assert.equal(type, 'notify')
      assert.equal(message.message?.conversation, 'hello')
      assert.equal(message.key.remoteJid, jidOf(bob))
      assert.equal(message.key.remoteJidAlt, otherJidOf(bob))
      assert.equal(message.key.fromMe, false)
      assert.equal(message.pushName, 'Bob')
      await whatsapp.until(() => owner.devices[0]?.unacknowledged === 0)
      await whatsapp.until(() => bob.receipts.length > 0)
      assert.deepEqual(bob.receipts[0], { id: message.key.id, type: 'inactive', from: owner.number })
    })

    test('a text goes out, by number and by LID', async (t) => {
      const { client, owner, bob } = await makeLinkedWorld(t, addressing)
      for (const jid of [bob.jid, bob.lid ?? '']) {
        const id = await client.say(jid, `to ${jid}`)
        assert.equal((await client.ackOf(id)).attrs['error'], undefined)
        const message = await bob.waitFor((one) => one.id === id)
        assert.deepEqual([message.from, message.chat, message.text], [owner.number, owner.number, `to ${jid}`])
        const copy = await owner.waitFor((one) => one.id === id)
        assert.deepEqual([copy.from, copy.chat, copy.text], [owner.number, bob.number, `to ${jid}`])
        await client.status(id, DELIVERY_ACK)
        bob.read(id)
        await client.status(id, READ)
      }
    })

    test('a conversation goes to and fro', async (t) => {
      const { client, owner, bob } = await makeLinkedWorld(t, addressing)
      for (let round = 1; round <= 5; round++) {
        await client.message(await bob.say(owner, `question ${round}`))
        await client.say(bob.jid, `answer ${round}`)
        await bob.waitFor(({ text }) => text === `answer ${round}`)
      }
      assert.deepEqual(
        bob.inbox.map(({ index, copies }) => [index, copies]),
        [1, 2, 3, 4, 5].map((index) => [index, 1]),
      )
    })

    test('messages said at once arrive in order', async (t) => {
      const { client, owner, bob } = await makeLinkedWorld(t, addressing)
      const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => bob.say(owner, `number ${index}`)))
      for (const id of ids) await client.message(id)
      const received = client.upserts.map(({ message }) => message.key.id).filter((id) => ids.includes(id ?? ''))
      assert.deepEqual(received, ids)
    })

    test('what the owner types on the phone reaches the client as its own', async (t) => {
      const { client, owner, bob, family } = await makeLinkedWorld(t, addressing)
      const { message } = await client.message(await owner.say(bob, 'typed'))
      assert.equal(message.key.fromMe, true)
      assert.equal(message.key.remoteJid, jidOf(bob))
      assert.equal(message.key.remoteJidAlt, otherJidOf(bob))
      assert.equal(message.status, SERVER_ACK)
      assert.equal((await bob.waitFor(({ text }) => text === 'typed')).from, owner.number)
      const inGroup = await client.message(await owner.say(family, 'typed for all'))
      assert.equal(inGroup.message.key.fromMe, true)
      assert.equal(inGroup.message.message?.conversation, 'typed for all')
      const toSelf = await client.message(await owner.say(owner, 'note to self'))
      assert.equal(toSelf.message.key.remoteJid, jidOf(owner))
    })

    test('a group reads and writes', async (t) => {
      const { client, owner, bob, eve, family } = await makeLinkedWorld(t, addressing)
      for (const text of ['hello all', 'again']) {
        const { message } = await client.message(await bob.say(family, text))
        assert.equal(message.message?.conversation, text)
        assert.equal(message.key.remoteJid, family.id)
        assert.equal(message.key.participant, jidOf(bob))
        assert.equal(message.key.participantAlt, otherJidOf(bob))
      }
      for (const text of ['from the house', 'once more']) {
        const id = await client.say(family.id, text)
        for (const phone of [owner, bob, eve]) {
          const message = await phone.waitFor((one) => one.id === id)
          assert.deepEqual([message.from, message.chat, message.text], [owner.number, family.id, text])
        }
      }
      const id = await client.say(family.id, 'read me')
      await eve.waitFor((one) => one.id === id)
      eve.read(id)
      const readers = () =>
        client.events.filter(
          ({ name, data }) => /receipt|upsert/.test(name) && JSON.stringify(data).includes('readTimestamp'),
        )
      await client.until(() => readers().some(({ data }) => JSON.stringify(data).includes(jidOf(eve) ?? '')))
    })

    test('what comes while the client is away is kept until it acknowledges', async (t) => {
      const { client, whatsapp, owner, bob, family } = await makeLinkedWorld(t, addressing)
      const device = owner.devices[0]
      await whatsapp.until(() => device?.unacknowledged === 0)
      client.end()
      await whatsapp.until(() => !device?.connected)
      const ids = [await bob.say(owner, 'one'), await bob.say(family, 'two'), await owner.say(bob, 'three')]
      assert.equal(device?.unacknowledged, 3)
      client.reconnect()
      for (const id of ids) assert.equal((await client.message(id)).type, 'append')
      await whatsapp.until(() => device.unacknowledged === 0)
    })

    test('what was sent but not acknowledged is sent again', async (t) => {
      const { client, whatsapp, owner, bob } = await makeLinkedWorld(t, addressing)
      const device = owner.devices[0]
      await whatsapp.until(() => device?.unacknowledged === 0)
      client.pause()
      const id = await bob.say(owner, 'into the void')
      whatsapp.disconnect(owner, 'drop')
      client.end()
      await whatsapp.until(() => !device?.connected)
      assert.equal(device?.unacknowledged, 1)
      client.reconnect()
      await client.message(id)
      await whatsapp.until(() => device.unacknowledged === 0)
    })

    test('the client asks a phone again', async (t) => {
      const { client, whatsapp, owner, bob, family } = await makeLinkedWorld(t, addressing)
      for (const to of [owner, family]) {
        await client.message(await bob.say(to, 'fine'))
        whatsapp.faults.set({ kind: 'corrupt', times: 1 })
        const id = await bob.say(to, 'broken')
        await client.message(id, ({ messageStubType }) => messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT)
        const { message } = await client.message(id)
        assert.equal(message.message?.conversation, 'broken')
        await client.message(await bob.say(to, 'fine again'))
      }
      await whatsapp.until(() => owner.devices[0]?.unacknowledged === 0)
    })

    test('a phone asks the client again', async (t) => {
      const { client, owner, bob, family } = await makeLinkedWorld(t, addressing)
      for (const to of [jidOf(bob) ?? '', family.id]) {
        const id = await client.say(to, 'say it again')
        await bob.waitFor((one) => one.id === id)
        bob.askAgain(id)
        await bob.waitFor((one) => one.id === id && one.copies === 2)
      }
      const id = await client.say(bob.jid, 'to the own phone')
      await owner.waitFor((one) => one.id === id)
      owner.askAgain(id)
      await owner.waitFor((one) => one.id === id && one.copies === 2)
    })

    test('a phone that lost its sessions asks by itself', async (t) => {
      const { client, owner, bob } = await makeLinkedWorld(t, addressing)
      await client.say(jidOf(bob) ?? '', 'first')
      await bob.waitFor(({ text }) => text === 'first')
      await client.message(await bob.say(owner, 'now the session is confirmed'))
      await bob.signal.forget(owner.devices[0]?.address ?? '')
      await client.say(jidOf(bob) ?? '', 'second')
      assert.equal((await bob.waitFor(({ text }) => text === 'second')).copies, 1)
    })

    test('two linked accounts write to each other', async (t) => {
      const { client, whatsapp, owner, bob, family } = await makeLinkedWorld(t, addressing)
      for (const to of [bob.jid, family.id]) await client.ackOf(await client.say(to, 'before the other has a device'))
      const other = await Client.link(whatsapp, bob)
      await whatsapp.until(() => owner.devices[0]?.unacknowledged === 0)
      t.after(() => other.end())
      for (const [to, chat] of [
        [bob.jid, jidOf(owner)],
        [family.id, family.id],
      ] as const) {
        const id = await client.say(to, `for ${to}`)
        const { message } = await other.message(id)
        assert.equal(message.key.remoteJid, chat)
        assert.equal(message.message?.extendedTextMessage?.text, `for ${to}`)
        const answer = await other.say(chat ?? '', 'answer')
        assert.equal((await client.message(answer)).message.key.fromMe, false)
      }
    })
  })
}

test('somebody who hides the number is known by LID only', async (t) => {
  const { client, whatsapp, owner } = await makeLinkedWorld(t, 'pn')
  const ghost = whatsapp.phone({ number: '15550000009', name: 'Ghost', hidesNumber: true })
  const group = whatsapp.group({ subject: 'Strangers', members: [ghost, owner], addressing: 'pn' })
  const direct = await client.message(await ghost.say(owner, 'boo'))
  assert.deepEqual([direct.message.key.remoteJid, direct.message.key.remoteJidAlt], [ghost.lid, undefined])
  const inGroup = await client.message(await ghost.say(group, 'boo all'))
  assert.deepEqual([inGroup.message.key.participant, inGroup.message.key.participantAlt], [ghost.lid, undefined])
  const { participants } = await client.socket.groupMetadata(group.id)
  assert.deepEqual(
    participants.map(({ id, phoneNumber, lid }) => [id, phoneNumber, lid]),
    [
      [ghost.lid, undefined, undefined],
      [owner.jid, undefined, owner.lid],
    ],
  )
  await client.say(ghost.lid ?? '', 'hello ghost')
  await ghost.waitFor(({ text }) => text === 'hello ghost')
})

test('somebody without a LID can write, but Baileys cannot write back', async (t) => {
  const { client, whatsapp, owner } = await makeLinkedWorld(t)
  const old = whatsapp.phone({ number: '15550000008', name: 'Old', lid: null })
  const { message } = await client.message(await old.say(owner, 'by number'))
  assert.equal(message.key.remoteJid, old.jid)
  const stranger = whatsapp.phone({ number: '15550000007', name: 'Stranger', lid: null })
  await assert.rejects(client.say(stranger.jid, 'hello'), /encryptions failed/)
})

test('a phone that keeps quiet sends no delivery receipts', async (t) => {
  const { client, bob } = await makeLinkedWorld(t)
  bob.sendsReceipts = false
  const first = await client.say(bob.jid, 'no receipt')
  await bob.waitFor(({ id }) => id === first)
  bob.sendsReceipts = true
  const second = await client.say(bob.jid, 'receipt')
  await client.status(second, DELIVERY_ACK)
  assert.equal(
    client.updates.some(({ key }) => key.id === first),
    false,
  )
})

test('the client tells a phone what it has read', async (t) => {
  const { client, whatsapp, owner, bob, family } = await makeLinkedWorld(t)
  for (const to of [owner, family]) {
    const { message } = await client.message(await bob.say(to, 'read me'))
    await client.socket.readMessages([message.key])
    await whatsapp.until(() => bob.receipts.some(({ id, type }) => id === message.key.id && type === 'read'))
  }
})

test('refuses what makes no sense', async (t) => {
  const { whatsapp, owner, bob } = await makeLinkedWorld(t)
  await assert.rejects(bob.say(owner, ''), /empty message/)
  await assert.rejects(async () => bob.say('15559999999', 'hi'), /neither a phone nor a group/)
  const secret = whatsapp.group({ subject: 'Secret', members: [owner] })
  await assert.rejects(bob.say(secret, 'hi'), /not a member/)
  assert.throws(() => bob.read('nothing'), /has not received/)
})
