import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Address, MediaFile, MessageRef, Sendable, SendContext } from '../src/engine/engine.ts'
import type { ReceivedMessage } from '../simulator/inbox.ts'
import type { Phone } from '../simulator/phone.ts'
import { groupOf, makeLinkedWorld, phoneOf, send } from './support/engine.ts'

type World = Awaited<ReturnType<typeof makeLinkedWorld>>
type Got = Partial<ReceivedMessage>

const BYTES = Buffer.from([0xff, 0xd8, 0xff, 0xd9])
const PICTURE = BYTES.toString('base64')
const URL = 'https://example.com/a'
const file = (mime: string): MediaFile => ({ path: '/nowhere', size: 4, mime })
const LOCATION: Sendable = { kind: 'location', latitude: 52.5, longitude: 13.25, name: 'Gate', address: 'Street 1' }

/** A message of somebody, as the core refers to it. */
function refTo({ host }: World, id: string): MessageRef {
  const event = host.of('message').find(({ external_id }) => external_id === id)
  assert.ok(event)
  return event
}

/** A message that the engine sent. */
function ownRef({ owner, host }: World, id: string, chat: Address): MessageRef {
  const raw = host.message(id)?.raw
  assert.ok(raw)
  return { external_id: id, from_me: true, chat, sender: { ...phoneOf(owner), kind: 'self' }, raw }
}

async function told(world: World, id: string): Promise<MessageRef> {
  await world.whatsapp.until(() => world.host.withId('message', id).length > 0)
  return refTo(world, id)
}

/** What the phone read of it, without what every message has. */
function facts({
  index: _1,
  id: _2,
  timestamp: _3,
  copies: _4,
  message: _5,
  attrs: _6,
  chat: _7,
  ...rest
}: ReceivedMessage): Got {
  return rest
}

interface Row {
  name: string
  content: Sendable
  context?: Partial<SendContext>
  /** But for `from`. */
  expected: Got
}

const media = { mime: '', size: 0, sha256: '', view_once: false }

