/** Who writes to an engine, and the one event that it becomes. */
import assert from 'node:assert/strict'

import type { EngineEvent } from '../../src/engine/engine.ts'
import type { Chat } from '../../simulator/inbox.ts'
import type { Addressing } from '../../simulator/people.ts'
import type { Phone } from '../../simulator/phone.ts'
import { type Cleanup, makeLinkedWorld } from './engine.ts'

type LinkedWorld = Awaited<ReturnType<typeof makeLinkedWorld>>

export const PLACES = ['person', 'group', 'own phone'] as const

/** Somebody who writes to the account in that place, or from its own phone to somebody. */
export async function makeWriter(
  t: Cleanup,
  addressing: Addressing,
  where: (typeof PLACES)[number],
): Promise<LinkedWorld & { writer: Phone; to: Chat }> {
  const world = await makeLinkedWorld(t, addressing)
  const { owner, bob, family } = world
  const to: Chat = where === 'group' ? family : where === 'person' ? owner : bob
  return { ...world, writer: where === 'own phone' ? owner : bob, to }
}

/** The one event that a message became. */
export async function eventOf<T extends EngineEvent['type']>(
  { whatsapp, host }: Pick<LinkedWorld, 'whatsapp' | 'host'>,
  type: T,
  id: string,
): Promise<Extract<EngineEvent, { type: T }>> {
  const found = () => host.of(type).filter((event) => 'external_id' in event && event.external_id === id)
  await whatsapp.until(() => found().length > 0)
  const all = host.events.filter(
    (event) => 'external_id' in event && event.external_id === id && event.type !== 'receipt',
  )
  assert.equal(all.length, 1, 'told twice')
  const [event] = found()
  assert.ok(event)
  return event
}
