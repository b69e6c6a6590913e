/** A text, not longer than that; `null` when there is none. */
export function cut(text: string | null | undefined, length: number): string | null {
  return text ? text.slice(0, length) : null
}
