import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { aliasOf, pairOf, partiesOf } from '../src/engine/baileys/addresses.ts'
import { readContent } from '../src/engine/baileys/content.ts'
import { proto } from '../src/engine/baileys/library.ts'
import { Pairs } from '../src/engine/baileys/pairs.ts'
import type { Alias } from '../src/engine/engine.ts'
import { LIMITS } from '../src/protocol.ts'

/** As it comes from the wire: what is absent there is `null` or a default here. */
function received(message: proto.IMessage) {
  return readContent(proto.Message.decode(proto.Message.encode(message).finish()))
}

const image = { imageMessage: { caption: 'Look', mimetype: 'image/jpeg' } }
const poll = {
  name: 'Q',
  options: [{ optionName: 'A' }, { optionName: 'B' }],
  selectableOptionsCount: 2,
}

describe('what a message says', () => {
  const kinds: [string, proto.IMessage, string | null][] = [
    ['text', { conversation: 'hi' }, 'hi'],
    ['text', { extendedTextMessage: { text: 'hi' } }, 'hi'],
    ['image', image, 'Look'],
    ['video', { videoMessage: { caption: 'Look' } }, 'Look'],
    ['video', { ptvMessage: {} }, null],
    ['audio', { audioMessage: { ptt: true } }, null],
    ['document', { documentMessage: { caption: 'Read', fileName: 'x.pdf' } }, 'Read'],
    ['document', { documentWithCaptionMessage: { message: { documentMessage: { caption: 'Read' } } } }, 'Read'],
    ['sticker', { stickerMessage: {} }, null],
    ['sticker', { lottieStickerMessage: { message: { stickerMessage: {} } } }, null],
    ['location', { locationMessage: { degreesLatitude: 1, degreesLongitude: 2 } }, null],
    ['location', { liveLocationMessage: {} }, null],
    ['contact', { contactMessage: { displayName: 'X' } }, null],
    ['contact', { contactsArrayMessage: {} }, null],
    ['other', { groupInviteMessage: { groupJid: 'x' } }, null],
    ['image', { viewOnceMessageV2: { message: image } }, 'Look'],
    ['image', { ephemeralMessage: { message: { viewOnceMessage: { message: image } } } }, 'Look'],
    ['image', { associatedChildMessage: { message: image } }, 'Look'],
    ['poll', { pollCreationMessage: poll }, null],
    ['poll', { pollCreationMessageV2: poll }, null],
    ['poll', { pollCreationMessageV3: poll }, null],
    ['poll', { pollCreationMessageV5: poll }, null],
    ['poll', { pollCreationMessageV4: { message: { pollCreationMessage: poll } } }, null],
    ['text', { senderKeyDistributionMessage: { groupId: 'x' }, conversation: 'hi' }, 'hi'],
  ]
  for (const [kind, message, text] of kinds) {
    test(`${kind}: ${Object.keys(message).join()}`, () => {
      const said = received(message)?.said
      assert.deepEqual([said?.kind, said?.text], [kind, text])
      assert.deepEqual(said?.poll, kind === 'poll' ? { question: 'Q', options: ['A', 'B'], selectable: 2 } : null)
    })
  }

  const key = { remoteJid: 'x', id: 'y' }
  const nothings: proto.IMessage[] = [
    {},
    { conversation: '' },
    { reactionMessage: { key, text: '👍' } },
    { protocolMessage: { key, type: proto.Message.ProtocolMessage.Type.REVOKE } },
    { editedMessage: { message: { protocolMessage: { key, editedMessage: { conversation: 'edited' } } } } },
    { senderKeyDistributionMessage: { groupId: 'x' } },
    { messageContextInfo: { messageSecret: new Uint8Array(32) } },
    { pinInChatMessage: { key } },
    { ephemeralMessage: { message: { reactionMessage: { key, text: '👍' } } } },
  ]
  for (const message of nothings) {
    test(`nothing: ${JSON.stringify(Object.keys(message))}`, () => assert.equal(received(message), undefined))
  }

  test('an answer, forwarded', () => {
    const contextInfo = { stanzaId: 'Q1', isForwarded: true }
    const content = received({ extendedTextMessage: { text: 'yes', contextInfo } })
    assert.equal(content?.quoted_external_id, 'Q1')
    assert.deepEqual(content.told, { forwarded: true, quoted: true, view_once: false })
  })

  test('endless wrappings and texts have an end', () => {
    let message: proto.IMessage = { conversation: 'deep' }
    for (let depth = 0; depth < 20; depth++) message = { ephemeralMessage: { message } }
    assert.notEqual(received(message)?.said.text, 'deep')
    assert.equal(received({ conversation: 'x'.repeat(LIMITS.text_chars + 1) })?.said.text?.length, LIMITS.text_chars)
    const options = Array.from({ length: 1000 }, (_, index) => ({ optionName: String(index).repeat(200) }))
    const many = received({ pollCreationMessage: { name: 'x'.repeat(1000), options } })?.said.poll
    assert.equal(many?.options.length, 100)
    assert.ok(many.options.every((option) => option.length <= LIMITS.poll_option_chars))
    assert.equal(many.question.length, LIMITS.poll_question_chars)
  })
})

