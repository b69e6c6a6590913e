import Type from 'typebox'

import { DISCONNECT_REASONS } from '../disconnects.ts'
import type { Fault } from '../faults.ts'
import { deviceOf, index, number, phoneOf, short, verb, type Verbs } from './verb.ts'

/** What goes wrong on the way. */
export const SERVER: Verbs = {
  'fault.set': (whatsapp, args) => Promise.resolve({ id: whatsapp.faults.set(args as Fault) }),
  'fault.clear': verb({ id: Type.Optional(short) }, (whatsapp, { id }) => {
    whatsapp.faults.clear(id)
    return {}
  }),
  'server.disconnect': verb(
    { ...number, reason: Type.Enum(DISCONNECT_REASONS), device: Type.Optional(index) },
    (whatsapp, { reason, device, ...args }) => {
      const phone = phoneOf(whatsapp, args)
      return { devices: whatsapp.disconnect(phone, reason, deviceOf(phone, device)).map(({ id }) => id) }
    },
  ),
}
