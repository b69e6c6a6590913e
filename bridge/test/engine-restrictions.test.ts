import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { cap, forgive, restrict } from '../simulator/restrictions.ts'
import { makeLinkedWorld, phoneOf, send } from './support/engine.ts'

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

describe('an account that may not start chats', () => {
  test('is told of, with until when, and of the end', async (t) => {
    const { whatsapp, owner, host } = await makeLinkedWorld(t)
    const until = inSeconds(3600)
    restrict(owner, until)
    await whatsapp.until(() => host.restrictions.length === 1)
    restrict(owner, undefined)
    await whatsapp.until(() => host.restrictions.length === 2)
    assert.deepEqual(host.restrictions, [until, undefined])
  })

  test('that has written to too many new people', async (t) => {
    const { whatsapp, owner, host } = await makeLinkedWorld(t)
    const until = inSeconds(3600)
    cap(owner, until)
    await whatsapp.until(() => host.restrictions.length === 1)
    restrict(owner, until + 10)
    await whatsapp.until(() => host.restrictions.length === 2)
    restrict(owner, undefined)
    await whatsapp.until(() => host.restrictions.length === 3)
    cap(owner, undefined)
    await whatsapp.until(() => host.restrictions.length === 4)
    assert.deepEqual(host.restrictions, [until, until + 10, until, undefined])
  })

  test('is free again when the time is over, told or not', async (t) => {
    const { whatsapp, owner, host } = await makeLinkedWorld(t)
    const until = inSeconds(1)
    restrict(owner, until)
    await whatsapp.until(() => host.restrictions.length === 1)
    // The timer does not keep the process: something else has to.
    const alive = setInterval(() => whatsapp.activity.changed(), 20)
    t.after(() => clearInterval(alive))
    await whatsapp.until(() => host.restrictions.length === 2)
    assert.deepEqual(host.restrictions, [until, undefined])
    assert.ok(Date.now() / 1000 >= until)
  })

  test('is asked about when a message is refused, and at the next login', async (t) => {
    const { whatsapp, owner, bob, host, engine } = await makeLinkedWorld(t)
    const until = inSeconds(3600)
    restrict(owner, until)
    await whatsapp.until(() => host.restrictions.length === 1)
    whatsapp.faults.set({ kind: 'ack_error', code: 463, times: 1 })
    const refused = send(engine, host, phoneOf(bob), 'hi')
    await assert.rejects(refused, { code: 'restricted', retry: 'never', details: { whatsapp_code: 463, until } })
    assert.deepEqual(bob.inbox, [])
    forgive(owner)
    whatsapp.disconnect(owner, 'drop')
    await whatsapp.until(() => host.restrictions.length === 2)
    assert.equal(host.restrictions[1], undefined)
  })

  test('when only this message is refused, or WhatsApp does not say why', async (t) => {
    const { whatsapp, bob, host, engine } = await makeLinkedWorld(t)
    whatsapp.faults.set({ kind: 'ack_error', code: 463, times: 2 })
    const refused = { code: 'restricted', details: { whatsapp_code: 463, until: null } }
    await assert.rejects(send(engine, host, phoneOf(bob), 'hi'), refused)
    assert.deepEqual(host.restrictions, [], 'WhatsApp says that the account is free')
    whatsapp.faults.set({ kind: 'iq_error', to: 'w:mex', code: 500 })
    await assert.rejects(send(engine, host, phoneOf(bob), 'hi'), refused)
    assert.deepEqual(host.restrictions, [null])
    await send(engine, host, phoneOf(bob), 'to somebody I know')
  })
})