describe('addresses', () => {
  const known: [string, Alias][] = [
    ['15550000001@s.whatsapp.net', { kind: 'phone', value: '15550000001@s.whatsapp.net' }],
    ['15550000001:12@s.whatsapp.net', { kind: 'phone', value: '15550000001@s.whatsapp.net' }],
    ['15550000001_0:12@s.whatsapp.net', { kind: 'phone', value: '15550000001@s.whatsapp.net' }],
    ['15550000001@c.us', { kind: 'phone', value: '15550000001@s.whatsapp.net' }],
    ['15550000001:99@hosted', { kind: 'phone', value: '15550000001@s.whatsapp.net' }],
    ['900000000000001:3@lid', { kind: 'lid', value: '900000000000001@lid' }],
    ['900000000000001@hosted.lid', { kind: 'lid', value: '900000000000001@lid' }],
    ['120363000000000001@g.us', { kind: 'group', value: '120363000000000001@g.us' }],
    ['15550000001-1500000000@g.us', { kind: 'group', value: '15550000001-1500000000@g.us' }],
  ]
  for (const [jid, alias] of known) test(jid, () => assert.deepEqual(aliasOf(jid), alias))

  for (const jid of [
    'status@broadcast',
    '120363000000000009@newsletter',
    '13135550002@bot',
    '0@c.us',
    '@s.whatsapp.net',
    '15550000001',
    '15550000001@s.whatsapp.net\n',
    '../15550000001@lid',
    '15550000001@lid@g.us',
    'x'.repeat(100_000),
    '',
    null,
    undefined,
  ]) {
    test(`no address: ${JSON.stringify([jid]).slice(0, 40)}`, () => assert.equal(aliasOf(jid), undefined))
  }

  const me = { id: '15550000001:1@s.whatsapp.net', lid: '900000000000001:1@lid', name: 'Me' }
  const bob = { pn: '15550000002@s.whatsapp.net', lid: '900000000000002@lid' }

  test('a pair is a number and a LID', () => {
    assert.ok(pairOf(bob.pn, bob.lid))
    assert.equal(pairOf(bob.pn, bob.pn), undefined)
    assert.equal(pairOf(bob.lid, '120363000000000001@g.us'), undefined)
  })

  test('the own number beside somebody else is not theirs', () => {
    const told: Alias[][] = []
    const pairs = new Pairs({ learn: (aliases) => told.push(aliases) }, () => me)
    assert.deepEqual(pairs.learn([{ pn: me.id, lid: bob.lid }]), [])
    assert.deepEqual(pairs.learn([{ pn: bob.pn, lid: me.lid }]), [])
    pairs.learn([bob, { pn: me.id, lid: me.lid }])
    pairs.learn([bob])
    assert.equal(told.length, 2)
    const parties = partiesOf({ remoteJid: bob.lid, remoteJidAlt: me.id, fromMe: true, id: 'x' }, me)
    assert.deepEqual(parties?.chat, { kind: 'person', aliases: [{ kind: 'lid', value: bob.lid }] })
    assert.equal(parties.sender.kind, 'self')
  })
})
