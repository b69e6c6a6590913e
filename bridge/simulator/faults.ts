import { randomUUID } from 'node:crypto'

import type { BinaryNode } from 'baileys'

import { NotFound, SimulatorError } from './errors.ts'
import { child } from './nodes.ts'

interface Scope {
  /** How often it happens; absent: until cleared. */
  times?: number
  /** Whose account it happens to; absent: all. */
  number?: string
}

/** What can go wrong on request. `to` names a stanza: `message`, `usync`, `encrypt/key` … */
export type Fault = Scope &
  (
    | { kind: 'drop'; at: 'before_message' | 'before_ack' | 'after_ack' }
    | { kind: 'no_answer'; to: string }
    | { kind: 'iq_error'; to: string; code: number }
    | { kind: 'ack_error'; code: number }
    | { kind: 'login_failure'; code: number }
    | { kind: 'http_status'; code: number }
    | { kind: 'delay'; ms: number; to?: string }
    | { kind: 'duplicate' }
    | { kind: 'corrupt' }
  )

export type FaultKind = Fault['kind']
type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>

/** The names a fault may use for this stanza. */
function namesOf(stanza: BinaryNode): string[] {
  if (stanza.tag !== 'iq') return [stanza.tag]
  const namespace = stanza.attrs['xmlns'] ?? ''
  return [namespace, `${namespace}/${child(stanza)?.tag ?? ''}`]
}

/** Whether a fault's `to` means this stanza. */
export function concerns(to: string | undefined, stanza: BinaryNode): boolean {
  return to === undefined || namesOf(stanza).includes(to)
}

/** The faults now in force. */
export class Faults {
  readonly #faults = new Map<string, Fault>()

  /** Puts a fault in force and returns its id. */
  set(fault: Fault): string {
    if (fault.times !== undefined && !(Number.isInteger(fault.times) && fault.times > 0)) {
      throw new SimulatorError('`times` must be a whole number above 0.')
    }
    if (fault.kind === 'http_status' && fault.number !== undefined) {
      throw new SimulatorError('`http_status` comes before anybody has logged in, so it takes no `number`.')
    }
    const id = randomUUID()
    this.#faults.set(id, { ...fault })
    return id
  }

  /** Lifts one fault, or all. @throws NotFound when there is no such fault (any more). */
  clear(id?: string): void {
    if (id === undefined) this.#faults.clear()
    else if (!this.#faults.delete(id)) throw new NotFound(`There is no fault ${id}; it may have happened as often as it should.`)
  }

  /** The fault of that kind which happens now, if any; it is counted. */
  take<K extends FaultKind>(kind: K, number?: string, fits: (fault: FaultOf<K>) => boolean = () => true): FaultOf<K> | undefined {
    for (const [id, fault] of this.#faults) {
      if (fault.kind !== kind || (fault.number !== undefined && fault.number !== number)) continue
      const candidate = fault as FaultOf<K>
      if (!fits(candidate)) continue
      if (fault.times !== undefined && --fault.times === 0) this.#faults.delete(id)
      return candidate
    }
    return undefined
  }
}
