import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { MessageRef, Sendable } from '../src/engine/engine.ts'
import type { Phone } from '../simulator/phone.ts'
import { phoneOf } from './support/engine.ts'

import { facts, file, makeWriting, ownRef } from './support/writing.ts'

for (const addressing of ['lid', 'pn'] as const) {
  describe(`what a phone reads about other messages, addressed by ${addressing}`, () => {
    for (const chat of ['person', 'group'] as const) {
      test(`to a ${chat}: a reaction, and taken back`, async (t) => {
        const world = await makeWriting(t, addressing, chat)
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
        const world = await makeWriting(t, addressing, chat)
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
        const world = await makeWriting(t, addressing, chat)
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
        const { owner, bob, write, theirs } = await makeWriting(t, addressing, chat)
        const target = await theirs('Important')
        const about = { from: owner.number, target: target.external_id, target_from: bob.number }
        const up = await write({ kind: 'pin', message_id: 'x', duration: '7d' }, { target })
        assert.deepEqual(facts(up), { kind: 'pin', ...about, seconds: 604_800 })
        const down = await write({ kind: 'unpin', message_id: 'x' }, { target })
        assert.deepEqual(facts(down), { kind: 'unpin', ...about, seconds: 0 })
        assert.deepEqual([up.attrs?.['edit'], down.attrs?.['edit']], ['2', '2'])
      })
    }
  })
}
