import { LIMITS } from '../protocol.ts'

/** Control characters, line and paragraph separators, and what turns the direction of the text around it. */
const INVISIBLE = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]+/gu
/** WhatsApp allows far less; this keeps a page of the longest names in one frame. */
const NAME_CHARS = 128
/** Of the year 9999, in seconds since 1970: calendars end there. */
export const LAST_SECOND = 253_402_300_799
const FILE_NAME_CHARS = 255
/** What may mean something to a file system or a shell. */
const NOT_IN_FILE_NAMES = /[/\\:*?"<>|]+/gu
const MIME = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/u
const ANY_MIME = 'application/octet-stream'

/** Seconds since 1970. */
export function now(): number {
  return Date.now() / 1000
}

/** A name from WhatsApp, chosen by a stranger: one line, of bounded length, that cannot rearrange what stands beside it. */
export function cleanName(name: string | null | undefined): string | null {
  const line = (name ?? '').toWellFormed().replaceAll(INVISIBLE, ' ').replaceAll(/\s+/gu, ' ').trim()
  return clip(line, NAME_CHARS).trim() || null
}

/** A body from WhatsApp: as it is, but bounded. */
export function cleanText(text: string, maxLength: number = LIMITS.text_chars): string {
  return clip(text.toWellFormed(), maxLength)
}

/** The name of a file, without any folder: `null` when nothing of it is left. */
export function cleanFileName(name: string | null): string | null {
  const line = (name ?? '').toWellFormed().replaceAll(INVISIBLE, ' ').replaceAll(NOT_IN_FILE_NAMES, '_').trim()
  // Names that start with a dot are hidden, or are folders.
  return clip(line.replace(/^[.\s]+/u, ''), FILE_NAME_CHARS).trim() || null
}

/** A bare mime type; one that says nothing where the given one is none. */
export function cleanMime(mime: string): string {
  const [bare = ''] = mime.split(';', 1)
  const type = bare.trim().toLowerCase()
  return MIME.test(type) ? type : ANY_MIME
}

/** What somebody reacted with: `null` when that is nothing to be seen. */
export function cleanEmoji(emoji: string | null): string | null {
  return clip((emoji ?? '').toWellFormed().replaceAll(INVISIBLE, '').trim(), LIMITS.emoji_chars) || null
}

/** The number when it lies within these bounds, `null` otherwise. */
export function cleanNumber(value: number | null, minimum: number, maximum: number): number | null {
  return typeof value === 'number' && value >= minimum && value <= maximum ? value : null
}

export function cleanInteger(value: number | null, minimum: number, maximum: number): number | null {
  return Number.isInteger(value) ? cleanNumber(value, minimum, maximum) : null
}

/** `at`, or now when WhatsApp gave no usable time. */
export function cleanTime(at: number): number {
  return cleanNumber(at, 1, LAST_SECOND) ?? now()
}

/** Cuts without leaving half a character. */
function clip(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const last = text.charCodeAt(maxLength - 1)
  const splits = last >= 0xd8_00 && last <= 0xdb_ff
  return text.slice(0, splits ? maxLength - 1 : maxLength)
}
