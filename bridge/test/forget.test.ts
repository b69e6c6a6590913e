import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { journalOf, MemoryBridge, received } from './support/memory.ts'
import { World } from './support/world.ts'

/** How many rows of each table are of an account. */
function rowsOf({ store }: MemoryBridge, account_id: string): Record<string, number> {
  const tables = store.database.all<{ name: string; owner: string }>(
    `SELECT tables.name AS name, columns.name AS owner FROM pragma_table_list AS tables, pragma_table_info(tables.name) AS columns
     WHERE tables.type = 'table' AND columns.name IN ('account_id', 'owner')`,
  )
  const counts = tables.map(({ name, owner }) => {
    const sql = `SELECT count(*) AS count FROM ${name} WHERE ${owner} = $account_id`
    return [name, store.database.one<{ count: number }>(sql, { account_id }).count] as const
  })
  return Object.fromEntries(counts)
}

test('nothing of an account that is forgotten stays, and the others are as they were', async (t) => {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  const other = await bridge.link({ aliases: [{ kind: 'phone', value: '15550000009@s.whatsapp.net' }] })
  for (const { account: one, engine: its } of [{ account, engine }, other]) {
    its.host.emit(received())
    its.host.store.set({ creds: { creds: 'x' } })
    one.records.journal.cursor('home')
    await one.send({
      account_id: one.id,
      chat: '15550000002',
      content: { kind: 'poll', question: 'q', options: ['a', 'b'], selectable: 1 },
      request_id: 'r',
    })
  }
  const before = rowsOf(bridge, other.account.id)
  for (const [table, count] of Object.entries(rowsOf(bridge, account.id))) {
    assert.ok(count > 0 || ['votes', 'media'].includes(table), `the test writes nothing into ${table}`)
  }

  await bridge.accounts.forget(account.id)
  assert.equal(engine.unlinked, 1)
  for (const [table, count] of Object.entries(rowsOf(bridge, account.id))) assert.equal(count, 0, table)
  assert.deepEqual(rowsOf(bridge, other.account.id), before)
  assert.deepEqual(
    bridge.accounts.list().map(({ id }) => id),
    [other.account.id],
  )

  const again = await bridge.link()
  assert.equal(again.account.id, account.id)
  assert.deepEqual(journalOf(again.account), [])
})

test('a phone lists a device no more that was forgotten, and its files are gone', async (t) => {
  const world = await World.start(t)
  const { bridge, client, home } = await world.linked()
  const { account_id } = home
  const id = await world.bob.sendMedia(world.owner, { kind: 'image', bytes: Buffer.from('not a picture') })
  await client.event('message', (event) => event.message_id === id)
  await client.call('download', { account_id, message_id: id })
  assert.equal(readdirSync(join(bridge.data, 'media')).length, 1)

  await client.call('forget', { account_id })
  await world.whatsapp.until(() => world.owner.devices.length === 0)
  assert.deepEqual(await client.call('accounts', {}), { accounts: [] })
  assert.deepEqual(readdirSync(join(bridge.data, 'media')), [])
})