const ROWS: Row[] = [
  {
    name: 'text',
    content: { kind: 'text', text: '*Hello* https://example.com/a' },
    expected: { kind: 'text', text: '*Hello* https://example.com/a' },
  },
  {
    name: 'text with a link preview',
    content: {
      kind: 'text',
      text: `Look: ${URL}`,
      preview: { url: URL, title: 'A', description: 'B', thumbnail: PICTURE },
    },
    expected: { kind: 'text', text: `Look: ${URL}`, preview: { url: URL, title: 'A', description: 'B', thumbnail: 4 } },
  },
  {
    name: 'image',
    content: { kind: 'image', ticket: 't', caption: 'Door', thumbnail: PICTURE, width: 640, height: 480 },
    context: { media: file('image/jpeg') },
    expected: {
      kind: 'image',
      text: 'Door',
      media: { ...media, kind: 'image', mime: 'image/jpeg', caption: 'Door', thumbnail: 4, width: 640, height: 480 },
    },
  },
  {
    name: 'image to be viewed once',
    content: { kind: 'image', ticket: 't', view_once: true },
    context: { media: file('image/jpeg') },
    expected: {
      kind: 'image',
      media: { ...media, kind: 'image', mime: 'image/jpeg', view_once: true },
      view_once: true,
    },
  },
  {
    name: 'video without a thumbnail',
    content: { kind: 'video', ticket: 't', caption: 'Yard', seconds: 3.4 },
    context: { media: file('video/mp4') },
    expected: {
      kind: 'video',
      text: 'Yard',
      media: { ...media, kind: 'video', mime: 'video/mp4', caption: 'Yard', seconds: 3 },
    },
  },
  {
    name: 'GIF',
    content: { kind: 'video', ticket: 't', gif: true, thumbnail: PICTURE, width: 2, height: 1 },
    context: { media: file('video/mp4') },
    expected: { kind: 'gif', media: { ...media, kind: 'gif', mime: 'video/mp4', thumbnail: 4, width: 2, height: 1 } },
  },
  {
    name: 'audio',
    content: { kind: 'audio', ticket: 't', seconds: 2 },
    context: { media: file('audio/mpeg') },
    expected: { kind: 'audio', media: { ...media, kind: 'audio', mime: 'audio/mpeg', seconds: 2 } },
  },
  {
    name: 'voice note',
    content: { kind: 'audio', ticket: 't', voice: true, seconds: 2, waveform: PICTURE },
    context: { media: file('audio/ogg') },
    expected: {
      kind: 'voice',
      media: { ...media, kind: 'voice', mime: 'audio/ogg; codecs=opus', seconds: 2, waveform: PICTURE },
    },
  },
  {
    name: 'document',
    content: { kind: 'document', ticket: 't', file_name: 'a.pdf', caption: 'Read' },
    context: { media: file('application/pdf') },
    expected: {
      kind: 'document',
      text: 'Read',
      media: { ...media, kind: 'document', mime: 'application/pdf', caption: 'Read', file_name: 'a.pdf' },
    },
  },
  {
    name: 'sticker',
    content: { kind: 'sticker', ticket: 't', width: 512, height: 512, animated: true },
    context: { media: file('image/webp') },
    expected: {
      kind: 'sticker',
      media: { ...media, kind: 'sticker', mime: 'image/webp', width: 512, height: 512, animated: true },
    },
  },
  {
    name: 'location',
    content: LOCATION,
    expected: {
      kind: 'location',
      location: { latitude: 52.5, longitude: 13.25, name: 'Gate', address: 'Street 1', live: false },
    },
  },
  {
    name: 'contact',
    content: {
      kind: 'contact',
      contacts: [{ name: 'Doc, A; B\nTEL:666', phones: ['+1 555 0000099\nFN:Eve'], organization: 'Inc' }],
    },
    expected: {
      kind: 'contact',
      contacts: [
        {
          name: 'Doc, A; B\nTEL:666',
          vcard: [
            'BEGIN:VCARD',
            'VERSION:3.0',
            String.raw`N:;Doc\, A\; B TEL:666;;;`,
            String.raw`FN:Doc\, A\; B TEL:666`,
            'ORG:Inc;',
            'TEL;type=CELL;type=VOICE;waid=15550000099:+1 555 0000099',
            'END:VCARD',
          ].join('\n'),
        },
      ],
    },
  },
  {
    name: 'contacts',
    content: {
      kind: 'contact',
      contacts: [
        { name: 'A', phones: ['112'] },
        { name: 'B', phones: ['+15550000098'] },
      ],
    },
    expected: {
      kind: 'contact',
      contacts: [
        { name: 'A', vcard: 'BEGIN:VCARD\nVERSION:3.0\nN:;A;;;\nFN:A\nTEL;type=CELL;type=VOICE:112\nEND:VCARD' },
        {
          name: 'B',
          vcard:
            'BEGIN:VCARD\nVERSION:3.0\nN:;B;;;\nFN:B\nTEL;type=CELL;type=VOICE;waid=15550000098:+15550000098\nEND:VCARD',
        },
      ],
    },
  },
  {
    name: 'poll, single choice',
    content: { kind: 'poll', question: 'Heat?', options: ['On', 'Off'], selectable: 1 },
    expected: { kind: 'poll', question: 'Heat?', options: ['On', 'Off'], selectable: 1, chosen: [] },
  },
  {
    name: 'poll, any number of choices',
    content: { kind: 'poll', question: 'Which?', options: ['A', 'B'], selectable: 0 },
    expected: { kind: 'poll', question: 'Which?', options: ['A', 'B'], selectable: 0, chosen: [] },
  },
]

