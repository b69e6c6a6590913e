/** Mutated stanzas and messages: each costs itself only. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { type BinaryNode, encodeWAMessage, proto } from '../src/engine/baileys/library.ts'
import { messageNode } from '../simulator/envelope.ts'
import type { Device } from '../simulator/device.ts'
import { makeLinkedWorld, type World } from './support/engine.ts'

const STANZAS = 400
const MESSAGES = 300

/** The same numbers in every run (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Random = ReturnType<typeof random>
type Content = NonNullable<BinaryNode['content']>

const pick = <T>(next: Random, items: readonly T[]): T => items[next(items.length)] ?? assert.fail()

const VALUES = ['', '0', '-1', '99999999999999999999', 'nonsense', '@', '@lid', 'a@b@c', '1:2:3@lid', '12345@g.us']
const MORE_VALUES = [
  '15550000002@s.whatsapp.net',
  '15550000002:99@s.whatsapp.net',
  'status@broadcast',
  '{"a":1}',
  '__proto__',
  '\u0000é💥',
]
const NAMES = [
  'id',
  'from',
  'participant',
  'type',
  'recipient',
  'offline',
  'edit',
  't',
  'addressing_mode',
  'sender_pn',
  'category',
]
const TAGS = [
  'message',
  'receipt',
  'notification',
  'call',
  'ack',
  'presence',
  'chatstate',
  'enc',
  'unavailable',
  'devices',
  'identity',
]

/** One or more changes: of an attribute, of the bytes, of what is inside. */
function mutated(stanza: BinaryNode, next: Random): BinaryNode {
  const attrs = { ...stanza.attrs }
  const copy: BinaryNode = { ...stanza, attrs }
  for (let changes = 1 + next(3); changes > 0; changes--) {
    const name = pick(next, [...NAMES, ...Object.keys(attrs)])
    const kind = next(6)
    if (kind === 0) delete attrs[name]
    else if (kind <= 2) attrs[name] = pick(next, [...VALUES, ...MORE_VALUES])
    else copy.content = mutatedContent(copy.content ?? [], next)
  }
  return copy
}

function mutatedContent(content: Content, next: Random): Content {
  if (content instanceof Uint8Array) return mutatedBytes(content, next)
  const parts = Array.isArray(content) ? content : []
  const kind = next(5)
  if (kind === 0 || parts.length === 0) return next(2) === 0 ? [] : [{ tag: pick(next, TAGS), attrs: {} }]
  if (kind === 1) return parts.slice(next(parts.length))
  if (kind === 2) return [...parts, ...parts]
  return parts.map((part) => mutated(part, next))
}

function mutatedBytes(bytes: Uint8Array, next: Random): Buffer {
  const copy = Buffer.from(bytes)
  for (let changes = 1 + next(4); changes > 0 && copy.length > 0; changes--)
    copy.writeUInt8(next(256), next(copy.length))
  return next(4) === 0 ? copy.subarray(0, next(copy.length + 1)) : copy
}

/** What really came over the wire, as it came. */
async function recorded(world: World): Promise<BinaryNode[]> {
  const { whatsapp, owner, bob, eve, family, host } = world
  const [device] = owner.devices
  assert.ok(device)
  const stanzas: BinaryNode[] = []
  const deliver = device.deliver.bind(device)
  device.deliver = (stanza) => {
    stanzas.push(stanza)
    deliver(stanza)
  }
  const first = await bob.say(owner, 'hello')
  const poll = await bob.poll(family, { question: 'Heat?', options: ['On', 'Off'], selectable: 1 })
  await eve.say(family, 'hello all')
  await bob.react(first, '👍')
  await bob.vote(poll, ['On'])
  await owner.say(bob, 'typed')
  family.rename('Kin')
  const last = await bob.say(owner, 'done')
  await whatsapp.until(() => host.withId('message', last).length > 0)
  device.deliver = deliver
  return stanzas
}

