import { LIMITS } from '../../protocol.ts'
import type { UndecryptableReceived } from '../engine.ts'
import { partiesOf } from './addresses.ts'
import { cut } from './content-text.ts'
import type { Contact } from './library.ts'
import { originOf } from './origin.ts'
import { timestampOf } from './seconds.ts'
import { frameOf } from './stanzas.ts'
import type { Unreadable } from './unread.ts'

/** A message that cannot be read, as far as its stanza tells. `undefined` when it has no place or no id. */
export function unreadableEvent(
  { attrs, reason, unavailable }: Unreadable,
  me: Contact | undefined,
): UndecryptableReceived | undefined {
  const frame = frameOf(attrs, me)
  const { key } = frame
  const parties = partiesOf(key, me, cut(frame.pushName, LIMITS.name_chars))
  if (!parties || !key.id || key.id.length > LIMITS.name_chars) return undefined
  const timestamp = timestampOf(frame)
  const told = { view_once: unavailable?.startsWith('view_once') === true }
  const origin = originOf(key, attrs, timestamp, undefined, told)
  const common = { external_id: key.id, from_me: key.fromMe === true, timestamp }
  return { type: 'undecryptable', ...common, ...parties, reason, origin }
}
