import Type from 'typebox'

import { MEDIA_KINDS } from '../media.ts'
import { flag, index, message, number, phoneOf, short, text, verb, type Verbs } from './verb.ts'

const newMedia = {
  ...number,
  to: short,
  kind: Type.Enum([...MEDIA_KINDS]),
  base64: Type.String({ minLength: 1, pattern: '^[A-Za-z0-9+/]+={0,2}$' }),
  mime: Type.Optional(short),
  caption: Type.Optional(text),
  file_name: Type.Optional(short),
  view_once: Type.Optional(flag),
  width: Type.Optional(index),
  height: Type.Optional(index),
  seconds: Type.Optional(index),
}

/** Files that people send and get. */
export const MEDIA: Verbs = {
  'phone.send_media': verb(newMedia, async (whatsapp, { to, base64, file_name, view_once, number: from, ...rest }) => ({
    id: await phoneOf(whatsapp, { number: from }).sendMedia(to, {
      ...rest,
      bytes: Buffer.from(base64, 'base64'),
      ...(file_name !== undefined && { fileName: file_name }),
      ...(view_once !== undefined && { viewOnce: view_once }),
    }),
  })),
  'phone.media': verb(message, async (whatsapp, args) => {
    const bytes = await phoneOf(whatsapp, args).mediaOf(args.id)
    return { base64: bytes.toString('base64') }
  }),
}
