import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Contact, Location, Media, MessageKind, Poll } from '../src/protocol.ts'
import type { Chat } from '../simulator/inbox.ts'
import type { Addressing } from '../simulator/people.ts'
import type { Phone } from '../simulator/phone.ts'
import type { Along } from '../simulator/writing.ts'
import { values, identitiesOf } from './support/engine.ts'
import { MEDIA } from './support/rows.ts'

import { eventOf, makeWriter, PLACES } from './support/writer.ts'

const BYTES = Buffer.from('a file')
const MODES = ['lid', 'pn'] as const satisfies Addressing[]

interface Said {
  kind: MessageKind
  text: string | null
  poll: Poll | null
  media: Media | null
  location: Location | null
  contacts: Contact[]
}

const nothing: Said = { kind: 'text', text: null, poll: null, media: null, location: null, contacts: [] }
const place: Location = { latitude: 52.5, longitude: 13.25, name: 'Gate', address: 'Street 1', live: false }
const file: Media = { ...MEDIA, size: BYTES.length }

interface Row {
  name: string
  write: (phone: Phone, to: Chat, along: Along) => Promise<string>
  said: Partial<Said>
  viewOnce?: true
}

const ROWS: Row[] = [
  { name: 'text', write: (phone, to, along) => phone.say(to, 'Hello', along), said: { text: 'Hello' } },
  {
    name: 'image',
    write: (phone, to, along) =>
      phone.sendMedia(to, { kind: 'image', bytes: BYTES, caption: 'Door', width: 640, height: 480 }, along),
    said: { kind: 'image', text: 'Door', media: { ...file, width: 640, height: 480 } },
  },
  {
    name: 'image to be viewed once',
    write: (phone, to, along) => phone.sendMedia(to, { kind: 'image', bytes: BYTES, viewOnce: true }, along),
    said: { kind: 'image', media: { ...file, view_once: true } },
    viewOnce: true,
  },
  {
    name: 'video',
    write: (phone, to, along) => phone.sendMedia(to, { kind: 'video', bytes: BYTES, seconds: 3 }, along),
    said: { kind: 'video', media: { ...file, mime: 'video/mp4', seconds: 3 } },
  },
  {
    name: 'GIF',
    write: (phone, to, along) => phone.sendMedia(to, { kind: 'gif', bytes: BYTES }, along),
    said: { kind: 'video', media: { ...file, mime: 'video/mp4', gif: true } },
  },
  {
    name: 'audio',
    write: (phone, to, along) => phone.sendMedia(to, { kind: 'audio', bytes: BYTES, seconds: 2 }, along),
    said: { kind: 'audio', media: { ...file, mime: 'audio/mpeg', seconds: 2 } },
  },
  {
    name: 'voice note',
    write: (phone, to, along) => phone.sendMedia(to, { kind: 'voice', bytes: BYTES, seconds: 2 }, along),
    said: { kind: 'audio', media: { ...file, mime: 'audio/ogg', seconds: 2, voice: true } },
  },
  {
    name: 'document',
    write: (phone, to, along) =>
      phone.sendMedia(
        to,
        { kind: 'document', bytes: BYTES, mime: 'application/pdf', fileName: 'a.pdf', caption: 'Read' },
        along,
      ),
    said: { kind: 'document', text: 'Read', media: { ...file, mime: 'application/pdf', file_name: 'a.pdf' } },
  },
  {
    name: 'sticker',
    write: (phone, to, along) => phone.sendMedia(to, { kind: 'sticker', bytes: BYTES, width: 512, height: 512 }, along),
    said: { kind: 'sticker', media: { ...file, mime: 'image/webp', width: 512, height: 512 } },
  },
  {
    name: 'location',
    write: (phone, to, along) =>
      phone.locate(to, { latitude: 52.5, longitude: 13.25, name: 'Gate', address: 'Street 1' }, along),
    said: { kind: 'location', location: place },
  },
  {
    name: 'live location',
    write: (phone, to, along) =>
      phone.locate(to, { latitude: 52.5, longitude: 13.25, name: 'On my way', live: true }, along),
    said: { kind: 'location', text: 'On my way', location: { ...place, name: null, address: null, live: true } },
  },
  {
    name: 'contact',
    write: (phone, to, along) => phone.contact(to, [{ name: 'Doc', phones: ['+1 555 0000099', '112'] }], along),
    said: { kind: 'contact', contacts: [{ name: 'Doc', phones: ['+1 555 0000099', '112'] }] },
  },
  {
    name: 'contacts',
    write: (phone, to, along) =>
      phone.contact(
        to,
        [
          { name: 'A', phones: ['1'] },
          { name: 'B', phones: [] },
        ],
        along,
      ),
    said: {
      kind: 'contact',
      contacts: [
        { name: 'A', phones: ['1'] },
        { name: 'B', phones: [] },
      ],
    },
  },
]

for (const addressing of MODES) {
  describe(`what the engine tells, addressed by ${addressing}`, () => {
    for (const where of PLACES) {
      test(`from a ${where}: every kind`, async (t) => {
        const world = await makeWriter(t, addressing, where)
        const { writer, to } = world
        for (const { name, write, said, viewOnce = false } of ROWS) {
          await t.test(name, async () => {
            const event = await eventOf(world, 'message', await write(writer, to, {}))
            const { kind, text, poll, media, location, contacts } = event
            assert.deepEqual({ kind, text, poll, media, location, contacts }, { ...nothing, ...said })
            assert.deepEqual(values(event.sender), identitiesOf(writer))
            assert.equal(event.from_me, where === 'own phone')
            const { forwarded, edited, view_once, quoted } = event.origin
            assert.deepEqual([forwarded, edited, view_once, quoted], [false, false, viewOnce, false])
          })
        }
      })

      test(`from a ${where}: answers, mentions and forwards, in every kind`, async (t) => {
        const world = await makeWriter(t, addressing, where)
        const { writer, to, eve } = world
        const first = await writer.say(to, 'First')
        for (const { name, write } of ROWS) {
          const id = await write(writer, to, { quote: first, mentions: [eve.number], forwarded: 2 })
          const { quoted_external_id, mentions, origin } = await eventOf(world, 'message', id)
          assert.equal(quoted_external_id, first, name)
          assert.deepEqual(mentions.map(values), [[addressing === 'lid' ? eve.lid : eve.jid]], name)
          assert.deepEqual([origin.quoted, origin.forwarded], [true, true], name)
        }
      })
    }
  })
}
