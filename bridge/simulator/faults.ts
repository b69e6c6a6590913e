import { randomUUID } from 'node:crypto'

import type { BinaryNode } from 'baileys'
import Type, { type Static, type TProperties } from 'typebox'

import { checker } from './checker.ts'
import { NotFound } from './errors.ts'
import { child } from './nodes.ts'

/** How often it happens; absent: until cleared. */
const times = { times: Type.Optional(Type.Integer({ minimum: 1 })) }
/** Whose account it happens to; absent: all. */
const scope = { ...times, number: Type.Optional(Type.String()) }
/** What it concerns: `message`, `usync`, `encrypt/key` … */
const to = Type.String({ minLength: 1, maxLength: 100 })
const code = Type.Integer({ minimum: 100, maximum: 999 })
const ms = Type.Integer({ minimum: 0, maximum: 600_000 })

/** What can go wrong on request, as JSON. */
const FAULTS = {
  drop: fault('drop', { ...scope, at: Type.Enum(['before_message', 'before_ack', 'after_ack']) }),
  no_answer: fault('no_answer', { ...scope, to }),
  iq_error: fault('iq_error', { ...scope, to, code }),
  ack_error: fault('ack_error', { ...scope, code }),
  login_failure: fault('login_failure', { ...scope, code }),
  // Nobody has logged in yet at that point, so it cannot be somebody's.
  http_status: fault('http_status', { ...times, code }),
  delay: fault('delay', { ...scope, ms, to: Type.Optional(to) }),
  member_error: fault('member_error', { ...scope, code }),
  passkey: fault('passkey', scope),
  duplicate: fault('duplicate', scope),
  corrupt: fault('corrupt', scope),
  unavailable: fault('unavailable', { ...scope, type: Type.Optional(Type.String({ maxLength: 100 })) }),
  forged_key: fault('forged_key', scope),
  // The media server does not know who asks.
  media_upload: fault('media_upload', { ...times, code }),
  media_download: fault('media_download', { ...times, code }),
  media_gone: fault('media_gone', times),
  media_corrupt: fault('media_corrupt', times),
  media_slow: fault('media_slow', { ...times, ms }),
  media_lost: fault('media_lost', { ...scope, silent: Type.Optional(Type.Boolean()) }),
}

export type FaultKind = keyof typeof FAULTS
export type Fault = Static<(typeof FAULTS)[FaultKind]>
type FaultOf<K extends FaultKind> = Static<(typeof FAULTS)[K]>

const KINDS = Object.keys(FAULTS) as FaultKind[]
const checkKind = checker(Type.Object({ kind: Type.Enum(KINDS) }))

function fault<K extends string, P extends TProperties>(kind: K, properties: P) {
  return Type.Object({ kind: Type.Literal(kind), ...properties }, { additionalProperties: false })
}

/** The names a fault may use for this stanza. */
function namesOf(stanza: BinaryNode): string[] {
  if (stanza.tag !== 'iq') return [stanza.tag]
  const namespace = stanza.attrs['xmlns'] ?? ''
  return [namespace, `${namespace}/${child(stanza)?.tag ?? ''}`]
}

/** Whether a fault's `to` means this stanza. */
export function concerns(name: string | undefined, stanza: BinaryNode): boolean {
  return name === undefined || namesOf(stanza).includes(name)
}

/** The faults now in force. */
export class Faults {
  readonly #faults = new Map<string, { fault: Fault; left: number }>()

  /** Puts a fault in force and returns its id. @throws SimulatorError when it is not one. */
  set(wanted: Fault): string {
    const { kind } = checkKind(wanted)
    const valid = checker(FAULTS[kind])(wanted)
    const id = randomUUID()
    this.#faults.set(id, { fault: valid, left: valid.times ?? Infinity })
    return id
  }

  /** Lifts one fault, or all. @throws NotFound when there is no such fault (any more). */
  clear(id?: string): void {
    if (id === undefined) this.#faults.clear()
    else if (!this.#faults.delete(id)) throw new NotFound(`There is no fault ${id}; it may be over.`)
  }

  /** The fault of that kind which happens now, if any; it is counted. */
  take<K extends FaultKind>(
    kind: K,
    number?: string,
    fits: (fault: FaultOf<K>) => boolean = () => true,
  ): FaultOf<K> | undefined {
    for (const [id, entry] of this.#faults) {
      const { fault: one } = entry
      if (one.kind !== kind || ('number' in one && one.number !== number)) continue
      const candidate = one as FaultOf<K>
      if (!fits(candidate)) continue
      entry.left--
      if (entry.left === 0) this.#faults.delete(id)
      return candidate
    }
    return undefined
  }
}
