import { randomBytes, randomUUID } from 'node:crypto'

import type { BinaryNode } from 'baileys'

import { SimulatorError } from './errors.ts'
import type { Chat } from './inbox.ts'
import { node, now } from './nodes.ts'
import { type Addressing, appearance } from './people.ts'
import type { Phone } from './phone.ts'

/** One call. The linked devices of whom it is for hear of it. */
export class Call {
  readonly id = randomBytes(16).toString('hex').toUpperCase()
  readonly caller: Phone
  readonly to: Chat
  readonly video: boolean
  readonly #addressing: Addressing

  constructor(caller: Phone, to: Chat, video: boolean, addressing: Addressing) {
    this.caller = caller
    this.to = to
    this.video = video
    this.#addressing = addressing
    const media = [node('audio', { enc: 'opus', rate: '16000' }), ...(video ? [node('video', { enc: 'h264' })] : [])]
    const group = 'number' in to ? {} : { 'group-jid': to.id, type: 'group' }
    this.#tell(caller, 'offer', { caller_pn: this.#seen(caller).alternative, ...group }, media)
  }

  /** The caller gives up, or nobody took it (`timeout`), or another device of the called did something. */
  end(reason?: 'timeout' | 'accepted_elsewhere' | 'rejected_elsewhere'): void {
    this.#tell(this.caller, 'terminate', { reason })
  }

  /** Somebody takes it on the phone. */
  accept(by: Phone): void {
    this.#tell(this.#called(by), 'accept', {})
  }

  /** Somebody turns it down on the phone. */
  reject(by: Phone): void {
    this.#tell(this.#called(by), 'reject', {})
  }

  #called(phone: Phone): Phone {
    const isCalled = 'number' in this.to ? this.to === phone : this.to.has(phone)
    if (!isCalled) throw new SimulatorError(`${phone.number} is not called.`)
    return phone
  }

  #tell(from: Phone, tag: string, more: Record<string, string | undefined>, content?: BinaryNode[]): void {
    const attrs = { 'call-id': this.id, 'call-creator': this.#seen(this.caller).jid, ...more }
    const call = { from: this.#seen(from).jid, t: now(), notify: from.name }
    // What one of the called does is the business of their own devices only.
    const phones = from !== this.caller ? [from] : 'number' in this.to ? [this.to] : this.to.members
    for (const device of phones.filter((phone) => phone !== this.caller).flatMap(({ devices }) => devices))
      device.deliver(node('call', { ...call, id: randomUUID() }, [node(tag, attrs, content)]))
  }

  #seen(phone: Phone): ReturnType<typeof appearance> {
    return appearance(phone, 'number' in this.to ? this.#addressing : this.to.addressing)
  }
}

export class Calls {
  /** What clients said about calls. */
  readonly heard: BinaryNode[] = []
  readonly #addressing: Addressing
  readonly #calls = new Map<string, Call>()

  constructor(addressing: Addressing) {
    this.#addressing = addressing
  }

  /** Somebody calls a person or a group. */
  place(caller: Phone, to: Chat, { video = false } = {}): Call {
    const call = new Call(caller, to, video, this.#addressing)
    this.#calls.set(call.id, call)
    return call
  }

  /** @throws SimulatorError when there is no such call. */
  get(id: string): Call {
    const call = this.#calls.get(id)
    if (!call) throw new SimulatorError(`There is no call ${id}.`)
    return call
  }
}
