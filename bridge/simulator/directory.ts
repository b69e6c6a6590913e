import { randomBytes, randomUUID } from 'node:crypto'

import type { BinaryNode } from 'baileys'

import type { Device } from './device.ts'
import { bundleNode, type HandedBundle } from './keys.ts'
import { bytesOf, child, children, node, now, requireAttr, requireChild } from './nodes.ts'
import { appearance, lidJid, numberJid, parseAddress } from './people.ts'
import type { Phone } from './phone.ts'
import type { SimulatedWhatsApp } from './server.ts'

const STATUS = Buffer.from('Hey there! I am using WhatsApp.')

/** Answers `usync`: who is on WhatsApp, with which devices, under which LID. */
export function lookUp(whatsapp: SimulatedWhatsApp, request: BinaryNode): BinaryNode[] {
  const usync = requireChild(request, 'usync')
  const asked = children(requireChild(usync, 'query')).map(({ tag }) => tag)
  const users = children(child(usync, 'list'), 'user').map((user) => {
    const jid = jidOf(user)
    return node('user', { jid }, factsAbout(jid, whatsapp.phoneAt(jid), asked))
  })
  const { sid, mode, context } = usync.attrs
  const result = asked.map((tag) => node(tag))
  return [
    node('usync', { sid, mode, context, index: '0', last: 'true' }, [
      node('result', {}, result),
      node('list', {}, users),
    ]),
  ]
}

/** Answers `encrypt/key`: what it takes to start a session with these devices. */
export async function handOutKeys(whatsapp: SimulatedWhatsApp, request: BinaryNode): Promise<BinaryNode[]> {
  const users: BinaryNode[] = []
  for (const user of children(requireChild(request, 'key'), 'user')) {
    const jid = requireAttr(user, 'jid')
    const bundle = await bundleAt(whatsapp, jid)
    users.push(
      bundle
        ? bundleNode(jid, bundle)
        : node('user', { jid }, [node('error', { code: '404', text: 'item-not-found' })]),
    )
  }
  return [node('list', {}, users)]
}

/** Tells a client that somebody has a new device, so that it asks for the list again. */
export function deviceNotice(phone: Phone, device: number): BinaryNode {
  const attrs = { from: phone.jid, type: 'devices', id: randomUUID(), t: now() }
  const jids = [numberJid(phone, device), lidJid(phone, device)]
  return node('notification', attrs, [
    node(
      'update',
      {},
      jids.map((jid) => node('device', { jid })),
    ),
  ])
}

/** Tells an account's linked devices which there are now. */
export function tellOwnDevices(phone: Phone, except?: Device): void {
  const linked = phone.devices.filter(({ hasKeys }) => hasKeys)
  const devices = [
    node('device', { jid: phone.jid }),
    ...linked.map(({ id }) => node('device', { jid: numberJid(phone, id), 'key-index': String(id) })),
  ]
  for (const device of phone.devices) {
    const attrs = { from: phone.jid, type: 'account_sync', id: randomUUID(), t: now() }
    const list = [...devices, node('key-index-list', { ts: now() })]
    if (device !== except) device.deliver(node('notification', attrs, [node('devices', { dhash: '2:sim' }, list)]))
  }
}

/** A person has another identity, as with a new phone. Unless it is kept quiet, the linked devices of others are told. */
export function reinstall(whatsapp: SimulatedWhatsApp, phone: Phone, { quiet = false } = {}): void {
  phone.signal.renew()
  if (quiet) return
  const { jid } = appearance(phone, whatsapp.addressing)
  const others = whatsapp.phones.filter((one) => one !== phone).flatMap(({ devices }) => devices)
  const attrs = { from: jid, type: 'encrypt', t: now() }
  for (const device of others) device.deliver(node('notification', { ...attrs, id: randomUUID() }, [node('identity')]))
}

async function bundleAt(whatsapp: SimulatedWhatsApp, jid: string): Promise<HandedBundle | undefined> {
  const target = whatsapp.addressee(jid)
  const bundle = await (target?.device === 0
    ? target.phone.bundle()
    : target?.phone.device(target.device)?.takeBundle())
  if (!bundle || !whatsapp.faults.take('forged_key', target?.phone.number)) return bundle
  return { ...bundle, signedKey: { ...bundle.signedKey, signature: randomBytes(64) } }
}

function jidOf(user: BinaryNode): string {
  const { jid } = user.attrs
  if (jid !== undefined) return jid
  const number = bytesOf(requireChild(user, 'contact')).toString().replaceAll(/\D/g, '')
  return numberJid({ number, lid: null, hidesNumber: false })
}

function factsAbout(jid: string, phone: Phone | undefined, asked: readonly string[]): BinaryNode[] {
  const facts: BinaryNode[] = []
  if (asked.includes('contact')) facts.push(node('contact', { type: phone ? 'in' : 'out' }))
  if (!phone) return facts
  if (asked.includes('devices')) facts.push(devicesNode(phone))
  if (asked.includes('lid') && phone.lid !== null && !parseAddress(jid)?.isLid)
    facts.push(node('lid', { val: phone.lid }))
  if (asked.includes('status')) facts.push(node('status', { t: now() }, STATUS))
  return facts
}

function devicesNode({ devices }: Phone): BinaryNode {
  const linked = devices
    .filter(({ hasKeys }) => hasKeys)
    .map(({ id }) => node('device', { id: String(id), 'key-index': String(id) }))
  return node('devices', {}, [
    node('device-list', {}, [node('device', { id: '0' }), ...linked]),
    node('key-index-list', { ts: now() }),
  ])
}
