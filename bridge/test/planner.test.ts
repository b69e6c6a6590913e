import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type FileFacts, plan } from '../src/account/planner.ts'
import { BridgeError } from '../src/errors.ts'
import type { ButtonsContent, Capability, Content, Degrade, ListContent } from '../src/protocol.ts'

const KINDS = ['text', 'poll', 'image', 'video', 'audio', 'document', 'sticker', 'edit', 'reaction', 'unpin']
const CAN: Record<string, Capability> = Object.fromEntries(
  KINDS.map((kind) => [kind, { supported: true, limits: { bytes: kind === 'document' ? 5000 : 1000 } }]),
)
const BUTTONS: ButtonsContent = {
  kind: 'buttons',
  text: 'Heat?',
  buttons: [
    { id: 'on', title: 'On' },
    { id: 'off', title: 'Off' },
  ],
}
const LIST: ListContent = {
  kind: 'list',
  text: 'What now?',
  title: 'House',
  footer: 'Until midnight',
  sections: [
    { title: 'Heat', rows: [{ id: 'on', title: 'On', description: 'for an hour' }] },
    { rows: [{ id: 'off', title: 'Off' }] },
    { title: 'Light', rows: [{ id: 'light', title: 'Light' }] },
  ],
}
const POLL = { kind: 'poll', question: 'Heat?', options: ['On', 'Off'], selectable: 1 }

function planned(content: Content, degrade: Degrade = 'lossless', file: FileFacts | null = null, can = CAN): unknown {
  return plan(content, can, degrade, file).content
}

function refused(
  content: Content,
  degrade: Degrade,
  file: FileFacts | null = null,
  can = CAN,
): Pick<BridgeError, 'code' | 'details'> {
  try {
    plan(content, can, degrade, file)
  } catch (error) {
    assert.ok(error instanceof BridgeError)
    assert.match(error.message, /^[A-Z].{20,}/u)
    return { code: error.code, details: error.details }
  }
  throw new Error('it was planned')
}

function buttons(changes: Partial<ButtonsContent>): ButtonsContent {
  return { ...BUTTONS, ...changes }
}

test('what can be sent goes as it is', () => {
  const text: Content = { kind: 'text', text: 'hi' }
  for (const degrade of ['never', 'lossless', 'lossy'] as const) {
    assert.deepEqual(plan(text, CAN, degrade, null), { content: text, choices: null })
  }
})

test('what cannot be sent is refused', () => {
  assert.deepEqual(refused({ kind: 'location', latitude: 1, longitude: 1 }, 'lossy'), {
    code: 'unsupported',
    details: { kind: 'location' },
  })
  const none = { text: { supported: false, limits: {} } }
  assert.equal(refused({ kind: 'text', text: 'x' }, 'lossy', null, none).code, 'unsupported')
  assert.equal(refused(BUTTONS, 'lossy', null, none).code, 'unsupported')
})

test('buttons become a poll when nothing is left out by that', () => {
  assert.deepEqual(planned(BUTTONS), POLL)
  assert.deepEqual(plan(BUTTONS, CAN, 'lossless', null).choices, BUTTONS.buttons)
  const list: ListContent = { kind: 'list', text: 'Heat?', sections: BUTTONS.buttons.map((row) => ({ rows: [row] })) }
  assert.deepEqual(planned(list), POLL)
})

test('buttons are refused when they may not degrade', () => {
  assert.deepEqual(refused(BUTTONS, 'never'), { code: 'unsupported', details: { kind: 'buttons' } })
  assert.deepEqual(refused(LIST, 'never'), { code: 'unsupported', details: { kind: 'list' } })
})

test('numbered text has everything in it', () => {
  const text = '*House*\n\nWhat now?\n\n*Heat*\n1. On – for an hour\n\n2. Off\n\n*Light*\n3. Light\n\nUntil midnight'
  assert.deepEqual(planned(LIST), { kind: 'text', text })
  assert.deepEqual(
    plan(LIST, CAN, 'lossless', null).choices?.map(({ id }) => id),
    ['on', 'off', 'light'],
  )
  assert.deepEqual(planned(buttons({ footer: 'Quick!' })), { kind: 'text', text: 'Heat?\n\n1. On\n2. Off\n\nQuick!' })
})

test('what would get lost in a poll is left out only where that is allowed', () => {
  const [on, off] = BUTTONS.buttons
  assert.ok(on && off)
  const lossy: Content[] = [
    buttons({ footer: 'Quick!' }),
    buttons({ buttons: [on, { ...off, description: 'cold' }] }),
    { kind: 'list', text: 'Heat?', title: 'House', sections: [{ rows: BUTTONS.buttons }] },
    { kind: 'list', text: 'Heat?', sections: [{ title: 'House', rows: BUTTONS.buttons }] },
  ]
  for (const content of lossy) {
    assert.deepEqual(planned(content, 'lossy'), POLL)
    assert.equal((planned(content, 'lossless') as Content).kind, 'text')
  }
})

