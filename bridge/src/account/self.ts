import { createHash } from 'node:crypto'

import type { Self } from '../engine/engine.ts'
import { phoneDigits } from './phone.ts'

/**
 * The id of an account follows from its own phone number alone, so that an account which is linked again after its store
 * was lost is the same account to everybody.
 */
export function accountId(self: Self): string {
  const name = phoneOf(self) ?? self.aliases[0]?.value ?? ''
  return `wa${createHash('sha256').update(`whatsapp:${name}`).digest('hex').slice(0, 16)}`
}

export function valueOf(self: Self, kind: string): string | undefined {
  return self.aliases.find((alias) => alias.kind === kind)?.value
}

export function phoneOf(self: Self): string | null {
  return phoneDigits(valueOf(self, 'phone') ?? '') ?? null
}
