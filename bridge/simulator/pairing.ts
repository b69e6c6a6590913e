import { createHmac, randomBytes } from 'node:crypto'

import { Curve, proto, WA_ADV_ACCOUNT_SIG_PREFIX } from 'baileys'

import type { Connection } from './connection.ts'
import type { Device } from './device.ts'
import { disconnect } from './disconnects.ts'
import { SimulatorError } from './errors.ts'
import type { PendingCode } from './link-code.ts'
import { node, now, requireChild, SERVER } from './nodes.ts'
import { lidJid, numberJid } from './people.ts'
import type { Phone } from './phone.ts'
import type { SimulatedWhatsApp } from './server.ts'

const REFS = 6
const PLATFORM = 'android'

/** A client that is not linked yet. */
export interface Registration {
  connection: Connection
  /** The references its QR codes carry, one after the other. */
  refs: string[]
  /** Set when it asked to be linked by a code. */
  code?: PendingCode
}

/** Gives an unlinked client what it needs to show QR codes. */
export function offerPairing(connection: Connection): Registration {
  const refs = Array.from({ length: REFS }, () => `2@${randomBytes(48).toString('base64')}`)
  const nodes = refs.map((ref) => node('ref', {}, Buffer.from(ref)))
  connection.send(
    node('iq', { from: SERVER, type: 'set', id: connection.nextId(), xmlns: 'md' }, [node('pair-device', {}, nodes)]),
  )
  return { connection, refs }
}

/** Links the client whose QR code this is. @throws SimulatorError when no connected client shows it. */
export async function linkByQr(whatsapp: SimulatedWhatsApp, phone: Phone, qr: string): Promise<Device> {
  const [ref, noiseKey, identity, secret] = qr
    .trim()
    .slice(qr.trim().indexOf('#') + 1)
    .split(',')
  if (!ref || !noiseKey || !identity || !secret) throw new SimulatorError('This is not a WhatsApp QR code.')
  const registration = whatsapp.registrations.find(({ refs }) => refs.includes(ref))
  if (!registration) throw new SimulatorError('This QR code is not valid any more; scan the one shown now.')
  if (!registration.connection.clientStatic.equals(Buffer.from(noiseKey, 'base64')))
    throw new SimulatorError('This QR code was tampered with.')
  askForPasskey(whatsapp, phone, registration.connection)
  return completePairing(phone, registration.connection, Buffer.from(identity, 'base64'), Buffer.from(secret, 'base64'))
}

/** A phone that is protected by a passkey wants it from the client before it agrees. @throws SimulatorError */
export function askForPasskey(whatsapp: SimulatedWhatsApp, phone: Phone, connection: Connection): void {
  if (!whatsapp.faults.take('passkey', phone.number)) return
  const attrs = { from: SERVER, type: 'passkey_prologue_request', id: connection.nextId(), t: now() }
  connection.send(node('notification', attrs, [node('passkey_prologue_request')]))
  throw new SimulatorError('The phone asks for a passkey.')
}

/** Signs the client's identity, registers the device, and has the client log in as it. */
export async function completePairing(
  phone: Phone,
  connection: Connection,
  identity: Uint8Array,
  secret: Uint8Array,
): Promise<Device> {
  if (phone.lid === null) throw new SimulatorError('Somebody without a LID cannot link devices.')
  const device = phone.newDevice()
  try {
    const deviceNode = node('device', { jid: numberJid(phone, device.id), lid: lidJid(phone, device.id) })
    const identityNode = node('device-identity', {}, signedIdentity(phone, device.id, identity, secret))
    const success = node('pair-success', {}, [identityNode, deviceNode, node('platform', { name: PLATFORM })])
    const answer = await connection.query(
      node('iq', { from: SERVER, type: 'set', id: connection.nextId(), xmlns: 'md' }, [success]),
    )
    requireChild(requireChild(answer, 'pair-device-sign'), 'device-identity')
  } catch (error) {
    phone.forget(device)
    throw new SimulatorError('The client refused to be linked.', { cause: error })
  }
  disconnect(connection, 'restart')
  return device
}

function signedIdentity(phone: Phone, keyIndex: number, identity: Uint8Array, secret: Uint8Array): Uint8Array {
  const own = phone.signal.identity
  const timestamp = Math.floor(Date.now() / 1000)
  const details = proto.ADVDeviceIdentity.encode({ rawId: 1, timestamp, keyIndex }).finish()
  const accountSignature = Curve.sign(own.private, Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, identity]))
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: own.public,
    accountSignature,
  }).finish()
  const hmac = createHmac('sha256', secret).update(signed).digest()
  return proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish()
}
