/** What can be sent. A `message_id` names a message of the account; `last` is the newest one of the chat that can be meant. */
import Type, { type Static } from 'typebox'

import { id, LIMITS } from './basics.ts'
import { integer, object, strings, text } from './schema.ts'

const optional = Type.Optional
const base64 = (maxLength: number) => Type.String({ maxLength, pattern: '^[A-Za-z0-9+/]+={0,2}$' })
const thumbnail = optional(base64(LIMITS.thumbnail_chars))
const caption = optional(text(LIMITS.caption_chars))
const pixels = optional(integer(1, 65_535))
const seconds = optional(Type.Number({ minimum: 0, maximum: 86_400 }))
const flag = optional(Type.Boolean())
/** References to people: ids, aliases or numbers. Where the text has `@` and the number, WhatsApp shows the name. */
const mentions = optional(Type.Array(id, { maxItems: LIMITS.mentions_max }))
const title = text(LIMITS.choice_title_chars)

/** What the sender found behind a link of the text; the bridge itself never looks. `thumbnail`: JPEG in base64. */
export const LinkPreview = object({
  url: text(LIMITS.url_chars),
  title: text(LIMITS.name_chars),
  description: optional(text(LIMITS.caption_chars)),
  thumbnail,
})
/** A text message, with WhatsApp's own formatting marks. Without `preview` there is none. */
export const TextContent = object({
  kind: Type.Literal('text'),
  text: text(LIMITS.text_chars),
  mentions,
  preview: optional(LinkPreview),
})
/** A picture. `ticket` is an upload's; `thumbnail` a small JPEG in base64, `width` and `height` in pixels. */
export const ImageContent = object({
  kind: Type.Literal('image'),
  ticket: id,
  caption,
  mentions,
  thumbnail,
  width: pixels,
  height: pixels,
  view_once: flag,
})
/** A video; `gif`: it plays in a loop, without sound. */
export const VideoContent = object({
  kind: Type.Literal('video'),
  ticket: id,
  caption,
  mentions,
  thumbnail,
  width: pixels,
  height: pixels,
  seconds,
  gif: flag,
  view_once: flag,
})
/** Sound; `voice`: a voice note (Opus in Ogg, mono). `waveform`: 64 bytes of loudness from 0 to 100, in base64. */
export const AudioContent = object({
  kind: Type.Literal('audio'),
  ticket: id,
  voice: flag,
  seconds,
  waveform: optional(base64(LIMITS.waveform_chars)),
  view_once: flag,
})
/** Any file, under the name that the receiver sees. */
export const DocumentContent = object({
  kind: Type.Literal('document'),
  ticket: id,
  file_name: id,
  caption,
  mentions,
  thumbnail,
})
/** A sticker: WebP. */
export const StickerContent = object({
  kind: Type.Literal('sticker'),
  ticket: id,
  width: pixels,
  height: pixels,
  animated: flag,
})
/** A place on the map, in degrees. */
export const LocationContent = object({
  kind: Type.Literal('location'),
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
  name: optional(id),
  address: optional(text(LIMITS.caption_chars)),
})
/** Somebody's card. Numbers as people write them, with country code. */
export const ContactCard = object({
  name: id,
  phones: Type.Array(id, { minItems: 1, maxItems: LIMITS.contacts_max }),
  organization: optional(id),
})
/** One or more cards. */
export const ContactContent = object({
  kind: Type.Literal('contact'),
  contacts: Type.Array(ContactCard, { minItems: 1, maxItems: LIMITS.contacts_max }),
})
/** A poll to send. `selectable`: how many options one person may choose; 0 means any number. */
export const PollContent = object({
  kind: Type.Literal('poll'),
  question: text(LIMITS.poll_question_chars),
  options: Type.Array(text(LIMITS.poll_option_chars), {
    minItems: LIMITS.poll_options_min,
    maxItems: LIMITS.poll_options_max,
    uniqueItems: true,
  }),
  selectable: integer(0, LIMITS.poll_options_max),
})
/** One thing to choose. `id` comes back in the `answer` event. */
export const Choice = object({ id, title, description: optional(text(LIMITS.choice_description_chars)) })
/** A question with buttons. WhatsApp shows none from linked devices: it degrades to a poll or to numbered text. */
export const ButtonsContent = object({
  kind: Type.Literal('buttons'),
  text: text(LIMITS.text_chars),
  footer: optional(text(LIMITS.caption_chars)),
  buttons: Type.Array(Choice, { minItems: 1, maxItems: LIMITS.choices_max }),
})
export const ListSection = object({
  title: optional(title),
  rows: Type.Array(Choice, { minItems: 1, maxItems: LIMITS.choices_max }),
})
/** A question with a list of choices; degrades as buttons do. */
export const ListContent = object({
  kind: Type.Literal('list'),
  text: text(LIMITS.text_chars),
  title: optional(title),
  footer: optional(text(LIMITS.caption_chars)),
  sections: Type.Array(ListSection, { minItems: 1, maxItems: LIMITS.choices_max }),
})
/** A reaction to a message; an empty `emoji` takes it back. */
export const ReactionContent = object({
  kind: Type.Literal('reaction'),
  message_id: id,
  emoji: text(LIMITS.emoji_chars, 0),
})
/** A new text or caption for one of the account's own messages. */
export const EditContent = object({
  kind: Type.Literal('edit'),
  message_id: id,
  text: text(LIMITS.text_chars),
  mentions,
})
/** Deletes a message for everybody: an own one, or anybody's for the admin of a group. */
export const DeleteContent = object({ kind: Type.Literal('delete'), message_id: id })
/** A message of any chat once more. `source_chat`: the chat in which `last` is looked for, when it is not the one written to. */
export const ForwardContent = object({ kind: Type.Literal('forward'), message_id: id, source_chat: optional(id) })
/** Pins a message of the chat for 1, 7 or 30 days. */
export const PinContent = object({
  kind: Type.Literal('pin'),
  message_id: id,
  duration: strings('1d', '7d', '30d'),
})
export const UnpinContent = object({ kind: Type.Literal('unpin'), message_id: id })
export const Content = Type.Union([
  TextContent,
  ImageContent,
  VideoContent,
  AudioContent,
  DocumentContent,
  StickerContent,
  LocationContent,
  ContactContent,
  PollContent,
  ButtonsContent,
  ListContent,
  ReactionContent,
  EditContent,
  DeleteContent,
  ForwardContent,
  PinContent,
  UnpinContent,
])
/** What an engine may do to a content it cannot send as it is: nothing, only what leaves nothing out, or whatever comes closest. */
export const Degrade = strings('never', 'lossless', 'lossy')
export const Priority = strings('normal', 'high')

export type LinkPreview = Static<typeof LinkPreview>
export type TextContent = Static<typeof TextContent>
export type ImageContent = Static<typeof ImageContent>
export type VideoContent = Static<typeof VideoContent>
export type AudioContent = Static<typeof AudioContent>
export type DocumentContent = Static<typeof DocumentContent>
export type StickerContent = Static<typeof StickerContent>
export type LocationContent = Static<typeof LocationContent>
export type ContactCard = Static<typeof ContactCard>
export type ContactContent = Static<typeof ContactContent>
export type PollContent = Static<typeof PollContent>
export type Choice = Static<typeof Choice>
export type ButtonsContent = Static<typeof ButtonsContent>
export type ListSection = Static<typeof ListSection>
export type ListContent = Static<typeof ListContent>
export type ReactionContent = Static<typeof ReactionContent>
export type EditContent = Static<typeof EditContent>
export type DeleteContent = Static<typeof DeleteContent>
export type ForwardContent = Static<typeof ForwardContent>
export type PinContent = Static<typeof PinContent>
export type UnpinContent = Static<typeof UnpinContent>
export type Content = Static<typeof Content>
export type Degrade = Static<typeof Degrade>
export type Priority = Static<typeof Priority>
