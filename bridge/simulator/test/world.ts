import type { TestContext } from 'node:test'

import type { Group } from '../groups.ts'
import type { Addressing } from '../people.ts'
import type { Phone } from '../phone.ts'
import { SimulatedWhatsApp } from '../server.ts'
import { Client } from './client.ts'

export interface World {
  whatsapp: SimulatedWhatsApp
  owner: Phone
  bob: Phone
  eve: Phone
  family: Group
}

/** A WhatsApp with three people and a group; closed after the test. */
export async function makeWorld(t: Pick<TestContext, 'after'>, addressing: Addressing = 'lid'): Promise<World> {
  const whatsapp = await SimulatedWhatsApp.start({ addressing })
  t.after(() => whatsapp.close())
  const owner = whatsapp.phone({ number: '15550000001', name: 'Owner' })
  const bob = whatsapp.phone({ number: '15550000002', name: 'Bob' })
  const eve = whatsapp.phone({ number: '15550000003', name: 'Eve' })
  const family = whatsapp.group({ subject: 'Family', members: [owner, bob, eve] })
  return { whatsapp, owner, bob, eve, family }
}

/** The same with a client linked to the owner. */
export async function makeLinkedWorld(
  t: Pick<TestContext, 'after'>,
  addressing: Addressing = 'lid',
): Promise<World & { client: Client }> {
  const world = await makeWorld(t, addressing)
  const client = await Client.link(world.whatsapp, world.owner)
  t.after(() => client.end())
  return { ...world, client }
}
