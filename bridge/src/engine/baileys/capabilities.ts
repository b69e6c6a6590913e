import { type Capability, LIMITS } from '../../protocol.ts'

const MIB = 1024 * 1024
const {
  text_chars,
  caption_chars,
  poll_question_chars,
  poll_option_chars,
  poll_options_min,
  poll_options_max,
  mentions_max,
  contacts_max,
  emoji_chars,
  media_bytes_max,
} = LIMITS

const can = (limits: Record<string, number> = {}): Capability => ({ supported: true, limits })
const CANNOT: Capability = { supported: false, limits: {} }

/** What WhatsApp takes from linked devices; its servers and phones refuse more, or show nothing. */
export const CAPABILITIES: Record<string, Capability> = {
  text: can({ text_chars, mentions_max }),
  image: can({ bytes: 16 * MIB, caption_chars }),
  video: can({ bytes: 64 * MIB, caption_chars }),
  audio: can({ bytes: 16 * MIB }),
  document: can({ bytes: media_bytes_max, caption_chars }),
  sticker: can({ bytes: MIB }),
  location: can(),
  contact: can({ contacts_max }),
  poll: can({ poll_question_chars, poll_option_chars, poll_options_min, poll_options_max }),
  reaction: can({ emoji_chars }),
  edit: can({ text_chars }),
  delete: can(),
  forward: can(),
  pin: can(),
  unpin: can(),
  buttons: CANNOT,
  list: CANNOT,
  groups: can(),
  receipts: can(),
}
