/** Limits, error codes, and the nouns that commands and events share. */
import Type, { type Static } from 'typebox'

import { integer, nullable, object, strings, text, timestamp } from './schema.ts'

const MIB = 1024 * 1024

export const LIMITS = {
  frame_bytes: MIB,
  text_chars: 65_536,
  caption_chars: 1024,
  name_chars: 256,
  poll_question_chars: 255,
  poll_option_chars: 100,
  poll_options_min: 2,
  poll_options_max: 12,
  /** Buttons of a message, and rows of a list over all its sections. */
  choices_max: 32,
  choice_title_chars: 100,
  choice_description_chars: 256,
  mentions_max: 256,
  contacts_max: 16,
  emoji_chars: 64,
  /** A picture that goes along inside a message, in base64. */
  thumbnail_chars: 65_536,
  waveform_chars: 256,
  listed_chats: 1000,
  listed_messages: 200,
  members_max: 1024,
  group_subject_chars: 100,
  group_description_chars: 2048,
  url_chars: 2048,
  ttl_seconds_max: 86_400,
  media_bytes_max: 256 * MIB,
} as const

export const id = text(LIMITS.name_chars)

export const ErrorCode = strings(
  'invalid_request',
  'unknown_command',
  'unauthorized',
  'schema_incompatible',
  'account_not_found',
  'not_linked',
  'not_connected',
  'chat_not_found',
  'message_not_found',
  'not_on_whatsapp',
  'unsupported',
  'rejected',
  'rate_limited',
  'restricted',
  'media_too_large',
  'media_unavailable',
  'link_expired',
  'link_conflict',
  'passkey_required',
  'timeout',
  'expired',
  'storage_full',
  'storage_read_only',
  'storage_corrupt',
  'internal',
)
export const ChatKind = strings('person', 'group', 'self')
export const ConnectionStatus = strings('connecting', 'connected', 'disconnected', 'unlinked')
/** Why an account is not connected. `null` on the wire while there is nothing to explain. */
export const ConnectionReason = strings(
  'network',
  'server',
  'restart_required',
  'logged_out',
  'replaced',
  'banned',
  'client_outdated',
  'storage',
)
export const StorageStatus = strings('ok', 'full', 'read_only', 'corrupt')
export const LinkMethod = strings('qr', 'code')
export const LinkStatus = strings('connecting', 'qr', 'code', 'linking', 'linked', 'failed')
export const Presence = strings('available', 'unavailable', 'composing', 'recording', 'paused')

/** Somebody on WhatsApp. `phone` is in digits with country code and no plus, `lid` as WhatsApp writes it; either may be unknown. */
export const Person = object({ id, phone: nullable(id), lid: nullable(id), name: nullable(Type.String()) })
/** Where messages go to and come from. `id` is opaque and never changes. `participants` and `is_admin` are known for groups only. */
export const Chat = object({
  id,
  kind: ChatKind,
  phone: nullable(id),
  lid: nullable(id),
  name: nullable(Type.String()),
  participants: nullable(Type.Integer()),
  is_admin: nullable(Type.Boolean()),
})
/** How the account stands with WhatsApp, since when, and when the bridge tries again. */
export const Connection = object({
  status: ConnectionStatus,
  reason: nullable(ConnectionReason),
  since: timestamp,
  retry_at: nullable(timestamp),
})
/** One thing an engine can do; `limits` are numbers by name, such as `text_chars` or `bytes`. */
export const Capability = object({ supported: Type.Boolean(), limits: Type.Record(Type.String(), Type.Number()) })
/** How fast messages go out. After `burst` messages at once, so many a minute; 0 means without limit. Messages of high priority do not wait. */
export const Pacing = object({
  burst: integer(1, 1000),
  chat_per_minute: integer(0, 6000),
  account_per_minute: integer(0, 6000),
})
/** What becomes of media that comes in. `max_bytes`: what is larger is not downloaded. Kept until either limit is reached; `keep_days` 0 keeps nothing. */
export const MediaPolicy = object({
  download: strings('lazy', 'at_once'),
  max_bytes: integer(0, LIMITS.media_bytes_max),
  keep_days: integer(0, 3650),
  keep_bytes: integer(0),
})
/** What may be chosen for an account. `mark_online`: contacts see it online while the bridge is connected. */
export const Settings = object({ pacing: Pacing, media: MediaPolicy, mark_online: Type.Boolean() })
/** WhatsApp does not let the account start new chats; `until` is `null` when it did not say how long. */
export const Restriction = object({ since: timestamp, until: nullable(timestamp) })
/** A linked WhatsApp account. `queued` counts messages that wait to be sent. */
export const Account = object({
  account_id: id,
  phone: nullable(id),
  lid: nullable(id),
  name: nullable(Type.String()),
  engine: Type.String(),
  capabilities: Type.Record(Type.String(), Capability),
  connection: Connection,
  restriction: nullable(Restriction),
  settings: Settings,
  queued: Type.Integer(),
})

export type ErrorCode = Static<typeof ErrorCode>
export type ChatKind = Static<typeof ChatKind>
export type ConnectionStatus = Static<typeof ConnectionStatus>
export type ConnectionReason = Static<typeof ConnectionReason>
export type StorageStatus = Static<typeof StorageStatus>
export type LinkMethod = Static<typeof LinkMethod>
export type LinkStatus = Static<typeof LinkStatus>
export type Presence = Static<typeof Presence>
export type Person = Static<typeof Person>
export type Chat = Static<typeof Chat>
export type Connection = Static<typeof Connection>
export type Capability = Static<typeof Capability>
export type Pacing = Static<typeof Pacing>
export type MediaPolicy = Static<typeof MediaPolicy>
export type Settings = Static<typeof Settings>
export type Restriction = Static<typeof Restriction>
export type Account = Static<typeof Account>
