import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clean } from '../src/account/clean.ts'
import { cleanEmoji, cleanFileName, cleanMime } from '../src/account/text.ts'
import type { Address, EngineEvent, MessageReceived } from '../src/engine/engine.ts'
import type { Contact } from '../src/protocol.ts'
import { BOB, group, journalOf, MemoryBridge, ORIGIN, person, received, voted } from './support/memory.ts'
import { MEDIA } from './support/rows.ts'
import { called, edited, eventsOf, FAMILY, groupChanged, reacted, revoked, unreadable } from './support/told.ts'

test('a malformed event costs itself only', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  const nobody = { kind: 'person', aliases: [] } as const
  const good: EngineEvent[] = [
    received(),
    edited(),
    revoked(),
    reacted(),
    unreadable(),
    voted(),
    groupChanged(),
    called(),
    { type: 'receipt', external_id: 'OUT1', status: 'read', by: null, timestamp: 1 },
    { type: 'identity_changed', person: person(BOB.lid), timestamp: 1 },
    { type: 'own_devices_changed', added: [], removed: [], timestamp: 1 },
    { type: 'presence', chat: person(BOB.lid), person: person(BOB.lid), presence: 'paused', last_seen: null },
    { type: 'chats', chats: [], removed: [], all_groups: false },
  ]
  for (const event of good) {
    for (const field of Object.keys(event)) {
      for (const bad of [undefined, null, 5, '', 'x'.repeat(300), {}, nobody]) {
        const broken: EngineEvent = { ...event, [field]: bad }
        // Either there is enough of it to be kept, or it is left out.
        assert.doesNotThrow(() => engine.host.emit(broken), `${event.type} with ${field} ${JSON.stringify(bad)}`)
      }
    }
  }
  assert.doesNotThrow(() => engine.host.emit({ type: 'surprise' } as unknown as EngineEvent))
  engine.host.emit(received({ external_id: 'AFTER' }))
  const last = journalOf(account).at(-1)?.event
  assert.equal(last?.type === 'message' && last.message_id, 'AFTER')
})

test('ids that are no plain text are ids all the same', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  for (const external_id of ['a\u0000b', 'a', '\uD800', '\uDBFF', "'; DROP TABLE messages; --", '%', '../x']) {
    engine.host.emit(received({ external_id }))
    engine.host.emit(received({ external_id, text: 'again' }))
    engine.host.emit(edited({ external_id: `E${external_id}`, target_external_id: external_id }))
  }
  const messages = eventsOf(account, 'message')
  assert.ok(messages.every(({ message_id }) => /^[\w.-]+$/u.test(message_id)))
  assert.equal(new Set(messages.map(({ message_id }) => message_id)).size, messages.length)
  for (const { message_id } of eventsOf(account, 'edit')) {
    assert.ok(messages.some((message) => message.message_id === message_id))
  }
})

test('an address that is a person and a group leaves nothing behind', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit({ type: 'chats', chats: [group(FAMILY)], removed: [], all_groups: true })
  const both: Address = { kind: 'person', aliases: [{ kind: 'group', value: FAMILY }] }
  engine.host.emit(received({ chat: both }))
  assert.deepEqual(journalOf(account), [])
  assert.equal(account.records.identity.find(BOB.lid), undefined)
})

test('media, places, cards and times from strangers have bounds', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  const infinite = Number.POSITIVE_INFINITY
  const media = {
    ...MEDIA,
    mime: 'Text/HTML; charset=x"><script>',
    size: -1,
    file_name: '../../etc/\u202Epass\nwd',
    seconds: infinite,
    width: 1e9,
    height: 0.5,
  }
  const card: Contact = { name: 'a\nb'.repeat(100), phones: Array.from({ length: 99 }, () => '1'.repeat(99)) }
  const location = { latitude: 48.1, longitude: 11.5, name: 'Home\u0000', address: null, live: false }
  const odd: Partial<MessageReceived> = {
    media,
    location,
    contacts: Array.from({ length: 99 }, () => card),
    origin: { ...ORIGIN, device: infinite, server_time: Number.NaN },
  }
  engine.host.emit(received(odd))
  engine.host.emit(received({ external_id: 'IN2', location: { ...location, latitude: 91 } }))
  engine.host.emit(received({ external_id: 'IN3', location: { ...location, longitude: Number.NaN } }))
  const [first, second, third] = eventsOf(account, 'message')
  assert.deepEqual(first?.media, {
    ...MEDIA,
    mime: 'text/html',
    size: null,
    file_name: '_.._etc_ pass wd',
    width: null,
    height: null,
  })
  assert.deepEqual(first.location, { ...location, name: 'Home' })
  assert.equal(first.contacts.length, 16)
  assert.equal(first.contacts[0]?.name, 'a b'.repeat(43).slice(0, 128).trim())
  assert.deepEqual(
    first.contacts[0].phones,
    Array.from({ length: 16 }, () => '1'.repeat(64)),
  )
  assert.equal(first.origin.device, null)
  assert.ok(first.origin.server_time > 1_700_000_000)
  assert.deepEqual([second?.location, third?.location], [null, null])
})

