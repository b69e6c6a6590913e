import { randomBytes } from 'node:crypto'

import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  type BinaryNode,
  Curve,
  derivePairingCodeKey,
  hkdf,
} from 'baileys'

import type { Connection } from './connection.ts'
import type { Device } from './device.ts'
import { ProtocolError, SimulatorError } from './errors.ts'
import { childBytes, node, now, requireAttr, requireChild, SERVER } from './nodes.ts'
import { askForPasskey, completePairing, type Registration } from './pairing.ts'
import type { Phone } from './phone.ts'
import type { SimulatedWhatsApp } from './server.ts'

const CODE = /^[A-Z0-9]{8}$/
const FINISH_TIMEOUT_MS = 5000

/** A client that shows an eight-character code and waits for it to be typed on the phone of `number`. */
export interface PendingCode {
  jid: string
  ref: Buffer
  /** Salt (32), IV (16) and the client's ephemeral key under the code. */
  wrapped: Buffer
  finish?: (stanza: BinaryNode) => void
}

/** A client asks to be linked by code. */
export function beginCode(registration: Registration, stanza: BinaryNode): BinaryNode[] {
  const ref = randomBytes(16)
  const wrapped = childBytes(stanza, 'link_code_pairing_wrapped_companion_ephemeral_pub')
  if (wrapped.length !== 80) throw new ProtocolError('wrapped key of the wrong length')
  registration.code = { jid: requireAttr(stanza, 'jid'), ref, wrapped }
  return [node('link_code_companion_reg', { stage: 'companion_hello' }, [node('link_code_pairing_ref', {}, ref)])]
}

/** The client's last word on a code that was typed. */
export function finishCode(registration: Registration, stanza: BinaryNode): void {
  registration.code?.finish?.(stanza)
}

/** Links the client that shows this code for this phone. @throws SimulatorError when none does or the code is wrong. */
export async function linkByCode(whatsapp: SimulatedWhatsApp, phone: Phone, typed: string): Promise<Device> {
  const code = typed.replaceAll(/[\s-]/g, '').toUpperCase()
  if (!CODE.test(code)) throw new SimulatorError('The code has eight letters and digits.')
  const registration = whatsapp.registrations.find((one) => one.code && whatsapp.phoneAt(one.code.jid) === phone)
  if (!registration?.code) throw new SimulatorError('No device asks to be linked to this number by a code.')
  const { connection, code: pending } = registration
  askForPasskey(whatsapp, phone, connection)
  const ephemeral = Curve.generateKeyPair()
  const greeting = await greetingOf(phone, pending, code, ephemeral.public)
  const answer = await finished(connection, pending, greeting)
  const clientEphemeral = await unwrap(pending.wrapped, code)
  const identity = childBytes(answer, 'companion_identity_public')
  const shared = Curve.sharedKey(ephemeral.private, clientEphemeral)
  const random = openBundle(childBytes(answer, 'link_code_pairing_wrapped_key_bundle'), shared).subarray(64, 96)
  const material = Buffer.concat([shared, Curve.sharedKey(phone.signal.identity.private, identity), random])
  return completePairing(phone, connection, identity, Buffer.from(hkdf(material, 32, { info: 'adv_secret' })))
}

async function unwrap(wrapped: Buffer, code: string): Promise<Buffer> {
  return aesDecryptCTR(
    wrapped.subarray(48, 80),
    await derivePairingCodeKey(code, wrapped.subarray(0, 32)),
    wrapped.subarray(32, 48),
  )
}

async function greetingOf(
  phone: Phone,
  pending: PendingCode,
  code: string,
  ephemeral: Uint8Array,
): Promise<BinaryNode> {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const wrapped = Buffer.concat([salt, iv, aesEncryptCTR(ephemeral, await derivePairingCodeKey(code, salt), iv)])
  return node('link_code_companion_reg', { stage: 'primary_hello' }, [
    node('link_code_pairing_ref', {}, pending.ref),
    node('primary_identity_pub', {}, phone.signal.identity.public),
    node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrapped),
  ])
}

function finished(connection: Connection, pending: PendingCode, greeting: BinaryNode): Promise<BinaryNode> {
  return new Promise((resolve, reject) => {
    const give = (why: string) => () => settle(() => reject(new SimulatorError(why)))
    const hungUp = give('The device hung up while it was being linked.')
    const settle = (how: () => void) => {
      clearTimeout(timer)
      connection.gone.removeEventListener('abort', hungUp)
      delete pending.finish
      how()
    }
    const timer = setTimeout(give('The device did not answer the code.'), FINISH_TIMEOUT_MS)
    connection.gone.addEventListener('abort', hungUp)
    pending.finish = (stanza) => settle(() => resolve(requireChild(stanza, 'link_code_companion_reg')))
    const attrs = { from: SERVER, type: 'link_code_companion_reg', id: connection.nextId(), t: now() }
    connection.send(node('notification', attrs, [greeting]))
  })
}

/** The keys in the client's answer: its identity, the phone's, 32 random bytes. */
function openBundle(bundle: Buffer, shared: Uint8Array): Buffer {
  const key = Buffer.from(
    hkdf(shared, 32, { salt: bundle.subarray(0, 32), info: 'link_code_pairing_key_bundle_encryption_key' }),
  )
  try {
    return aesDecryptGCM(bundle.subarray(44), key, bundle.subarray(32, 44), Buffer.alloc(0))
  } catch (cause) {
    throw new SimulatorError('The code is not the one the device shows.', { cause })
  }
}
