/** Places and people in a message. */
import { type Contact, LIMITS, type Location } from '../../protocol.ts'
import { cut } from './content-text.ts'
import type { proto } from './library.ts'

const CARDS_AT_MOST = 64
const PHONES_AT_MOST = LIMITS.contacts_max
const PHONE_CHARS = 64
/** A picture may follow what is of interest. */
const CARD_CHARS = 65_536

/** `null` when there is none, or none on this planet. */
export function locationOf({ locationMessage, liveLocationMessage }: proto.IMessage): Location | null {
  const place = locationMessage ?? liveLocationMessage
  const latitude = degrees(place?.degreesLatitude, 90)
  const longitude = degrees(place?.degreesLongitude, 180)
  if (latitude === null || longitude === null) return null
  return {
    latitude,
    longitude,
    name: cut(locationMessage?.name, LIMITS.name_chars),
    address: cut(locationMessage?.address, LIMITS.caption_chars),
    live: Boolean(liveLocationMessage ?? locationMessage?.isLive),
  }
}

function degrees(value: number | null | undefined, most: number): number | null {
  return typeof value === 'number' && Math.abs(value) <= most ? value : null
}

export function contactsOf({ contactMessage, contactsArrayMessage }: proto.IMessage): Contact[] {
  const cards = contactMessage ? [contactMessage] : (contactsArrayMessage?.contacts ?? [])
  return cards.slice(0, CARDS_AT_MOST).map(({ displayName, vcard }) => {
    const card = readCard(vcard ?? '')
    return { name: card.name ?? cut(plain(displayName ?? ''), LIMITS.name_chars), phones: card.phones }
  })
}

/** The name and the numbers of a vCard (RFC 2426, RFC 6350). */
function readCard(vcard: string): Contact {
  const card: Contact = { name: null, phones: [] }
  for (const line of vcard
    .slice(0, CARD_CHARS)
    .replaceAll(/\r?\n[ \t]/gu, '')
    .split(/\r?\n/u)) {
    const [, property, value = ''] = /^(?:[\w-]+\.)?([\w-]+)(?:;[^:]*)?:(.*)$/u.exec(line) ?? []
    if (property?.toUpperCase() === 'FN') card.name ??= cut(unescaped(value), LIMITS.name_chars)
    if (property?.toUpperCase() !== 'TEL' || card.phones.length >= PHONES_AT_MOST) continue
    const phone = cut(unescaped(value.replace(/^tel:/iu, '')), PHONE_CHARS)
    if (phone) card.phones.push(phone)
  }
  return card
}

function unescaped(value: string): string {
  return plain(value.replaceAll(/\\(.)/gu, (_, mark: string) => (mark.toLowerCase() === 'n' ? ' ' : mark)))
}

function plain(text: string): string {
  return text
    .slice(0, 2 * LIMITS.caption_chars)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
}
