import type { BinaryNode } from 'baileys'

import type { Companion } from './companion.ts'
import type { Connection } from './connection.ts'
import type { Faults } from './faults.ts'
import { handOut, type HandedBundle, type KeyBundle } from './keys.ts'
import { bytesOf, child, children, node, now, SERVER } from './nodes.ts'
import { lidJid, type Person } from './people.ts'

/** Below this many one-time keys the server asks for more. */
const FEW_KEYS = 5

/** A linked device as the server keeps it: its keys, its connection, and what it has not acknowledged yet. */
export class Device {
  readonly id: number
  readonly owner: Person
  /** How often it asked whether the server is there. */
  pings = 0
  /** Who writes with it, when that is simulated too. */
  companion: Companion | undefined
  /** The ids of the messages that it has asked its phone for. */
  readonly placeholdersAsked: string[] = []
  readonly #faults: Faults
  readonly #changed: () => void
  #bundle: KeyBundle | undefined
  #connection: Connection | undefined
  #active = false
  #pending: BinaryNode[] = []
  readonly #awaitingKeys: (() => Promise<void>)[] = []

  constructor(owner: Person, id: number, faults: Faults, changed: () => void) {
    this.owner = owner
    this.id = id
    this.#faults = faults
    this.#changed = changed
  }

  /** Its address in Signal sessions. */
  get address(): string {
    return lidJid(this.owner, this.id)
  }

  get connection(): Connection | undefined {
    return this.#connection
  }

  get connected(): boolean {
    return this.#connection !== undefined
  }

  /** Connected, and it has said that it is ready for messages. */
  get ready(): boolean {
    return this.connected && this.#active && this.#bundle !== undefined
  }

  /** How many stanzas wait for its acknowledgement. */
  get unacknowledged(): number {
    return this.#pending.length
  }

  get keyCount(): number {
    return this.#bundle?.oneTimeKeys.length ?? 0
  }

  get hasKeys(): boolean {
    return this.#bundle !== undefined
  }

  get registrationId(): number | undefined {
    return this.#bundle?.registrationId
  }

  attach(connection: Connection): void {
    this.#connection = connection
    this.#active = false
  }

  detach(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined
  }

  activate(): void {
    this.#active = true
    this.#changed()
  }

  /** Stores uploaded keys; later uploads add one-time keys. */
  async upload(bundle: KeyBundle): Promise<void> {
    const earlier = this.#bundle?.oneTimeKeys ?? []
    this.#bundle = { ...bundle, oneTimeKeys: [...earlier, ...bundle.oneTimeKeys] }
    for (const task of this.#awaitingKeys.splice(0)) await task()
    this.#changed()
  }

  rotate(signedKey: KeyBundle['signedKey']): void {
    if (this.#bundle) this.#bundle = { ...this.#bundle, signedKey }
  }

  /** Runs `task` as soon as one can encrypt for this device. */
  async whenKeyed(task: () => Promise<void>): Promise<void> {
    if (this.#bundle) await task()
    else this.#awaitingKeys.push(task)
  }

  /** Its keys for somebody who starts a session, or nothing before it uploaded any. */
  takeBundle(): HandedBundle | undefined {
    if (!this.#bundle) return undefined
    const handed = handOut(this.#bundle)
    if (this.keyCount < FEW_KEYS) this.#askForKeys()
    return handed
  }

  /** Sends now or at the next login, and again at every login until acknowledged. */
  deliver(stanza: BinaryNode): void {
    const isMessage = stanza.tag === 'message'
    const sent = isMessage ? this.#damaged(stanza) : stanza
    this.#pending.push(sent)
    this.#connection?.send(sent)
    if (isMessage && this.#faults.take('duplicate', this.owner.number)) this.#connection?.send(sent)
  }

  /** What it has not acknowledged, marked as kept for it while it was away. */
  kept(): BinaryNode[] {
    return this.#pending.map((stanza, index) => ({ ...stanza, attrs: { ...stanza.attrs, offline: String(index) } }))
  }

  /** Takes an `<ack>`, or a `<receipt>` that says the messages arrived. */
  acknowledged(by: BinaryNode): void {
    if (by.tag === 'ack') {
      const index = this.#pending.findIndex((stanza) => isAckOf(by, stanza))
      if (index >= 0) this.#pending.splice(index, 1)
    } else if (by.attrs['type'] !== 'retry') {
      const ids = idsOf(by)
      this.#pending = this.#pending.filter(
        (stanza) => stanza.tag !== 'message' || !ids.includes(stanza.attrs['id'] ?? ''),
      )
    }
    this.#changed()
  }

  #damaged(message: BinaryNode): BinaryNode {
    if (this.#faults.take('corrupt', this.owner.number)) return corrupted(message)
    const fault = this.#faults.take('unavailable', this.owner.number)
    return fault ? { ...message, content: [node('unavailable', { type: fault.type })] } : message
  }

  #askForKeys(): void {
    this.#connection?.send(
      node('notification', { from: SERVER, type: 'encrypt', id: this.#connection.nextId(), t: now() }, [
        node('count', { value: String(this.keyCount) }),
      ]),
    )
  }
}

/** All message ids of a receipt. */
export function idsOf(receipt: BinaryNode): string[] {
  const more = children(child(receipt, 'list'), 'item').map((item) => item.attrs['id'] ?? '')
  return [receipt.attrs['id'] ?? '', ...more]
}

function isAckOf(ack: BinaryNode, stanza: BinaryNode): boolean {
  if (ack.attrs['class'] !== stanza.tag || ack.attrs['id'] !== stanza.attrs['id']) return false
  // The same message id comes in several receipts: delivered and read, one from each member of a group.
  return stanza.tag === 'message' || (same(ack, stanza, 'participant') && same(ack, stanza, 'type'))
}

function same(ack: BinaryNode, stanza: BinaryNode, attribute: string): boolean {
  return ack.attrs[attribute] === stanza.attrs[attribute]
}

function corrupted(message: BinaryNode): BinaryNode {
  const content = children(message).map((one) => {
    if (one.tag !== 'enc') return one
    const ciphertext = bytesOf(one)
    const index = ciphertext.length - 3
    ciphertext.writeUInt8(ciphertext.readUInt8(index) ^ 0xff, index)
    return { ...one, content: ciphertext }
  })
  return { ...message, content }
}
