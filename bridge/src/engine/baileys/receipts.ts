import type { ReceiptReceived } from '../engine.ts'
import { person } from './addresses.ts'
import { type BinaryNode, type Contact, getBinaryNodeChild, getBinaryNodeChildren, isJidGroup } from './library.ts'
import { secondsOf } from './seconds.ts'

type Status = ReceiptReceived['status']

/** By the type of a receipt; others are between devices. `inactive`: by a device that nobody is at. */
const STATUSES: ReadonlyMap<string | undefined, Status> = new Map<string | undefined, Status>([
  [undefined, 'delivered'],
  ['inactive', 'delivered'],
  ['read', 'read'],
  ['played', 'played'],
])

/**
 * What a `<receipt>` says of the account's own messages. Baileys tells it later, takes "played" in a group for "read", and does not know
 * several readers in one.
 */
export function receiptsIn(stanza: BinaryNode, me: Contact | undefined): ReceiptReceived[] {
  const { attrs } = stanza
  const { from, participant } = attrs
  const status = STATUSES.get(attrs['type'])
  // With a recipient it comes from the own phone, and is about what others wrote.
  if (!status || attrs['recipient'] !== undefined) return []
  const readers = getBinaryNodeChildren(stanza, 'participants')
  if (isJidGroup(from) && !participant) {
    return readers.flatMap((list) =>
      getBinaryNodeChildren(list, 'user').flatMap(({ attrs: { jid, t } }) =>
        receipts([list.attrs['key']], status, t ?? attrs['t'], [jid], me),
      ),
    )
  }
  const more = getBinaryNodeChildren(getBinaryNodeChild(stanza, 'list'), 'item').map((item) => item.attrs['id'])
  const reader = [participant ?? from, attrs['participant_pn'], attrs['participant_lid']]
  return receipts([attrs['id'], ...more], status, attrs['t'], reader, me)
}

function receipts(
  ids: (string | undefined)[],
  status: Status,
  time: string | undefined,
  reader: (string | undefined)[],
  me: Contact | undefined,
): ReceiptReceived[] {
  const timestamp = secondsOf(time)
  const by = person(reader, me) ?? null
  return ids.flatMap((external_id) => (external_id ? [{ type: 'receipt', external_id, status, by, timestamp }] : []))
}
