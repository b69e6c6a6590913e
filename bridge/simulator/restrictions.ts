import type { BinaryNode } from 'baileys'

import type { Handler } from './iq.ts'
import { node, now, requireAttr, requireChild, SERVER } from './nodes.ts'
import type { Phone } from './phone.ts'

/** Baileys' name of the question whether an account may start chats. */
const TIME_LOCK = '23983697327930364'

/** Accounts that may not start chats, until when (seconds since the epoch); `null` when it is not said. */
const restricted = new WeakMap<Phone, number | null>()

/** Tells the linked devices that the account may not start chats, or may again (`undefined`). */
export function restrict(phone: Phone, until: number | null | undefined): void {
  if (until === undefined) restricted.delete(phone)
  else restricted.set(phone, until)
  tell(phone, 'NotificationUserReachoutTimelockUpdate', { xwa2_notify_account_reachout_timelock: timeLock(phone) })
}

/** Lets the account start chats again, and tells nobody. */
export function forgive(phone: Phone): void {
  restricted.delete(phone)
}

/** Tells the linked devices that the account has written to as many new people as it may, or not any more. */
export function cap(phone: Phone, until: number | undefined): void {
  const status =
    until === undefined ? { capping_status: 'NONE' } : { capping_status: 'CAPPED', cycle_end_timestamp: String(until) }
  tell(phone, 'MessageCappingInfoNotification', { xwa2_notify_new_chat_messages_capping_info_update: status })
}

export const answerMex: Handler = (_, { phone }, iq) => {
  const query = requireAttr(requireChild(iq, 'query'), 'query_id')
  const data = query === TIME_LOCK ? { xwa2_fetch_account_reachout_timelock: timeLock(phone) } : {}
  return [node('result', {}, Buffer.from(JSON.stringify({ data })))]
}

function timeLock(phone: Phone): object {
  const until = restricted.get(phone)
  if (until === undefined) return { is_active: false }
  return {
    is_active: true,
    enforcement_type: 'DEFAULT',
    ...(until !== null && { time_enforcement_ends: String(until) }),
  }
}

function tell({ devices }: Phone, operation: string, data: object): void {
  for (const device of devices) {
    const attrs = { from: SERVER, type: 'mex', id: `mex-${operation}-${now()}`, t: now() }
    const update: BinaryNode = node('update', { op_name: operation }, Buffer.from(JSON.stringify({ data })))
    device.deliver(node('notification', attrs, [update]))
  }
}
