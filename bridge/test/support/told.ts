/** What an engine may tell, with what a test does not care about. */
import type {
  CallReceived,
  EditReceived,
  GroupChanged,
  ReactionReceived,
  RevokeReceived,
  UndecryptableReceived,
} from '../../src/engine/engine.ts'
import type { Account } from '../../src/account/account.ts'
import type { JournalEvent } from '../../src/protocol.ts'
import { BOB, group, journalOf, ORIGIN, OWNER, person } from './memory.ts'

export const EVE = '900000000000003@lid'
export const FAMILY = '120363000000000001@g.us'
export const ME = { kind: 'self', aliases: OWNER.aliases } as const

const bob = person(BOB.lid, BOB.phone)
const written = { chat: bob, sender: bob, from_me: false, origin: ORIGIN, timestamp: 1_700_000_100 }

export function edited(changes: Partial<EditReceived> = {}): EditReceived {
  return { type: 'edit', external_id: 'EDIT1', target_external_id: 'IN1', text: 'better', ...written, ...changes }
}

export function revoked(changes: Partial<RevokeReceived> = {}): RevokeReceived {
  return { type: 'revoke', external_id: 'DEL1', target_external_id: 'IN1', as_admin: false, ...written, ...changes }
}

export function reacted(changes: Partial<ReactionReceived> = {}): ReactionReceived {
  return { type: 'reaction', external_id: 'REACT1', target_external_id: 'IN1', emoji: '👍', ...written, ...changes }
}

export function unreadable(changes: Partial<UndecryptableReceived> = {}): UndecryptableReceived {
  return { type: 'undecryptable', external_id: 'IN1', reason: 'no_session', ...written, ...changes }
}

export function groupChanged(changes: Partial<GroupChanged> = {}): GroupChanged {
  const { origin, timestamp } = written
  const what = { by: bob, members: [], value: 'Kitchen' }
  return {
    type: 'group_change',
    once: 'N1',
    chat: group(FAMILY),
    change: 'subject',
    ...what,
    origin,
    timestamp,
    ...changes,
  }
}

export function called(changes: Partial<CallReceived> = {}): CallReceived {
  const { origin, timestamp } = written
  const what = { chat: bob, caller: bob, status: 'offered', video: false } as const
  return { type: 'call', call_id: 'CALL1', ...what, origin, timestamp, ...changes }
}

/** The events of one type in an account's journal, oldest first. */
export function eventsOf<T extends JournalEvent['type']>(
  account: Account,
  type: T,
): Extract<JournalEvent, { type: T }>[] {
  const events = journalOf(account).map(({ event }) => event)
  return events.filter((event): event is Extract<JournalEvent, { type: T }> => event.type === type)
}
