import type { ContactCard } from '../../protocol.ts'
import { EngineError } from '../engine.ts'

/**
 * A card as WhatsApp's phones write it: vCard 3.0 (RFC 2426), with `waid` for whom one can write to.
 * @throws EngineError `invalid_request` for a number without digits.
 */
export function vcardOf({ name, phones, organization }: ContactCard): string {
  const lines = [`N:;${escaped(name)};;;`, `FN:${escaped(name)}`]
  if (organization !== undefined) lines.push(`ORG:${escaped(organization)};`)
  for (const phone of phones) {
    const digits = phone.replaceAll(/\D/gu, '')
    if (digits === '') throw new EngineError('invalid_request', "A contact's number has no digits", 'never')
    const waid = /^\d{5,20}$/u.test(digits) ? `;waid=${digits}` : ''
    lines.push(`TEL;type=CELL;type=VOICE${waid}:${phone.replaceAll(/[^\d+*#()./ -]/gu, '').trim()}`)
  }
  return ['BEGIN:VCARD', 'VERSION:3.0', ...lines, 'END:VCARD'].join('\n')
}

/** One value on one line, whatever is in it. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll(/[\\;,]/gu, (mark) => `\\${mark}`)
    .trim()
}
