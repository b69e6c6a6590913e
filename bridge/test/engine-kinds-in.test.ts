import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Contact, Location, Media, MessageKind, Poll } from '../src/protocol.ts'
import type { EngineEvent } from '../src/engine/engine.ts'
import type { Chat } from '../simulator/inbox.ts'
import type { Addressing } from '../simulator/people.ts'
import type { Phone } from '../simulator/phone.ts'
import type { Along } from '../simulator/writing.ts'
import { groupOf, makeLinkedWorld, send, phoneOf, values, identitiesOf } from './support/engine.ts'
import { MEDIA } from './support/rows.ts'

type World = Awaited<ReturnType<typeof makeLinkedWorld>>

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

/** The one event that a message became. */
async function eventOf<T extends EngineEvent['type']>(
  { whatsapp, host }: World,
  type: T,
  id: string,
): Promise<Extract<EngineEvent, { type: T }>> {
  const found = () => host.of(type).filter((event) => 'external_id' in event && event.external_id === id)
  await whatsapp.until(() => found().length > 0)
  const all = host.events.filter(
    (event) => 'external_id' in event && event.external_id === id && event.type !== 'receipt',
  )
  assert.equal(all.length, 1, 'told twice')
  const [event] = found()
  assert.ok(event)
  return event
}

for (const addressing of MODES) {
  describe(`what the engine tells, addressed by ${addressing}`, () => {
    for (const where of ['person', 'group', 'own phone'] as const) {
      const start = async (t: Parameters<typeof makeLinkedWorld>[0]) => {
        const world = await makeLinkedWorld(t, addressing)
        const { owner, bob, family } = world
        const to: Chat = where === 'group' ? family : where === 'person' ? owner : bob
        return { ...world, writer: where === 'own phone' ? owner : bob, to }
      }

      test(`from a ${where}: every kind`, async (t) => {
        const world = await start(t)
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
        const world = await start(t)
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

      test(`from a ${where}: a reaction, another, and taken back`, async (t) => {
        const world = await start(t)
        const { writer, to } = world
        const target = await writer.say(to, 'Well?')
        await eventOf(world, 'message', target)
        for (const form of ['plain', 'encrypted'] as const) {
          for (const emoji of ['👍', '❤️', '']) {
            const event = await eventOf(world, 'reaction', await writer.react(target, emoji, form))
            assert.deepEqual([event.target_external_id, event.emoji], [target, emoji || null])
            assert.deepEqual(values(event.sender), identitiesOf(writer))
            assert.equal(event.from_me, where === 'own phone')
          }
        }
      })

      for (const form of ['plain', 'wrapped', 'encrypted'] as const) {
        test(`from a ${where}: an edit, ${form}`, async (t) => {
          const world = await start(t)
          const { writer, to } = world
          const image = await writer.sendMedia(to, { kind: 'image', bytes: BYTES, caption: 'Frist' })
          for (const target of [await writer.say(to, 'Frist'), image]) {
            await eventOf(world, 'message', target)
            const event = await eventOf(world, 'edit', await writer.edit(target, 'First', form))
            assert.deepEqual([event.target_external_id, event.text, event.origin.edited], [target, 'First', true])
            assert.deepEqual(values(event.sender), identitiesOf(writer))
          }
        })
      }

      test(`from a ${where}: an encrypted edit, by whichever identities`, async (t) => {
        const world = await start(t)
        const { writer, to } = world
        const target = await writer.say(to, 'Frist')
        await eventOf(world, 'message', target)
        for (const creator of MODES) {
          for (const author of MODES) {
            const id = await writer.edit(target, `${creator} ${author}`, 'encrypted', { creator, author })
            assert.equal((await eventOf(world, 'edit', id)).text, `${creator} ${author}`)
          }
        }
      })

      test(`from a ${where}: a deletion`, async (t) => {
        const world = await start(t)
        const { writer, to } = world
        const target = await writer.say(to, 'Oops')
        const event = await eventOf(world, 'revoke', await writer.delete(target))
        assert.deepEqual([event.target_external_id, event.as_admin], [target, false])
        assert.deepEqual(values(event.sender), identitiesOf(writer))
      })
    }

    test('what comes twice is told once', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, family } = world
      for (const to of [owner, family]) {
        const target = await bob.say(to, 'First')
        const writing = [
          () => bob.react(target, '👍'),
          () => bob.edit(target, 'Second'),
          () => bob.edit(target, 'Third', 'encrypted'),
          () => bob.locate(to, { latitude: 1, longitude: 2 }),
          () => bob.delete(target),
        ]
        const ids: string[] = []
        for (const write of writing) {
          whatsapp.faults.set({ kind: 'duplicate', times: 1 })
          ids.push(await write())
          await eventOf(world, 'message', await bob.say(to, 'And on'))
        }
        const told = world.host.events.flatMap((event) => ('external_id' in event ? event.external_id : []))
        assert.deepEqual(
          told.filter((id) => ids.includes(id)),
          ids,
        )
      }
    })

    test('an admin deletes what somebody else wrote', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, eve } = world
      const group = whatsapp.group({ subject: 'Yard', members: [bob, owner, eve] })
      const target = await eve.say(group, 'Spam')
      const event = await eventOf(world, 'revoke', await bob.delete(target))
      assert.deepEqual([event.target_external_id, event.as_admin], [target, true])
    })

    test('an encrypted reaction to what somebody else wrote, by whichever identities', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { bob, eve, family, host, engine } = world
      const ours = await send(engine, host, groupOf(family), 'Ours')
      await bob.waitFor(({ id }) => id === ours)
      const theirs = await eve.say(family, 'Theirs')
      await eventOf(world, 'message', theirs)
      for (const target of [ours, theirs]) {
        for (const creator of MODES) {
          for (const author of MODES) {
            const event = await eventOf(
              world,
              'reaction',
              await bob.react(target, '👍', 'encrypted', { creator, author }),
            )
            assert.deepEqual([event.target_external_id, event.emoji], [target, '👍'])
          }
        }
      }
    })

    test('an edit on the own phone of what this bridge sent, encrypted', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { owner, bob, host, engine } = world
      const id = await send(engine, host, phoneOf(bob), 'Frist')
      await owner.waitFor((message) => message.id === id)
      const event = await eventOf(world, 'edit', await owner.edit(id, 'First', 'encrypted'))
      assert.deepEqual([event.target_external_id, event.text, event.from_me], [id, 'First', true])
    })

    test('an edit that does not decrypt costs itself only', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { owner, bob, eve, family, host } = world
      const theirs = await eve.say(family, 'Mine')
      await eventOf(world, 'message', theirs)
      const forged = await bob.edit(theirs, 'Not mine', 'encrypted')
      const unknown = await bob.say(owner, 'Known')
      host.messages.delete(unknown)
      await eventOf(world, 'message', unknown)
      host.messages.delete(unknown)
      const keyless = await bob.edit(unknown, 'Nobody can tell', 'encrypted')
      await eventOf(world, 'message', await bob.say(owner, 'And on'))
      await eventOf(world, 'message', await bob.say(family, 'And on'))
      const ids = new Set([forged, keyless])
      assert.deepEqual(
        host.events.filter((event) => 'external_id' in event && ids.has(event.external_id)),
        [],
      )
    })
  })
}
