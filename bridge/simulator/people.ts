import { jidDecode, jidEncode } from 'baileys'

import { SimulatorError } from './errors.ts'

/** How people are addressed on the wire: by phone number or by LID. */
export type Addressing = 'lid' | 'pn'

/** Whoever has an account: a phone number, usually a LID, and perhaps the wish to keep the number to itself. */
export interface Person {
  /** Digits only. */
  readonly number: string
  /** `…@lid`, or `null` for a person without one. */
  readonly lid: string | null
  readonly hidesNumber: boolean
}

/** One device of an account as an address names it; device 0 is the phone. */
export interface DeviceAddress {
  user: string
  isLid: boolean
  device: number
}

/** @throws SimulatorError when it is not a phone number. */
export function parseNumber(text: string): string {
  const digits = text.replace(/^\+/, '')
  if (!/^\d{5,15}$/.test(digits)) throw new SimulatorError('A number has 5 to 15 digits, in international form.')
  return digits
}

/** The LID made up for a number, or the one given, as `…@lid`. */
export function parseLid(lid: string | null | undefined, number: string): string | null {
  if (lid === null) return null
  const user = (lid ?? `9${number.padStart(14, '0')}`).replace(/@lid$/, '')
  if (!/^\d{5,20}$/.test(user)) throw new SimulatorError('A LID has 5 to 20 digits.')
  return `${user}@lid`
}

/** Reads a JID; nothing when it names no person. */
export function parseAddress(jid: string): DeviceAddress | undefined {
  const parts = jidDecode(jid)
  if (!parts || !['lid', 's.whatsapp.net'].includes(parts.server)) return undefined
  return { user: parts.user, isLid: parts.server === 'lid', device: parts.device ?? 0 }
}

/** A person's phone-number JID. */
export function numberJid(person: Person, device = 0): string {
  return jidEncode(person.number, 's.whatsapp.net', device)
}

/** A person's LID. @throws SimulatorError when there is none. */
export function lidJid(person: Person, device = 0): string {
  if (person.lid === null) throw new SimulatorError(`${person.number} has no LID.`)
  return jidEncode(jidDecode(person.lid)?.user ?? '', 'lid', device)
}

/** How a person appears where addresses are `wanted`: the address, the other one if it may be told, and which mode this is. */
export function appearance(
  person: Person,
  wanted: Addressing,
  device = 0,
): { jid: string; alternative: string | undefined; mode: Addressing } {
  if (person.hidesNumber) return { jid: lidJid(person, device), alternative: undefined, mode: 'lid' }
  if (wanted === 'lid' && person.lid !== null)
    return { jid: lidJid(person, device), alternative: numberJid(person), mode: 'lid' }
  return { jid: numberJid(person, device), alternative: person.lid ?? undefined, mode: 'pn' }
}
