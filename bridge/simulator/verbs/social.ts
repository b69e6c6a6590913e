import Type from 'typebox'

import type { Call } from '../calls.ts'
import { flag, message, number, phoneOf, short, verb, type Verbs } from './verb.ts'

const presence = Type.Enum(['available', 'unavailable', 'composing', 'recording', 'paused'])
const reason = Type.Optional(Type.Enum(['timeout', 'accepted_elsewhere', 'rejected_elsewhere']))
const call = { call: short }

/** Calls, what was played, and who is seen doing what. */
export const SOCIAL: Verbs = {
  'phone.call': verb({ ...number, to: short, video: Type.Optional(flag) }, (whatsapp, { to, video = false, ...args }) =>
    describeCall(whatsapp.calls.place(phoneOf(whatsapp, args), whatsapp.chat(to), { video })),
  ),
  'phone.play': verb(message, (whatsapp, args) => {
    phoneOf(whatsapp, args).play(args.id)
    return {}
  }),
  'call.end': verb({ ...call, reason }, (whatsapp, args) => {
    whatsapp.calls.get(args.call).end(args.reason)
    return {}
  }),
  'call.accept': verb({ ...call, ...number }, (whatsapp, args) => {
    whatsapp.calls.get(args.call).accept(phoneOf(whatsapp, args))
    return {}
  }),
  'call.reject': verb({ ...call, ...number }, (whatsapp, args) => {
    whatsapp.calls.get(args.call).reject(phoneOf(whatsapp, args))
    return {}
  }),
  'phone.presence': verb({ ...number, presence, to: Type.Optional(short) }, (whatsapp, { to, ...args }) => {
    whatsapp.presences.show(phoneOf(whatsapp, args), args.presence, to === undefined ? undefined : whatsapp.chat(to))
    return {}
  }),
  'presence.heard': verb({}, (whatsapp) => ({ heard: whatsapp.presences.heard })),
}

function describeCall({ id, video }: Call): object {
  return { call: id, video }
}
