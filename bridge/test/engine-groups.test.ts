import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { groupOf, makeEngine, makeLinkedWorld, makeWorld, link, send } from './support/engine.ts'
import type { MemoryHost } from './support/engine.ts'

/** The list of groups that follows from what the host was told. */
function groupsOf(host: MemoryHost) {
  const groups = new Map<
    string,
    { name: string | undefined; participants: number | undefined; is_admin: boolean | undefined }
  >()
  for (const { chats, removed, all_groups } of host.of('chats')) {
    if (all_groups) groups.clear()
    for (const { kind, aliases, name, participants, is_admin } of chats) {
      if (kind === 'group') groups.set(aliases[0]?.value ?? '', { name, participants, is_admin })
    }
    for (const { value } of removed) groups.delete(value)
  }
  return groups
}

for (const addressing of ['lid', 'pn'] as const) {
  describe(`groups, addressed by ${addressing}`, () => {
    test('are listed when connected', async (t) => {
      const world = await makeWorld(t, addressing)
      const { whatsapp, owner, bob, family, host } = world
      const club = whatsapp.group({ subject: 'Club', members: [bob, owner] })
      await link(makeEngine(t, world), world)
      assert.deepEqual(Object.fromEntries(groupsOf(host)), {
        [family.id]: { name: 'Family', participants: 3, is_admin: true },
        [club.id]: { name: 'Club', participants: 2, is_admin: false },
      })
    })

    test('follow what happens to them', async (t) => {
      const { whatsapp, owner, bob, family, host } = await makeLinkedWorld(t, addressing)
      const dan = whatsapp.phone({ number: '15550000004', name: 'Dan' })
      family.rename('Household')
      await whatsapp.until(() => groupsOf(host).get(family.id)?.name === 'Household')
      family.add(dan)
      await whatsapp.until(() => groupsOf(host).get(family.id)?.participants === 4)
      family.leave(bob)
      await whatsapp.until(() => groupsOf(host).get(family.id)?.participants === 3)
      const club = whatsapp.group({ subject: 'Club', members: [bob, owner] })
      await whatsapp.until(() => groupsOf(host).get(club.id)?.name === 'Club')
      club.remove(owner)
      await whatsapp.until(() => !groupsOf(host).has(club.id))
      club.add(owner)
      await whatsapp.until(() => groupsOf(host).has(club.id))
    })

    test('who joined just now reads the next message', async (t) => {
      const { whatsapp, family, host, engine } = await makeLinkedWorld(t, addressing)
      await send(engine, host, groupOf(family), 'before')
      const dan = whatsapp.phone({ number: '15550000004', name: 'Dan' })
      family.add(dan)
      await whatsapp.until(() => groupsOf(host).get(family.id)?.participants === 4)
      const id = await send(engine, host, groupOf(family), 'welcome')
      const got = await dan.waitFor((message) => message.id === id)
      assert.equal(got.text, 'welcome')
    })

    test('changed while away', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, owner, bob, family, host, engine } = world
      const club = whatsapp.group({ subject: 'Club', members: [bob, owner] })
      await whatsapp.until(() => groupsOf(host).has(club.id))
      await engine.stop()
      club.remove(owner)
      family.rename('Household')
      makeEngine(t, world).start()
      await whatsapp.until(() => groupsOf(host).get(family.id)?.name === 'Household' && !groupsOf(host).has(club.id))
    })
  })
}

test('a list that is not answered is no empty list', async (t) => {
  const world = await makeLinkedWorld(t, 'lid', { timing: { query: 200 } })
  const { whatsapp, owner, host } = world
  const told = host.of('chats').length
  whatsapp.faults.set({ kind: 'no_answer', to: 'w:g2', times: 1 })
  whatsapp.disconnect(owner, 'drop')
  await whatsapp.until(() => host.of('chats').length > told)
  assert.equal(groupsOf(host).size, 1)
})

test('people of the history are listed by the names the phone has for them', async (t) => {
  const world = await makeWorld(t)
  const { whatsapp, owner, bob, host } = world
  await bob.say(owner, 'long ago')
  await link(makeEngine(t, world), world)
  const people = () => host.of('chats').flatMap(({ chats }) => chats.filter(({ kind }) => kind === 'person'))
  await whatsapp.until(() => people().length > 0)
  assert.equal(people()[0]?.name, 'Bob')
  assert.deepEqual(host.of('message'), [])
})
