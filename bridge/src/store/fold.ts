/** Letters that are no letter with an accent to Unicode, but are to who types them on another keyboard. */
const LETTERS: Record<string, string> = { æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ß: 'ss', ı: 'i' }
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu')

/** Text as it is searched: any case, without accents. */
export function fold(text: string): string {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return plain.replaceAll(LETTER, (letter) => LETTERS[letter] ?? letter)
}
