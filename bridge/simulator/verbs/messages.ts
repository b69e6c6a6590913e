import Type from 'typebox'

import type { ReceivedMessage } from '../inbox.ts'
import { index, message, number, phoneOf, short, text, timeout, verb, type Verbs } from './verb.ts'

const wanted = {
  ...number,
  after: Type.Optional(index),
  text: Type.Optional(text),
  kind: Type.Optional(short),
  ...timeout,
}

/** What people read. */
export const MESSAGES: Verbs = {
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

function describeMessage({ message: _, attrs: __, ...rest }: ReceivedMessage): object {
  return rest
}
