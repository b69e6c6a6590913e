import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { BaileysEventMap, GroupMetadata } from 'baileys'

import { Client } from './client.ts'
import { makeLinkedWorld, makeWorld } from './world.ts'

async function event<K extends keyof BaileysEventMap>(
  client: Client,
  name: K,
  fits: (data: BaileysEventMap[K]) => boolean,
): Promise<BaileysEventMap[K]> {
  const found = await client.until(() =>
    client.events.find((one) => one.name === name && fits(one.data as BaileysEventMap[K])),
  )
  return found.data as BaileysEventMap[K]
}

const idsOf = ({ participants }: GroupMetadata) => participants.map(({ id }) => id)

test('lists the groups one is in, each with its own addressing', async (t) => {
  const { client, whatsapp, owner, bob, eve, family } = await makeLinkedWorld(t, 'lid')
  const work = whatsapp.group({ subject: 'Work', members: [bob, owner], addressing: 'pn', id: '4917600000-1400000000' })
  whatsapp.group({ subject: 'Not mine', members: [bob, eve] })
  const groups = await client.socket.groupFetchAllParticipating()
  assert.deepEqual(Object.keys(groups).toSorted(), [family.id, work.id].toSorted())
  assert.deepEqual(idsOf(groups[family.id] as GroupMetadata), [owner.lid, bob.lid, eve.lid])
  assert.deepEqual(idsOf(groups[work.id] as GroupMetadata), [bob.jid, owner.jid])
  assert.equal(groups[work.id]?.addressingMode, 'pn')
  const { participants, subject } = await client.socket.groupMetadata(work.id)
  assert.equal(subject, 'Work')
  assert.deepEqual(
    participants.map(({ lid, admin }) => [lid, admin]),
    [
      [bob.lid, 'superadmin'],
      [owner.lid, null],
    ],
  )
  const { message } = await client.message(await bob.say(work, 'by number'))
  assert.deepEqual([message.key.participant, message.key.participantAlt], [bob.jid, bob.lid])
})

test('refuses to tell about a group one is not in', async (t) => {
  const { client, whatsapp, bob } = await makeLinkedWorld(t)
  const other = whatsapp.group({ subject: 'Not mine', members: [bob] })
  await assert.rejects(client.socket.groupMetadata(other.id), /forbidden/)
  await assert.rejects(client.socket.groupMetadata('120363999999999999@g.us'), /item-not-found/)
  assert.throws(() => whatsapp.group({ subject: 'Empty', members: [] }), /needs a member/)
  assert.throws(() => whatsapp.group({ subject: 'Twice', members: [bob], id: other.id }), /already/)
})

test('tells of changes', async (t) => {
  const { client, whatsapp, owner, bob, eve, family } = await makeLinkedWorld(t)
  const dan = whatsapp.phone({ number: '15550000004', name: 'Dan' })
  family.rename('Relatives')
  await event(client, 'groups.update', ([update]) => update?.subject === 'Relatives')
  family.add(dan)
  const added = await event(client, 'group-participants.update', ({ action }) => action === 'add')
  assert.equal(added.participants[0]?.id, dan.lid)
  family.remove(eve)
  const removed = await event(client, 'group-participants.update', ({ action }) => action === 'remove')
  assert.deepEqual([removed.participants[0]?.id, removed.author], [eve.lid, owner.lid])
  family.leave(bob)
  await event(client, 'group-participants.update', ({ author }) => author === bob.lid)
  assert.deepEqual(idsOf(await client.socket.groupMetadata(family.id)), [owner.lid, dan.lid])
  const club = whatsapp.group({ subject: 'Club', members: [dan] })
  club.add(owner)
  const [joined] = await event(client, 'groups.upsert', ([group]) => group?.id === club.id)
  assert.equal(joined?.subject, 'Club')
  assert.throws(() => club.add(owner), /already/)
  assert.throws(() => club.remove(eve), /not a member/)
})

test('a new member reads what is written from then on', async (t) => {
  const { client, whatsapp, family } = await makeLinkedWorld(t)
  await client.say(family.id, 'before')
  const dan = whatsapp.phone({ number: '15550000004', name: 'Dan' })
  family.add(dan)
  await client.say(family.id, 'welcome')
  await dan.waitFor(({ text }) => text === 'welcome')
  assert.equal(dan.inbox.length, 1)
  const { message } = await client.message(await dan.say(family, 'thanks'))
  assert.equal(message.message?.conversation, 'thanks')
})

test('a message to a group one is not in is refused', async (t) => {
  const { whatsapp, owner, bob, eve, family } = await makeWorld(t)
  const client = await Client.link(whatsapp, owner, { cachedGroupMetadata: () => Promise.resolve(stale) })
  t.after(() => client.end())
  const stale = await client.socket.groupMetadata(family.id)
  family.remove(owner)
  const id = await client.say(family.id, 'let me in')
  assert.equal((await client.ackOf(id)).attrs['error'], '403')
  assert.deepEqual([...bob.inbox, ...eve.inbox], [])
})
