/** What is written in tests of every kind, and what a phone reads of it. */
import assert from 'node:assert/strict'

import type { Address, MediaFile, MessageRef, Sendable, SendContext } from '../../src/engine/engine.ts'
import type { ReceivedMessage } from '../../simulator/inbox.ts'
import type { Addressing } from '../../simulator/people.ts'
import { type Cleanup, groupOf, makeLinkedWorld, phoneOf, send } from './engine.ts'

type LinkedWorld = Awaited<ReturnType<typeof makeLinkedWorld>>
type Got = Partial<ReceivedMessage>

const BYTES = Buffer.from([0xff, 0xd8, 0xff, 0xd9])
const PICTURE = BYTES.toString('base64')
const URL = 'https://example.com/a'
export const file = (mime: string): MediaFile => ({ path: '/nowhere', size: 4, mime })
const LOCATION: Sendable = { kind: 'location', latitude: 52.5, longitude: 13.25, name: 'Gate', address: 'Street 1' }

/** A message of somebody, as the core refers to it. */
function refTo({ host }: LinkedWorld, id: string): MessageRef {
  const event = host.of('message').find(({ external_id }) => external_id === id)
  assert.ok(event)
  return event
}

/** A message that the engine sent. */
export function ownRef({ owner, host }: LinkedWorld, id: string, chat: Address): MessageRef {
  const raw = host.message(id)?.raw
  assert.ok(raw)
  return { external_id: id, from_me: true, chat, sender: { ...phoneOf(owner), kind: 'self' }, raw }
}

export async function told(world: LinkedWorld, id: string): Promise<MessageRef> {
  await world.whatsapp.until(() => world.host.withId('message', id).length > 0)
  return refTo(world, id)
}

/** What the phone read of it, without what every message has. */
export function facts({
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

export const ROWS: Row[] = [
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

interface Writing extends LinkedWorld {
  to: Address
  /** Returns what Bob's phone has of it. */
  write: (content: Sendable | string, context?: Partial<SendContext>) => Promise<ReceivedMessage>
  /** Something that Bob wrote there. */
  theirs: (text: string) => Promise<MessageRef>
}

/** An account that writes to Bob, or to the family that he is in. */
export async function makeWriting(t: Cleanup, addressing: Addressing, chat: 'person' | 'group'): Promise<Writing> {
  const world = await makeLinkedWorld(t, addressing)
  const { bob, family, owner, host, engine } = world
  const to = chat === 'group' ? groupOf(family) : phoneOf(bob)
  return {
    ...world,
    to,
    write: async (content, context = {}) => {
      const id = await send(engine, host, to, content, context)
      return bob.waitFor((message) => message.id === id)
    },
    theirs: async (text) => told(world, await bob.say(chat === 'group' ? family : owner, text)),
  }
}
