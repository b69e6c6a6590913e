import assert from 'node:assert/strict'
import { test } from 'node:test'

import { BOB, MemoryBridge, person } from './support/memory.ts'

test('search knows neither case nor accents', async (t) => {
  const { account } = await MemoryBridge.open(t).link()
  const { identity } = account.records
  const people = ['Jürgen Müller', 'Søren Ærø', 'MICHAŁ', 'Straße', 'ΟΔΟΣ', 'Ｆｕｌｌ', '50% off_\\', 'İpek']
  for (const [index, name] of people.entries()) {
    identity.note({ ...person(`80000000000000${index}@lid`), name }, { listed: true })
  }
  const queries = ['muller', 'soren aero', 'michal', 'STRASSE', 'οδος', 'full', '0% OFF_\\', 'ipek']
  for (const [index, query] of queries.entries()) {
    const names = identity.search(query, 10).map(({ name }) => name)
    assert.deepEqual(names, [people[index]], query)
  }
  assert.deepEqual(identity.search('%', 10).length, 1)
})

test('a renamed chat is found by its new name', async (t) => {
  const { account } = await MemoryBridge.open(t).link()
  const { identity } = account.records
  const list = (name: string) =>
    identity.list({ type: 'chats', chats: [{ ...person(BOB.lid), name }], removed: [], all_groups: false })
  list('Böb')
  list('Robert')
  assert.deepEqual(identity.search('bob', 10), [])
  assert.equal(identity.search('robert', 10)[0]?.id, BOB.lid)
})

test('a search among thousands does not read them all', async (t) => {
  const { account } = await MemoryBridge.open(t).link()
  const { identity, store } = account.records
  store.database.transaction(() => {
    for (let number = 10_000; number < 15_000; number += 1) {
      const address = { ...person(`9000000000${number}@lid`, `155500${number}@s.whatsapp.net`), name: `Zoë ${number}` }
      identity.note(address, { listed: true, active_at: number })
    }
  })
  const fastest = (query: string, limit: number): number => {
    const times = Array.from({ length: 10 }, () => {
      const start = performance.now()
      assert.ok(identity.search(query, limit).length > 0)
      return performance.now() - start
    })
    return Math.min(...times)
  }
  // What all of them take to read, on whatever machine this runs: a search must not come near it.
  const all = fastest('', 5000)
  for (const query of ['zoe 14', '+1 555 001 2345', '']) assert.ok(fastest(query, 50) < all / 2, query)
})
