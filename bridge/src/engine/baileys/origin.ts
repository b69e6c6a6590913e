import type { Origin } from '../../protocol.ts'
import { jidDecode, type WAMessageKey } from './library.ts'

/** What is known of a stanza besides what Baileys makes of it. */
export interface Stanza {
  attrs: Record<string, string>
  /** WhatsApp had kept it for this device. */
  offline: boolean
}

/** What the message itself says about how it came to be. */
export type Told = Pick<Origin, 'forwarded' | 'edited' | 'view_once' | 'quoted'>

/** Where a message comes from, by its stanza where Baileys hides it: the sender's device for one. */
export function originOf(
  key: WAMessageKey,
  stanza: Stanza | undefined,
  offline: boolean,
  timestamp: number,
  told: Partial<Told> = {},
): Omit<Origin, 'replayed'> {
  const author = stanza && (stanza.attrs['participant'] ?? stanza.attrs['from'])
  const device = author === undefined ? null : (jidDecode(author)?.device ?? 0)
  return {
    source: key.fromMe ? (device ? 'device' : 'phone') : 'person',
    e2e: true,
    device,
    forwarded: false,
    edited: false,
    view_once: false,
    quoted: false,
    ...told,
    broadcast: false,
    offline: stanza?.offline ?? offline,
    server_time: timestamp,
  }
}