test('what fits no poll is numbered text, also where something may be left out', () => {
  const many = Array.from({ length: 13 }, (_, n) => ({ id: `${n}`, title: `Option ${n}` }))
  const wrong: Content[] = [
    buttons({ buttons: [{ id: 'ok', title: 'OK' }] }),
    buttons({ buttons: many }),
    buttons({ text: 'x'.repeat(256) }),
    buttons({
      buttons: [
        { id: 'a', title: 'Same' },
        { id: 'b', title: 'Same ' },
      ],
    }),
  ]
  for (const content of wrong) {
    for (const degrade of ['lossless', 'lossy'] as const) {
      assert.equal((planned(content, degrade) as Content).kind, 'text')
    }
  }
  assert.equal((planned(buttons({ text: 'x'.repeat(255) })) as Content).kind, 'poll')
  assert.equal((planned(buttons({ buttons: many.slice(0, 12) })) as Content).kind, 'poll')
  const noPolls = { ...CAN, poll: { supported: false, limits: {} } }
  assert.deepEqual(planned(BUTTONS, 'lossless', null, noPolls), { kind: 'text', text: 'Heat?\n\n1. On\n2. Off' })
})

test('the limits are those of the engine', () => {
  const short = { ...CAN, poll: { supported: true, limits: { poll_question_chars: 4 } } }
  assert.equal((planned(BUTTONS, 'lossless', null, short) as Content).kind, 'text')
  const shorter = { ...CAN, text: { supported: true, limits: { text_chars: 10 } } }
  assert.deepEqual(refused({ kind: 'text', text: 'x'.repeat(11) }, 'lossless', null, shorter), {
    code: 'invalid_request',
    details: { field: '/content/text', limit: 10 },
  })
  assert.equal(refused(buttons({ footer: 'x' }), 'lossless', null, shorter).code, 'invalid_request')
})

const JPEG = { size: 1000, mime: 'image/jpeg' }
const TOO_LARGE = { size: 1001, mime: 'image/jpeg' }

test('a picture that is too large becomes a document', () => {
  const image: Content = { kind: 'image', ticket: 't', caption: 'Look', thumbnail: 'aaaa', width: 10, height: 10 }
  assert.deepEqual(planned(image, 'lossless', JPEG), image)
  const document = { kind: 'document', ticket: 't', file_name: 'image.jpg', caption: 'Look', thumbnail: 'aaaa' }
  assert.deepEqual(planned(image, 'lossless', TOO_LARGE), document)
  assert.deepEqual(refused(image, 'never', TOO_LARGE), {
    code: 'media_too_large',
    details: { kind: 'image', size: 1001, limit: 1000 },
  })
})

test('files have names that fit what they are', () => {
  const names = [
    ['video', 'video/mp4', 'video.mp4'],
    ['video', 'video/quicktime', 'video.mov'],
    ['video', 'video/vnd.avi', 'video.avi'],
    ['audio', 'audio/mpeg', 'audio.mp3'],
    ['audio', 'audio/ogg; codecs=opus', 'audio.ogg'],
    ['image', 'image/x-../../etc', 'image.bin'],
  ] as const
  for (const [kind, mime, file_name] of names) {
    const document = { kind: 'document', ticket: 't', file_name }
    assert.deepEqual(planned({ kind, ticket: 't' }, 'lossless', { size: 2000, mime }), document)
  }
})

test('what is too large for a document too, or must not be one, is refused with the limit', () => {
  const large = { size: 5001, mime: 'image/jpeg' }
  const cases: [Content, FileFacts, string, number][] = [
    [{ kind: 'image', ticket: 't' }, large, 'document', 5000],
    [{ kind: 'document', ticket: 't', file_name: 'x' }, large, 'document', 5000],
    [{ kind: 'sticker', ticket: 't' }, { size: 2000, mime: 'image/webp' }, 'sticker', 1000],
    [{ kind: 'image', ticket: 't', view_once: true }, TOO_LARGE, 'image', 1000],
  ]
  for (const [content, file, kind, limit] of cases) {
    for (const degrade of ['lossless', 'lossy'] as const) {
      const details = { kind, size: file.size, limit }
      assert.deepEqual(refused(content, degrade, file), { code: 'media_too_large', details })
    }
  }
})

test('a file that is something else is refused', () => {
  const wrong = [
    ['image', 'application/pdf'],
    ['video', 'image/jpeg'],
    ['audio', 'image/jpeg'],
    ['sticker', 'image/png'],
  ] as const
  for (const [kind, mime] of wrong) {
    assert.equal(refused({ kind, ticket: 't' }, 'lossy', { size: 1, mime }).code, 'invalid_request')
  }
  const anything: Content = { kind: 'document', ticket: 't', file_name: 'x' }
  assert.deepEqual(planned(anything, 'never', { size: 1, mime: 'application/x-anything' }), anything)
})
