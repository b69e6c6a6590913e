import type { Origin } from '../../protocol.ts'
import { isJidBroadcast, jidDecode, proto, type WAMessageKey } from './library.ts'
import type { Attributes } from './stanzas.ts'

/** What the message itself says about how it came to be. */
export type Told = Pick<Origin, 'forwarded' | 'edited' | 'view_once' | 'quoted'>

/** `edit` of a stanza: by its writer, and by an admin. */
const EDITS = new Set(['1', '3'])
const { MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type

/** Where a message comes from, by its stanza where Baileys hides it: the sender's device for one. */
export function originOf(
  key: WAMessageKey,
  stanza: Attributes,
  timestamp: number,
  content: proto.IMessage | undefined,
  told: Partial<Told> = {},
): Omit<Origin, 'replayed'> {
  const device = jidDecode(stanza['participant'] ?? stanza['from'])?.device ?? 0
  return {
    source: key.fromMe ? (device ? 'device' : 'phone') : 'person',
    e2e: true,
    device,
    forwarded: false,
    quoted: false,
    ...told,
    edited: told.edited === true || EDITS.has(stanza['edit'] ?? '') || isEdit(content),
    view_once: told.view_once === true || isViewOnce(content),
    broadcast: isJidBroadcast(stanza['from'] ?? '') === true,
    offline: stanza['offline'] !== undefined,
    server_time: Number(stanza['t']) || timestamp,
  }
}

/** Where something comes from that WhatsApp's server says itself: nobody's device has encrypted it. */
export function serverOrigin(
  source: Origin['source'],
  { offline }: Attributes,
  timestamp: number,
): Omit<Origin, 'replayed'> {
  return {
    source,
    e2e: false,
    device: null,
    forwarded: false,
    edited: false,
    view_once: false,
    quoted: false,
    broadcast: false,
    offline: offline !== undefined,
    server_time: timestamp,
  }
}

/** Baileys unwraps edits, and they could pass for what was said first. */
function isEdit(content: proto.IMessage | undefined): boolean {
  return Boolean(content?.editedMessage) || content?.protocolMessage?.type === MESSAGE_EDIT
}

function isViewOnce(content: proto.IMessage | undefined): boolean {
  const { viewOnceMessage, viewOnceMessageV2, viewOnceMessageV2Extension } = content ?? {}
  if (viewOnceMessage || viewOnceMessageV2 || viewOnceMessageV2Extension) return true
  return [content?.imageMessage, content?.videoMessage, content?.audioMessage].some((media) => media?.viewOnce)
}