for (const addressing of ['lid', 'pn'] as const) {
  describe(`what a phone reads, addressed by ${addressing}`, () => {
    for (const chat of ['person', 'group'] as const) {
      const start = async (t: Parameters<typeof makeLinkedWorld>[0]) => {
        const world = await makeLinkedWorld(t, addressing)
        const { bob, family, owner, host, engine } = world
        const to = chat === 'group' ? groupOf(family) : phoneOf(bob)
        const write = async (content: Sendable | string, context: Partial<SendContext> = {}) => {
          const id = await send(engine, host, to, content, context)
          return bob.waitFor((message) => message.id === id)
        }
        /** Something that Bob wrote there. */
        const theirs = async (text: string) => told(world, await bob.say(chat === 'group' ? family : owner, text))
        return { ...world, to, write, theirs }
      }

      test(`to a ${chat}: every kind`, async (t) => {
        const { owner, write } = await start(t)
        for (const { name, content, context, expected } of ROWS) {
          await t.test(name, async () => {
            const got = await write(content, context)
            assert.deepEqual(facts(got), { from: owner.number, ...expected })
          })
        }
      })

      test(`to a ${chat}: mentions`, async (t) => {
        const { eve, family, whatsapp, host, write } = await start(t)
        await whatsapp.until(() => host.learned.some((pair) => pair.some(({ value }) => value === eve.lid)))
        const user = (addressing === 'lid' || chat === 'person' ? eve.lid : eve.jid)?.split('@')[0]
        const words = `@${eve.number} and @+${eve.number}, not @${eve.number}1 or @15559999999`
        const expected = `@${user} and @${user}, not @${eve.number}1 or @15559999999`
        const context = { mentions: [phoneOf(eve)] }
        for (const content of [
          { kind: 'text', text: words },
          { kind: 'image', ticket: 't', caption: words },
        ] satisfies Sendable[]) {
          const got = await write(content, { ...context, media: file('image/jpeg') })
          assert.deepEqual([got.text, got.mentions], [expected, [eve.number]])
        }
        assert.equal(family.addressing, addressing)
      })

      test(`to a ${chat}: an answer, in every kind that can be one`, async (t) => {
        const world = await start(t)
        const { owner, bob, to, write, theirs } = world
        const quote = await theirs('Which way?')
        for (const { name, content, context, expected } of ROWS) {
          const got = await write(content, { ...context, quote })
          const answered = { quoted: quote.external_id, quoted_from: bob.number, quoted_text: 'Which way?' }
          assert.deepEqual(facts(got), { from: owner.number, ...expected, ...answered }, name)
        }
        const own = await write('Mine', { quote })
        const again = await write('And more', { quote: ownRef(world, own.id, to) })
        assert.deepEqual([again.quoted, again.quoted_from, again.quoted_text], [own.id, owner.number, 'Mine'])
        const { quotedMessage } = again.message.extendedTextMessage?.contextInfo ?? {}
        assert.deepEqual(Object.keys(quotedMessage ?? {}), ['extendedTextMessage'])
        assert.ok(!quotedMessage?.extendedTextMessage?.contextInfo)
      })

      test(`to a ${chat}: a reaction, and taken back`, async (t) => {
        const world = await start(t)
        const { owner, bob, to, write, theirs } = world
        const own = ownRef(world, (await write('Mine')).id, to)
        const cases: [MessageRef, Phone][] = [
          [await theirs('Thanks'), bob],
          [own, owner],
        ]
        for (const [target, author] of cases) {
          for (const emoji of ['👍', '']) {
            const got = await write({ kind: 'reaction', message_id: 'x', emoji }, { target })
            const about = { target: target.external_id, target_from: author.number }
            assert.deepEqual(facts(got), { kind: 'reaction', from: owner.number, ...about, emoji })
            assert.equal(got.attrs?.['type'], 'reaction')
          }
        }
      })

      test(`to a ${chat}: an edit of a text and of a caption`, async (t) => {
        const world = await start(t)
        const { owner, eve, to, write } = world
        const context = { media: file('image/jpeg') }
        const originals = [await write('Frist'), await write({ kind: 'image', ticket: 't', caption: 'Frist' }, context)]
        for (const { id } of originals) {
          const target = ownRef(world, id, to)
          const edit: Sendable = { kind: 'edit', message_id: 'x', text: 'First' }
          const got = await write(edit, { target, mentions: [phoneOf(eve)] })
          const about = { target: id, target_from: owner.number, text: 'First', mentions: [eve.number] }
          assert.deepEqual(facts(got), { kind: 'edit', from: owner.number, ...about })
          assert.equal(got.attrs?.['edit'], '1')
        }
      })

      test(`to a ${chat}: a deletion`, async (t) => {
        const world = await start(t)
        const { owner, bob, to, write, theirs } = world
        const own = ownRef(world, (await write('Oops')).id, to)
        const got = await write({ kind: 'delete', message_id: 'x' }, { target: own })
        const about = { target: own.external_id, target_from: owner.number }
        assert.deepEqual(facts(got), { kind: 'delete', from: owner.number, ...about })
        assert.equal(got.attrs?.['edit'], '7')
        const other = await theirs('Spam')
        const deletion = write({ kind: 'delete', message_id: 'x' }, { target: other })
        if (chat === 'person') return assert.rejects(deletion, { code: 'invalid_request', retry: 'never' })
        const gone = await deletion
        assert.deepEqual([gone.target, gone.target_from, gone.attrs?.['edit']], [other.external_id, bob.number, '8'])
      })

      test(`to a ${chat}: a pin, and down again`, async (t) => {
        const { owner, bob, write, theirs } = await start(t)
        const target = await theirs('Important')
        const about = { from: owner.number, target: target.external_id, target_from: bob.number }
        const up = await write({ kind: 'pin', message_id: 'x', duration: '7d' }, { target })
        assert.deepEqual(facts(up), { kind: 'pin', ...about, seconds: 604_800 })
        const down = await write({ kind: 'unpin', message_id: 'x' }, { target })
        assert.deepEqual(facts(down), { kind: 'unpin', ...about, seconds: 0 })
        assert.deepEqual([up.attrs?.['edit'], down.attrs?.['edit']], ['2', '2'])
      })

      test(`to a ${chat}: forwarded, whatever it is`, async (t) => {
        const world = await start(t)
        const { owner, bob, eve, to, write, theirs } = world
        const quote = await theirs('Which way?')
        for (const { name, content, context, expected } of ROWS) {
          const original = await write(content, { ...context, quote })
          const target = ownRef(world, original.id, to)
          const forward = write({ kind: 'forward', message_id: 'x' }, { target })
          if (expected.view_once) {
            await assert.rejects(forward, { code: 'invalid_request' }, name)
            continue
          }
          const got = await forward
          assert.deepEqual(facts(got), { from: owner.number, ...expected, forwarded: 1 }, name)
          const secrets = [original, got].map(({ message }) => message.messageContextInfo?.messageSecret)
          assert.ok(secrets[0] && secrets[1] && Buffer.compare(secrets[0], secrets[1]) !== 0, name)
        }
        const far = await told(world, await eve.say(owner, 'Far', { forwarded: 4 }))
        assert.equal((await write({ kind: 'forward', message_id: 'x' }, { target: far })).forwarded, 5)
        const place = await told(world, await bob.locate(owner, { latitude: 1, longitude: 2, live: true }))
        const still = await write({ kind: 'forward', message_id: 'x' }, { target: place })
        assert.deepEqual([still.kind, still.location?.live], ['location', false])
      })

      test(`to a ${chat}: as long as it is asked to stay`, async (t) => {
        const { owner, write, theirs } = await start(t)
        for (const { name, content, context, expected } of ROWS) {
          const got = await write(content, { ...context, expiration: 86_400 })
          assert.deepEqual(facts(got), { from: owner.number, ...expected, expiration: 86_400 }, name)
        }
        const target = await theirs('Thanks')
        const forwarded = await write({ kind: 'forward', message_id: 'x' }, { target, expiration: 604_800 })
        assert.equal(forwarded.expiration, 604_800)
      })
    }
  })
}
