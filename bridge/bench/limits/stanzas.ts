/** What WhatsApp's server might send, and what people might write, when they mean no good. */
import { type BinaryNode, encodeWAMessage, type proto } from 'baileys'

import type { Random } from '../support/random.ts'
import { hostileNumber, hostileText, mutate } from './hostile.ts'

const BOB = '15550000002@s.whatsapp.net'
const GROUP = '120363000000000001@g.us'

function tagged(tag: string, attrs: Record<string, string>, content?: BinaryNode['content']): BinaryNode {
  return { tag, attrs, ...(content !== undefined && { content }) }
}

/** Well-formed stanzas of every kind but those that end the connection or the account, which the server may do. */
function stanzas(random: Random): BinaryNode[] {
  const id = random.bytes(8).toString('hex').toUpperCase()
  const t = String(Math.floor(Date.now() / 1000))
  const from = random.pick([BOB, GROUP, '900015550000002@lid', 'status@broadcast', '1@newsletter', 's.whatsapp.net'])
  const who = { from, participant: BOB, id, t }
  const enc = (type: string) => tagged('enc', { v: '2', type }, random.bytes(random.below(200)))
  const change = (name: string) =>
    tagged(name, { jid: BOB, subject: 'x', expiration: '5' }, [tagged('participant', { jid: BOB })])
  const group = [
    'create',
    'add',
    'remove',
    'promote',
    'demote',
    'subject',
    'description',
    'announcement',
    'locked',
    'ephemeral',
    'modify',
    'invite',
  ]
  return [
    tagged('message', { ...who, type: 'text', notify: 'Bob' }, [
      enc(random.pick(['msg', 'pkmsg', 'skmsg', 'msmsg', 'x'])),
    ]),
    tagged('message', { ...who, type: 'media', offline: '1' }, [enc('pkmsg'), enc('skmsg')]),
    tagged('message', { ...who, type: 'text' }, [tagged('unavailable', { type: 'view_once' })]),
    tagged('message', { ...who, type: 'text' }, [tagged('plaintext', {}, random.bytes(40))]),
    tagged('receipt', { ...who, type: random.pick(['read', 'played', 'retry', 'sender', 'inactive', '']) }, [
      tagged('list', {}, [tagged('item', { id })]),
      tagged('retry', { count: '1', id, t, v: '1' }),
      tagged('registration', {}, random.bytes(4)),
    ]),
    tagged('notification', { ...who, type: 'w:gp2' }, [change(random.pick(group))]),
    tagged(
      'notification',
      {
        ...who,
        type: random.pick([
          'devices',
          'encrypt',
          'picture',
          'account_sync',
          'server_sync',
          'mediaretry',
          'mex',
          'link_code_companion_reg',
          'privacy_token',
          'status',
        ]),
      },
      [
        tagged(
          random.pick(['add', 'remove', 'update', 'count', 'identity', 'set', 'collection', 'rmr', 'encrypt']),
          { hash: 'x', value: '3', name: 'regular' },
          [tagged('device', { jid: BOB, 'key-index': '1' }), tagged('key-index-list', { ts: t }, random.bytes(30))],
        ),
      ],
    ),
    tagged('call', who, [
      tagged(
        random.pick(['offer', 'accept', 'reject', 'terminate', 'offer_notice']),
        { 'call-id': id, 'call-creator': BOB },
        [tagged('video', {})],
      ),
    ]),
    tagged('presence', { from, type: random.pick(['available', 'unavailable']), last: t }),
    tagged('chatstate', { from, participant: BOB }, [tagged(random.pick(['composing', 'paused']), { media: 'audio' })]),
    tagged('ib', { from: 's.whatsapp.net' }, [
      tagged(random.pick(['dirty', 'offline', 'edge_routing', 'offline_preview', 'thread_metadata']), {
        type: 'groups',
        timestamp: t,
        count: '1',
      }),
    ]),
    tagged('iq', { id, from, type: random.pick(['set', 'get', 'result', 'error']), xmlns: 'w:p' }, [
      tagged('ping', {}),
      tagged('error', { code: '500', text: 'x' }),
    ]),
    tagged('ack', {
      ...who,
      class: random.pick(['message', 'receipt', 'call']),
      error: random.pick(['463', '479', '500', 'x']),
    }),
    tagged('xyz', who, [tagged('abc', {}, 'text')]),
  ]
}

/** One of them with something wrong in it. Attributes stay texts, as the encoding has it. */
export function wrongStanza(random: Random): BinaryNode {
  const root = { stanza: random.pick(stanzas(random)) }
  const times = 1 + random.below(3)
  for (let time = 0; time < times; time++) {
    mutate(root, random, (_, old) => {
      if (ArrayBuffer.isView(old)) return random.bytes(random.below(500))
      return random.chance(0.2) ? String(hostileNumber(random)) : hostileText(random)
    })
  }
  return root.stanza
}

type Message = proto.IMessage

function media(random: Random): object {
  const hash = () => random.bytes(random.pick([0, 1, 31, 32, 64]))
  return {
    url: random.pick(['https://127.0.0.1:9/x', 'file:///etc/passwd', 'http://127.0.0.1:1/', hostileText(random)]),
    directPath: random.pick(['/v/x', '//127.0.0.1:9/x', '/../../x', hostileText(random)]),
    mediaKey: hash(),
    fileSha256: hash(),
    fileEncSha256: hash(),
    fileLength: random.pick([0, 1, 2 ** 31, 2 ** 53]),
    mimetype: random.pick(['image/jpeg', 'text/html', 'a/b\r\nX: y', hostileText(random)]),
    fileName: hostileText(random),
    title: hostileText(random),
    caption: hostileText(random),
    width: hostileNumber(random),
    height: hostileNumber(random),
    seconds: hostileNumber(random),
    waveform: random.bytes(random.below(300)),
    jpegThumbnail: random.bytes(random.below(1000)),
    contextInfo: {
      stanzaId: hostileText(random),
      participant: hostileText(random),
      quotedMessage: { conversation: 'x' },
    },
  }
}