test('who is mentioned need not exist, and leaves nothing behind', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  engine.host.emit({ type: 'chats', chats: [group(FAMILY)], removed: [], all_groups: true })
  const [made_up, lid] = ['15559999999@s.whatsapp.net', '900000000000009@lid']
  const strange: Address = { kind: 'person', aliases: [{ kind: 'lid', value: FAMILY }] }
  engine.host.emit(received({ mentions: [person(BOB.phone), person(made_up), person(lid), strange] }))
  assert.deepEqual(eventsOf(account, 'message')[0]?.mentions, [
    { id: BOB.lid, phone: BOB.digits, lid: BOB.lid, name: null },
    { id: made_up, phone: '15559999999', lid: null, name: null },
    { id: lid, phone: null, lid, name: null },
    { id: FAMILY, phone: null, lid: FAMILY, name: null },
  ])
  for (const value of [made_up, lid]) assert.equal(account.records.identity.find(value), undefined)
  assert.equal(account.records.identity.find(FAMILY)?.kind, 'group')
})

test('times that no calendar knows are now', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  for (const [index, timestamp] of [0, -1, 1e300, 253_402_300_800, Number.NaN].entries()) {
    engine.host.emit(received({ external_id: `IN${index}`, timestamp }))
  }
  for (const { timestamp } of eventsOf(account, 'message')) assert.ok(Math.abs(timestamp - Date.now() / 1000) < 60)
})

test('polls from strangers have bounds', () => {
  const poll = { question: 'q'.repeat(999), options: Array.from({ length: 99 }, () => 'o'.repeat(999)), selectable: -3 }
  const event = clean(received({ poll }))
  assert.ok(event.type === 'message' && event.poll)
  assert.deepEqual(
    [event.poll.question.length, event.poll.options.length, event.poll.options[0]?.length, event.poll.selectable],
    [256, 64, 256, 0],
  )
})

test('file names are plain', () => {
  const cases: [string | null, string | null][] = [
    [null, null],
    ['report.pdf', 'report.pdf'],
    ['C:\\Windows\\x.exe', 'C_Windows_x.exe'],
    ['/etc/passwd', '_etc_passwd'],
    ['..', null],
    ['.bashrc', 'bashrc'],
    ['a\u0000b\r\n.txt', 'a b .txt'],
    ['gpj.\u202Eexe', 'gpj. exe'],
    ['x'.repeat(300), 'x'.repeat(255)],
    ['Ärger & Söhne.docx', 'Ärger & Söhne.docx'],
  ]
  for (const [name, expected] of cases) assert.equal(cleanFileName(name), expected, name ?? 'null')
})

test('mime types are bare', () => {
  const cases: [string, string][] = [
    ['audio/ogg; codecs=opus', 'audio/ogg'],
    ['IMAGE/JPEG', 'image/jpeg'],
    ['application/vnd.oasis.opendocument.text', 'application/vnd.oasis.opendocument.text'],
    ['', 'application/octet-stream'],
    ['image', 'application/octet-stream'],
    ['a/b/c', 'application/octet-stream'],
    ['text/html<script>', 'application/octet-stream'],
    [`x/${'y'.repeat(100)}`, 'application/octet-stream'],
  ]
  for (const [mime, expected] of cases) assert.equal(cleanMime(mime), expected, mime)
})

test('emoji of more than one code point stay whole', () => {
  for (const emoji of ['👍🏽', '👨‍👩‍👧', '❤️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿']) assert.equal(cleanEmoji(emoji), emoji)
  assert.equal(cleanEmoji(' \u202E\n'), null)
})
