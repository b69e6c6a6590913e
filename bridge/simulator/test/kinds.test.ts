import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { normalizeMessageContent, proto, type WAMessage } from 'baileys'

import { ControlServer } from '../control.ts'
import type { Addressing } from '../people.ts'
import { makeLinkedWorld, makeWorld } from './world.ts'

const { MESSAGE_EDIT, REVOKE, EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type

const inside = ({ message }: WAMessage) => normalizeMessageContent(message ?? undefined) ?? {}

for (const addressing of ['lid', 'pn'] as const satisfies Addressing[]) {
  describe(`every kind with ${addressing} addressing`, () => {
    test('what phones write, Baileys reads', async (t) => {
      const { client, owner, bob, eve, family } = await makeLinkedWorld(t, addressing)
      const jid = addressing === 'lid' ? eve.lid : eve.jid
      for (const to of [owner, family]) {
        const read = async (id: string) => inside((await client.message(id)).message)
        const first = await bob.say(to, 'First')
        const along = { quote: first, mentions: [eve.number], expiration: 60, forwarded: 3 }
        const answer = (await read(await bob.say(to, 'Second', along))).extendedTextMessage?.contextInfo
        assert.deepEqual(
          [answer?.stanzaId, answer?.quotedMessage?.conversation, answer?.mentionedJid, answer?.expiration],
          [first, 'First', [jid], 60],
        )
        assert.deepEqual([answer?.isForwarded, answer?.forwardingScore], [true, 3])
        const reaction = (await read(await bob.react(first, '👍'))).reactionMessage
        assert.deepEqual([reaction?.text, reaction?.key?.id], ['👍', first])
        const place = (await read(await bob.locate(to, { latitude: 1, longitude: 2, name: 'Gate' }))).locationMessage
        assert.deepEqual([place?.degreesLatitude, place?.degreesLongitude, place?.name], [1, 2, 'Gate'])
        const card = (await read(await bob.contact(to, [{ name: 'A', phones: ['+1 5'] }]))).contactMessage
        assert.match(card?.vcard ?? '', /^FN:A\nitem1\.TEL;waid=15:\+1 5$/mu)
        const pin = await read(await bob.pin(first, 86_400))
        assert.deepEqual(
          [pin.pinInChatMessage?.key?.id, pin.messageContextInfo?.messageAddOnDurationInSecs],
          [first, 86_400],
        )
        for (const form of ['plain', 'wrapped'] as const) {
          const edit = (await read(await bob.edit(first, form, form))).protocolMessage
          assert.deepEqual([edit?.type, edit?.key?.id, edit?.editedMessage?.conversation], [MESSAGE_EDIT, first, form])
        }
        const secret = (await read(await bob.edit(first, 'hidden', 'encrypted'))).secretEncryptedMessage
        assert.equal(secret?.targetMessageKey?.id, first)
        const forward = (await read(await bob.forward(first, to))).extendedTextMessage
        assert.deepEqual([forward?.text, forward?.contextInfo?.isForwarded], ['First', true])
        const deletion = (await read(await bob.delete(first))).protocolMessage
        assert.deepEqual([deletion?.type, deletion?.key?.id], [REVOKE, first])
      }
      const { message } = await client.message(await bob.disappear(owner, 60))
      const setting = inside(message).protocolMessage
      assert.deepEqual([setting?.type, setting?.ephemeralExpiration], [EPHEMERAL_SETTING, 60])
    })

    test('what Baileys writes, phones read', async (t) => {
      const { client, owner, bob, family } = await makeLinkedWorld(t, addressing)
      for (const jid of [bob.jid, family.id]) {
        const send = async (content: Parameters<typeof client.socket.sendMessage>[1]) => {
          const sent = await client.socket.sendMessage(jid, content)
          assert.ok(sent)
          return { sent, got: await bob.waitFor(({ id }) => id === sent.key.id) }
        }
        const { sent } = await send({ text: 'First' })
        const about = { target: sent.key.id, target_from: owner.number }
        const part = ({ kind, target, target_from }: typeof first) => ({ kind, target, target_from })
        const first = (await send({ react: { text: '👍', key: sent.key } })).got
        assert.deepEqual(part(first), { kind: 'reaction', ...about })
        const forward = (await send({ forward: sent, force: true })).got
        assert.deepEqual([forward.text, forward.forwarded], ['First', 1])
        const edit = (await send({ text: 'Second', edit: sent.key })).got
        assert.deepEqual([part(edit), edit.text], [{ kind: 'edit', ...about }, 'Second'])
        const pin = (await send({ pin: sent.key, type: 1, time: 604_800 })).got
        assert.deepEqual([part(pin), pin.seconds], [{ kind: 'pin', ...about }, 604_800])
        assert.deepEqual(part((await send({ delete: sent.key })).got), { kind: 'delete', ...about })
        const place = (await send({ location: { degreesLatitude: 1, degreesLongitude: 2 } })).got
        assert.deepEqual(place.location, { latitude: 1, longitude: 2, name: '', address: '', live: false })
      }
    })
  })
}

test('verbs write every kind, and tell of each', async (t) => {
  const { whatsapp, owner, bob, family } = await makeWorld(t)
  const control = await ControlServer.start(whatsapp, { onError: (error) => assert.ifError(error) })
  t.after(() => control.close())
  const call = async (verb: string, args: object) => {
    const body = JSON.stringify({ number: bob.number, ...args })
    const response = await fetch(`${control.url}/${verb}`, { method: 'POST', body })
    return (await response.json()) as Record<string, string>
  }
  const to = family.id
  const { id } = await call('phone.say', { to, text: 'First' })
  const written = [
    ['phone.say', { to, text: 'Again', quote: id, mentions: [owner.number], expiration: 60, forwarded: 2 }],
    ['phone.react', { id, emoji: '👍' }],
    ['phone.edit', { id, text: 'Second' }],
    ['phone.edit', { id, text: 'Third', form: 'encrypted', creator: 'pn', author: 'lid' }],
    ['phone.locate', { to, latitude: 1, longitude: 2, live: true }],
    ['phone.contact', { to, contacts: [{ name: 'A', phones: ['1'] }] }],
    ['phone.pin', { id, seconds: 0 }],
    ['phone.forward', { id, to: owner.number }],
    ['phone.disappear', { to: owner.number, seconds: 60 }],
    ['phone.delete', { id }],
  ] as const
  const ids: (string | undefined)[] = []
  for (const [verb, args] of written) ids.push((await call(verb, args))['id'])
  const told = owner.inbox.filter((message) => ids.includes(message.id))
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['text', 'reaction', 'edit', 'other', 'location', 'contact', 'unpin', 'text', 'disappearing', 'delete'],
  )
  const [first] = told
  assert.deepEqual([first?.quoted, first?.quoted_from, first?.quoted_text], [id, bob.number, 'First'])
  assert.deepEqual([first?.mentions, first?.expiration, first?.forwarded], [[owner.number], 60, 2])
  assert.match((await call('phone.react', { id: 'nothing', emoji: '👍' }))['error'] ?? '', /has not seen/u)
  assert.match((await call('phone.say', { to, text: 'x', mentions: [to] }))['error'] ?? '', /Only people/u)
})
