import Type from 'typebox'

import type { ReceivedMessage } from '../inbox.ts'
import type { SimulatedWhatsApp } from '../server.ts'
import { addressing, index, message, names, number, phoneOf, short, text, timeout, verb, type Verbs } from './verb.ts'

const newPoll = { ...number, to: short, question: text, options: names, selectable: Type.Optional(index) }
const newVote = {
  ...number,
  poll: short,
  options: names,
  creator: Type.Optional(addressing),
  voter: Type.Optional(addressing),
}
const wanted = {
  ...number,
  after: Type.Optional(index),
  text: Type.Optional(text),
  kind: Type.Optional(short),
  ...timeout,
}

/** What people write and read. */
export const MESSAGES: Verbs = {
  'phone.say': verb({ ...number, to: short, text }, say),
  'phone.type': verb({ ...number, to: short, text }, say),
  'phone.poll': verb(newPoll, async (whatsapp, { selectable = 1, ...args }) => ({
    id: await phoneOf(whatsapp, args).poll(args.to, { question: args.question, options: args.options, selectable }),
  })),
  'phone.vote': verb(newVote, async (whatsapp, args) => ({
    id: await phoneOf(whatsapp, args).vote(args.poll, args.options, args),
  })),
  'phone.read': verb(message, (whatsapp, args) => {
    phoneOf(whatsapp, args).read(args.id)
    return {}
  }),
  'phone.ask_again': verb(message, (whatsapp, args) => {
    phoneOf(whatsapp, args).askAgain(args.id)
    return {}
  }),
  'phone.inbox': verb({ ...number, after: Type.Optional(index) }, (whatsapp, { after = 0, ...args }) => ({
    messages: phoneOf(whatsapp, args).inbox.slice(after).map(describeMessage),
  })),
  'phone.wait': verb(wanted, async (whatsapp, { after = 0, timeout_ms = 5000, ...args }, signal) => {
    const fits = (one: ReceivedMessage) =>
      one.index > after && one.kind === (args.kind ?? one.kind) && one.text === (args.text ?? one.text)
    return describeMessage(await phoneOf(whatsapp, args).waitFor(fits, timeout_ms, signal))
  }),
  'phone.receipts': verb(number, (whatsapp, args) => ({ receipts: phoneOf(whatsapp, args).receipts })),
}

async function say(whatsapp: SimulatedWhatsApp, args: { number: string; to: string; text: string }): Promise<object> {
  return { id: await phoneOf(whatsapp, args).say(args.to, args.text) }
}

function describeMessage({ message: _, ...rest }: ReceivedMessage): object {
  return rest
}
