import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { mediaOf, plainName } from '../src/engine/baileys/content-media.ts'
import { readContent } from '../src/engine/baileys/content.ts'
import { readChange } from '../src/engine/baileys/edits.ts'
import { proto } from '../src/engine/baileys/library.ts'
import { createLogger } from '../src/log.ts'
import { LIMITS } from '../src/protocol.ts'
import { makeLinkedWorld } from './support/engine.ts'

const MEGABYTE = 'x'.repeat(1024 * 1024)
const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type

function received(message: proto.IMessage): proto.IMessage {
  return proto.Message.decode(proto.Message.encode(message).finish())
}

describe('files of strangers', () => {
  const names: [string | null | undefined, string | null][] = [
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd', 'passwd'],
    [String.raw`C:\Windows\system.ini`, 'system.ini'],
    ['/', null],
    ['..', null],
    ['a/..', null],
    ['', null],
    [null, null],
    ['a\u0000b\nc.txt', 'abc.txt'],
    ['exe.\u202Efdp', 'exe.fdp'],
    [`${MEGABYTE}.pdf`, `${'x'.repeat(251)}.pdf`],
    [`${MEGABYTE}/a.pdf`, 'a.pdf'],
  ]
  for (const [name, plain] of names) {
    test(`the name ${JSON.stringify([name]).slice(1, 30)}`, () => assert.equal(plainName(name), plain))
  }

  const claims: [proto.Message.IImageMessage, object][] = [
    [{ mimetype: 'IMAGE/JPEG; charset=x' }, { mime: 'image/jpeg' }],
    [{ mimetype: 'image/jpeg\r\nX: y' }, { mime: 'application/octet-stream' }],
    [{ mimetype: '<script>' }, { mime: 'application/octet-stream' }],
    [{ mimetype: `image/${MEGABYTE}` }, { mime: 'application/octet-stream' }],
    [{}, { mime: 'application/octet-stream', size: null, width: null, height: null }],
    [{ fileLength: 5_000_000_000 }, { size: 5_000_000_000 }],
    [
      { width: 0, height: 4_294_967_295 },
      { width: null, height: null },
    ],
  ]
  for (const [claim, expected] of claims) {
    test(`the claim ${JSON.stringify(claim).slice(0, 40)}`, () => {
      const told = mediaOf(received({ imageMessage: claim }))
      assert.ok(told)
      assert.deepEqual({ ...told, ...expected }, told)
    })
  }

  test('a size beyond all numbers', () => {
    const huge = Buffer.concat([Buffer.from([0x1a, 0x0b, 0x28]), Buffer.alloc(9, 0xff), Buffer.from([0x01])])
    const message = proto.Message.decode(huge)
    assert.ok(message.imageMessage?.fileLength)
    assert.equal(mediaOf(message)?.size, null)
  })
})

describe('places and people of strangers', () => {
  const nowhere: proto.Message.ILocationMessage[] = [
    {},
    { degreesLatitude: Number.NaN, degreesLongitude: 0 },
    { degreesLatitude: Infinity, degreesLongitude: 0 },
    { degreesLatitude: 91, degreesLongitude: 0 },
    { degreesLatitude: 0, degreesLongitude: -181 },
  ]
  for (const locationMessage of nowhere) {
    test(`nowhere: ${Object.values(locationMessage).join(' ')}`, () => {
      const said = readContent(received({ locationMessage }))?.said
      assert.deepEqual([said?.kind, said?.location], ['location', null])
    })
  }

  test('long names have an end', () => {
    const place = { degreesLatitude: 1, degreesLongitude: 2, name: MEGABYTE, address: MEGABYTE }
    const location = readContent(received({ locationMessage: place }))?.said.location
    assert.deepEqual([location?.name?.length, location?.address?.length], [LIMITS.name_chars, LIMITS.caption_chars])
  })

  const cards: [string, string, { name: string | null; phones: string[] }][] = [
    ['folded', 'FN:Long\r\n  name\r\nTEL:1\r\n 2', { name: 'Long name', phones: ['12'] }],
    [
      'grouped and typed',
      'item1.TEL;type=CELL;waid=123:+1 23\nitem2.fn;CHARSET=UTF-8:A',
      { name: 'A', phones: ['+1 23'] },
    ],
    ['escaped', String.raw`FN:A\, B\; C\\ D\nTEL:9`, { name: String.raw`A, B; C\ D TEL:9`, phones: [] }],
    ['a URI', 'TEL;VALUE=uri:tel:+1-23', { name: 'X', phones: ['+1-23'] }],
    ['several names', 'FN:A\nFN:B', { name: 'A', phones: [] }],
    ['no card', 'nothing\u0000at all', { name: 'X', phones: [] }],
    ['control characters', 'FN:A\u0007B\u0000\nTEL:1\u001B[2J', { name: 'A B', phones: ['1 [2J'] }],
    ['endless', `FN:${MEGABYTE}\nTEL:${MEGABYTE}`, { name: 'x'.repeat(LIMITS.name_chars), phones: [] }],
    ['a long number', `TEL:${'1'.repeat(1000)}`, { name: 'X', phones: ['1'.repeat(64)] }],
  ]
  for (const [name, vcard, expected] of cards) {
    test(`a card: ${name}`, () => {
      const contacts = readContent(received({ contactMessage: { displayName: 'X', vcard } }))?.said.contacts
      assert.deepEqual(contacts, [expected])
    })
  }

  test('a thousand cards with a thousand numbers each', () => {
    const vcard = Array.from({ length: 1000 }, (_, index) => `TEL:${index}`).join('\n')
    const contacts = Array.from({ length: 1000 }, () => ({ displayName: MEGABYTE.slice(0, 1000), vcard }))
    const told = readContent(received({ contactsArrayMessage: { contacts } }))?.said.contacts ?? []
    assert.equal(told.length, 64)
    assert.ok(
      told.every(({ name, phones }) => name?.length === LIMITS.name_chars && phones.length === LIMITS.contacts_max),
    )
  })
})

