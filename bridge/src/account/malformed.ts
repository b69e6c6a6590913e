import { LIMITS } from '../protocol.ts'

/** Nothing can be made of what came. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

/** Whether this may name a chat. */
export function isUsable({ value }: { value: string }): boolean {
  return value.length > 0 && value.length <= LIMITS.name_chars && !/[\p{Cc}\s]/u.test(value)
}

/** One of the values that the wire knows. */
export function oneOf<T extends string>(schema: { enum: T[] }, value: T): T {
  if (schema.enum.includes(value)) return value
  throw new Malformed('a value that nobody knows')
}

export function flag(value: unknown): boolean {
  return value === true
}

export function cleanId(id: string): string {
  if (isId(id)) return id
  throw new Malformed('an id that is none')
}

export function isId(id: string | null): id is string {
  return typeof id === 'string' && id.length > 0 && id.length <= LIMITS.name_chars
}
