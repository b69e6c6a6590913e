import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { proto } from '../src/engine/baileys/library.ts'
import type { Address, MessageRef, Sendable, SendContext } from '../src/engine/engine.ts'
import type { Phone } from '../simulator/phone.ts'
import { groupOf, link, makeEngine, makeLinkedWorld, makeWorld, phoneOf, send } from './support/engine.ts'

const DAY = 86_400

for (const addressing of ['lid', 'pn'] as const) {
  describe(`disappearing messages, addressed by ${addressing}`, () => {
    test('the chat says when, also after a restart, until it says otherwise', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, eve, host, engine } = world
      const lasts = async (by: typeof engine, to: Phone, content: Sendable | string = 'Hi') => {
        const id = await send(by, host, phoneOf(to), content)
        return (await to.waitFor((message) => message.id === id)).expiration
      }
      assert.equal(await lasts(engine, bob), undefined)
      await bob.disappear(owner, DAY)
      const said = await bob.say(owner, 'Now it does')
      await whatsapp.until(() => host.withId('message', said).length > 0)
      assert.equal(await lasts(engine, bob), DAY)
      assert.equal(await lasts(engine, bob, { kind: 'poll', question: 'Q', options: ['A', 'B'], selectable: 1 }), DAY)
      assert.equal(await lasts(engine, eve), undefined)
      await engine.stop()
      const next = makeEngine(t, world)
      next.start()
      await whatsapp.until(() => owner.devices[0]?.ready && host.state?.status === 'connected')
      assert.equal(await lasts(next, bob), DAY)
      const commits = host.store.commits.filter((commit) => 'expiration' in commit).length
      const more = await bob.say(owner, 'As before', { expiration: DAY })
      await whatsapp.until(() => host.withId('message', more).length > 0)
      assert.equal(host.store.commits.filter((commit) => 'expiration' in commit).length, commits)
      await owner.disappear(bob, 0)
      const last = await owner.say(bob, 'Not any more')
      await whatsapp.until(() => host.withId('message', last).length > 0)
      assert.equal(await lasts(next, bob), undefined)
    })

    test('the phone tells when it is linked', async (t) => {
      const world = await makeWorld(t, addressing)
      const { owner, bob, host } = world
      await bob.disappear(owner, DAY)
      const engine = makeEngine(t, world)
      await link(engine, world)
      await world.whatsapp.until(() => host.store.commits.some((commit) => 'expiration' in commit))
      const id = await send(engine, host, phoneOf(bob), 'Hi')
      assert.equal((await bob.waitFor((message) => message.id === id)).expiration, DAY)
    })

    test('a group says when, also while one is not connected', async (t) => {
      const { whatsapp, bob, family, host, engine } = await makeLinkedWorld(t, addressing)
      family.expire(DAY)
      await whatsapp.until(() => host.store.get('expiration', [family.id]).get(family.id) === String(DAY))
      const id = await send(engine, host, groupOf(family), 'Hi')
      const got = await bob.waitFor((message) => message.id === id)
      assert.deepEqual([got.expiration, got.attrs?.['expiration']], [DAY, String(DAY)])
      await engine.stop()
      const { payload } = await engine.prepare(groupOf(family), { kind: 'text', text: 'Hi' }, { mentions: [] })
      assert.equal(proto.Message.decode(payload).extendedTextMessage?.contextInfo?.expiration, DAY)
    })

    test('the messages of a chat tell too', async (t) => {
      const { whatsapp, owner, bob, host, engine } = await makeLinkedWorld(t, addressing)
      const said = await bob.say(owner, 'Soon gone', { expiration: 7 * DAY })
      await whatsapp.until(() => host.withId('message', said).length > 0)
      const id = await send(engine, host, phoneOf(bob), 'Mine too')
      assert.equal((await bob.waitFor((message) => message.id === id)).expiration, 7 * DAY)
      const kept = await send(engine, host, phoneOf(bob), 'Not this one', { expiration: 0 })
      assert.equal((await bob.waitFor((message) => message.id === kept)).expiration, undefined)
    })
  })
}

function ref(message: proto.IMessage, from_me: boolean, chat: Address, sender: Address): MessageRef {
  return { external_id: 'X', from_me, chat, sender, raw: proto.Message.encode(message).finish() }
}

