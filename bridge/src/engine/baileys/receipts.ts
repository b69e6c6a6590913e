import type { ReceiptReceived } from '../engine.ts'
import { person } from './addresses.ts'
import { type BaileysEventMap, type Contact, proto, toNumber, type WAMessageKey } from './library.ts'

type Status = ReceiptReceived['status']

const { Status } = proto.WebMessageInfo
const STATUSES: ReadonlyMap<number, Status> = new Map([
  [Status.DELIVERY_ACK, 'delivered'],
  [Status.READ, 'read'],
  [Status.PLAYED, 'played'],
])

/** From a chat with one person. The key's JID is the reader's LID even when the message went to the number. */
export function receiptsOf(updates: BaileysEventMap['messages.update'], me: Contact | undefined): ReceiptReceived[] {
  return updates.flatMap(({ key, update }) => {
    const status = STATUSES.get(update.status ?? 0)
    return status ? receipt(key, status, toNumber(update.messageTimestamp), key.remoteJid, me) : []
  })
}

/** From the members of a group. The key's participant is not to be trusted: Baileys merges receipts under the first reader's. */
export function groupReceiptsOf(
  updates: BaileysEventMap['message-receipt.update'],
  me: Contact | undefined,
): ReceiptReceived[] {
  return updates.flatMap(({ key, receipt: by }) => readerReceipts(key, by, me))
}

function readerReceipts(key: WAMessageKey, by: proto.IUserReceipt, me: Contact | undefined): ReceiptReceived[] {
  const times = {
    delivered: by.receiptTimestamp,
    read: by.readTimestamp,
    played: by.playedTimestamp,
  } satisfies Partial<Record<Status, unknown>>
  return Object.entries(times).flatMap(([status, time]) => {
    const seconds = toNumber(time)
    return seconds > 0 ? receipt(key, status as Status, seconds, by.userJid, me) : []
  })
}

function receipt(
  key: WAMessageKey,
  status: Status,
  seconds: number,
  reader: string | null | undefined,
  me: Contact | undefined,
): ReceiptReceived[] {
  if (!key.fromMe || !key.id) return []
  const timestamp = seconds > 0 ? seconds : Math.floor(Date.now() / 1000)
  return [{ type: 'receipt', external_id: key.id, status, by: person([reader], me) ?? null, timestamp }]
}