/** Messages of every kind. */
function messages(random: Random): Message[] {
  const key = {
    remoteJid: random.pick([BOB, GROUP, hostileText(random)]),
    fromMe: random.chance(0.5),
    id: hostileText(random),
    participant: BOB,
  }
  const text = hostileText(random)
  const poll = {
    name: text,
    options: [{ optionName: text }, { optionName: text }, {}],
    selectableOptionsCount: hostileNumber(random),
  }
  const secret = { targetMessageKey: key, encPayload: random.bytes(40), encIv: random.bytes(random.pick([0, 12, 16])) }
  const contextInfo = {
    stanzaId: text,
    participant: text,
    mentionedJid: [text, BOB],
    expiration: hostileNumber(random),
    forwardingScore: hostileNumber(random),
    isForwarded: true,
  }
  const list: object[] = [
    { conversation: text },
    { extendedTextMessage: { text, title: text, matchedText: text, contextInfo } },
    ...['imageMessage', 'videoMessage', 'ptvMessage', 'audioMessage', 'documentMessage', 'stickerMessage'].map(
      (kind) => ({ [kind]: media(random) }),
    ),
    {
      locationMessage: {
        degreesLatitude: hostileNumber(random),
        degreesLongitude: hostileNumber(random),
        name: text,
        address: text,
      },
    },
    { liveLocationMessage: { degreesLatitude: NaN, degreesLongitude: Infinity, caption: text } },
    { contactMessage: { displayName: text, vcard: `BEGIN:VCARD\nTEL;waid=${text}:${text}\nEND:VCARD` } },
    {
      contactsArrayMessage: {
        contacts: Array.from({ length: 300 }, () => ({ displayName: text.slice(0, 50), vcard: text.slice(0, 50) })),
      },
    },
    { pollCreationMessage: poll },
    { pollCreationMessageV3: poll },
    {
      pollUpdateMessage: {
        pollCreationMessageKey: key,
        vote: { encPayload: random.bytes(40), encIv: random.bytes(12) },
        senderTimestampMs: 1,
      },
    },
    { reactionMessage: { key, text, senderTimestampMs: hostileNumber(random) } },
    { encReactionMessage: secret },
    { secretEncryptedMessage: { ...secret, secretEncType: random.below(5) } },
    {
      protocolMessage: {
        key,
        type: random.below(30),
        editedMessage: { conversation: text },
        ephemeralExpiration: random.below(1000),
        timestampMs: hostileNumber(random),
      },
    },
    {
      protocolMessage: {
        type: 5,
        historySyncNotification: {
          ...media(random),
          syncType: random.below(8),
          initialHistBootstrapInlinePayload: random.bytes(100),
        },
      },
    },
    {
      protocolMessage: {
        type: 6,
        appStateSyncKeyShare: { keys: [{ keyId: { keyId: random.bytes(6) }, keyData: { keyData: random.bytes(32) } }] },
      },
    },
    {
      senderKeyDistributionMessage: {
        groupId: random.pick([GROUP, text]),
        axolotlSenderKeyDistributionMessage: random.bytes(80),
      },
    },
    { deviceSentMessage: { destinationJid: text, message: { conversation: text } } },
    { pinInChatMessage: { key, type: random.below(4) } },
    { keepInChatMessage: { key, keepType: random.below(4) } },
    { groupInviteMessage: { groupJid: text, inviteCode: text, groupName: text } },
    { buttonsResponseMessage: { selectedButtonId: text, selectedDisplayText: text, contextInfo } },
    { listResponseMessage: { title: text, singleSelectReply: { selectedRowId: text }, contextInfo } },
    { templateButtonReplyMessage: { selectedId: text } },
    { interactiveMessage: { body: { text } } },
    { eventMessage: { name: text, startTime: hostileNumber(random) } },
    { call: { callKey: random.bytes(32) } },
    { placeholderMessage: { type: 0 } },
    {},
  ]
  return list
}

const WRAPPINGS = [
  'ephemeralMessage',
  'viewOnceMessage',
  'viewOnceMessageV2',
  'documentWithCaptionMessage',
  'editedMessage',
  'deviceSentMessage',
] as const

/** The plaintext of a message: well-formed with hostile values, with a few bytes changed, or nothing but noise. */
export function wrongPlaintext(random: Random): Uint8Array {
  if (random.chance(0.15)) return random.bytes(random.below(400))
  let message = random.pick(messages(random))
  const depth = random.chance(0.1) ? random.below(200) : random.below(3)
  for (let level = 0; level < depth; level++) message = { [random.pick(WRAPPINGS)]: { message } }
  if (random.chance(0.5)) message.messageContextInfo = { messageSecret: random.bytes(random.pick([0, 16, 32])) }
  const bytes = Buffer.from(encodeWAMessage(message))
  const changes = random.chance(0.3) ? 1 + random.below(5) : 0
  for (let change = 0; change < changes; change++) bytes[random.below(bytes.length)] = random.below(256)
  return bytes
}