test('what goes along has an end', () => {
  const mentionedJid = Array.from({ length: 10_000 }, (_, index) => `${15_550_000_000 + index}@s.whatsapp.net`)
  const contextInfo = { mentionedJid, stanzaId: MEGABYTE }
  const content = readContent(received({ extendedTextMessage: { text: 'x', contextInfo } }))
  assert.equal(content?.mentioned.length, LIMITS.mentions_max)
  assert.deepEqual([content.quoted_external_id, content.told.quoted], [null, true])
})

describe('changes of strangers', () => {
  const key = { remoteJid: '15550000002@s.whatsapp.net', fromMe: false, id: 'K' }
  const book = { aliases: () => [], message: () => undefined, log: createLogger('silent') }
  const target = { id: 'T' }
  const change = (message: proto.IMessage) => readChange(received(message), key, undefined, undefined, book)
  const nothings: proto.IMessage[] = [
    { reactionMessage: { text: '👍' } },
    { reactionMessage: { key: { id: '' }, text: '👍' } },
    { reactionMessage: { key: { id: MEGABYTE }, text: '👍' } },
    { protocolMessage: { type: REVOKE } },
    { protocolMessage: { key: target, type: MESSAGE_EDIT } },
    { protocolMessage: { type: MESSAGE_EDIT, editedMessage: { conversation: 'x' } } },
    { editedMessage: { message: { conversation: 'x' } } },
    { secretEncryptedMessage: { targetMessageKey: target } },
    {
      secretEncryptedMessage: {
        targetMessageKey: target,
        encIv: Buffer.alloc(0),
        encPayload: Buffer.alloc(3),
        secretEncType: 2,
      },
    },
  ]
  for (const message of nothings) {
    test(`nothing: ${JSON.stringify(message).slice(0, 80)}`, () => assert.equal(change(message), undefined))
  }

  test('long ones have an end', () => {
    const reaction = change({ reactionMessage: { key: target, text: MEGABYTE } })
    assert.ok(reaction?.type === 'reaction' && reaction.emoji?.length === LIMITS.emoji_chars)
    const edit = change({
      protocolMessage: { key: target, type: MESSAGE_EDIT, editedMessage: { conversation: MEGABYTE } },
    })
    assert.ok(edit?.type === 'edit' && edit.text?.length === LIMITS.text_chars)
  })
})

test('on the wire, each costs itself only', async (t) => {
  const { whatsapp, owner, bob, host } = await makeLinkedWorld(t)
  const hostile: proto.IMessage[] = [
    { reactionMessage: { text: '👍' } },
    { pollUpdateMessage: {} },
    { protocolMessage: { type: REVOKE } },
    { protocolMessage: { type: MESSAGE_EDIT } },
    { protocolMessage: {} },
    { editedMessage: {} },
    { secretEncryptedMessage: { secretEncType: 2 } },
    { pinInChatMessage: {} },
    { contactsArrayMessage: { contacts: [{}, { vcard: MEGABYTE }] } },
    { liveLocationMessage: { degreesLatitude: Number.NaN } },
    { documentMessage: { fileName: `../${MEGABYTE}`, mimetype: MEGABYTE } },
    {
      extendedTextMessage: {
        text: MEGABYTE,
        contextInfo: { mentionedJid: ['\u0000', MEGABYTE, 'x@g.us'], expiration: 4_294_967_295 },
      },
    },
  ]
  for (const message of hostile) {
    await bob.write(owner, message, { type: 'text' })
    const id = await bob.say(owner, 'Still there?')
    await whatsapp.until(() => host.withId('message', id).length > 0)
  }
  assert.deepEqual(
    host
      .of('message')
      .filter(({ text }) => text !== 'Still there?')
      .map(({ kind }) => kind),
    ['contact', 'location', 'document', 'text'],
  )
  await whatsapp.until(() => (host.store.rows.get('inbox')?.size ?? 0) === 0)
})
