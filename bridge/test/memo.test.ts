import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Store } from '../src/store/store.ts'
import { makeFolder } from './support/folder.ts'

const ACCOUNT = 'wa1'

function open(t: Parameters<typeof makeFolder>[0]): Store {
  const store = new Store(makeFolder(t))
  t.after(() => store.close())
  store.accounts.save(ACCOUNT, {})
  return store
}

test('what a transaction changed and did not commit is not remembered', (t) => {
  const { database, identities } = open(t)
  const number = identities.create({ account_id: ACCOUNT, chat_id: 'c', kind: 'person' })
  assert.equal(identities.find(ACCOUNT, 'alias'), undefined)
  assert.equal(identities.get(number).own_name, null)
  const change = (): void => {
    identities.save({ ...identities.get(number), own_name: 'Bob' })
    identities.addAlias({ account_id: ACCOUNT, value: 'alias', kind: 'phone', digits: '1555', chat: number })
    assert.equal(identities.get(number).own_name, 'Bob')
    assert.equal(identities.get(number).phone, '1555')
    assert.equal(identities.find(ACCOUNT, 'alias'), number)
  }
  assert.throws(() =>
    database.transaction(() => {
      change()
      throw new Error('no commit')
    }),
  )
  assert.equal(identities.get(number).own_name, null)
  assert.equal(identities.find(ACCOUNT, 'alias'), undefined)
  database.transaction(change)
  assert.equal(identities.get(number).own_name, 'Bob')
  assert.equal(identities.find(ACCOUNT, 'alias'), number)
})

test('two chats that are one are one at once', (t) => {
  const { identities } = open(t)
  const [older, newer] = ['a', 'b'].map((chat_id) => {
    const number = identities.create({ account_id: ACCOUNT, chat_id, kind: 'person' })
    identities.addAlias({ account_id: ACCOUNT, value: chat_id, kind: 'lid', digits: null, chat: number })
    return number
  })
  assert.ok(older !== undefined && newer !== undefined)
  assert.equal(identities.find(ACCOUNT, 'b'), newer)
  assert.equal(identities.get(older).lid, 'a')
  identities.merge(older, newer)
  assert.equal(identities.find(ACCOUNT, 'b'), older)
  assert.equal(identities.get(older).lid, 'b')
  assert.throws(() => identities.get(newer))
})
