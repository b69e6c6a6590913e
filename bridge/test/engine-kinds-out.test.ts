import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Sendable } from '../src/engine/engine.ts'
import { phoneOf } from './support/engine.ts'

import { facts, file, makeWriting, ownRef, ROWS, told } from './support/writing.ts'

for (const addressing of ['lid', 'pn'] as const) {
  describe(`what a phone reads, addressed by ${addressing}`, () => {
    for (const chat of ['person', 'group'] as const) {
      test(`to a ${chat}: every kind`, async (t) => {
        const { owner, write } = await makeWriting(t, addressing, chat)
        for (const { name, content, context, expected } of ROWS) {
          await t.test(name, async () => {
            const got = await write(content, context)
            assert.deepEqual(facts(got), { from: owner.number, ...expected })
          })
        }
      })

      test(`to a ${chat}: mentions`, async (t) => {
        const { eve, family, whatsapp, host, write } = await makeWriting(t, addressing, chat)
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
        const world = await makeWriting(t, addressing, chat)
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

      test(`to a ${chat}: forwarded, whatever it is`, async (t) => {
        const world = await makeWriting(t, addressing, chat)
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
        const { owner, write, theirs } = await makeWriting(t, addressing, chat)
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