const CONTENTS: proto.IMessage[] = [
  { conversation: 'hello' },
  {
    extendedTextMessage: {
      text: 'hello',
      contextInfo: { stanzaId: 'X', participant: 'nobody', mentionedJid: ['@', ''] },
    },
  },
  {
    imageMessage: {
      mimetype: 'image/jpeg',
      fileLength: 3,
      caption: 'x',
      mediaKey: Buffer.alloc(32),
      height: 1,
      width: 1,
    },
  },
  { reactionMessage: { text: '👍', key: { id: 'X', remoteJid: '@', fromMe: false } } },
  {
    pollUpdateMessage: {
      pollCreationMessageKey: { id: 'X' },
      vote: { encPayload: Buffer.alloc(9), encIv: Buffer.alloc(12) },
    },
  },
  {
    pollCreationMessageV3: { name: 'Q', options: [{ optionName: 'A' }, { optionName: '' }], selectableOptionsCount: 1 },
  },
  { protocolMessage: { type: proto.Message.ProtocolMessage.Type.REVOKE, key: { id: 'X', remoteJid: '' } } },
  {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.MESSAGE_EDIT,
      key: { id: 'X' },
      editedMessage: { conversation: 'y' },
    },
  },
  {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: { keys: [{}] },
    },
  },
  {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {},
    },
  },
  { senderKeyDistributionMessage: { groupId: '1@g.us', axolotlSenderKeyDistributionMessage: Buffer.alloc(40, 1) } },
  { viewOnceMessageV2: { message: { ephemeralMessage: { message: { conversation: 'deep' } } } } },
  { deviceSentMessage: { destinationJid: '@', message: { conversation: 'sent?' } } },
  {
    encEventResponseMessage: {
      eventCreationMessageKey: { id: 'X' },
      encPayload: Buffer.alloc(9),
      encIv: Buffer.alloc(12),
    },
  },
]

/** Bytes under somebody's own encryption: they decrypt, whatever they are. */
async function write({ bob, whatsapp }: World, device: Device, id: string, bytes: Buffer): Promise<void> {
  const enc = await bob.signal.encryptBytes(device.address, bytes, () => device.takeBundle() ?? assert.fail())
  const timestamp = Math.floor(Date.now() / 1000)
  const envelope = { id, chat: bob, sender: bob, senderDevice: 0, recipient: device.owner, type: 'text', timestamp }
  device.deliver(messageNode(envelope, whatsapp.addressing, [enc]))
}

async function goesOn({ whatsapp, owner, bob, eve, family, host }: World): Promise<void> {
  const ids = [await bob.say(owner, 'still here?'), await eve.say(family, 'and here?'), await bob.say(owner, 'yes')]
  await whatsapp.until(() => ids.every((id) => host.withId('message', id).length > 0), 30_000)
  assert.equal(host.state?.status, 'connected')
  assert.equal(host.states.filter(({ status }) => status === 'connecting').length, 1)
}

for (const addressing of ['lid', 'pn'] as const) {
  describe(`what is malformed costs itself only, addressed by ${addressing}`, () => {
    test('stanzas', async (t) => {
      const world = await makeLinkedWorld(t, addressing, { timing: { query: 300 } })
      const { owner, host } = world
      const stanzas = await recorded(world)
      const said = new Map(host.of('message').map(({ external_id, text }) => [external_id, text]))
      const next = random(addressing.length)
      const connection = owner.devices[0]?.connection
      for (let index = 0; index < STANZAS; index++) connection?.send(mutated(pick(next, stanzas), next))
      await goesOn(world)
      // A writer may be made to send something again: it is the same message.
      const again = host.of('message').filter(({ external_id }) => said.has(external_id))
      assert.ok(again.every(({ external_id, text }) => said.get(external_id) === text))
      const texts = host.of('message').flatMap(({ external_id, text }) => (said.has(external_id) ? [] : [text]))
      assert.deepEqual(new Set(texts), new Set(['and here?', 'still here?', 'yes']))
    })

    test('messages', async (t) => {
      const world = await makeLinkedWorld(t, addressing, { timing: { query: 300 } })
      const [device] = world.owner.devices
      assert.ok(device)
      const next = random(7)
      for (let index = 0; index < MESSAGES; index++) {
        const bytes = mutatedBytes(encodeWAMessage(pick(next, CONTENTS)), next)
        await write(world, device, `FUZZ${index}`, next(8) === 0 ? Buffer.alloc(next(64), next(256)) : bytes)
      }
      await goesOn(world)
    })
  })
}
