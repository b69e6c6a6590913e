import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { BinaryNode } from '../src/engine/baileys/library.ts'
import { receiptsIn } from '../src/engine/baileys/receipts.ts'
import { groupOf, identitiesOf, makeEngine, makeLinkedWorld, phoneOf, send, values } from './support/engine.ts'
import type { MemoryHost } from './support/engine.ts'

const GROUP = '120363000000000001@g.us'
const BOB = '900000000000002@lid'
const EVE = '900000000000003@lid'

/** Who did what with a message, as told. */
function toldOf(host: MemoryHost, id: string): string[] {
  return host
    .of('receipt')
    .filter(({ external_id }) => external_id === id)
    .map(({ status, by }) => `${status} ${by ? values(by).join() : '?'}`)
}

function node(tag: string, attrs: Record<string, string>, content?: BinaryNode[]): BinaryNode {
  return content ? { tag, attrs, content } : { tag, attrs }
}

function receipt(external_id: string, status: string, lid = BOB, timestamp = 7) {
  const by = { kind: 'person', aliases: [{ kind: 'lid', value: lid }] }
  return { type: 'receipt', external_id, status, by, timestamp }
}

function inChat(type?: string): BinaryNode {
  return node('receipt', { id: 'R1', from: BOB, t: '7', ...(type && { type }) })
}

describe('what a receipt says', () => {
  test('by its type', () => {
    assert.deepEqual(receiptsIn(inChat(), undefined), [receipt('R1', 'delivered')])
    assert.deepEqual(receiptsIn(inChat('inactive'), undefined), [receipt('R1', 'delivered')])
    assert.deepEqual(receiptsIn(inChat('read'), undefined), [receipt('R1', 'read')])
    assert.deepEqual(receiptsIn(inChat('played'), undefined), [receipt('R1', 'played')])
    for (const type of ['retry', 'sender', 'read-self', 'peer_msg', 'something-new']) {
      assert.deepEqual(receiptsIn(inChat(type), undefined), [])
    }
  })

  test('about several messages', () => {
    const list = node('list', {}, [node('item', { id: 'R2' }), node('item', {})])
    assert.deepEqual(receiptsIn({ ...inChat('read'), content: [list] }, undefined), [
      receipt('R1', 'read'),
      receipt('R2', 'read'),
    ])
  })

  test('from the own phone about what others wrote: nothing', () => {
    const stanza = inChat('read')
    assert.deepEqual(receiptsIn({ ...stanza, attrs: { ...stanza.attrs, recipient: EVE } }, undefined), [])
  })

  test('in a group, of several readers', () => {
    const users = [node('user', { jid: BOB, t: '8' }), node('user', { jid: EVE })]
    const stanza = node('receipt', { id: 'x', from: GROUP, t: '7', type: 'read' }, [
      node('participants', { key: 'R1' }, users),
    ])
    assert.deepEqual(receiptsIn(stanza, undefined), [receipt('R1', 'read', BOB, 8), receipt('R1', 'read', EVE, 7)])
  })

  test('hostile ones cost nothing', () => {
    const [timeless] = receiptsIn({ ...inChat(), attrs: { ...inChat().attrs, t: '1e400' } }, undefined)
    assert.ok(Math.abs((timeless?.timestamp ?? 0) - Date.now() / 1000) < 10)
    for (const attrs of [{}, { from: 'x' }, { id: '', from: BOB }, { from: GROUP }]) {
      assert.deepEqual(receiptsIn(node('receipt', attrs as Record<string, string>), undefined), [])
    }
  })
})

for (const addressing of ['lid', 'pn'] as const) {
  describe(`receipts, addressed by ${addressing}`, () => {
    test('in a chat: delivered, read, played', async (t) => {
      const { whatsapp, bob, host, engine } = await makeLinkedWorld(t, addressing)
      const id = await send(engine, host, phoneOf(bob), 'listen')
      await bob.waitFor((message) => message.id === id)
      bob.read(id)
      bob.play(id)
      await whatsapp.until(() => toldOf(host, id).length === 3)
      assert.deepEqual(
        host.of('receipt').map(({ status }) => status),
        ['delivered', 'read', 'played'],
      )
      for (const { by } of host.of('receipt')) {
        assert.ok(values(by).every((value) => identitiesOf(bob).includes(value)))
      }
    })

    test('in a group: of each reader', async (t) => {
      const { whatsapp, bob, eve, family, host, engine } = await makeLinkedWorld(t, addressing)
      const id = await send(engine, host, groupOf(family), 'listen')
      for (const member of [bob, eve]) await member.waitFor((message) => message.id === id)
      bob.read(id)
      bob.play(id)
      eve.read(id)
      const as = ({ jid, lid }: typeof bob) => (addressing === 'lid' ? lid : jid)
      const expected = ['delivered', 'read', 'played'].map((status) => `${status} ${as(bob)}`)
      expected.push(`delivered ${as(eve)}`, `read ${as(eve)}`)
      await whatsapp.until(() => toldOf(host, id).length === expected.length)
      assert.deepEqual(new Set(toldOf(host, id)), new Set(expected))
    })

    test('that came while away are told at the next login', async (t) => {
      const world = await makeLinkedWorld(t, addressing)
      const { whatsapp, bob, host, engine } = world
      const id = await send(engine, host, phoneOf(bob), 'listen')
      await whatsapp.until(() => toldOf(host, id).length === 1)
      await engine.stop()
      bob.read(id)
      makeEngine(t, world).start()
      await whatsapp.until(() => toldOf(host, id).length === 2)
      assert.match(toldOf(host, id)[1] ?? '', /^read /u)
    })
  })
}

test('a receipt that cannot be kept is told again', async (t) => {
  const { whatsapp, bob, host, engine } = await makeLinkedWorld(t)
  const id = await send(engine, host, phoneOf(bob), 'listen')
  await whatsapp.until(() => toldOf(host, id).length === 1)
  host.failing = true
  bob.read(id)
  await whatsapp.until(() => host.state?.status !== 'connected')
  host.failing = false
  await whatsapp.until(() => toldOf(host, id).some((told) => told.startsWith('read')))
})