describe('what cannot be prepared', () => {
  const image: Sendable = { kind: 'image', ticket: 't' }
  const nothing: SendContext = { mentions: [] }
  const about = { message_id: 'x' }
  const cases: [string, Sendable, (refs: Refs) => SendContext][] = [
    ['a file without bytes', image, () => nothing],
    ['a reaction to nothing', { kind: 'reaction', ...about, emoji: '👍' }, () => nothing],
    ['a forward of nothing', { kind: 'forward', ...about }, () => nothing],
    ['a pin in another chat', { kind: 'unpin', ...about }, ({ group }) => ({ ...nothing, target: group })],
    [
      "an edit of somebody else's text",
      { kind: 'edit', ...about, text: 'x' },
      ({ theirs }) => ({ ...nothing, target: theirs }),
    ],
    [
      'an edit of what has no text',
      { kind: 'edit', ...about, text: 'x' },
      ({ poll }) => ({ ...nothing, target: poll }),
    ],
    ['an answer to a reaction', { kind: 'text', text: 'x' }, ({ reaction }) => ({ ...nothing, quote: reaction })],
    ['a forward of a reaction', { kind: 'forward', ...about }, ({ reaction }) => ({ ...nothing, target: reaction })],
    ['a card without a number', { kind: 'contact', contacts: [{ name: 'A', phones: ['none'] }] }, () => nothing],
    [
      'a preview of a link that is not there',
      { kind: 'text', text: 'x', preview: { url: 'https://example.com', title: 'A' } },
      () => nothing,
    ],
    ['a mention of nobody', { kind: 'text', text: 'x' }, () => ({ mentions: [{ kind: 'person', aliases: [] }] })],
  ]
  interface Refs {
    theirs: MessageRef
    group: MessageRef
    poll: MessageRef
    reaction: MessageRef
  }
  test('is refused with a reason, and for good', async (t) => {
    const { bob, owner, family, engine } = await makeLinkedWorld(t)
    const [to, self] = [phoneOf(bob), { ...phoneOf(owner), kind: 'self' as const }]
    const refs: Refs = {
      theirs: ref({ conversation: 'x' }, false, to, to),
      group: ref({ conversation: 'x' }, false, groupOf(family), to),
      poll: ref({ pollCreationMessage: { name: 'Q' } }, true, to, self),
      reaction: ref({ reactionMessage: { text: '👍' } }, true, to, self),
    }
    for (const [name, content, context] of cases) {
      await assert.rejects(
        engine.prepare(to, content, context(refs)),
        { code: 'invalid_request', retry: 'never' },
        name,
      )
    }
  })

  test("somebody else's message in a group of which one is no admin", async (t) => {
    const { whatsapp, owner, bob, eve, host, engine } = await makeLinkedWorld(t)
    const theirs = whatsapp.group({ subject: 'Theirs', members: [bob, owner, eve] })
    const id = await eve.say(theirs, 'Stay')
    await whatsapp.until(() => host.withId('message', id).length > 0)
    const [target] = host.withId('message', id)
    assert.ok(target)
    const deletion = engine.prepare(groupOf(theirs), { kind: 'delete', message_id: id }, { mentions: [], target })
    await assert.rejects(deletion, { code: 'invalid_request', message: /admin/u })
  })
})

test('of what is forwarded only the words go on, in whatever kind they are', async (t) => {
  const { bob, engine } = await makeLinkedWorld(t)
  const to = phoneOf(bob)
  const contextInfo = {
    stanzaId: 'Q',
    participant: '15550000003@s.whatsapp.net',
    quotedMessage: { conversation: 'Private' },
    mentionedJid: ['15550000003@s.whatsapp.net'],
    forwardingScore: 4_000_000_000,
  }
  const kinds: proto.IMessage[] = [
    { extendedTextMessage: { text: 'x', contextInfo } },
    { groupInviteMessage: { groupJid: '1@g.us', contextInfo } },
    {
      ephemeralMessage: { message: { documentWithCaptionMessage: { message: { documentMessage: { contextInfo } } } } },
    },
    { senderKeyDistributionMessage: { groupId: 'x' }, locationMessage: { contextInfo } },
  ]
  for (const message of kinds) {
    const messageContextInfo = { messageSecret: Buffer.alloc(32, 1) }
    const target = ref({ ...message, messageContextInfo }, false, to, to)
    const { payload } = await engine.prepare(to, { kind: 'forward', message_id: 'x' }, { mentions: [], target })
    const { messageContextInfo: fresh, ...parts } = proto.Message.decode(payload)
    const [part, ...more] = Object.values(parts) as { contextInfo?: proto.ContextInfo }[]
    assert.ok(part?.contextInfo)
    assert.deepEqual(proto.ContextInfo.toObject(part.contextInfo), { forwardingScore: 127, isForwarded: true })
    assert.equal(more.length, 0)
    assert.notDeepEqual(Buffer.from(fresh?.messageSecret ?? []), messageContextInfo.messageSecret)
  }
})

test('what may be viewed once is not quoted in full', async (t) => {
  const { whatsapp, owner, bob, host, engine } = await makeLinkedWorld(t)
  const id = await bob.sendMedia(owner, { kind: 'image', bytes: Buffer.from('secret'), viewOnce: true })
  await whatsapp.until(() => host.withId('message', id).length > 0)
  const [quote] = host.withId('message', id)
  assert.ok(quote)
  const answer = await send(engine, host, phoneOf(bob), 'Nice', { quote })
  const { message } = await bob.waitFor((one) => one.id === answer)
  const { imageMessage } = message.extendedTextMessage?.contextInfo?.quotedMessage ?? {}
  assert.deepEqual(
    [imageMessage?.viewOnce, imageMessage?.mediaKey ?? null, imageMessage?.url ?? null],
    [true, null, null],
  )
})
