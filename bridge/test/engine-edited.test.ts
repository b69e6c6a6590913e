import assert from 'node:assert/strict'
import { test } from 'node:test'

import { proto } from '../src/engine/baileys/library.ts'
import type { MessageRef } from '../src/engine/engine.ts'
import { makeLinkedWorld, phoneOf } from './support/engine.ts'

const CASES: [name: string, kept: proto.IMessage, (message: proto.IMessage) => string | null | undefined][] = [
  ['a plain text', { conversation: 'old' }, (message) => message.extendedTextMessage?.text ?? message.conversation],
  ['a text', { extendedTextMessage: { text: 'old' } }, (message) => message.extendedTextMessage?.text],
  ['a caption', { imageMessage: { caption: 'old' } }, (message) => message.imageMessage?.caption],
  [
    'a caption in its wrapping',
    { documentWithCaptionMessage: { message: { documentMessage: { caption: 'old' } } } },
    (message) => message.documentMessage?.caption,
  ],
]

test('what was edited is forwarded and answered as it reads now', async (t) => {
  const { bob, engine } = await makeLinkedWorld(t)
  const to = phoneOf(bob)
  for (const [name, kept, textOf] of CASES) {
    for (const [edited, expected] of [
      [undefined, 'old'],
      ['new', 'new'],
      [null, ''],
    ] as const) {
      const raw = proto.Message.encode(kept).finish()
      const target: MessageRef = { external_id: 'X', from_me: false, chat: to, sender: to, raw }
      if (edited !== undefined) target.edited = edited
      const forward = await engine.prepare(to, { kind: 'forward', message_id: 'X' }, { target, mentions: [] })
      assert.equal(textOf(proto.Message.decode(forward.payload)), expected, `${name} forwarded`)
      const answer = await engine.prepare(to, { kind: 'text', text: 'yes' }, { quote: target, mentions: [] })
      const { quotedMessage } = proto.Message.decode(answer.payload).extendedTextMessage?.contextInfo ?? {}
      assert.ok(quotedMessage)
      assert.equal(textOf(quotedMessage), expected, `${name} quoted`)
    }
  }
})
