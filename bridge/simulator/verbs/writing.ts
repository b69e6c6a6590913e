import Type from 'typebox'

import type { SimulatedWhatsApp } from '../server.ts'
import type { Along } from '../writing.ts'
import { addressing, flag, index, message, names, number, phoneOf, short, text, verb, type Verbs } from './verb.ts'

const along = {
  quote: Type.Optional(short),
  mentions: Type.Optional(names),
  expiration: Type.Optional(index),
  forwarded: Type.Optional(index),
}
const to = { ...number, to: short }
const newText = { ...to, text, ...along }
const newPoll = { ...to, question: text, options: names, selectable: Type.Optional(index) }
const newVote = {
  ...number,
  poll: short,
  options: names,
  creator: Type.Optional(addressing),
  voter: Type.Optional(addressing),
}
const newPlace = {
  ...to,
  latitude: Type.Number(),
  longitude: Type.Number(),
  name: Type.Optional(short),
  address: Type.Optional(short),
  live: Type.Optional(flag),
  ...along,
}
const card = Type.Object({ name: short, phones: names }, { additionalProperties: false })
const newContact = { ...to, contacts: Type.Array(card, { minItems: 1, maxItems: 100 }), ...along }
const modes = { creator: Type.Optional(addressing), author: Type.Optional(addressing) }
const newReaction = {
  ...message,
  emoji: Type.String({ maxLength: 64 }),
  form: Type.Optional(Type.Enum(['plain', 'encrypted'])),
  ...modes,
}
const newEdit = {
  ...message,
  text,
  form: Type.Optional(Type.Enum(['plain', 'wrapped', 'encrypted'])),
  ...modes,
}

/** What people write. */
export const WRITING: Verbs = {
  'phone.say': verb(newText, say),
  'phone.type': verb(newText, say),
  'phone.poll': verb(newPoll, async (whatsapp, { selectable = 1, ...args }) => ({
    id: await phoneOf(whatsapp, args).poll(args.to, { question: args.question, options: args.options, selectable }),
  })),
  'phone.vote': verb(newVote, async (whatsapp, args) => ({
    id: await phoneOf(whatsapp, args).vote(args.poll, args.options, args),
  })),
  'phone.locate': verb(newPlace, async (whatsapp, args) => ({
    id: await phoneOf(whatsapp, args).locate(args.to, args, args),
  })),
  'phone.contact': verb(newContact, async (whatsapp, args) => ({
    id: await phoneOf(whatsapp, args).contact(args.to, args.contacts, args),
  })),
  'phone.react': verb(newReaction, async (whatsapp, { form, ...args }) => ({
    id: await phoneOf(whatsapp, args).react(args.id, args.emoji, form, args),
  })),
  'phone.edit': verb(newEdit, async (whatsapp, args) => ({
    id: await phoneOf(whatsapp, args).edit(args.id, args.text, args.form, args),
  })),
  'phone.delete': verb(message, async (whatsapp, args) => ({ id: await phoneOf(whatsapp, args).delete(args.id) })),
  'phone.pin': verb({ ...message, seconds: index }, async (whatsapp, args) => ({
    id: await phoneOf(whatsapp, args).pin(args.id, args.seconds),
  })),
  'phone.forward': verb({ ...message, to: short }, async (whatsapp, args) => ({
    id: await phoneOf(whatsapp, args).forward(args.id, args.to),
  })),
  'phone.disappear': verb({ ...to, seconds: index }, async (whatsapp, args) => ({
    id: await phoneOf(whatsapp, args).disappear(args.to, args.seconds),
  })),
}

async function say(
  whatsapp: SimulatedWhatsApp,
  args: { number: string; to: string; text: string } & Along,
): Promise<object> {
  return { id: await phoneOf(whatsapp, args).say(args.to, args.text, args) }
}
