import { LIMITS, type Poll } from '../protocol.ts'

/** Control characters, line and paragraph separators, and what turns the direction of the text around it. */
const INVISIBLE = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]+/gu
/** WhatsApp allows far less; this keeps a page of the longest names in one frame. */
const NAME_CHARS = 128
const POLL_OPTIONS = 64

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

export function cleanPoll(poll: Poll): Poll {
  const { question, options, selectable } = poll
  return {
    question: cleanText(question, LIMITS.name_chars),
    options: cleanOptions(options),
    selectable: Number.isInteger(selectable) ? selectable : 0,
  }
}

export function cleanOptions(options: readonly string[]): string[] {
  return options.slice(0, POLL_OPTIONS).map((option) => cleanText(option, LIMITS.name_chars))
}

/** `at`, or now when WhatsApp gave no usable time. */
export function cleanTime(at: number): number {
  return Number.isFinite(at) && at > 0 ? at : now()
}

/** Cuts without leaving half a character. */
function clip(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const last = text.charCodeAt(maxLength - 1)
  const splits = last >= 0xd8_00 && last <= 0xdb_ff
  return text.slice(0, splits ? maxLength - 1 : maxLength)
}
