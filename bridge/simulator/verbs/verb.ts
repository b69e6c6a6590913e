/** What verbs are made of: their arguments, and how things are found and described. */
import Type, { type Static, type TProperties } from 'typebox'

import { checker } from '../checker.ts'
import type { Device } from '../device.ts'
import { NotFound } from '../errors.ts'
import type { Group } from '../groups.ts'
import type { Phone } from '../phone.ts'
import type { SimulatedWhatsApp } from '../server.ts'

/** A verb of the control API: checks its arguments and does it. `signal`: the caller hung up. */
export type Verb = (whatsapp: SimulatedWhatsApp, args: unknown, signal: AbortSignal) => Promise<object>
/** Verbs by name. */
export type Verbs = Readonly<Record<string, Verb>>

export const text = Type.String({ minLength: 1, maxLength: 65_536 })
export const short = Type.String({ minLength: 1, maxLength: 1024 })
export const flag = Type.Boolean()
export const index = Type.Integer({ minimum: 0 })
export const addressing = Type.Enum(['lid', 'pn'])
export const names = Type.Array(short, { maxItems: 100 })
export const number = { number: short }
export const message = { ...number, id: short }
export const timeout = { timeout_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })) }

export function verb<P extends TProperties>(
  properties: P,
  run: (whatsapp: SimulatedWhatsApp, args: Static<Type.TObject<P>>, signal: AbortSignal) => object | Promise<object>,
): Verb {
  const check = checker(Type.Object(properties, { additionalProperties: false }))
  return async (whatsapp, args, signal) => run(whatsapp, check(args), signal)
}

export function phoneOf(whatsapp: SimulatedWhatsApp, args: { number: string }): Phone {
  const chat = args.number.includes('@') ? undefined : whatsapp.chat(args.number)
  if (!chat || !('number' in chat)) throw new NotFound(`There is no phone ${args.number}.`)
  return chat
}

export function groupOf(whatsapp: SimulatedWhatsApp, id: string): Group {
  const group = whatsapp.groups.find((one) => one.id === id)
  if (!group) throw new NotFound(`There is no group ${id}.`)
  return group
}

export function deviceOf(phone: Phone, id: number | undefined): Device | undefined {
  const device = id === undefined ? undefined : phone.device(id)
  if (id !== undefined && !device) throw new NotFound(`${phone.number} has no linked device ${id}.`)
  return device
}
