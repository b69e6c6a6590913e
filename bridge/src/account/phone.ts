/** How people write numbers: digits with spaces, dashes, dots, slashes and brackets, after an optional plus. */
const TYPED = /^\+?[\d\s().\-/\u00A0\u2010-\u2015\u202F]+$/u
/** How WhatsApp writes them, with an optional device. */
const WRITTEN_BY_WHATSAPP = /^(\d+)(?::\d+)?@(?:s\.whatsapp\.net|c\.us)$/u
/** A number with its country code, as ITU-T E.164 limits it. */
const INTERNATIONAL = /^[1-9]\d{4,14}$/u

/** The digits, with country code, of a phone number as people or WhatsApp write it. `undefined` when it is none. */
export function phoneDigits(text: string): string | undefined {
  const written = WRITTEN_BY_WHATSAPP.exec(text)?.[1]
  if (written !== undefined) return written
  const typed = text.trim()
  if (!TYPED.test(typed)) return undefined
  const digits = typed.replaceAll(/\D/gu, '').replace(/^00/u, '')
  return INTERNATIONAL.test(digits) ? digits : undefined
}
