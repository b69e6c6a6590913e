import type { Said } from '../engine/engine.ts'
import { type Contact, LIMITS, type Location, type Media, MessageKind, type Poll } from '../protocol.ts'
import { flag, oneOf } from './malformed.ts'
import { cleanFileName, cleanInteger, cleanMime, cleanName, cleanNumber, cleanText } from './text.ts'

const POLL_OPTIONS = 64
const CONTACT_PHONES = 16
const PHONE_CHARS = 64
const PIXELS = 65_535
const YEAR_SECONDS = 31_536_000

/** What a message says. */
export function cleanSaid({ kind, text, poll, media, location, contacts }: Said): Said {
  return {
    kind: oneOf(MessageKind, kind),
    text: text === null ? null : cleanText(text),
    poll: poll && cleanPoll(poll),
    media: media && cleanMedia(media),
    location: location && cleanLocation(location),
    contacts: contacts.slice(0, LIMITS.contacts_max).map(cleanContact),
  }
}

function cleanPoll({ question, options, selectable }: Poll): Poll {
  return {
    question: cleanText(question, LIMITS.name_chars),
    options: cleanOptions(options),
    selectable: cleanInteger(selectable, 0, POLL_OPTIONS) ?? 0,
  }
}

export function cleanOptions(options: readonly string[]): string[] {
  return options.slice(0, POLL_OPTIONS).map((option) => cleanText(option, LIMITS.name_chars))
}

function cleanMedia(media: Media): Media {
  return {
    mime: cleanMime(media.mime),
    size: cleanInteger(media.size, 0, Number.MAX_SAFE_INTEGER),
    file_name: cleanFileName(media.file_name),
    seconds: cleanNumber(media.seconds, 0, YEAR_SECONDS),
    width: cleanInteger(media.width, 1, PIXELS),
    height: cleanInteger(media.height, 1, PIXELS),
    voice: flag(media.voice),
    gif: flag(media.gif),
    animated: flag(media.animated),
    ...(flag(media.view_once) && { view_once: true }),
  }
}

/** `null` when it is nowhere on Earth. */
function cleanLocation({ latitude, longitude, name, address, live }: Location): Location | null {
  if (cleanNumber(latitude, -90, 90) === null || cleanNumber(longitude, -180, 180) === null) return null
  return { latitude, longitude, name: cleanName(name), address: cleanName(address), live: flag(live) }
}

function cleanContact({ name, phones }: Contact): Contact {
  const lines = phones.slice(0, CONTACT_PHONES).map((phone) => cleanName(phone)?.slice(0, PHONE_CHARS))
  return { name: cleanName(name), phones: lines.filter((phone) => phone !== undefined) }
}
