import { LRUCache } from 'lru-cache'

import { LIMITS } from '../../protocol.ts'
import type { CallReceived } from '../engine.ts'
import { aliasOf, isOneOf, ownAliases, person } from './addresses.ts'
import { cut } from './content-text.ts'
import { type BinaryNode, type Contact, getAllBinaryNodeChildren, getBinaryNodeChild } from './library.ts'
import { serverOrigin } from './origin.ts'
import { secondsOf } from './seconds.ts'

type Status = CallReceived['status']

/** A call that began longer ago does not ring any more. */
const RINGS_S = 60
const REMEMBERED_MS = 24 * 3600 * 1000
const ELSEWHERE = new Map<string, Status>([
  ['accepted_elsewhere', 'accepted'],
  ['rejected_elsewhere', 'rejected'],
])

type Call = Pick<CallReceived, 'call_id' | 'chat' | 'caller' | 'video'>

/** A call as it was offered. */
interface Known {
  call: Call
  /** Taken, turned down or missed. */
  over: boolean
}

/**
 * Calls, from WhatsApp's stanzas: Baileys forgets of a call what it takes to tell a missed one from one that was taken. Nothing is ever answered.
 */
export class Calls {
  readonly #me: () => Contact | undefined
  readonly #known = new LRUCache<string, Known>({ max: 1000, ttl: REMEMBERED_MS })
  /** Came while this device was away. Whether they were taken is known when all has come that WhatsApp kept. */
  readonly #undecided = new Map<string, CallReceived>()

  constructor(me: () => Contact | undefined) {
    this.#me = me
  }

  /** What a `<call>` tells. */
  in(stanza: BinaryNode): CallReceived[] {
    const [info] = getAllBinaryNodeChildren(stanza)
    const call = info && this.#callIn(stanza, info)
    if (!info || !call) return []
    const { call_id } = call
    const known = this.#known.get(call_id)
    if (info.tag === 'offer' || info.tag === 'offer_notice') {
      if (known) return []
      this.#known.set(call_id, { call, over: false })
      return this.#offered(call, stanza)
    }
    const status = this.#endIn(stanza, info, known)
    if (!status || known?.over) return []
    this.#known.set(call_id, { call: known?.call ?? call, over: true })
    this.#undecided.delete(call_id)
    return [eventOf(known?.call ?? call, status, stanza)]
  }

  /** All has come that WhatsApp had kept: what nobody took by now was missed. */
  caughtUp(): CallReceived[] {
    const missed = [...this.#undecided.values()]
    this.#undecided.clear()
    for (const { call_id } of missed) this.#settle(call_id)
    return missed
  }

  /** That could not be kept: it will be told again, when its stanza comes again or with what was missed. */
  takeBack(event: CallReceived): void {
    const known = this.#known.get(event.call_id)
    if (event.status === 'offered') this.#known.delete(event.call_id)
    else if (known) known.over = false
    if (event.status === 'missed') this.#undecided.set(event.call_id, event)
  }

  #offered(call: Call, stanza: BinaryNode): CallReceived[] {
    const offered = eventOf(call, 'offered', stanza)
    if (!offered.origin.offline && offered.timestamp > Date.now() / 1000 - RINGS_S) return [offered]
    const missed: CallReceived = { ...offered, status: 'missed' }
    if (offered.origin.offline) {
      this.#undecided.set(call.call_id, missed)
      return []
    }
    this.#settle(call.call_id)
    return [missed]
  }

  #settle(id: string): void {
    const known = this.#known.get(id)
    if (known) known.over = true
  }

  /** The account's own calls are none of these. */
  #callIn({ attrs: { notify } }: BinaryNode, info: BinaryNode): Call | undefined {
    const { attrs } = info
    const call_id = attrs['call-id']
    const caller = person([attrs['call-creator'], attrs['caller_pn']], this.#me(), cut(notify, LIMITS.name_chars))
    if (!call_id || call_id.length > LIMITS.name_chars || caller?.kind !== 'person') return undefined
    const group = aliasOf(attrs['group-jid'])
    const video = attrs['media'] === 'video' || getBinaryNodeChild(info, 'video') !== undefined
    return { call_id, caller, chat: group?.kind === 'group' ? { kind: 'group', aliases: [group] } : caller, video }
  }

  #endIn({ attrs: { from } }: BinaryNode, { tag, attrs: { reason } }: BinaryNode, known?: Known): Status | undefined {
    if (tag === 'accept' || tag === 'reject') {
      // In a group others take it too.
      if (known?.call.chat.kind === 'group' && !isOneOf(ownAliases(this.#me()), from)) return undefined
      return tag === 'accept' ? 'accepted' : 'rejected'
    }
    if (tag !== 'terminate') return undefined
    const elsewhere = ELSEWHERE.get(reason ?? '')
    if (elsewhere) return elsewhere
    // Of a call that nobody told of it is not known whether it was taken.
    return known || reason === 'timeout' ? 'missed' : undefined
  }
}

function eventOf(call: Call, status: Status, { attrs }: BinaryNode): CallReceived {
  const timestamp = secondsOf(attrs['t'])
  return { type: 'call', ...call, status, origin: serverOrigin('person', attrs, timestamp), timestamp }
}
