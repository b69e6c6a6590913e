import type { BinaryNode } from 'baileys'

import { type Device, idsOf } from './device.ts'
import { messageNode } from './envelope.ts'
import type { Group } from './groups.ts'
import { answerMediaRetry, isMediaRetry } from './media-retry.ts'
import { child, children, node, now, requireAttr, requireChild } from './nodes.ts'
import { seconds } from './outbox.ts'
import { appearance } from './people.ts'
import type { Phone } from './phone.ts'
import type { SimulatedWhatsApp } from './server.ts'

/** A linked device, and whose it is. */
export interface Source {
  phone: Phone
  device: Device
}

/** Who gets which ciphertexts of a message: phone → device id → `<enc>`s. */
class Targets {
  readonly #encs = new Map<Phone, Map<number, BinaryNode[]>>()

  add(phone: Phone, device: number, enc: BinaryNode): void {
    const ofPhone = this.#encs.get(phone) ?? new Map<number, BinaryNode[]>()
    this.#encs.set(phone, ofPhone)
    ofPhone.set(device, [...(ofPhone.get(device) ?? []), enc])
  }

  *[Symbol.iterator](): Generator<{ phone: Phone; device: number; encs: BinaryNode[] }> {
    for (const [phone, devices] of this.#encs) for (const [device, encs] of devices) yield { phone, device, encs }
  }
}

/** Takes a client's message: the ack, the recipients, and whatever fault was asked for. */
export async function routeMessage(whatsapp: SimulatedWhatsApp, source: Source, stanza: BinaryNode): Promise<void> {
  const { number } = source.phone
  const { connection } = source.device
  const { faults } = whatsapp
  if (faults.take('drop', number, ({ at }) => at === 'before_message')) return connection?.drop()
  const group = whatsapp.groups.find(({ id }) => id === stanza.attrs['to'])
  const refusal = faults.take('ack_error', number)?.code ?? refusalOf(whatsapp, source, stanza, group)
  const silent = faults.take('no_answer', number, ({ to }) => to === 'message')
  const cutBefore = refusal === undefined && faults.take('drop', number, ({ at }) => at === 'before_ack')
  if (!silent && !cutBefore) connection?.send(messageAck(stanza, refusal))
  if (refusal !== undefined) return undefined
  const cutAfter = faults.take('drop', number, ({ at }) => at === 'after_ack')
  if (cutBefore || cutAfter) connection?.drop()
  await deliver(whatsapp, source, stanza, group)
}

/** Why the server would not take a message: no such group, or not a member. */
function refusalOf(
  whatsapp: SimulatedWhatsApp,
  { phone }: Source,
  stanza: BinaryNode,
  group: Group | undefined,
): number | undefined {
  const to = requireAttr(stanza, 'to')
  if (to.endsWith('@g.us')) return group?.has(phone) ? undefined : group ? 403 : 404
  return whatsapp.phoneAt(to) ? undefined : 404
}

function messageAck({ attrs }: BinaryNode, error: number | undefined): BinaryNode {
  return node('ack', {
    class: 'message',
    id: attrs['id'],
    from: attrs['to'],
    t: now(),
    error: error === undefined ? undefined : String(error),
  })
}

async function deliver(
  whatsapp: SimulatedWhatsApp,
  source: Source,
  stanza: BinaryNode,
  group: Group | undefined,
): Promise<void> {
  for (const { phone, device, encs } of targetsOf(whatsapp, stanza, group)) {
    if (device === 0) {
      await phone.receive({ stanza, encs, sender: source.phone, senderDevice: source.device.id, group })
    } else {
      const target = phone.device(device)
      if (target && target !== source.device) forward(whatsapp, source, stanza, group, target, encs)
    }
  }
}

function targetsOf(whatsapp: SimulatedWhatsApp, stanza: BinaryNode, group: Group | undefined): Targets {
  const targets = new Targets()
  const direct = children(stanza, 'enc').filter((enc) => enc.attrs['type'] !== 'skmsg')
  for (const to of children(child(stanza, 'participants'), 'to')) {
    addTarget(whatsapp, targets, requireAttr(to, 'jid'), requireChild(to, 'enc'))
  }
  // A bare ciphertext is for one device only: a resend, or a message to the own phone.
  for (const enc of direct) addTarget(whatsapp, targets, stanza.attrs['participant'] ?? requireAttr(stanza, 'to'), enc)
  const senderKeyed = children(stanza, 'enc').find((enc) => enc.attrs['type'] === 'skmsg')
  if (group && senderKeyed) {
    for (const member of group.members) {
      for (const device of [0, ...member.devices.map(({ id }) => id)]) targets.add(member, device, senderKeyed)
    }
  }
  return targets
}

function addTarget(whatsapp: SimulatedWhatsApp, targets: Targets, jid: string, enc: BinaryNode): void {
  const target = whatsapp.addressee(jid)
  if (target) targets.add(target.phone, target.device, enc)
}

/** Passes a ciphertext on to another linked device, which decrypts it itself. */
function forward(
  whatsapp: SimulatedWhatsApp,
  { phone, device }: Source,
  stanza: BinaryNode,
  group: Group | undefined,
  target: Device,
  encs: BinaryNode[],
): void {
  const chat = group ?? whatsapp.phoneAt(stanza.attrs['recipient'] ?? requireAttr(stanza, 'to'))
  if (!chat) return
  const identity = child(stanza, 'device-identity')
  const envelope = { chat, sender: phone, senderDevice: device.id, recipient: target.owner, timestamp: seconds() }
  const { type = 'text', edit } = stanza.attrs
  const described = { ...envelope, id: requireAttr(stanza, 'id'), type, edit }
  target.deliver(messageNode(described, whatsapp.addressing, identity ? [...encs, identity] : encs))
}

/** Takes a client's receipt: passes it to the author, or has the message sent again. */
export async function routeReceipt(
  whatsapp: SimulatedWhatsApp,
  { phone, device }: Source,
  receipt: BinaryNode,
): Promise<void> {
  const { to, participant, type } = receipt.attrs
  device.connection?.send(node('ack', { class: 'receipt', id: receipt.attrs['id'], from: to, participant, type }))
  if (isMediaRetry(receipt)) return answerMediaRetry(whatsapp, { phone, device }, receipt)
  const addressee = whatsapp.addressee(participant ?? to ?? '')
  if (!addressee || ['sender', 'peer_msg', 'hist_sync'].includes(type ?? '')) return
  const author = addressee.phone
  const authorDevice = author.device(addressee.device)
  for (const id of idsOf(receipt)) author.heard({ id, type: type ?? 'delivered', from: phone.number })
  const writer = authorDevice ? authorDevice.companion : author
  if (type === 'retry' && writer) {
    await writer.resend(requireAttr(receipt, 'id'), device)
  } else {
    const group = whatsapp.groups.find(({ id }) => id === to)
    for (const one of authorDevice ? [authorDevice] : author.devices)
      passOn(whatsapp, { phone, device }, receipt, group, one)
  }
}

function passOn(
  whatsapp: SimulatedWhatsApp,
  { phone, device }: Source,
  receipt: BinaryNode,
  group: Group | undefined,
  target: Device,
): void {
  if (target === device) return
  const reader = appearance(
    phone,
    group?.addressing ?? whatsapp.addressing,
    receipt.attrs['type'] === 'retry' ? device.id : 0,
  ).jid
  const addresses = group ? { from: group.id, participant: reader } : { from: reader }
  target.deliver(
    node('receipt', { id: receipt.attrs['id'], t: now(), type: receipt.attrs['type'], ...addresses }, receipt.content),
  )
}
