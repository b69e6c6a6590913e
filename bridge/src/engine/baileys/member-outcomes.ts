import type { GroupAdmin, MemberOutcome } from '../engine.ts'
import type { BinaryNode } from './library.ts'

type Action = Parameters<GroupAdmin['change']>[1]

/** What became of each of the members asked for, who are known by `names`. WhatsApp may answer by another name than it was asked. */
export function outcomesOf(
  action: Action,
  answered: readonly BinaryNode[],
  names: readonly ReadonlySet<string>[],
): MemberOutcome[] {
  return names.map((known, index) => {
    const named = ({ attrs: { jid, phone_number, lid } }: BinaryNode) =>
      [jid, phone_number, lid].some((name) => name !== undefined && known.has(name))
    const found = answered.find(named) ?? (answered.length === names.length ? answered[index] : undefined)
    return found ? outcomeOf(action, Number(found.attrs['error'] ?? 200)) : 'rejected'
  })
}

function outcomeOf(action: Action, code: number): MemberOutcome {
  if (code === 200) return null
  if (code === 409 && action === 'add') return null
  if (code === 404) return action === 'add' ? 'not_on_whatsapp' : action === 'remove' ? null : 'rejected'
  if (code === 429) return 'rate_limited'
  // 403: they let only some people add them. 408: they left not long ago.
  return 'rejected'
}
